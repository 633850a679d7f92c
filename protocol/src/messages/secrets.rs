//! Values that are on no record and in no output.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Secrets of a run by the names of their variables. Only the host of the run gets them: the core keeps them in memory
/// until then, and their values are taken out of the run's output before it is written anywhere.
#[derive(Clone, Default, Deserialize, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Secrets(pub BTreeMap<String, String>);

impl Secrets {
    /// Returns true if there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_not_in_debug_output() {
        let secrets = Secrets([("TOKEN".to_owned(), "hunter22".to_owned())].into());
        assert_eq!(format!("{secrets:?}"), r#"{"TOKEN"}"#);
    }
}
