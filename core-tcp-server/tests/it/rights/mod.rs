//! What somebody reads and writes ends with the right to it, at once and whatever they are connected by: each cause
//! for each kind of stream, over TCP, over a WebSocket and HTTP through a gateway, and with `nc`.

mod person;
mod program;
mod race;
mod sessions;
mod web;

use serde_json::{Value, json};
use tokio::net::{TcpStream, UnixStream};
use tokio_util::sync::{CancellationToken, DropGuard};
use wardroom_gateway::{Config, Gateway};

use crate::common::{Client, PASSWORD, TestCore};
use crate::fake_host::FakeHost;

/// More than what sockets and buffers hold between a server and a client that does not read.
pub const BIG: u64 = 48 << 20;
/// Said in the room after the right is gone: only those who still have it may see this.
pub const SECRET: &str = "sesame";

/// What ends a right.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Cause {
    /// An owner takes them out of a private room.
    Removed,
    /// Their session ends.
    SessionEnded,
    /// An admin closes the account.
    Disabled,
    /// An admin sets another password.
    PasswordChanged,
    /// They only read in the room from now on.
    Reader,
    /// Their account only reads from now on.
    Viewer,
}

/// What becomes of a stream.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fate {
    /// It goes on.
    GoesOn,
    /// It is refused with this code; the connection goes on.
    Refused(&'static str),
    /// The connection ends, and says why.
    Closed,
}

/// What becomes of each stream. Columns: room events, the output of a run, a download, the list of members and their
/// presence; an upload; input for a run. The first four are read and have one fate.
pub fn fates(cause: Cause) -> (Fate, Fate, Fate) {
    match cause {
        Cause::Removed => (Fate::Refused("not_found"), Fate::Refused("not_found"), Fate::Refused("not_found")),
        Cause::SessionEnded | Cause::Disabled | Cause::PasswordChanged => (Fate::Closed, Fate::Closed, Fate::Closed),
        Cause::Reader | Cause::Viewer => (Fate::GoesOn, Fate::Refused("forbidden"), Fate::Refused("forbidden")),
    }
}

/// A core, a gateway before it and a host, with a private room `ops` that has the file `big` and a run that goes on.
pub struct Ground {
    pub core: TestCore,
    pub http: String,
    pub host: FakeHost,
    pub owner: Client<TcpStream>,
    pub admin: Client<UnixStream>,
    /// A run of the owner's, and how much it has printed.
    pub run: String,
    pub printed: u64,
    posts: u32,
    _gateway: Gateway,
    _stop: DropGuard,
}

impl Ground {
    pub async fn start() -> Self {
        let core = TestCore::start().await;
        core.add_users(&[("olga", "operator"), ("pia", "member")]).await;
        let admin = core.system().await;
        let mut owner = core.sign_in("olga").await;
        owner.ask(json!({"t":"room.create","room":"ops","private":true})).await;
        owner.ask(json!({"t":"room.invite","room":"ops","user":"pia"})).await;
        owner.ask(json!({"t":"room.members","room":"ops"})).await;
        let storage = core.folder().join("files/ops");
        std::fs::create_dir_all(&storage).unwrap();
        std::fs::File::create(storage.join("big")).unwrap().set_len(BIG).unwrap();
        let mut host = FakeHost::come(&core, "local", &[]).await;
        let run = owner.ask(json!({"t":"run.start","room":"ops","cmd":"make","nonce":"shared"})).await;
        let run = run["run"].as_str().unwrap().to_owned();
        host.start().await;
        let config = Config {
            http: vec!["127.0.0.1:0".parse().unwrap()],
            core: core.address.parse().unwrap(),
            key: crate::common::read_key(&core.folder(), "gateway.key"),
            base_path: String::new(),
            public_url: None,
            trusted_proxies: Vec::new(),
            trust_unix: false,
            origins: Vec::new(),
        };
        let stop = CancellationToken::new();
        let gateway = wardroom_gateway::start(config, stop.clone()).await.unwrap();
        let http = gateway.addresses[0].clone();
        let _stop = stop.drop_guard();
        Self { core, http, host, owner, admin, run, printed: 0, posts: 0, _gateway: gateway, _stop }
    }

    /// Makes an operator who is a member of the room, and signs them in once; the token of that session.
    pub async fn add(&mut self, user: &str) -> String {
        self.admin.ask(json!({"t":"user.add","user":user,"role":"operator","password":PASSWORD})).await;
        self.owner.ask(json!({"t":"room.invite","room":"ops","user":user})).await;
        let mut client = self.core.connect().await;
        let auth = json!({"user":user,"password":PASSWORD});
        client.send(json!({"t":"hello","v":1,"auth":auth,"remember":"test"}), &[]).await;
        client.next_of("welcome").await["token"].as_str().unwrap().to_owned()
    }

    /// A connection over TCP by this session.
    pub async fn tcp(&self, token: &str) -> Client<TcpStream> {
        let mut client = self.core.connect().await;
        client.hello(json!({"token": token})).await;
        client
    }

    /// It happens, and is done when this returns.
    pub async fn strike(&mut self, cause: Cause, user: &str, token: &str) {
        match cause {
            Cause::Removed => drop(self.owner.ask(json!({"t":"room.remove","room":"ops","user":user})).await),
            Cause::SessionEnded => drop(self.tcp(token).await.ask(json!({"t":"session.end"})).await),
            Cause::Disabled => drop(self.admin.ask(json!({"t":"user.disable","user":user,"disabled":true})).await),
            Cause::PasswordChanged => {
                drop(self.admin.ask(json!({"t":"user.passwd","user":user,"password":"battery staple"})).await);
            }
            Cause::Reader => {
                drop(self.owner.ask(json!({"t":"room.role","room":"ops","user":user,"role":"reader"})).await);
            }
            Cause::Viewer => drop(self.admin.ask(json!({"t":"user.role","user":user,"role":"viewer"})).await),
        }
    }

    /// Says something in the room, and lets the runs print the same.
    pub async fn talk(&mut self, words: &str, runs: &[(&str, u64)]) {
        self.posts += 1;
        let nonce = format!("p{}", self.posts);
        self.owner.ask(json!({"t":"room.post","room":"ops","text":words,"nonce":nonce})).await;
        let line = format!("{words}\n");
        for (run, off) in runs {
            self.host.output(run, 1, *off, line.as_bytes()).await;
            self.host.acked(run, *off + line.len() as u64).await;
        }
    }

    /// As [`Ground::talk`], with the shared run.
    pub async fn talk_all(&mut self, words: &str) {
        let (run, off) = (self.run.clone(), self.printed);
        self.talk(words, &[(&run, off)]).await;
        self.printed += words.len() as u64 + 1;
    }

    /// A member of the room comes and goes, and whoever may know has been told.
    pub async fn pia_comes_and_goes(&mut self) {
        let pia = self.core.sign_in("pia").await;
        self.told_of_pia(true).await;
        drop(pia);
        self.told_of_pia(false).await;
    }

    async fn told_of_pia(&mut self, is_here: bool) {
        loop {
            let told = self.owner.next_of("presence").await;
            let names = &told[if is_here { "here" } else { "gone" }];
            if names.as_array().is_some_and(|names| names.iter().any(|name| name == "pia")) {
                return;
            }
        }
    }

    /// The names in the room of the room.
    pub async fn files(&mut self) -> Vec<String> {
        let listed = self.owner.ask(json!({"t":"file.list","in":"room:ops"})).await;
        let entries: &Vec<Value> = listed["entries"].as_array().unwrap();
        entries.iter().map(|entry| entry["name"].as_str().unwrap().to_owned()).collect()
    }
}
