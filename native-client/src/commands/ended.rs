//! What is said about the end of a run, besides its exit code.

use wardroom_protocol::messages::{Exit, RunEnd};
use wardroom_protocol::visible::visible;

use super::out::say;
use crate::text::counted;

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
