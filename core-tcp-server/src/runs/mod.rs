//! Runs: commands on hosts, their output as logs.
//!
//! The core starts no process. A host connects (`link`), is told what to start, and sends output from the offset that
//! the core names. The core keeps it (`log` in memory, `output` on disk, `pump` from one to the other) and sends it to
//! watchers (`flow`). Beside the log of a terminal is its screen (`terminal`). What members type goes the other way
//! (`typing`), with offsets too (`input`), and only from the holder of the run's keyboard (`lease`). The store and the
//! room's timeline record what a run is and how it ended (`start`, `end`).
//!
//! A run costs two commits, one before its host is told and one after its last byte. A command is never run twice: see
//! `run::Phase`. Output is kept as long as the event of the run's start: see `retention`.

mod allowed;
mod control;
mod detached;
mod earlier;
mod end;
mod find;
mod flow;
mod hosts;
mod input;
mod keyboard;
mod last_status;
mod lease;
mod link;
mod list;
mod log;
mod lost;
mod named;
mod open;
mod output;
mod piece;
mod proposal;
mod proposals;
mod pump;
mod record;
mod registry;
mod remove;
mod returned;
mod run;
mod sizes;
mod spec;
mod start;
mod status;
mod targets;
mod terminal;
mod text_watch;
mod tick;
mod times;
mod typing;
mod values;

use std::sync::Arc;

use bytes::Bytes;
pub use control::signal;
pub use hosts::HostIdentity;
pub use link::{Attached, bad_frame};
pub use list::{find_by_n, get, list, text, watch, watch_text};
pub use lost::{lose, watch as watch_for_lost};
pub use named::{add_command, list_commands, remove_command};
pub use open::Runs;
pub use output::output_path;
pub use proposals::{approve, expire, list as list_proposals, refuse};
pub use registry::{add_host, identify, remove_host};
pub use remove::remove_output;
pub use start::start;
pub use status::list_hosts;
pub use typing::input;
use wardroom_protocol::Request;
use wardroom_protocol::messages::RunAck;

use crate::answer::{Empty, ok};
use crate::error::Error;
use crate::flow::FlowKey;
use crate::policy::Member;
use crate::sender::{ConnectionSender, Item};
use crate::state::State;

/// Handles a watcher's acknowledgement of output.
pub fn ack(sender: &ConnectionSender, ack: RunAck) {
    sender.push(Item::Ack(FlowKey::Run(ack.run), ack.off));
}

/// Handles a request about runs.
///
/// # Errors
/// If the service refuses the request.
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
            // The order matters: the answer goes before the output.
            if let Some(answer) = ok(id, &Empty {}) {
                sender.tell(answer);
            }
            let states = [typing::state_of(state, ask.run), detached::frame(state, ask.run)];
            states.into_iter().flatten().for_each(|state| sender.tell(state));
            sender.push(Item::Flow(flow));
            None
        }
        Request::RunUnwatch(ask) => {
            sender.push(Item::Stop(FlowKey::Run(ask.run)));
            ok(id, &Empty {})
        }
        Request::RunEof(ask) => {
            typing::eof(state, member, ask).await?;
            ok(id, &Empty {})
        }
        Request::TermText(ask) => ok(id, &text(state, member, ask.run).await?),
        Request::TermControl(ask) => ok(id, &typing::control(state, member, ask).await?),
        Request::TermResize(ask) => {
            typing::resize(state, member, ask).await?;
            ok(id, &Empty {})
        }
        Request::RunSignal(ask) => {
            signal(state, member, ask).await?;
            ok(id, &Empty {})
        }
        Request::RunLose(ask) => {
            lose(state, member, ask).await?;
            ok(id, &Empty {})
        }
        Request::RunList(ask) => ok(id, &list(state, member, ask).await?),
        Request::RunTimes(ask) => ok(id, &times::times(state, member, ask).await?),
        Request::RunFind(ask) => ok(id, &find::find(state, member, ask).await?),
        Request::RunLines(ask) => ok(id, &find::lines(state, member, ask).await?),
        Request::HostList(ask) => ok(id, &list_hosts(state, member, &ask).await?),
        Request::RunGet(ask) => ok(id, &get(state, member, ask.run).await?),
        Request::RunApprove(ask) => ok(id, &approve(state, member, ask).await?),
        Request::RunRefuse(ask) => {
            refuse(state, member, ask).await?;
            ok(id, &Empty {})
        }
        Request::ProposalList(ask) => ok(id, &list_proposals(state, member, ask).await?),
        Request::CommandAdd(ask) => ok(id, &add_command(state, member, ask).await?),
        Request::CommandList(ask) => ok(id, &list_commands(state, member, ask).await?),
        Request::CommandRemove(ask) => {
            remove_command(state, member, ask).await?;
            ok(id, &Empty {})
        }
        _ => return Err(Error::bad_request("this is not a request about runs")),
    })
}
