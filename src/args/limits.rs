//! Limits of runs as people write them: `memory=2G`, `wall=10m`, `processes=200`.

use std::str::FromStr;

use wardroom_host::Policy;
use wardroom_protocol::messages::RunLimits;

use super::units::{duration_s, size};

/// One limit.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LimitArg {
    name: String,
    value: u64,
    /// As it was written, to pass it on.
    text: String,
}

impl FromStr for LimitArg {
    type Err = String;

    fn from_str(text: &str) -> Result<LimitArg, String> {
        let (name, value) = text.split_once('=').ok_or_else(|| names("use NAME=VALUE"))?;
        let value = match name {
            "wall" | "cpu" | "idle" => duration_s(value)?,
            "memory" | "file-size" | "output" => size(value)?,
            "processes" | "files" => {
                value.parse().ok().filter(|number| *number > 0).ok_or("use a number, such as 200")?
            }
            _ => return Err(names(&format!("there is no limit {name}"))),
        };
        Ok(LimitArg { name: name.to_owned(), value, text: text.to_owned() })
    }
}

fn names(why: &str) -> String {
    format!(
        "{why}; the limits are wall, cpu and idle (10m, 1h30m), memory, file-size and output (64M, 2G), processes and files (200)"
    )
}

/// Returns the limits, and the longest time in seconds. Of two limits with one name the last counts.
pub fn limits(args: &[LimitArg]) -> (RunLimits, Option<u64>) {
    let (mut limits, mut wall_s) = (RunLimits::default(), None);
    for LimitArg { name, value, .. } in args {
        match limits.field(name) {
            Some(field) => *field = Some(*value),
            None => wall_s = Some(*value),
        }
    }
    (limits, wall_s)
}

/// What a host allows its runs.
#[derive(Clone, Debug, clap::Args)]
pub struct PolicyArgs {
    /// Most that a run may use, and what it gets if it does not ask: NAME=VALUE with the names of `run --limit`;
    /// repeatable
    #[arg(long, value_name = "NAME=VALUE")]
    pub limit_max: Vec<LimitArg>,
}

impl PolicyArgs {
    /// Returns the policy of the host.
    pub fn policy(&self) -> Policy {
        let (limits, timeout_s) = limits(&self.limit_max);
        Policy { limits, timeout_s }
    }

    /// Returns the arguments that say the same to a host.
    pub fn to_args(&self) -> Vec<String> {
        self.limit_max.iter().flat_map(|limit| ["--limit-max".to_owned(), limit.text.clone()]).collect()
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn limits_have_a_name_and_a_value() {
        let parse = |text: &str| text.parse::<LimitArg>();
        let all = [
            "memory=2G",
            "wall=10m",
            "cpu=90s",
            "idle=1h",
            "processes=200",
            "files=256",
            "file-size=5M",
            "output=100k",
        ];
        let all: Vec<LimitArg> = all.iter().map(|text| parse(text).unwrap()).collect();
        let (found, wall_s) = limits(&all);
        let wanted = RunLimits {
            cpu_s: Some(90),
            memory_bytes: Some(2 << 30),
            processes: Some(200),
            open_files: Some(256),
            file_bytes: Some(5 << 20),
            idle_s: Some(3_600),
            output_bytes: Some(102_400),
        };
        assert_eq!((found, wall_s), (wanted, Some(600)));
        let policy = PolicyArgs { limit_max: all };
        assert_eq!(policy.to_args()[..2], ["--limit-max", "memory=2G"]);
        for bad in [
            "",
            "memory",
            "memory=",
            "memory=0",
            "memory=2P",
            "memory=-1",
            "wall=10x",
            "processes=0",
            "x=1",
            "memory=99999999999999G",
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
