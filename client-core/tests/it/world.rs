//! A client, a server, and a network between them that a test (or chance) drives step by step.

use std::collections::VecDeque;

use bytes::Bytes;
use wardroom_client_core::protocol::{Nonce, RoomName};
use wardroom_client_core::{Client, Command, Disconnect, Effect, Input, NewUpload, OpenFrom, Options};

use super::server::Server;

pub struct World {
    pub client: Client,
    pub server: Server,
    pub now_ms: u64,
    conn: Option<u64>,
    is_open: bool,
    to_server: VecDeque<(Bytes, Bytes)>,
    /// Effects that do not concern the socket, in order.
    pub seen: Vec<Effect>,
    /// The file of the upload.
    pub file: Vec<u8>,
    /// Requested slices that were not read yet.
    pub slices: VecDeque<(Nonce, u64, u64)>,
    /// Bytes read from the file.
    pub bytes_read: u64,
    random: u64,
}

pub fn room() -> RoomName {
    RoomName::parse("ops").unwrap()
}

pub fn nonce(n: u64) -> Nonce {
    Nonce::parse(&format!("n{n}")).unwrap()
}

impl World {
    pub fn new(seed: u64) -> World {
        let options = Options { program: "test".to_owned(), seed, ..Options::default() };
        let mut world = World {
            client: Client::new(options),
            server: Server::new(),
            now_ms: 1_000_000,
            conn: None,
            is_open: false,
            to_server: VecDeque::new(),
            seen: Vec::new(),
            file: Vec::new(),
            slices: VecDeque::new(),
            bytes_read: 0,
            random: seed,
        };
        world.input(Input::Start);
        world
    }

    /// A random number below `bound`.
    pub fn random(&mut self, bound: u64) -> u64 {
        self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.random >> 33) % bound
    }

    pub fn input(&mut self, input: Input) {
        let effects = self.client.handle(self.now_ms, input);
        self.carry_out(effects);
    }

    pub fn carry_out(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Connect { conn } => {
                    assert!(!self.is_open, "a socket is opened while another is open");
                    self.conn = Some(conn);
                }
                Effect::Send { line, body } => {
                    assert!(self.is_open, "something is sent without a socket");
                    self.to_server.push_back((line, body));
                }
                Effect::Close => self.drop_socket(),
                Effect::ReadSlice { nonce, off, len } => self.slices.push_back((nonce, off, len)),
                other => self.seen.push(other),
            }
        }
    }

    pub fn command(&mut self, command: Command) {
        self.input(Input::Command(command));
    }

    fn drop_socket(&mut self) {
        self.is_open = false;
        self.conn = None;
        self.to_server.clear();
    }

    /// Opens the requested socket.
    pub fn open_socket(&mut self) -> bool {
        let Some(conn) = self.conn.filter(|_| !self.is_open) else { return false };
        self.is_open = true;
        self.server.connect();
        self.input(Input::Connected { conn });
        true
    }

    pub fn is_open(&self) -> bool {
        self.is_open
    }

    /// The network breaks: everything in flight is lost.
    pub fn cut(&mut self) {
        if let Some(conn) = self.conn {
            self.drop_socket();
            self.input(Input::Disconnected { conn, reason: Disconnect::Network("cut".to_owned()) });
        }
    }

    /// Delivers one frame to the server.
    pub fn client_to_server(&mut self) -> bool {
        let Some((line, body)) = self.to_server.pop_front() else { return false };
        self.server.take(&line, &body);
        true
    }

    /// Delivers one frame to the client.
    pub fn server_to_client(&mut self) -> bool {
        let Some(conn) = self.conn.filter(|_| self.is_open) else { return false };
        let Some(frame) = self.server.next_frame() else { return false };
        self.input(Input::Frame { conn, frame });
        true
    }

    /// Reads one slice of the file.
    pub fn read_slice(&mut self) -> bool {
        // Reading threads may overtake each other.
        let last = self.slices.len().saturating_sub(1);
        let next = if self.random(3) == 0 { last } else { 0 };
        let Some((nonce, off, len)) = self.slices.remove(next) else { return false };
        let end = (off + len).min(self.file.len() as u64);
        let bytes = Bytes::copy_from_slice(&self.file[off as usize..end as usize]);
        self.bytes_read += bytes.len() as u64;
        self.command(Command::Slice { nonce, off, bytes });
        true
    }

    /// Lets time pass until the client wants to be woken.
    pub fn wait(&mut self) {
        self.now_ms = self.client.wake_at_ms().max(self.now_ms + 1);
        self.input(Input::Tick);
    }

    /// Does everything that can happen without time passing.
    pub fn settle(&mut self) {
        while self.open_socket() || self.client_to_server() || self.server_to_client() || self.read_slice() {}
    }

    /// Lets time pass, and everything happen, until the connection is live and nothing waits.
    pub fn come_to_rest(&mut self) {
        for _ in 0..50 {
            self.settle();
            self.wait();
        }
    }

    pub fn open_room(&mut self, from: OpenFrom) {
        self.command(Command::OpenRoom { room: room(), from });
    }

    pub fn post(&mut self, n: u64) {
        self.command(Command::Post { room: room(), text: format!("mine {n}"), reply_to: None, nonce: nonce(n) });
    }

    pub fn upload(&mut self, file: Vec<u8>) {
        use wardroom_client_core::protocol::messages::{IfExists, Place};
        let size = file.len() as u64;
        self.file = file;
        self.command(Command::Upload(NewUpload {
            place: Place::Room(room()),
            path: "f.bin".parse().unwrap(),
            size,
            mtime: None,
            if_exists: IfExists::Fail,
            nonce: nonce(0),
        }));
    }

    /// The texts of the open room's lines.
    pub fn texts(&self) -> Vec<String> {
        let shown = &self.client.rooms()[&room()];
        shown.timeline.events().map(|event| text_of(event)).collect()
    }
}

pub fn text_of(event: &wardroom_client_core::protocol::Event) -> String {
    match &event.body {
        wardroom_client_core::protocol::EventBody::Message(message) => message.text.clone(),
        other => other.kind().to_owned(),
    }
}
