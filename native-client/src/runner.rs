//! Drives a `client-core` [`Client`]: gives it time, frames and commands, carries out its socket effects, and hands
//! every other [`Effect`] to the command that runs it, one after the other.

use std::collections::VecDeque;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use tokio::sync::mpsc;
use tokio::time::Instant;
use wardroom_client_core::{Client, Command, ConnectionState, Effect, Input, OnDisconnect, Options, RequestId};
use wardroom_protocol::Message;
use wardroom_protocol::messages::{Answer, Auth};

use crate::exit::Failure;
use crate::limits::{ANSWER_TIMEOUT, EVENT_BATCHES, WELCOME_TIMEOUT, WRITE_BYTES};
use crate::transport::{Connection, Event, OutFrame};
use wardroom_dial::Server;

/// The server and the credentials.
#[derive(Clone, Debug)]
pub struct Target {
    /// The server.
    pub server: Server,
    /// The credentials.
    pub auth: Auth,
    /// Asks for a session with this label.
    pub remember: Option<String>,
}

/// A client with its socket. Closes on drop; [`Runner::finish`] waits until everything is sent.
#[derive(Debug)]
pub struct Runner {
    client: Client,
    server: Server,
    connection: Option<(u64, Connection)>,
    out: VecDeque<OutFrame>,
    effects: VecDeque<Effect>,
    events: mpsc::Receiver<(u64, Event)>,
    events_in: mpsc::Sender<(u64, Event)>,
}

/// Unix milliseconds.
pub(crate) fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// Returns random bits from the operating system.
pub(crate) fn random() -> Result<u128, Failure> {
    let mut bytes = [0u8; 16];
    getrandom::fill(&mut bytes)
        .map_err(|e| Failure::failed(format!("cannot get random numbers from the system: {e}")))?;
    Ok(u128::from_ne_bytes(bytes))
}

/// Returns a new nonce for a request that must be carried out once, however often it is sent.
///
/// # Errors
/// If the system has no random numbers.
pub fn new_nonce() -> Result<wardroom_protocol::Nonce, Failure> {
    Ok(wardroom_client_core::nonce(now_ms(), random()?))
}

impl Runner {
    /// Connects and waits for the welcome.
    ///
    /// # Errors
    /// If the server cannot be reached, or refuses the sign-in. There is one attempt: a user at a prompt wants to know
    /// at once.
    pub async fn connect(target: Target) -> Result<Runner, Failure> {
        let mut runner = Runner::start(target)?;
        let welcome = async {
            loop {
                if runner.client.connection().is_up() {
                    return Ok(());
                }
                match runner.next().await {
                    Effect::Disconnected { why } => return Err(Failure::no_connection(why)),
                    // The caller gets a requested session, once there is a welcome.
                    effect @ Effect::SignedIn { .. } => {
                        runner.effects.push_front(effect);
                        return Ok(());
                    }
                    _ => {}
                }
                if let ConnectionState::SignedOut { why } = runner.client.connection() {
                    let why = wardroom_protocol::visible::visible(&why).into_owned();
                    return Err(Failure::refused(format!("sign-in refused: {why}")));
                }
            }
        };
        match tokio::time::timeout(WELCOME_TIMEOUT, welcome).await {
            Ok(done) => done.map(|()| runner),
            Err(_) => Err(Failure::no_connection(format!("{} does not answer", runner.server))),
        }
    }

    /// Starts to connect, without waiting.
    ///
    /// # Errors
    /// If the system has no random numbers.
    pub fn start(target: Target) -> Result<Runner, Failure> {
        let options = Options {
            program: concat!("wardroom/", env!("CARGO_PKG_VERSION")).to_owned(),
            auth: Some(target.auth),
            remember: target.remember,
            seed: random()? as u64,
            ..Options::default()
        };
        let (events_in, events) = mpsc::channel(EVENT_BATCHES);
        let mut runner = Runner {
            client: Client::new(options),
            server: target.server,
            connection: None,
            out: VecDeque::new(),
            effects: VecDeque::new(),
            events,
            events_in,
        };
        runner.input(Input::Start);
        Ok(runner)
    }

    /// The model.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The server.
    pub fn server(&self) -> &Server {
        &self.server
    }

    /// Gives the client a command.
    pub fn command(&mut self, command: Command) {
        self.input(Input::Command(command));
    }

    /// Sends a request; [`Effect::Answered`] follows.
    pub fn request<M: Message>(&mut self, message: &M, on_disconnect: OnDisconnect) -> RequestId {
        self.request_with_body(message, Bytes::new(), on_disconnect)
    }

    /// Like [`Runner::request`], with raw bytes.
    pub fn request_with_body<M: Message>(
        &mut self,
        message: &M,
        body: Bytes,
        on_disconnect: OnDisconnect,
    ) -> RequestId {
        let (request, effects) = self.client.request_with_body(now_ms(), message, body, on_disconnect);
        self.effects.extend(effects);
        request
    }

    /// Sends a message that has no answer.
    pub fn tell<M: Message>(&mut self, message: &M) {
        let effects = self.client.tell(now_ms(), message);
        self.effects.extend(effects);
    }

    /// Sends a request and waits for the answer; other effects are dropped.
    ///
    /// # Errors
    /// If the server refuses, or does not answer in time.
    pub async fn ask<M: Message>(&mut self, message: &M) -> Result<Answer, Failure> {
        let wanted = self.request(message, OnDisconnect::Resend);
        self.answer_to(wanted).await
    }

    /// Like [`Runner::ask`], for a request that must not be sent again after a lost connection.
    ///
    /// # Errors
    /// Like [`Runner::ask`].
    pub async fn ask_once<M: Message>(&mut self, message: &M) -> Result<Answer, Failure> {
        let wanted = self.request(message, OnDisconnect::Fail);
        self.answer_to(wanted).await
    }

    async fn answer_to(&mut self, wanted: RequestId) -> Result<Answer, Failure> {
        let answer = async {
            loop {
                match self.next().await {
                    Effect::Answered { request, result } if request == wanted => return result.map_err(Failure::from),
                    _ => self.fail_if_signed_out()?,
                }
            }
        };
        match tokio::time::timeout(ANSWER_TIMEOUT, answer).await {
            Ok(result) => result,
            Err(_) => Err(Failure::no_connection(format!("{} did not answer in time", self.server))),
        }
    }

    /// Fails if the client is signed out for good.
    pub(crate) fn fail_if_signed_out(&self) -> Result<(), Failure> {
        match self.client.connection() {
            ConnectionState::SignedOut { why } => {
                Err(Failure::refused(wardroom_protocol::visible::visible(&why).into_owned()))
            }
            _ => Ok(()),
        }
    }

    /// Returns true if all effects so far have been handed out; what is left is for the socket.
    pub(crate) fn is_idle(&self) -> bool {
        let is_for_socket =
            |effect: &Effect| matches!(effect, Effect::Connect { .. } | Effect::Send { .. } | Effect::Close);
        self.effects.iter().all(is_for_socket)
    }

    /// Returns the next effect that does not concern the socket. Cancel-safe.
    pub async fn next(&mut self) -> Effect {
        loop {
            while let Some(effect) = self.effects.pop_front() {
                match effect {
                    Effect::Connect { conn } => {
                        let connection = Connection::open(self.server.clone(), conn, self.events_in.clone());
                        self.connection = Some((conn, connection));
                    }
                    Effect::Send { line, body } => self.out.push_back(OutFrame { line, body }),
                    Effect::Close => self.close(),
                    other => return other,
                }
            }
            self.wait().await;
        }
    }

    /// Waits for something new: an event of the socket, room to write, or a timer.
    async fn wait(&mut self) {
        let wake_in = Duration::from_millis(self.client.wake_at_ms().saturating_sub(now_ms()));
        let out = self.connection.as_ref().and_then(|(_, connection)| connection.out()).cloned();
        let out = out.filter(|_| !self.out.is_empty());
        let writable = async move {
            match out {
                Some(out) => out.reserve_owned().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            Some((conn, event)) = self.events.recv() => self.take_event(conn, event),
            permit = writable => match permit {
                Ok(permit) => {
                    permit.send(next_batch(&mut self.out));
                }
                // The writer is gone: the reader will report why.
                Err(_) => self.out.clear(),
            },
            () = tokio::time::sleep_until(Instant::now() + wake_in) => self.input(Input::Tick),
        }
    }

    fn take_event(&mut self, conn: u64, event: Event) {
        match event {
            Event::Connected => self.input(Input::Connected { conn }),
            Event::Frames(frames) => {
                for frame in frames {
                    self.input(Input::Frame { conn, frame });
                }
            }
            Event::Lost(reason) => self.input(Input::Disconnected { conn, reason }),
        }
    }

    fn input(&mut self, input: Input) {
        let effects = self.client.handle(now_ms(), input);
        self.effects.extend(effects);
    }

    fn close(&mut self) {
        let rest = std::mem::take(&mut self.out).into();
        if let Some((_, connection)) = self.connection.take() {
            tokio::spawn(connection.finish(rest));
        }
    }

    /// Sends what is queued, and closes.
    pub async fn finish(mut self) {
        let last_words = self.client.flush(now_ms());
        self.effects.extend(last_words);
        for effect in std::mem::take(&mut self.effects) {
            if let Effect::Send { line, body } = effect {
                self.out.push_back(OutFrame { line, body });
            }
        }
        let rest = std::mem::take(&mut self.out).into();
        if let Some((_, connection)) = self.connection.take() {
            tokio::select! {
                () = connection.finish(rest) => {}
                () = async { while self.events.recv().await.is_some() {} } => {}
            }
        }
    }
}

/// Takes as many frames as one write holds.
fn next_batch(out: &mut VecDeque<OutFrame>) -> Vec<OutFrame> {
    let mut batch = Vec::new();
    let mut bytes = 0usize;
    while let Some(frame) = out.pop_front() {
        bytes = bytes.saturating_add(frame.line.len()).saturating_add(frame.body.len());
        batch.push(frame);
        if bytes >= WRITE_BYTES {
            break;
        }
    }
    batch
}
