//! Processes: how one is started in a session of its own, how all that it left behind are found, and how they are
//! stopped. Knows no run's output and no core.

pub mod children;
pub mod escalation;
pub mod handle;
pub mod shim;
pub mod spawn;
pub mod stat;
pub mod tree;
