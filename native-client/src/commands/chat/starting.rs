//! Typed commands that did not start: nothing runs later by itself, so the line is put back into the prompt.

use wardroom_client_core::{Command, Error, NotSent, PendingPost, PostState};
use wardroom_protocol::visible::visible;
use wardroom_protocol::{Nonce, RoomName};

use super::talk::Talk;
use crate::exit::Failure;
use crate::runner::{Runner, new_nonce};

impl Talk {
    /// Starts a run. If the same command is typed again while it is unknown whether it started, it is the same run.
    pub(super) fn run(&mut self, runner: &mut Runner, room: &RoomName, cmd: &str) -> Result<(), Failure> {
        self.starting = self.starting.saturating_add(1);
        let posts = runner.client().outbox().posts().iter();
        let mut unknown = posts.filter(|post| post.room == *room && is_unknown(post));
        if let Some(post) = unknown.find(|post| post.run.as_ref().and_then(|run| run.start.cmd.as_deref()) == Some(cmd))
        {
            let nonce = post.nonce.clone();
            runner.command(Command::RetryPost { nonce });
            return Ok(());
        }
        self.runs.start(runner, room, cmd, new_nonce()?);
        Ok(())
    }

    /// Handles a command that was refused, or not sent.
    pub(super) fn not_started(&mut self, runner: &mut Runner, nonce: &Nonce, error: &Error) {
        let Some(post) = runner.client().outbox().posts().iter().find(|post| post.nonce == *nonce).cloned() else {
            return self.voice.say(&format!("-- {}", visible(&error.message)));
        };
        self.voice.say(&format!("-- {}: {}", visible(&post.text), visible(&error.message)));
        // The room shows whether it started, once it has caught up.
        if !is_unknown(&post) {
            runner.command(Command::DiscardPost { nonce: nonce.clone() });
            self.give_back(post);
        }
    }

    /// Puts back commands of unknown fate once the room has caught up: those without a line have not started.
    pub(super) fn give_back_unknown(&mut self, runner: &Runner) {
        let posts = runner.client().outbox().posts().iter();
        let unknown: Vec<PendingPost> =
            posts.filter(|post| post.room == self.room && is_unknown(post)).cloned().collect();
        for post in unknown {
            self.voice.say(&format!("-- {}: it did not start", visible(&post.text)));
            self.give_back(post);
        }
    }

    /// Puts it back into the prompt, unless that has text: then it is in the history of the arrow keys.
    fn give_back(&mut self, post: PendingPost) {
        let Some(console) = &mut self.console else { return };
        let how = match console.put_back(&post.text) {
            true => "-- press Enter to run it now",
            false => "-- press Up to get it back",
        };
        self.voice.say(how);
    }
}

fn is_unknown(post: &PendingPost) -> bool {
    post.state == PostState::NotSent(NotSent::Unknown)
}
