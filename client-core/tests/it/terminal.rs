//! A run's terminal in the model of the server: its screen, its keyboard and the input that it was given.

use serde_json::{Value, json};

use super::server::{RUN, Server, frame};

/// The run's terminal in the model of the server.
pub struct Terminal {
    pub lease: u64,
    pub holder: &'static str,
    pub asked: Vec<&'static str>,
    /// The input that the command has been given.
    pub input: Vec<u8>,
    /// The length that the end named, once it was accepted.
    pub eof: Option<u64>,
    pub sizes: Vec<Value>,
    pub screen: Vec<u8>,
    /// Answers so many requests with `busy`.
    pub busy: u32,
}

impl Default for Terminal {
    fn default() -> Self {
        Terminal {
            lease: 1,
            holder: "ann",
            asked: Vec::new(),
            input: Vec::new(),
            eof: None,
            sizes: Vec::new(),
            screen: b"screen".to_vec(),
            busy: 0,
        }
    }
}

impl Server {
    /// Sends the screen in two parts, and output from there on.
    pub fn say_screen(&mut self) {
        let off: usize = self.output.iter().map(|(_, piece)| piece.len()).sum();
        let screen = self.terminal.screen.clone();
        let (first, last) = screen.split_at(screen.len() / 2);
        for (part, more) in [(first, true), (last, false)] {
            let (len, t) = (part.len(), "run.snapshot");
            let part_head = json!({ "t": t, "run": RUN, "off": off, "cols": 80, "rows": 24, "len": len, "more": more });
            self.conn.out.push_back(frame(&part_head, part));
        }
        (self.conn.watch, self.conn.watch_acked) = (Some(off as u64), off as u64);
    }

    pub fn say_term_state(&mut self) {
        let Terminal { lease, holder, asked, .. } = &self.terminal;
        let state = json!({ "t": "term.state", "run": RUN, "gen": lease, "holder": holder, "asked": asked,
            "tty": { "cols": 80, "rows": 24 } });
        self.say(&state);
    }

    /// Acknowledges all input.
    pub fn ack_input(&mut self) {
        let (lease, off) = (self.terminal.lease, self.terminal.input.len());
        self.say(&json!({ "t": "run.input_ack", "run": RUN, "gen": lease, "off": off }));
    }

    pub fn terminal_request(&mut self, id: &Value, request: &Value, body: &[u8]) {
        let expected = self.terminal.input.len();
        let stale = request["gen"].is_u64() && request["gen"] != self.terminal.lease;
        let off = request["off"].as_u64().unwrap_or(0) as usize;
        let wrong = |off: Option<usize>| json!({ "t": "err", "re": id, "code": "conflict", "msg": "words", "run": RUN, "off": off });
        match request["t"].as_str().unwrap() {
            _ if self.terminal.busy > 0 => {
                self.terminal.busy -= 1;
                let busy = json!({ "t": "err", "re": id, "code": "busy", "msg": "its host is away", "run": RUN, "retry_ms": 300 });
                self.say(&busy);
            }
            _ if stale => self.say(&wrong(None)),
            "run.input" if off > expected => self.say(&wrong(Some(expected))),
            "run.input" => {
                assert!(self.terminal.eof.is_none_or(|eof| eof >= (off + body.len()) as u64), "input after the end");
                self.terminal.input.extend(body.iter().skip(expected - off));
            }
            "run.eof" if off != expected => self.say(&wrong(Some(expected))),
            "run.eof" => {
                self.terminal.eof = Some(off as u64);
                self.say(&json!({ "t": "ok", "re": id }));
            }
            "term.resize" => {
                self.terminal.sizes.push(json!([request["cols"], request["rows"]]));
                self.say(&json!({ "t": "ok", "re": id }));
            }
            _ => {
                match request["op"].as_str().unwrap() {
                    "ask" if self.terminal.holder == "ann" => {}
                    "ask" => self.terminal.asked.push("ann"),
                    "take" => (self.terminal.lease, self.terminal.holder) = (self.terminal.lease + 1, "ann"),
                    _ => (self.terminal.lease, self.terminal.holder) = (self.terminal.lease + 1, "ben"),
                }
                let (lease, holds) = (self.terminal.lease, self.terminal.holder == "ann");
                self.say(&json!({ "t": "ok", "re": id, "gen": lease, "holds": holds, "off": expected }));
            }
        }
    }
}
