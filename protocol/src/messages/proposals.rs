//! Runs that wait for somebody else: `run.start` is answered with a proposal, which a member approves or refuses.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

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

/// Lists the proposals that wait in the rooms that the caller may read, oldest first. Answer: [`ProposalListed`].
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct ProposalList {
    /// Only those after this number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<u64>,
}

/// The answer to [`ProposalList`].
#[derive(Debug, Deserialize, Serialize)]
pub struct ProposalListed {
    /// The `run.proposed` event of each, without its `t`; parsed by [`crate::Event::parse`].
    pub proposals: Vec<Box<RawValue>>,
    /// There are more, after this number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub more_after: Option<u64>,
}

impl_message! {
    RunApprove = "run.approve", RunRefuse = "run.refuse", ProposalList = "proposal.list",
}
