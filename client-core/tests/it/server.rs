//! The model of a server: rooms with nonces, a run with its output, uploads; and what one connection has asked for.
//! It does what docs/protocol.md says, and nothing more.

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;
use serde_json::{Value, json};
use wardroom_client_core::protocol::Frame;

pub const EPOCH: &str = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
pub const OTHER_EPOCH: &str = "01BX5ZZKBKACTAV9WEVGEMMVRZ";
pub const RUN: &str = "01ARZ3NDEKTSV4RRFFQ69G5FA1";
const UPLOAD: &str = "01ARZ3NDEKTSV4RRFFQ69G5FA2";

/// What survives a connection.
pub struct Server {
    pub epoch: &'static str,
    /// Events of the room `ops`: (author, text, nonce).
    pub events: Vec<(String, String, Option<String>)>,
    pub nonces: BTreeMap<String, u64>,
    /// Pieces of the run's output: (fd, bytes).
    pub output: Vec<(u8, Vec<u8>)>,
    pub run_ended: bool,
    pub staged: Vec<u8>,
    pub upload_size: Option<u64>,
    /// The digest of the commit, once it came.
    pub committed: Option<String>,
    /// Posts are refused with this code, so many times.
    pub refuse_posts: Vec<&'static str>,
    /// Uploads are forgotten between connections.
    pub forgets_uploads: bool,
    pub hellos: Vec<Value>,
    pub pings: u64,
    conn: Conn,
}

/// What does not.
#[derive(Default)]
struct Conn {
    cursor: Option<u64>,
    watch: Option<u64>,
    watch_acked: u64,
    watch_window: u64,
    end_sent: bool,
    out: VecDeque<Frame>,
    holds_upload: bool,
}

fn frame(value: &Value, body: &[u8]) -> Frame {
    Frame { line: Bytes::from(value.to_string()), body: Bytes::copy_from_slice(body) }
}

impl Server {
    pub fn new() -> Server {
        Server {
            epoch: EPOCH,
            events: Vec::new(),
            nonces: BTreeMap::new(),
            output: Vec::new(),
            run_ended: false,
            staged: Vec::new(),
            upload_size: None,
            committed: None,
            refuse_posts: Vec::new(),
            forgets_uploads: false,
            hellos: Vec::new(),
            pings: 0,
            conn: Conn::default(),
        }
    }

    /// A new connection; the one before is gone with all that it had not delivered.
    pub fn connect(&mut self) {
        self.conn = Conn::default();
        if self.forgets_uploads && self.committed.is_none() {
            self.upload_size = None;
            self.staged.clear();
        }
    }

    /// The next frame for the client.
    pub fn next_frame(&mut self) -> Option<Frame> {
        self.fill();
        self.conn.out.pop_front()
    }

    pub fn say(&mut self, value: &Value) {
        self.conn.out.push_back(frame(value, &[]));
    }

    pub fn event(&self, seq: u64) -> Value {
        let (by, text, nonce) = &self.events[seq as usize - 1];
        let mut event = json!({
            "room": "ops", "seq": seq, "at": 1_000 + seq, "by": by, "kind": "message", "text": text,
        });
        if let Some(nonce) = nonce {
            event["nonce"] = json!(nonce);
        }
        event
    }

    fn fill(&mut self) {
        while let Some(cursor) = self.conn.cursor.filter(|cursor| *cursor < self.events.len() as u64) {
            let mut event = self.event(cursor + 1);
            event["t"] = json!("event");
            self.conn.out.push_back(frame(&event, &[]));
            self.conn.cursor = Some(cursor + 1);
        }
        self.fill_run();
    }

    fn fill_run(&mut self) {
        let Some(from) = self.conn.watch else { return };
        let (mut at, mut sent) = (0u64, from);
        for (fd, piece) in &self.output {
            let end = at + piece.len() as u64;
            let allowed = self.conn.watch_acked + self.conn.watch_window;
            if end > sent && sent < allowed {
                let stop = end.min(allowed);
                let part = &piece[(sent - at) as usize..(stop - at) as usize];
                let value = json!({ "t": "run.output", "run": RUN, "fd": fd, "off": sent, "len": part.len() });
                self.conn.out.push_back(frame(&value, part));
                sent = stop;
            }
            at = end;
        }
        self.conn.watch = Some(sent);
        if self.run_ended && sent == at && !self.conn.end_sent {
            self.conn.end_sent = true;
            self.conn.watch = None;
            self.say(&json!({ "t": "run.end", "run": RUN, "exit": { "code": 3 }, "bytes": at, "ms": 7 }));
        }
    }

    /// A frame of the client.
    pub fn take(&mut self, line: &[u8], body: &[u8]) {
        let request: Value = serde_json::from_slice(line).unwrap();
        let id = request["id"].clone();
        match request["t"].as_str().unwrap() {
            "hello" => {
                self.hellos.push(request);
                self.welcome();
            }
            "room.open" => self.open(&id, &request),
            "room.history" => self.history(&id, &request),
            "room.post" => self.post(&id, &request),
            "run.watch" => {
                self.conn.watch = request["from"].as_u64();
                self.conn.watch_acked = request["from"].as_u64().unwrap();
                self.conn.watch_window = request["window"].as_u64().unwrap();
                self.conn.end_sent = false;
                self.say(&json!({ "t": "ok", "re": id }));
            }
            "run.ack" => self.conn.watch_acked = request["off"].as_u64().unwrap(),
            "file.put" | "file.resume" => self.begin_upload(&id, &request),
            "file.chunk" => self.chunk(&request, body),
            "file.commit" => self.commit(&id, &request),
            "ping" => {
                self.pings += 1;
                self.say(&json!({ "t": "pong", "n": request["n"] }));
            }
            _ => {
                if id.is_u64() {
                    self.say(&json!({ "t": "ok", "re": id }));
                }
            }
        }
    }

    fn welcome(&mut self) {
        let head = self.events.len();
        let epoch = self.epoch;
        self.say(&json!({
            "t": "welcome", "v": 1, "server": "model", "epoch": epoch, "now": 5_000,
            "you": { "user": "ann", "name": "Ann", "role": "operator" },
            "limits": { "line": 65536, "chunk": 65536, "text": 16384, "file": 1_u64 << 40 },
            "rooms": [{ "room": "ops", "head": head, "read": 0, "joined": true }],
            "token": "t0ken",
        }));
    }

    fn open(&mut self, id: &Value, request: &Value) {
        let head = self.events.len() as u64;
        let after = match (request["after"].as_u64(), request["last"].as_u64()) {
            (Some(after), _) => after,
            (None, last) => head.saturating_sub(last.unwrap_or(0)),
        };
        let is_other = request["epoch"].as_str().is_some_and(|epoch| epoch != self.epoch);
        if after > head || is_other {
            return self.say(&json!({ "t": "err", "re": id, "code": "reset", "msg": "another log" }));
        }
        self.say(&json!({ "t": "ok", "re": id, "after": after, "head": head }));
        self.conn.cursor = Some(after);
        self.fill();
        self.say(&json!({ "t": "room.live", "room": "ops", "head": head }));
    }

    fn history(&mut self, id: &Value, request: &Value) {
        let before = request["before"].as_u64().unwrap();
        let first = before.saturating_sub(request["limit"].as_u64().unwrap()).max(1);
        let events: Vec<Value> = (first..before).map(|seq| self.event(seq)).collect();
        self.say(&json!({ "t": "ok", "re": id, "events": events, "more": first > 1 }));
    }

    fn post(&mut self, id: &Value, request: &Value) {
        if let Some(code) = self.refuse_posts.pop() {
            let answer = json!({ "t": "err", "re": id, "code": code, "msg": "not now", "retry_ms": 40 });
            return self.say(&answer);
        }
        let nonce = request["nonce"].as_str().unwrap().to_owned();
        let next = self.events.len() as u64 + 1;
        let seq = *self.nonces.entry(nonce.clone()).or_insert(next);
        if seq == next {
            let text = request["text"].as_str().unwrap().to_owned();
            self.events.push(("ann".to_owned(), text, Some(nonce)));
        }
        // The event may come before the answer, or after it; here before, on every other line.
        if seq.is_multiple_of(2) {
            self.fill();
        }
        self.say(&json!({ "t": "ok", "re": id, "seq": seq }));
    }

    fn begin_upload(&mut self, id: &Value, request: &Value) {
        if request["t"] == "file.resume" && self.upload_size.is_none() {
            return self.say(&json!({ "t": "err", "re": id, "code": "not_found", "msg": "no such upload" }));
        }
        self.upload_size = self.upload_size.or(request["size"].as_u64());
        self.conn.holds_upload = true;
        let off = self.staged.len();
        self.say(&json!({ "t": "ok", "re": id, "upload": UPLOAD, "off": off, "window": 300_000 }));
    }

    fn chunk(&mut self, request: &Value, body: &[u8]) {
        let right = self.staged.len() as u64;
        assert!(self.conn.holds_upload, "a chunk before the upload was begun or resumed");
        if request["off"].as_u64() != Some(right) {
            let answer = json!({ "t": "err", "code": "conflict", "msg": "not there", "upload": UPLOAD, "off": right });
            return self.say(&answer);
        }
        assert!(right + body.len() as u64 <= self.upload_size.unwrap());
        self.staged.extend_from_slice(body);
        let off = self.staged.len();
        self.say(&json!({ "t": "file.ack", "upload": UPLOAD, "off": off }));
    }

    fn commit(&mut self, id: &Value, request: &Value) {
        assert_eq!(self.staged.len() as u64, self.upload_size.unwrap());
        self.committed = request["blake3"].as_str().map(str::to_owned);
        self.say(&json!({ "t": "ok", "re": id, "path": "f.bin", "seq": 1 }));
    }

    /// What a crash of the server's machine leaves of an upload: less than was staged, never less than was acked and
    /// seen; so this is called only where nothing was acked beyond `len`.
    pub fn lose_staged_beyond(&mut self, len: usize) {
        self.staged.truncate(len);
    }
}
