//! A core as a test plays it: one run with a terminal, whose program says what the test says and echoes what is typed.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};

use serde_json::{Value, json};

use crate::test_server::{until, wardroom};

pub const RUN: &str = "01ARZ3NDEKTSV4RRFFQ69G5FA1";

/// The core, and the address of its port.
pub struct FakeCore {
    pub address: String,
    state: Arc<Mutex<State>>,
}

/// What it knows.
pub struct State {
    /// All that clients sent.
    pub taken: VecDeque<Value>,
    /// Input that the program was given.
    pub input: Vec<u8>,
    pub holder: Option<&'static str>,
    pub lease: u64,
    /// The size of the terminal.
    pub size: (u16, u16),
    /// The picture of the screen that a watcher gets.
    pub screen: Vec<u8>,
    pub exit: Option<Value>,
    written: u64,
    /// Has been asked to watch.
    is_watched: bool,
    connection: Option<TcpStream>,
}

impl FakeCore {
    pub fn start() -> FakeCore {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let state = Arc::new(Mutex::new(State {
            taken: VecDeque::new(),
            input: Vec::new(),
            holder: Some("ann"),
            lease: 1,
            size: (80, 24),
            screen: b"the screen".to_vec(),
            exit: None,
            written: 0,
            is_watched: false,
            connection: None,
        }));
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let shared = Arc::clone(&shared);
                std::thread::spawn(move || serve(&stream, &shared));
            }
        });
        FakeCore { address, state }
    }

    pub fn client(&self, args: &[&str]) -> std::process::Command {
        let mut command = wardroom();
        command.env("WARDROOM_SERVER", format!("tcp://{}", self.address)).env("WARDROOM_TOKEN", "t");
        command.args(args);
        command
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Waits until the state is so.
    pub fn until(&self, what: &str, is_so: impl Fn(&State) -> bool) {
        assert!(until(|| is_so(&self.state())), "{what}: not in time; it took {:?}", self.state().taken);
    }

    /// Waits for a frame of this type.
    pub fn until_taken(&self, t: &str) {
        self.until(t, |state| state.count(t) > 0);
    }

    /// The program writes.
    pub fn write(&self, bytes: &[u8]) {
        self.until("watched", |state| state.is_watched);
        self.state().write(bytes);
    }

    /// The keyboard is somebody else's.
    pub fn pass_to(&self, holder: Option<&'static str>, asked: &[&str]) {
        let mut state = self.state();
        if state.holder != holder {
            state.lease += 1;
        }
        state.holder = holder;
        let (lease, (cols, rows)) = (state.lease, state.size);
        let mut told = json!({ "t": "term.state", "run": RUN, "gen": lease, "asked": asked, "tty": { "cols": cols, "rows": rows } });
        if let Some(holder) = holder {
            told["holder"] = json!(holder);
        }
        state.tell(&told, b"");
    }

    /// The program ends.
    pub fn end(&self, code: i32) {
        let mut state = self.state();
        let bytes = state.written;
        state.tell(&json!({ "t": "run.end", "run": RUN, "exit": { "code": code }, "bytes": bytes, "ms": 7 }), b"");
    }

    /// The network breaks.
    pub fn cut(&self) {
        let mut state = self.state();
        state.is_watched = false;
        if let Some(connection) = state.connection.take() {
            connection.shutdown(std::net::Shutdown::Both).ok();
        }
    }
}

impl State {
    pub fn count(&self, t: &str) -> usize {
        self.taken.iter().filter(|frame| frame["t"] == t).count()
    }

    fn tell(&mut self, frame: &Value, body: &[u8]) {
        if let Some(mut connection) = self.connection.as_ref() {
            connection.write_all(&[frame.to_string().as_bytes(), b"\n", body].concat()).ok();
        }
    }

    fn write(&mut self, bytes: &[u8]) {
        let off = self.written;
        self.written += bytes.len() as u64;
        self.tell(&json!({ "t": "run.output", "run": RUN, "fd": 1, "off": off, "len": bytes.len() }), bytes);
    }

    fn answer(&mut self, request: &Value, body: &[u8]) {
        let (id, (cols, rows)) = (&request["id"], self.size);
        let mut ok = json!({ "t": "ok", "re": id });
        let mut set = |fields: Value| ok.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        let info = json!({ "run": RUN, "n": 4, "room": "general", "seq": 2, "by": "ann", "cmd": "login shell", "host": "local",
            "at": 1, "bytes": self.written, "tty": { "cols": cols, "rows": rows }, "holder": self.holder, "exit": self.exit });
        match request["t"].as_str().unwrap() {
            "hello" => {
                let (you, limits) = (
                    json!({ "user": "ann", "name": "Ann", "role": "operator" }),
                    json!({ "line": 65536,
                    "chunk": 65536, "text": 16384, "file": 1_000_000 }),
                );
                let epoch = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
                let welcome = json!({ "t": "welcome", "v": 1, "server": "fake", "epoch": epoch, "now": 1, "you": you,
                    "limits": limits, "rooms": [] });
                return self.tell(&welcome, b"");
            }
            "ping" => return self.tell(&json!({ "t": "pong", "n": request["n"] }), b""),
            "run.start" => {
                let number = |name: &str| u16::try_from(request["tty"][name].as_u64().unwrap()).unwrap();
                self.size = (number("cols"), number("rows"));
                set(json!({ "run": RUN, "n": 4, "seq": 2, "gen": 1 }));
            }
            "run.get" => set(info),
            "run.list" => set(json!({ "runs": [info] })),
            "term.control" => {
                match request["op"].as_str().unwrap() {
                    "take" => (self.lease, self.holder) = (self.lease + 1, Some("ann")),
                    "release" => (self.lease, self.holder) = (self.lease + 1, None),
                    _ => {}
                }
                set(json!({ "gen": self.lease, "holds": self.holder == Some("ann"), "off": self.input.len() }));
            }
            "run.input" => {
                let off = usize::try_from(request["off"].as_u64().unwrap()).unwrap();
                assert_eq!(request["gen"], self.lease);
                let new = body.get(self.input.len() - off..).unwrap_or_default().to_vec();
                self.input.extend(&new);
                let ack = json!({ "t": "run.input_ack", "run": RUN, "gen": self.lease, "off": self.input.len() });
                self.tell(&ack, b"");
                return self.write(&new);
            }
            _ => {}
        }
        if id.is_u64() {
            self.tell(&ok, b"");
        }
        if request["t"] == "run.watch" {
            self.is_watched = true;
            if request["screen"] == true {
                let (screen, off) = (self.screen.clone(), self.written);
                let picture = json!({ "t": "run.snapshot", "run": RUN, "off": off, "cols": cols, "rows": rows, "len": screen.len() });
                self.tell(&picture, &screen);
            }
        }
    }
}

fn serve(stream: &TcpStream, shared: &Mutex<State>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    shared.lock().unwrap().connection = Some(stream.try_clone().unwrap());
    loop {
        let mut line = String::new();
        if !matches!(reader.read_line(&mut line), Ok(1..)) {
            return;
        }
        let request: Value = serde_json::from_str(&line).unwrap();
        let mut body = vec![0; usize::try_from(request["len"].as_u64().unwrap_or(0)).unwrap()];
        if reader.read_exact(&mut body).is_err() {
            return;
        }
        let mut state = shared.lock().unwrap();
        state.taken.push_back(request.clone());
        state.answer(&request, &body);
    }
}
