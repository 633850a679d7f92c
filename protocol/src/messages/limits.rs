//! What a run may use.

use serde::{Deserialize, Serialize};

/// Limits of a run; an absent one is that of its host. Its time is limited by `timeout_s`.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct RunLimits {
    /// Seconds of processor time of all its processes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_s: Option<u64>,
    /// Bytes of memory of all its processes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_bytes: Option<u64>,
    /// Processes at the same time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub processes: Option<u64>,
    /// Files that each process may have open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open_files: Option<u64>,
    /// Bytes of a file that it writes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_bytes: Option<u64>,
    /// Seconds without output and without input.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idle_s: Option<u64>,
    /// Bytes of output.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_bytes: Option<u64>,
}

impl RunLimits {
    /// Returns true if it limits nothing.
    pub fn is_empty(&self) -> bool {
        *self == RunLimits::default()
    }

    /// Returns the fields with their names, as people and [`super::Exit::Limit`] call them.
    pub fn named(&self) -> [(&'static str, Option<u64>); 7] {
        [
            ("cpu", self.cpu_s),
            ("memory", self.memory_bytes),
            ("processes", self.processes),
            ("files", self.open_files),
            ("file-size", self.file_bytes),
            ("idle", self.idle_s),
            ("output", self.output_bytes),
        ]
    }

    /// Returns what is limited, as `wardroom run --limit` takes it: `memory=2G`, `cpu=60s`.
    pub fn words(&self) -> Vec<String> {
        self.named()
            .into_iter()
            .filter_map(|(name, limit)| Some(format!("{name}={}", limit_as_written(name, limit?))))
            .collect()
    }

    /// Returns the field of this name.
    pub fn field(&mut self, name: &str) -> Option<&mut Option<u64>> {
        Some(match name {
            "cpu" => &mut self.cpu_s,
            "memory" => &mut self.memory_bytes,
            "processes" => &mut self.processes,
            "files" => &mut self.open_files,
            "file-size" => &mut self.file_bytes,
            "idle" => &mut self.idle_s,
            "output" => &mut self.output_bytes,
            _ => return None,
        })
    }
}

/// Returns the value of a limit with its unit.
pub fn limit_as_written(name: &str, value: u64) -> String {
    match name {
        "cpu" | "idle" => span_words(value),
        "memory" | "file-size" | "output" => {
            let units = [(30, "G"), (20, "M"), (10, "K")];
            let unit = units.into_iter().find(|(bits, _)| value != 0 && value.trailing_zeros() >= *bits);
            unit.map_or_else(|| value.to_string(), |(bits, unit)| format!("{}{unit}", value >> bits))
        }
        _ => value.to_string(),
    }
}

/// Returns seconds as they are written: `90s`, `10m`, `1h`.
pub fn span_words(seconds: u64) -> String {
    match seconds {
        1.. if seconds.is_multiple_of(3_600) => format!("{}h", seconds / 3_600),
        1.. if seconds.is_multiple_of(60) => format!("{}m", seconds / 60),
        _ => format!("{seconds}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_said_as_they_are_written() {
        let told = [("memory", 2 << 30), ("memory", 1 << 20), ("output", 1_000), ("cpu", 90), ("processes", 200)];
        let words: Vec<String> = told.into_iter().map(|(name, value)| limit_as_written(name, value)).collect();
        assert_eq!(words, ["2G", "1M", "1000", "90s", "200"]);
        assert_eq!([0, 60, 600, 3_600, 5_400, 86_400].map(span_words), ["0s", "1m", "10m", "1h", "90m", "24h"]);
    }

    #[test]
    fn each_field_has_one_name() {
        for (n, (name, _)) in RunLimits::default().named().into_iter().enumerate() {
            let mut limits = RunLimits::default();
            if let Some(field) = limits.field(name) {
                *field = Some(7);
            }
            assert_eq!(limits.named().iter().position(|(_, value)| *value == Some(7)), Some(n), "{name}");
        }
    }
}
