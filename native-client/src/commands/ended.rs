//! What is said about the end of a run, besides its exit code.

use wardroom_protocol::messages::{Detached, Exit, RunEnd};
use wardroom_protocol::visible::visible;

use super::out::say;
use crate::text::counted;

/// Says what goes on of a run with `--detach` whose first process has ended.
pub(super) fn say_detached(detached: &Detached) {
    say(&format!("wardroom: the command has ended: {}; these go on:", visible(&detached.exit.words())));
    for command in &detached.kept {
        say(&format!("wardroom:   {}", visible(command)));
    }
}

/// Prints on stderr what the exit code alone does not show.
pub(super) fn say_end(end: &RunEnd) {
    if !matches!(end.exit, Exit::Code { .. }) {
        say(&format!("wardroom: {}", visible(&end.exit.words())));
    }
    if end.truncated {
        say("wardroom: output truncated at its limit");
    }
    for command in &end.ended {
        say(&format!("wardroom: ended with it: {}", visible(command)));
    }
    if end.left > 0 {
        say(&format!("wardroom: {} could not be stopped", counted(end.left.into(), "process", "processes")));
    }
}
