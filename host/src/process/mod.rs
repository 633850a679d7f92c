//! Processes: starting each in a session of its own, finding all that it left behind, and stopping them. Knows neither
//! output nor core.

pub mod children;
pub mod escalation;
pub mod handle;
pub mod shim;
pub mod spawn;
pub mod stat;
pub mod tree;
