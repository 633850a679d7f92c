//! Runs that wait for somebody else: `run.start` is answered with a proposal, which a member approves or refuses.

use serde::{Deserialize, Serialize};

use super::impl_message;

/// Approves a proposal of somebody else: it runs as it was proposed. Operators in its room. Answer:
/// [`super::RunStartOk`].
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct RunApprove {
    /// Its number: people say `p3`.
    pub proposal: u64,
}

/// Refuses a proposal, or withdraws one's own.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct RunRefuse {
    /// Its number.
    pub proposal: u64,
}

impl_message! {
    RunApprove = "run.approve", RunRefuse = "run.refuse",
}
