//! What a host allows its runs: the most that a run may use, whatever it asks for.

use wardroom_protocol::messages::{HostStart, RunLimits};

/// The limits that the administrator of a host has set.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Policy {
    /// The most that a run may ask for, and what it gets if it does not ask.
    pub limits: RunLimits,
    /// The longest time of a run.
    pub timeout_s: Option<u64>,
}

impl Policy {
    /// Returns why a run asks for more than it may, as text for the room.
    pub fn beyond(&self, start: &HostStart) -> Option<String> {
        let asked = start.limits.named().into_iter().zip(self.limits.named());
        asked.into_iter().find_map(|((name, asked), (_, allowed))| {
            let (asked, allowed) = (asked?, allowed?);
            let why = || format!("it asks for {name}={asked}, and this host allows at most {allowed}: ask for less");
            (asked > allowed).then(why)
        })
    }

    /// Returns the limits of a run that asks for no more than it may.
    pub fn limits_of(&self, start: &HostStart) -> RunLimits {
        let mut limits = start.limits;
        for (name, allowed) in self.limits.named() {
            if let Some(field) = limits.field(name) {
                *field = field.or(allowed);
            }
        }
        limits
    }

    /// Returns the seconds that a run may take.
    pub fn timeout_s(&self, start: &HostStart) -> u64 {
        self.timeout_s.map_or(start.timeout_s, |most| most.min(start.timeout_s))
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn a_run_gets_what_it_asks_for_and_no_more_than_is_allowed() {
        let start = |limits: &str| -> HostStart {
            let head = r#""run":"01ARZ3NDEKTSV4RRFFQ69G5FAV","argv":["x"],"timeout_s":60,"output_bytes_max":1"#;
            serde_json::from_str(&format!(r#"{{{head},"limits":{limits},"by":"ann","room":"ops"}}"#)).unwrap()
        };
        let allowed = RunLimits { memory_bytes: Some(100), cpu_s: Some(10), ..RunLimits::default() };
        let policy = Policy { limits: allowed, timeout_s: Some(30) };
        let less = start(r#"{"memory_bytes":50,"idle_s":5}"#);
        assert_eq!(policy.beyond(&less), None);
        let wanted = RunLimits { memory_bytes: Some(50), cpu_s: Some(10), idle_s: Some(5), ..RunLimits::default() };
        assert_eq!((policy.limits_of(&less), policy.timeout_s(&less)), (wanted, 30));
        let why = policy.beyond(&start(r#"{"memory_bytes":101}"#)).unwrap();
        assert_eq!(why, "it asks for memory=101, and this host allows at most 100: ask for less");
        let free = Policy::default();
        assert_eq!((free.limits_of(&less), free.timeout_s(&less)), (less.limits, 60));
    }
}
