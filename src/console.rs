//! What a server prints: one line for the program that started it, and lines for people.

use std::io::Write;

use wardroom_native_client::Failure;

/// Prints the line that tells the starting program that the server is ready.
pub fn ready(what: &str) {
    let mut out = std::io::stdout();
    // If nobody reads it, serve anyway.
    writeln!(out, "ready {what}").and_then(|()| out.flush()).ok();
}

/// Prints a line for people.
pub fn say(words: &str) {
    writeln!(std::io::stderr(), "{words}").ok();
}

/// Makes the failure of something that did not start. Its error is already a sentence.
pub fn sentence(e: impl std::fmt::Display) -> Failure {
    Failure::failed(e.to_string())
}
