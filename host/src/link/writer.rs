//! The writer of a connection: writes whenever a run has news or the core has acknowledged something. Output is read
//! from the spool, from the core's offset on: no queue of it is kept in memory.

use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::AsyncWriteExt;
use tokio::task::spawn_blocking;
use tokio::time::timeout;
use wardroom_dial::WriteHalf;
use wardroom_protocol::frame::{Number, encode_with_body};
use wardroom_protocol::limits::{BODY_BYTES_MAX, DEAD_AFTER_MS};
use wardroom_protocol::messages::HostOutput;

use super::cursors::{Cursors, Job};
use super::incoming::Lost;
use crate::runs::Runs;
use crate::runs::run::Run;

/// Writes until the connection is lost, and returns why.
pub async fn write(mut write: WriteHalf, runs: Arc<Runs>, cursors: Arc<Cursors>) -> Lost {
    loop {
        let jobs = cursors.next_batch(&runs.all());
        if jobs.is_empty() {
            // A change since the batch was made has left a permit.
            runs.news().changed.notified().await;
            continue;
        }
        let bytes = match render(jobs, &cursors).await {
            Some(bytes) => bytes,
            None => return Lost::Stopping,
        };
        match timeout(Duration::from_millis(DEAD_AFTER_MS), write.write_all(&bytes)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return error.into(),
            Err(_) => return Lost::TimedOut("the core has read nothing for too long"),
        }
    }
}

/// Returns the bytes of a batch. Reading a spool may wait for a disk, so it is done off the runtime's threads.
async fn render(jobs: Vec<Job>, cursors: &Arc<Cursors>) -> Option<BytesMut> {
    if jobs.iter().all(|job| matches!(job, Job::Frame(_))) {
        return Some(rendered(jobs, cursors));
    }
    let cursors = Arc::clone(cursors);
    spawn_blocking(move || rendered(jobs, &cursors)).await.ok()
}

fn rendered(jobs: Vec<Job>, cursors: &Cursors) -> BytesMut {
    let mut out = BytesMut::new();
    let mut broken = None;
    for job in jobs {
        match job {
            // Its end must not be sent before its output.
            Job::Frame(_) if broken.is_some() => {}
            Job::Frame(frame) => out.extend_from_slice(&frame),
            Job::Output { run, from, upto } => {
                broken = None;
                if let Err(error) = put_output(&run, from, upto, &mut out) {
                    tracing::error!(%error, run = %run.id, "the output of a run cannot be read back");
                    cursors.broken(run.id);
                    broken = Some(run.id);
                }
            }
        }
    }
    out
}

/// Appends output as frames, each of one descriptor and within the size limit.
fn put_output(run: &Run, from: u64, upto: u64, out: &mut BytesMut) -> std::io::Result<()> {
    let reader = run.spool.reader()?;
    let mut body = vec![0; BODY_BYTES_MAX];
    let mut at = from;
    while at < upto {
        let (end, size) = run.same_size(at, upto);
        for (index, segment) in reader.segments(at, end)?.into_iter().enumerate() {
            let len = segment.end.saturating_sub(segment.off);
            let size = size.filter(|_| index == 0);
            let body = usize::try_from(len).ok().and_then(|len| body.get_mut(..len));
            let body = body.ok_or_else(|| std::io::Error::other("a piece of output is larger than a frame"))?;
            reader.read(body, segment.off)?;
            let head = HostOutput { run: run.id, fd: segment.fd, off: segment.off, len, size };
            out.extend_from_slice(&encode_with_body(Number::None, &head, body));
            at = segment.end;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::Instant;
    use wardroom_protocol::messages::HostWelcome;

    #[tokio::test(start_paused = true)]
    async fn a_core_that_reads_nothing_is_given_up() {
        let (runs, _folder) = crate::runs::none();
        let cursors = Arc::new(Cursors::new(&HostWelcome { host: "local".to_owned(), runs: Vec::new(), window: 1 }));
        cursors.pinged(7);
        let (ours, _theirs) = tokio::io::duplex(8);
        let began = Instant::now();
        let lost = write(Box::new(ours), runs, cursors).await;
        assert!(matches!(lost, Lost::TimedOut(_)), "{lost}");
        assert_eq!(began.elapsed(), Duration::from_millis(DEAD_AFTER_MS));
    }
}
