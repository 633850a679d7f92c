//! Typed commands that did not start: nothing runs later by itself. What may start at the next attempt is put back into
//! the prompt; what was refused is only in the history of the arrow keys.

use wardroom_client_core::{Command, Error, NotSent, PendingPost, PostState};
use wardroom_protocol::messages::RunStart;
use wardroom_protocol::visible::visible;
use wardroom_protocol::{Code, Nonce};

use super::command::why_bad;
use super::talk::Talk;
use crate::runner::Runner;

impl Talk {
    /// Starts a run. If the same command is typed again while it is unknown whether it started, it is the same run.
    pub(super) fn run(&mut self, runner: &mut Runner, start: RunStart) {
        self.starting = self.starting.saturating_add(1);
        let posts = runner.client().outbox().posts().iter();
        let is_same = |other: &RunStart| RunStart { nonce: start.nonce.clone(), ..other.clone() } == start;
        let mut unknown = posts.filter(|post| post.room == start.room && is_unknown(post));
        if let Some(post) = unknown.find(|post| post.run.as_ref().is_some_and(|run| is_same(&run.start))) {
            let nonce = post.nonce.clone();
            return runner.command(Command::RetryPost { nonce });
        }
        runner.command(Command::StartRun { start: Box::new(start), watch: false });
    }

    /// Handles a command that was refused, or not sent.
    pub(super) fn not_started(&mut self, runner: &mut Runner, nonce: &Nonce, error: &Error) {
        let Some(post) = runner.client().outbox().posts().iter().find(|post| post.nonce == *nonce).cloned() else {
            return self.voice.say(&format!("-- {}", visible(&error.message)));
        };
        let is_unknown_name =
            error.code == Some(Code::NotFound) && post.run.as_ref().is_some_and(|run| run.start.command.is_some());
        if is_unknown_name {
            // It may be the beginning of a command of ours.
            self.voice.say(&why_bad(&post.text, &visible(&error.message).into_owned().into()));
        } else {
            self.voice.say(&format!("-- {}: {}", visible(&post.text), visible(&error.message)));
        }
        // The room shows whether it started, once it has caught up.
        if !is_unknown(&post) {
            runner.command(Command::DiscardPost { nonce: nonce.clone() });
            if !is_refused(&post, error) {
                self.give_back(post);
            }
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

/// Returns true if the same line would be refused again.
fn is_refused(post: &PendingPost, error: &Error) -> bool {
    matches!(post.state, PostState::Failed(_)) && !matches!(error.code, Some(Code::Busy | Code::RateLimited))
}

fn is_unknown(post: &PendingPost) -> bool {
    post.state == PostState::NotSent(NotSent::Unknown)
}
