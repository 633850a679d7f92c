//! A model of the server: rooms with nonces, a run with its output, uploads, and what the connection has requested. It
//! does what docs/protocol.md says, and nothing more.

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;
use serde_json::{Value, json};
use wardroom_client_core::protocol::event::MessageBody;
use wardroom_client_core::protocol::{EventBody, Frame, UserName, limits};

pub const EPOCH: &str = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
pub const OTHER_EPOCH: &str = "01BX5ZZKBKACTAV9WEVGEMMVRZ";
pub const RUN: &str = "01ARZ3NDEKTSV4RRFFQ69G5FA1";
pub const UPLOAD: &str = "01ARZ3NDEKTSV4RRFFQ69G5FA2";

/// What survives a connection.
pub struct Server {
    pub epoch: &'static str,
    /// Events of the room `ops`: (author, text, nonce).
    pub events: Vec<(String, String, Option<String>)>,
    /// Those that are not messages: the kind's fields, with `kind`, by position.
    pub others: BTreeMap<u64, Value>,
    /// The first event that still exists.
    pub first: u64,
    pub read: u64,
    /// Everything received, in order.
    pub taken: Vec<Value>,
    pub nonces: BTreeMap<String, u64>,
    /// Pieces of the run's output: (fd, bytes).
    pub output: Vec<(u8, Vec<u8>)>,
    pub run_ended: bool,
    pub staged: Vec<u8>,
    pub upload_size: Option<u64>,
    /// The digest of the commit, once it arrived.
    pub committed: Option<String>,
    /// Rejects posts, edits and reactions with these codes, once each.
    pub refuse_posts: Vec<&'static str>,
    /// Forgets uploads between connections.
    pub forgets_uploads: bool,
    pub refuse_amendments: bool,
    /// Rooms besides `ops`, all joined, and the members of each room.
    pub rooms: Vec<&'static str>,
    pub people: Vec<&'static str>,
    /// How many entries of a list fit into an answer.
    pub page: usize,
    pub hellos: Vec<Value>,
    pub pings: u64,
    pub terminal: super::terminal::Terminal,
    pub conn: Conn,
}

/// What does not survive it.
#[derive(Default)]
pub struct Conn {
    cursor: Option<u64>,
    pub watch: Option<u64>,
    pub watch_acked: u64,
    watch_window: u64,
    end_sent: bool,
    pub out: VecDeque<Frame>,
    pub holds_upload: bool,
}

pub fn frame(value: &Value, body: &[u8]) -> Frame {
    Frame { line: Bytes::from(value.to_string()), body: Bytes::copy_from_slice(body) }
}

impl Server {
    pub fn new() -> Server {
        Server {
            epoch: EPOCH,
            events: Vec::new(),
            others: BTreeMap::new(),
            first: 1,
            read: 0,
            taken: Vec::new(),
            nonces: BTreeMap::new(),
            output: Vec::new(),
            run_ended: false,
            staged: Vec::new(),
            upload_size: None,
            committed: None,
            refuse_posts: Vec::new(),
            forgets_uploads: false,
            refuse_amendments: false,
            rooms: Vec::new(),
            people: vec!["ben"],
            page: usize::MAX,
            hellos: Vec::new(),
            pings: 0,
            terminal: super::terminal::Terminal::default(),
            conn: Conn::default(),
        }
    }

    /// A new connection; the previous one is gone with everything it had not delivered.
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

    /// Holds back the next frame, as if it were slow.
    pub fn hold(&mut self) -> Option<Frame> {
        self.conn.out.pop_front()
    }

    pub fn release(&mut self, frame: Frame) {
        self.conn.out.push_back(frame);
    }

    pub fn say(&mut self, value: &Value) {
        self.conn.out.push_back(frame(value, &[]));
    }

    /// An event as it is stored now: a message with all its amendments so far.
    pub fn event(&self, seq: u64) -> Value {
        let (by, text, nonce) = &self.events[seq as usize - 1];
        let mut event = json!({ "room": "ops", "seq": seq, "at": 1_000 + seq, "by": by });
        let fields = match self.others.get(&seq) {
            Some(fields) => fields.clone(),
            None => self.message(seq, text),
        };
        event.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        if let Some(nonce) = nonce {
            event["nonce"] = json!(nonce);
        }
        event
    }

    fn message(&self, seq: u64, text: &str) -> Value {
        let mut message = MessageBody { text: text.to_owned(), ..MessageBody::default() };
        for (at, fields) in self.others.range(seq..).filter(|(_, fields)| fields["target"] == seq) {
            let by = UserName::parse(&self.events[*at as usize - 1].0).unwrap();
            let body = EventBody::parse(fields["kind"].as_str().unwrap(), fields.to_string().as_bytes());
            message.amend(*at, &by, &body);
        }
        let mut fields = serde_json::to_value(message).unwrap();
        fields["kind"] = json!("message");
        fields
    }

    /// An event by somebody else that is no message.
    pub fn other(&mut self, by: &str, fields: Value) {
        self.events.push((by.to_owned(), String::new(), None));
        self.others.insert(self.events.len() as u64, fields);
    }

    /// Unread lines and mentions, as the real server counts them.
    pub fn unread(&self) -> (u64, u64) {
        let events = (self.read.max(self.first - 1) + 1..=self.events.len() as u64).map(|seq| self.event(seq));
        let lines: Vec<Value> =
            events.filter(|e| e["kind"] == "message" && e["deleted"] != true && e["by"] != "ann").collect();
        let mentions = lines.iter().filter(|e| e["text"].as_str().unwrap().contains("@ann")).count();
        ((lines.len() as u64).min(limits::UNREAD_MAX), mentions as u64)
    }

    fn fill(&mut self) {
        // Skip what retention has removed.
        self.conn.cursor = self.conn.cursor.map(|cursor| cursor.max(self.first - 1));
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

    /// Takes a frame of the client.
    pub fn take(&mut self, line: &[u8], body: &[u8]) {
        let request: Value = serde_json::from_slice(line).unwrap();
        let id = request["id"].clone();
        self.taken.push(request.clone());
        let t = request["t"].as_str().unwrap();
        let is_refusable = matches!(t, "room.post" | "room.edit" | "room.react");
        if let Some(code) = self.refuse_posts.pop_if(|_| is_refusable) {
            return self.say(&json!({ "t": "err", "re": id, "code": code, "msg": "not now", "retry_ms": 40 }));
        }
        match t {
            "room.read" => self.read = self.read.max(request["seq"].as_u64().unwrap()),
            "room.edit" | "room.react" if self.refuse_amendments => {
                self.say(&json!({ "t": "err", "re": id, "code": "bad_request", "msg": "that is no emoji" }));
            }
            "dm.open" => self.say(&json!({ "t": "ok", "re": id, "room": "@dm1" })),
            "search" => self.say(&json!({ "t": "ok", "re": id, "hits": [], "behind": 0 })),
            "room.list" | "room.members" => {
                let page = self.list(&id, &request);
                self.say(&page);
            }
            "hello" => {
                self.hellos.push(request);
                self.welcome();
            }
            "room.open" => self.open(&id, &request),
            "room.history" => self.history(&id, &request),
            "room.post" => self.post(&id, &request),
            "run.start" => self.start_run(&id, &request),
            "run.watch" => {
                self.conn.watch = request["from"].as_u64();
                self.conn.watch_acked = request["from"].as_u64().unwrap();
                self.conn.watch_window = request["window"].as_u64().unwrap();
                self.conn.end_sent = false;
                self.say(&json!({ "t": "ok", "re": id }));
                if request["screen"] == true {
                    self.say_screen();
                }
            }
            "run.input" | "run.eof" | "term.control" | "term.resize" => self.terminal_request(&id, &request, body),
            "run.get" => {
                let info = json!({ "t": "ok", "re": id, "run": RUN, "n": 4, "room": "ops", "seq": 1, "by": "ann", "cmd": "date",
                    "host": "local", "at": 1, "bytes": 0, "holder": self.terminal.holder });
                self.say(&info);
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
        let (epoch, (rooms, more)) = (self.epoch, self.infos(""));
        self.say(&json!({
            "t": "welcome", "v": 1, "server": "model", "epoch": epoch, "now": 5_000,
            "you": { "user": "ann", "name": "Ann", "role": "operator" },
            "limits": { "line": 65536, "chunk": 65536, "text": 16384, "file": 1_u64 << 40 },
            "rooms": rooms, "more": more,
            "token": "t0ken",
        }));
    }

    /// Sends the room's counts if they differ from what its events imply.
    pub fn say_state(&mut self) {
        let mut state = self.info();
        state["t"] = json!("room.state");
        self.say(&state);
    }

    fn open(&mut self, id: &Value, request: &Value) {
        let head = self.events.len() as u64;
        let after = match (request["after"].as_u64(), request["last"].as_u64()) {
            (Some(after), at_most) => after.max(head.saturating_sub(at_most.unwrap_or(head))),
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
        let head = self.events.len() as u64;
        let limit = request["limit"].as_u64().unwrap();
        let (first, end) = match (request["before"].as_u64(), request["after"].as_u64(), request["around"].as_u64()) {
            (Some(before), ..) => (before.saturating_sub(limit), before),
            (_, Some(after), _) => (after + 1, after + 1 + limit),
            (.., Some(around)) => (around.saturating_sub(limit / 2), around.saturating_sub(limit / 2) + limit),
            _ => (head.saturating_sub(limit), head + 1),
        };
        let (first, end) = (first.max(self.first), end.min(head + 1));
        let events: Vec<Value> = (first..end).map(|seq| self.event(seq)).collect();
        let more = if request["after"].is_u64() { end <= head } else { first > self.first };
        self.say(&json!({ "t": "ok", "re": id, "events": events, "more": more }));
    }

    fn post(&mut self, id: &Value, request: &Value) {
        let nonce = request["nonce"].as_str().unwrap().to_owned();
        let next = self.events.len() as u64 + 1;
        let seq = *self.nonces.entry(nonce.clone()).or_insert(next);
        if seq == next {
            let text = request["text"].as_str().unwrap().to_owned();
            self.events.push(("ann".to_owned(), text, Some(nonce)));
        }
        // The event may come before the answer or after it; here it comes before, on every other line.
        if seq.is_multiple_of(2) {
            self.fill();
        }
        let not_here: &[&str] = if request["text"].as_str().unwrap().contains("@chen") { &["chen"] } else { &[] };
        self.say(&json!({ "t": "ok", "re": id, "seq": seq, "not_here": not_here }));
    }
}
