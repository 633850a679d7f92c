//! Commands for the webhooks of a room.

use std::fmt::Write as _;

use wardroom_protocol::UserName;
use wardroom_protocol::messages::{HookAdd, HookList, HookRemove};

use super::Session;
use crate::error::Error;
use crate::hooks;

impl Session {
    /// Creates a webhook and shows its URL, once and only to this person.
    pub(super) async fn add_hook(&self, bot: UserName, mentions: bool) -> Result<(), Error> {
        let room = self.current()?.name.clone();
        let add = HookAdd { room, bot: bot.clone(), mentions, secret: None, nonce: None };
        let added = hooks::add(&self.state, &self.member, add).await?;
        let base = self.state.web_url.as_deref().unwrap_or("https://THIS-SERVER/").trim_end_matches('/');
        self.tell_lines(format!(
            "# Webhook {} posts here as {bot}. Copy its URL now; it won't be shown again:\n#   {base}/hooks/{}\n",
            added.hook, added.token
        ));
        Ok(())
    }

    pub(super) async fn list_hooks(&self) -> Result<(), Error> {
        let room = self.current()?.name.clone();
        let hooks = hooks::list(&self.state, &self.member, HookList { room }).await?;
        if hooks.is_empty() {
            self.tell("no webhooks; /hook BOT creates one");
            return Ok(());
        }
        let mut out = String::new();
        for hook in hooks {
            let (_, made) = self.calendar.minute(hook.at);
            let used = hook.used.map_or_else(
                || "never used".to_owned(),
                |at| {
                    let (minute, day) = self.calendar.minute(at);
                    format!("last used {day} {minute}")
                },
            );
            let _ = writeln!(out, "# {:>4}  {:<20} by {} on {made}, {used}", hook.hook, hook.bot.as_str(), hook.by);
        }
        self.tell_lines(out);
        Ok(())
    }

    pub(super) async fn remove_hook(&self, hook: u64) -> Result<(), Error> {
        let room = self.current()?.name.clone();
        hooks::remove(&self.state, &self.member, HookRemove { room, hook }).await?;
        self.tell(&format!("webhook {hook} deleted"));
        Ok(())
    }
}
