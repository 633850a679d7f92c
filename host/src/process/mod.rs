//! Processes: becoming a command, finding all that a run left behind, and ending it. Knows neither output nor core.

pub mod escalation;
pub mod exec;
pub mod handle;
pub mod isolation;
pub mod stat;
pub mod tree;
pub mod usage;
