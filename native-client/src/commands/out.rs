//! Standard output, line by line. Whoever reads it may stop: then the command ends quietly.

use std::io::{self, Write};

use crate::exit::Failure;

/// Standard output.
pub(super) struct Out(io::Stdout);

impl Out {
    pub(super) fn new() -> Out {
        Out(io::stdout())
    }

    /// Writes a line and flushes: what others wait for comes at once.
    pub(super) fn line(&mut self, line: &str) -> Result<(), Failure> {
        let mut out = self.0.lock();
        let written = out.write_all(line.as_bytes()).and_then(|()| out.write_all(b"\n")).and_then(|()| out.flush());
        written.map_err(|e| failed(&e))
    }

    /// An object as one line of JSON.
    pub(super) fn json<T: serde::Serialize>(&mut self, value: &T) -> Result<(), Failure> {
        let text = serde_json::to_string(value).map_err(|e| Failure::failed(e.to_string()))?;
        self.line(&text)
    }
}

/// What it means that standard output takes no more.
pub(super) fn failed(e: &io::Error) -> Failure {
    match e.kind() {
        io::ErrorKind::BrokenPipe => Failure::quiet(),
        _ => Failure::failed(format!("standard output: {e}")),
    }
}

/// A line for people on stderr. Nobody reading it is no reason to stop.
pub(super) fn say(words: &str) {
    writeln!(io::stderr(), "{words}").ok();
}
