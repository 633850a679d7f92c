//! Runs: commands on hosts, their output as logs.
//!
//! The core starts no process. A host dials in (`link`), is told what to start, and sends output from wherever the core
//! stands; the core keeps it (`log` in memory, `output` on disk, `pump` from one to the other) and gives it to watchers
//! (`flow`). What a run is and how it ended stands in the store and in the room's timeline (`start`, `end`).
//!
//! A run costs two commits, one before its host hears of it and one after its last byte. A command is never run twice:
//! see `run::Phase`. Output is kept as long as the line of the run's start: see `retention`.

mod control;
mod end;
mod flow;
mod hosts;
mod link;
mod list;
mod log;
mod open;
mod output;
mod piece;
mod pump;
mod remove;
mod run;
mod spec;
mod start;

use std::sync::Arc;

use bytes::Bytes;
pub use control::{eof, input, signal};
pub use link::{Attached, bad_frame};
pub use list::{find_by_n, get, list, watch};
pub use open::Runs;
pub use output::output_path;
pub use remove::remove_output;
pub use start::start;
use wardroom_protocol::Request;
use wardroom_protocol::messages::{RunAck, RunListed};

use crate::answer::{Empty, ok};
use crate::error::Error;
use crate::flow::FlowKey;
use crate::policy::Member;
use crate::sender::{ConnectionSender, Item};
use crate::state::State;

/// A watcher has dealt with output.
pub fn ack(sender: &ConnectionSender, ack: RunAck) {
    sender.push(Item::Ack(FlowKey::Run(ack.run), ack.off));
}

/// Carries out a request about runs.
///
/// # Errors
/// What the service refuses.
pub async fn request(
    state: &Arc<State>,
    member: &Member,
    sender: &Arc<ConnectionSender>,
    id: Option<u64>,
    request: Request,
) -> Result<Option<Bytes>, Error> {
    Ok(match request {
        Request::RunStart(ask) => ok(id, &start(state, member, ask).await?),
        Request::RunWatch(ask) => {
            let flow = watch(state, member, sender, ask).await?;
            // In this order: the answer, then the output.
            if let Some(answer) = ok(id, &Empty {}) {
                sender.tell(answer);
            }
            sender.push(Item::Flow(flow));
            None
        }
        Request::RunUnwatch(ask) => {
            sender.push(Item::Stop(FlowKey::Run(ask.run)));
            ok(id, &Empty {})
        }
        Request::RunEof(ask) => {
            eof(state, member, ask).await?;
            ok(id, &Empty {})
        }
        Request::RunSignal(ask) => {
            signal(state, member, ask).await?;
            ok(id, &Empty {})
        }
        Request::RunList(ask) => ok(id, &RunListed { runs: list(state, member, ask).await? }),
        Request::RunGet(ask) => ok(id, &get(state, member, ask.run).await?),
        _ => return Err(Error::bad_request("this is not a request about runs")),
    })
}
