//! The values of a run's variables and secrets, which are on no record: the core has them in memory until the host has
//! the run, and the database has only their names.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use wardroom_protocol::messages::{HostStart, Secrets};

/// The values of one run.
#[derive(Default, PartialEq)]
pub(super) struct Values {
    env: BTreeMap<String, String>,
    secrets: Secrets,
}

impl std::fmt::Debug for Values {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.env.keys()).entries(self.secrets.0.keys()).finish()
    }
}

/// An order as the database has it, in `runs.request`.
#[derive(Debug, Deserialize, PartialEq, Serialize)]
pub(super) struct StoredOrder {
    /// The order without values.
    #[serde(flatten)]
    pub order: HostStart,
    /// The names of its variables.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    env_names: Vec<String>,
    /// The names of its secrets.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    secret_names: Vec<String>,
}

impl StoredOrder {
    /// Separates an order from its values. The variables of a named command stay: they are part of its definition, which
    /// is on record.
    pub(super) fn split(mut order: HostStart, is_named: bool) -> (StoredOrder, Values) {
        let env = if is_named { BTreeMap::new() } else { std::mem::take(&mut order.env) };
        let secrets = std::mem::take(&mut order.secrets);
        let (env_names, secret_names) = (env.keys().cloned().collect(), secrets.0.keys().cloned().collect());
        (StoredOrder { order, env_names, secret_names }, Values { env, secrets })
    }

    /// Returns what the core still has of the values after a restart: everything if there are none, and otherwise
    /// nothing.
    pub(super) fn values(&self) -> Option<Values> {
        (self.env_names.is_empty() && self.secret_names.is_empty()).then(Values::default)
    }
}

impl Values {
    /// Returns the complete order for the host.
    pub(super) fn fill(&self, order: &HostStart) -> HostStart {
        let mut env = order.env.clone();
        env.extend(self.env.clone());
        HostStart { env, secrets: self.secrets.clone(), ..order.clone() }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn the_record_has_names_only() {
        let order = r#"{"run":"01ARZ3NDEKTSV4RRFFQ69G5FAV","argv":["x"],"env":{"CI":"value-of-ci"},
            "secrets":{"TOKEN":"hunter22"},"timeout_s":1,"output_bytes_max":1,"stdin":false,
            "tty":{"cols":80,"rows":24},"by":"ann","room":"ops"}"#;
        let order: HostStart = serde_json::from_str(order).unwrap();
        let (stored, values) = StoredOrder::split(order.clone(), false);
        let json = serde_json::to_string(&stored).unwrap();
        assert!(json.contains("CI") && json.contains("TOKEN"), "{json}");
        assert!(!json.contains("value-of-ci") && !json.contains("hunter22"), "{json}");
        let read: StoredOrder = serde_json::from_str(&json).unwrap();
        assert!(read == stored && read.values().is_none());
        assert!(values.fill(&read.order) == order);
        assert_eq!(format!("{values:?}"), r#"{"CI", "TOKEN"}"#);
        let named = HostStart { secrets: Secrets::default(), ..order };
        let (stored, _) = StoredOrder::split(named.clone(), true);
        let again = stored.values().unwrap().fill(&stored.order);
        assert!(again == named, "a named command's variables survive a restart");
    }
}
