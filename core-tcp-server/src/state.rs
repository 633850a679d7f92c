//! The state that the services share. There is one per core, and every connection holds it.

use std::sync::Arc;

use crate::accounts::Accounts;
use crate::data::Keys;
use crate::files::Files;
use crate::hooks::Hooks;
use crate::permits::Permits;
use crate::policy::Ruled;
use crate::presence::Presence;
use crate::rooms::Registry;
use crate::rules::Rules;
use crate::runs::Runs;
use crate::search::Search;
use crate::store::Store;

/// The state that the services share.
pub struct State {
    /// Timelines, accounts, and everything else in the database.
    pub store: Store,
    /// The rooms.
    pub rooms: Registry,
    /// The accounts.
    pub accounts: Accounts,
    /// Who may run commands where.
    pub rules: Rules,
    /// The connections of users who are signed in.
    pub presence: Arc<Presence>,
    /// The runs, and their hosts.
    pub runs: Runs,
    /// Room storage, and uploads to it.
    pub files: Files,
    /// The webhooks.
    pub hooks: Hooks,
    /// The search index.
    pub search: Search,
    /// Permits of connections that are not signed in.
    pub permits: Arc<Permits>,
    /// The keys that identify gateways, hosts and the administrator's command.
    pub keys: Keys,
    /// The name of this server, as shown to people.
    pub server_name: String,
    /// The address of the page, for those who connect to the wrong port.
    pub web_url: Option<String>,
}

impl State {
    /// Returns the rules, and the accounts that they name, for a decision.
    pub fn ruled(&self) -> Ruled<'_> {
        Ruled { rules: &self.rules, accounts: &self.accounts }
    }
}
