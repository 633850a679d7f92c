//! Standard output, line by line. If its reader closes it, the command ends quietly.

use std::io::{self, Write};

use crate::exit::Failure;

/// Standard output.
pub(super) struct Out(io::Stdout);

impl Out {
    pub(super) fn new() -> Out {
        Out(io::stdout())
    }

    /// Writes a line and flushes, so that the reader gets it at once.
    pub(super) fn line(&mut self, line: &str) -> Result<(), Failure> {
        let mut out = self.0.lock();
        let written = out.write_all(line.as_bytes()).and_then(|()| out.write_all(b"\n")).and_then(|()| out.flush());
        written.map_err(|e| failed(&e))
    }

    /// Writes an object as one line of JSON.
    pub(super) fn json<T: serde::Serialize>(&mut self, value: &T) -> Result<(), Failure> {
        let text = serde_json::to_string(value).map_err(|e| Failure::failed(e.to_string()))?;
        self.line(&text)
    }
}

/// Turns a write error of standard output into a failure.
pub(super) fn failed(e: &io::Error) -> Failure {
    match e.kind() {
        io::ErrorKind::BrokenPipe => Failure::quiet(),
        _ => Failure::failed(format!("standard output: {e}")),
    }
}

/// Prints a line for people on stderr. Failure is ignored.
pub(super) fn say(words: &str) {
    writeln!(io::stderr(), "{words}").ok();
}
