//! A host as a test plays it, and a watcher that takes a run's output to its end.

use serde_json::{Value, json};
use tokio::net::{TcpStream, UnixStream};

use crate::common::{Client, TestCore, read_key};

/// A host's connection.
pub struct FakeHost {
    /// Its frames.
    pub client: Client<UnixStream>,
    /// What it was told first.
    pub welcome: Value,
}

impl FakeHost {
    /// Dials in under this name, holding spools of these runs: id and bytes.
    pub async fn come(core: &TestCore, name: &str, runs: &[(&str, u64)]) -> FakeHost {
        let runs: Vec<_> = runs.iter().map(|(run, bytes)| (*run, *bytes, 0)).collect();
        Self::come_with_input(core, name, &runs).await
    }

    /// Dials in, holding spools of these runs: id, bytes, and bytes of input that the command has.
    pub async fn come_with_input(core: &TestCore, name: &str, runs: &[(&str, u64, u64)]) -> FakeHost {
        let held = |(run, bytes, input): &(&str, u64, u64)| json!({"run": run, "bytes": bytes, "ended": false, "input": input});
        let runs: Vec<Value> = runs.iter().map(held).collect();
        let key = read_key(&core.folder(), "host.key");
        let hello = json!({"t":"host.hello","v":1,"key":key,"host":name,"runs":runs});
        Self::say(core, hello).await.expect("the host is welcome")
    }

    /// Says this hello over the unix socket. If the host is refused, the error.
    pub async fn say(core: &TestCore, hello: Value) -> Result<FakeHost, Value> {
        let mut client = core.connect_here().await;
        client.send(hello, &[]).await;
        loop {
            let (told, _) = client.next().await;
            match told["t"].as_str() {
                Some("host.welcome") => return Ok(FakeHost { client, welcome: told }),
                Some("err") => return Err(told),
                _ => {}
            }
        }
    }

    /// The next run that it is told to start; it says that it has.
    pub async fn start(&mut self) -> Value {
        let start = self.client.next_of("host.start").await;
        self.client.send(json!({"t":"host.started","run":start["run"],"pid":4711}), &[]).await;
        start
    }

    /// The next input: its offset, and the bytes.
    pub async fn input(&mut self) -> (u64, String) {
        loop {
            let (told, frame) = self.client.next().await;
            if told["t"] == "host.input" {
                return (told["off"].as_u64().unwrap(), String::from_utf8_lossy(&frame.body).into_owned());
            }
        }
    }

    /// Says that the command has all input before `off`.
    pub async fn ack_input(&mut self, run: &str, off: u64) {
        self.client.send(json!({"t":"host.input_ack","run":run,"off":off}), &[]).await;
    }

    /// Sends output.
    pub async fn output(&mut self, run: &str, fd: u8, off: u64, bytes: &[u8]) {
        for (index, chunk) in bytes.chunks(65_536).enumerate() {
            let off = off + 65_536 * index as u64;
            self.client.send(json!({"t":"host.output","run":run,"fd":fd,"off":off,"len":chunk.len()}), chunk).await;
        }
    }

    /// Waits until the core has everything before `off` on disk.
    pub async fn acked(&mut self, run: &str, off: u64) {
        loop {
            let ack = self.client.next_of("host.ack").await;
            if ack["run"] == run && ack["off"].as_u64() >= Some(off) {
                return;
            }
        }
    }

    /// Says that a run is over.
    pub async fn end(&mut self, run: &str, bytes: u64, exit: Value) {
        self.client.send(json!({"t":"host.ended","run":run,"exit":exit,"bytes":bytes,"ms":12}), &[]).await;
    }

    /// Says that a run is over, and waits until it is on record.
    pub async fn end_and_forget(&mut self, run: &str, bytes: u64) {
        self.end(run, bytes, json!({"code":0})).await;
        assert_eq!(self.client.next_of("host.forget").await["run"], run);
    }
}

/// Everything that a watcher was given.
#[derive(Debug, Default, PartialEq)]
pub struct Watched {
    /// Output in order; neighbours of one descriptor are joined.
    pub pieces: Vec<(u64, Vec<u8>)>,
    /// The next byte.
    pub off: u64,
    /// `run.end`, if it came.
    pub end: Option<Value>,
}

impl Watched {
    /// The output as text.
    pub fn text(&self) -> Vec<(u64, String)> {
        self.pieces.iter().map(|(fd, bytes)| (*fd, String::from_utf8_lossy(bytes).into_owned())).collect()
    }

    /// The output of both descriptors.
    pub fn bytes(&self) -> Vec<u8> {
        self.pieces.iter().flat_map(|(_, bytes)| bytes.clone()).collect()
    }

    /// Takes what comes until `is_enough`, and acknowledges it.
    pub async fn take(&mut self, client: &mut Client<TcpStream>, run: &str, is_enough: impl Fn(&Watched) -> bool) {
        while !is_enough(self) {
            let (told, frame) = client.next().await;
            if told["run"] != run {
                continue;
            }
            match told["t"].as_str() {
                Some("run.output") => {
                    assert_eq!(told["off"], self.off, "every byte once, in order");
                    assert!(self.end.is_none(), "nothing comes after the end");
                    let fd = told["fd"].as_u64().unwrap();
                    match self.pieces.last_mut() {
                        Some((last, bytes)) if *last == fd => bytes.extend_from_slice(&frame.body),
                        _ => self.pieces.push((fd, frame.body.to_vec())),
                    }
                    self.off += frame.body.len() as u64;
                    client.send(json!({"t":"run.ack","run":run,"off":self.off}), &[]).await;
                }
                Some("run.end") => self.end = Some(told),
                _ => {}
            }
        }
    }
}

/// Watches from a byte on, to the end.
pub async fn watch(client: &mut Client<TcpStream>, run: &str, from: u64) -> Watched {
    client.ask(json!({"t":"run.watch","run":run,"from":from})).await;
    rest(client, run, from).await
}

/// What a watcher that has begun is given from this byte on.
pub async fn rest(client: &mut Client<TcpStream>, run: &str, from: u64) -> Watched {
    let mut watched = Watched { off: from, ..Watched::default() };
    watched.take(client, run, |watched| watched.end.is_some()).await;
    watched
}

/// Starts a command in `general`; the run's id.
pub async fn start(client: &mut Client<TcpStream>, cmd: &str, nonce: &str) -> String {
    let answer = client.ask(json!({"t":"run.start","room":"general","cmd":cmd,"nonce":nonce})).await;
    answer["run"].as_str().unwrap().to_owned()
}

/// Bytes that are nowhere the same.
pub fn noise(len: usize) -> Vec<u8> {
    (0..len).map(|n| u8::try_from((n * 31 + n / 251 + n / 65_521) % 251).unwrap()).collect()
}
