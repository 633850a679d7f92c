//! Processes: becoming a command, finding all that a run left behind, and ending it. Knows neither output nor core.

pub mod capabilities;
pub mod cgroup;
pub mod escalation;
pub mod exec;
pub mod handle;
pub mod isolation;
pub mod mounts;
pub mod sandbox;
pub mod stat;
pub mod tree;
pub mod usage;
