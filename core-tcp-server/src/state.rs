//! All that the services share. One per core; every connection holds it.

use std::sync::Arc;

use crate::accounts::Accounts;
use crate::data::Keys;
use crate::files::Files;
use crate::hooks::Hooks;
use crate::permits::Permits;
use crate::presence::Presence;
use crate::rooms::Registry;
use crate::runs::Runs;
use crate::search::Search;
use crate::store::Store;

/// All that the services share.
pub struct State {
    /// Timelines, accounts, and the rest that is on disk.
    pub store: Store,
    /// The rooms.
    pub rooms: Registry,
    /// The accounts.
    pub accounts: Accounts,
    /// Who is connected.
    pub presence: Arc<Presence>,
    /// The runs, and the hosts that they are on.
    pub runs: Runs,
    /// Room storage, and the uploads to them.
    pub files: Files,
    /// The webhooks.
    pub hooks: Hooks,
    /// The search index.
    pub search: Search,
    /// Who is connected and not signed in.
    pub permits: Arc<Permits>,
    /// The keys by which gateways, hosts and the administrator's command are known.
    pub keys: Keys,
    /// The name by which people know this server.
    pub server_name: String,
    /// Where the page is, for those who knock on the wrong door.
    pub web_url: Option<String>,
}
