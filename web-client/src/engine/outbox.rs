//! The outboxes of this user's tabs, each stored under its tab's id. When a tab is closed or reloaded, the next one
//! takes over its outbox.

use wardroom_client_core::{Command, Outbox};
use wasm_bindgen_futures::spawn_local;

use super::{Engine, outbox_key};
use crate::services::storage;

impl Engine {
    /// Takes over the outboxes of closed tabs.
    pub(super) fn adopt_abandoned_outboxes(&self) {
        let prefix = outbox_key(self.user(), "");
        let others = storage::keys(&prefix).into_iter().filter(|key| *key != self.0.outbox_key);
        let tabs: Vec<String> = others.filter_map(|key| key.strip_prefix(&prefix).map(str::to_owned)).collect();
        let closed = self.0.tab.find_closed(tabs);
        let engine = self.clone();
        spawn_local(async move {
            for tab in closed.await {
                let key = outbox_key(engine.user(), &tab);
                let outbox = storage::read(&key).and_then(|text| serde_json::from_str::<Outbox>(&text).ok());
                // Saved under this tab's key before it is removed from the other.
                if let Some(outbox) = outbox {
                    engine.command(Command::AdoptOutbox { outbox: Box::new(outbox) });
                }
                storage::write(&key, None);
            }
        });
    }
}
