//! One connection, from dial to loss: hello, welcome, then a reader and a writer until either ends.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::sync::oneshot;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use wardroom_dial::dial_bytes;
use wardroom_protocol::ServerMessage;
use wardroom_protocol::frame::{Number, encode};
use wardroom_protocol::messages::HostWelcome;

use super::cursors::Cursors;
use super::identity::Identity;
use super::incoming::{Incoming, Lost};
use super::{reader, writer};
use crate::limits::CONNECT_TIMEOUT_MS;
use crate::runs::Runs;

/// Serves one connection, and returns why it was lost. Notes whether the core has welcomed this host.
pub async fn serve(
    identity: &Identity,
    runs: &Arc<Runs>,
    (welcomed, is_welcome): (&mut Option<oneshot::Sender<String>>, &mut bool),
    stop: &CancellationToken,
) -> Lost {
    let bound = Duration::from_millis(CONNECT_TIMEOUT_MS);
    let (read, mut write) = match timeout(bound, dial_bytes(&identity.core)).await {
        Ok(Ok(halves)) => halves,
        Ok(Err(error)) => return error.into(),
        Err(_) => return Lost::TimedOut("the core does not answer"),
    };
    let mut incoming = Incoming::new(read);
    let hello = encode(Number::None, &identity.hello(runs.list(), runs.isolation(), runs.sandboxes()));
    let opening = async {
        write.write_all(&hello).await?;
        welcome(&mut incoming).await
    };
    let welcome = match timeout(bound, opening).await {
        Ok(Ok(welcome)) => welcome,
        Ok(Err(lost)) => return lost,
        Err(_) => return Lost::TimedOut("the core does not welcome this host"),
    };
    tracing::info!(core = %identity.core, host = welcome.host, runs = welcome.runs.len(), "welcomed by the core");
    *is_welcome = true;
    if let Some(welcomed) = welcomed.take() {
        // The receiver may be gone.
        let _ = welcomed.send(welcome.host.clone());
    }
    let cursors = Arc::new(Cursors::new(&welcome));
    forget_unknown(runs, &welcome);
    runs.news().changed.notify_one();
    // When either ends, the other is dropped with this scope.
    let mut tasks = tokio::task::JoinSet::new();
    tasks.spawn(reader::read(incoming, Arc::clone(runs), Arc::clone(&cursors)));
    tasks.spawn(writer::write(write, Arc::clone(runs), cursors));
    let lost = tokio::select! {
        () = stop.cancelled() => Lost::Stopping,
        () = runs.news().input_lost.notified() => Lost::Input,
        ended = tasks.join_next() => match ended {
            Some(Ok(lost)) => lost,
            _ => Lost::Stopping,
        }
    };
    runs.all().iter().for_each(|run| run.passed(None));
    lost
}

async fn welcome(incoming: &mut Incoming) -> Result<HostWelcome, Lost> {
    loop {
        match incoming.next().await? {
            ServerMessage::HostWelcome(welcome) => return Ok(welcome),
            ServerMessage::Err(refusal) => return Err(Lost::Refused(refusal.msg)),
            ServerMessage::Goaway(goaway) => return Err(Lost::Refused(goaway.reason)),
            _ => {}
        }
    }
}

/// Forgets the runs that the welcome does not list.
fn forget_unknown(runs: &Arc<Runs>, welcome: &HostWelcome) {
    for run in runs.all() {
        if !welcome.runs.iter().any(|wanted| wanted.run == run.id) {
            tracing::warn!(run = %run.id, "the core does not know a run of this host");
            runs.forget(run.id);
        }
    }
}
