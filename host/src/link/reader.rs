//! The reader of a connection: does what the core asks. It never waits for the writer or for a run.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;
use wardroom_protocol::ServerMessage;
use wardroom_protocol::limits::{DEAD_AFTER_MS, PING_AFTER_MS};

use super::cursors::Cursors;
use super::incoming::{Incoming, Lost};
use crate::runs::{Error, Runs};

/// Reads until the connection is lost, and returns why.
pub async fn read(mut incoming: Incoming, runs: Arc<Runs>, cursors: Arc<Cursors>) -> Lost {
    loop {
        let message = match next(&mut incoming, &runs, &cursors).await {
            Ok(message) => message,
            Err(lost) => return lost,
        };
        if matches!(message, ServerMessage::HostLook(_)) {
            look(&runs, &cursors);
            continue;
        }
        if let Err(lost) = handle(message, &runs, &cursors) {
            return lost;
        }
        // One permit is stored, whether the writer waits or not.
        runs.news().changed.notify_one();
    }
}

/// Returns the next message. Sends a ping after a silence; after a long one the connection is dead.
async fn next(incoming: &mut Incoming, runs: &Runs, cursors: &Cursors) -> Result<ServerMessage, Lost> {
    if let Ok(message) = timeout(Duration::from_millis(PING_AFTER_MS), incoming.next()).await {
        return message;
    }
    cursors.ping();
    runs.news().changed.notify_one();
    let rest = Duration::from_millis(DEAD_AFTER_MS - PING_AFTER_MS);
    timeout(rest, incoming.next()).await.unwrap_or(Err(Lost::TimedOut("the core has been silent for too long")))
}

/// Says how this machine is, once that is known: a slow disk keeps nothing else waiting.
fn look(runs: &Arc<Runs>, cursors: &Arc<Cursors>) {
    let (runs, cursors) = (Arc::clone(runs), Arc::clone(cursors));
    drop(tokio::task::spawn_blocking(move || {
        cursors.say(runs.status());
        runs.news().changed.notify_one();
    }));
}

fn handle(message: ServerMessage, runs: &Arc<Runs>, cursors: &Cursors) -> Result<(), Lost> {
    match message {
        ServerMessage::HostStart(start) => {
            let run = start.run;
            match runs.start(start) {
                Ok(()) => cursors.asked_for(run),
                Err(refusal) => refuse(cursors, refusal),
            }
        }
        ServerMessage::HostAck(ack) => {
            cursors.acked(ack);
            if let Some(run) = runs.find(ack.run) {
                run.passed(Some(ack.off));
            }
        }
        ServerMessage::HostForget(forget) => {
            cursors.forget(forget.run);
            runs.forget(forget.run);
        }
        ServerMessage::HostInput(input, bytes) => {
            if let Err(refusal) = runs.input(input, &bytes) {
                refuse(cursors, refusal);
            }
        }
        ServerMessage::HostReply(reply, bytes) => {
            if let Err(refusal) = runs.reply(reply, &bytes) {
                refuse(cursors, refusal);
            }
        }
        ServerMessage::HostEof(eof) => runs.eof(eof),
        ServerMessage::HostResize(resize) => runs.resize(resize),
        ServerMessage::HostSignal(signal) => runs.signal(signal),
        ServerMessage::Ping(ping) => cursors.pinged(ping.n),
        ServerMessage::Goaway(goaway) => return Err(Lost::Refused(goaway.reason)),
        ServerMessage::Err(refusal) => tracing::warn!(msg = refusal.msg, "the core refused something"),
        // Answers, and messages of a later version.
        _ => {}
    }
    Ok(())
}

fn refuse(cursors: &Cursors, refusal: Error) {
    tracing::warn!(run = %refusal.run, msg = refusal.msg, "something that the core asked for cannot be done");
    cursors.refuse(refusal);
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use tokio::io::AsyncWriteExt;
    use tokio::time::Instant;
    use wardroom_protocol::messages::HostWelcome;

    fn cursors() -> Arc<Cursors> {
        Arc::new(Cursors::new(&HostWelcome { host: "local".to_owned(), runs: Vec::new(), window: 1 }))
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_core_is_pinged_and_then_given_up() {
        let (runs, _folder) = crate::runs::none();
        let cursors = cursors();
        let (ours, _theirs) = tokio::io::duplex(1_024);
        let began = Instant::now();
        let lost = read(Incoming::new(Box::new(ours)), runs, Arc::clone(&cursors)).await;
        assert!(matches!(lost, Lost::TimedOut(_)), "{lost}");
        assert_eq!(began.elapsed(), Duration::from_millis(DEAD_AFTER_MS));
        assert_eq!(cursors.next_batch(&[]).len(), 1, "one ping");
    }

    #[tokio::test(start_paused = true)]
    async fn a_core_that_answers_late_is_kept() {
        let (runs, _folder) = crate::runs::none();
        let (ours, mut theirs) = tokio::io::duplex(1_024);
        let reading = tokio::spawn(read(Incoming::new(Box::new(ours)), runs, cursors()));
        for _ in 0..3 {
            tokio::time::sleep(Duration::from_millis(DEAD_AFTER_MS - 1)).await;
            theirs.write_all(b"{\"t\":\"pong\",\"n\":0}\n").await.unwrap();
        }
        let began = Instant::now();
        drop(theirs);
        let lost = reading.await.unwrap();
        assert!(matches!(lost, Lost::Closed), "{lost}");
        assert_eq!(began.elapsed(), Duration::ZERO);
    }
}
