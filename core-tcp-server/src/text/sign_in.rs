//! A person's first lines: the greeting, `login` or `invite`, and the password. Time, bytes and attempts are limited. A
//! program that was slow to start is recognized here and handed on.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use wardroom_protocol::visible::visible;
use wardroom_protocol::{Code, UserName, slash};

use super::limits::{CROWD_LOOK_MS, SENSELESS_MAX, SIGN_IN_CROWDED_MS, SIGN_IN_MS, WRONG_MAX};
use super::lines::{End, LineReader};
use super::splitter::Input;
use crate::accounts::{Credentials, SignedIn};
use crate::error::Error;
use crate::limits::CLOSE_WAIT_MS;
use crate::permits::Permit;
use crate::policy::Member;
use crate::state::State;
use crate::wire::Peer;
use crate::wire::stream::{Frames, Stream};

/// Who connected.
pub enum Outcome {
    /// A person, signed in.
    Person(Member, LineReader),
    /// A program that was slow to start, and the bytes that it sent.
    Program(BytesMut),
    /// Nobody: they left or were dismissed.
    Nobody(LineReader),
}

/// Greets and signs somebody in.
pub async fn sign_in(state: &State, stream: &Stream, mut reader: LineReader, peer: &Peer, permit: &Permit) -> Outcome {
    let mut prompt = SignInPrompt { state, stream, peer, permit, wrong: 0, senseless: 0 };
    let outcome = tokio::select! {
        outcome = prompt.serve(&mut reader) => outcome,
        words = patience(permit) => Err(Dismissal::Told(words.to_owned())),
    };
    match outcome {
        Ok(SignInStep::Person(member)) => Outcome::Person(member, reader),
        Ok(SignInStep::Program) => Outcome::Program(reader.into_buf()),
        Err(away) => {
            if let Dismissal::Told(words) = away {
                // A client that does not read must not hold us up.
                let wait = Duration::from_millis(CLOSE_WAIT_MS);
                drop(tokio::time::timeout(wait, prompt.say(&words)).await);
            }
            Outcome::Nobody(reader)
        }
    }
}

/// Completes when the time to sign in is over.
async fn patience(permit: &Permit) -> &'static str {
    const CROWDED: &str = "too many connections are not signed in; connect again";
    let waiting = async {
        let mut waited_ms = SIGN_IN_CROWDED_MS;
        tokio::time::sleep(Duration::from_millis(SIGN_IN_CROWDED_MS)).await;
        while waited_ms < SIGN_IN_MS {
            if permit.is_crowded() {
                return CROWDED;
            }
            tokio::time::sleep(Duration::from_millis(CROWD_LOOK_MS)).await;
            waited_ms += CROWD_LOOK_MS;
        }
        "no sign-in within 120 s; connect again"
    };
    tokio::select! {
        words = waiting => words,
        () = permit.evicted() => CROWDED,
    }
}

enum SignInStep {
    Person(Member),
    Program,
}

/// Why a connection is dismissed.
enum Dismissal {
    /// The client left.
    Left,
    /// It is told this message.
    Told(String),
}

impl From<End> for Dismissal {
    fn from(end: End) -> Self {
        match end {
            End::TooMuch => Dismissal::Told("before you are signed in at most 8,192 bytes are read".to_owned()),
            End::Eof | End::Closing | End::Broken => Dismissal::Left,
        }
    }
}

impl From<io::Error> for Dismissal {
    fn from(_: io::Error) -> Self {
        Dismissal::Left
    }
}

struct SignInPrompt<'a> {
    state: &'a State,
    stream: &'a Stream,
    peer: &'a Peer,
    permit: &'a Permit,
    wrong: u32,
    senseless: u32,
}

impl SignInPrompt<'_> {
    async fn serve(&mut self, reader: &mut LineReader) -> Result<SignInStep, Dismissal> {
        let (version, name) = (env!("CARGO_PKG_VERSION"), visible(&self.state.server_name));
        let words =
            format!("Wardroom {version} at {name}. Type  login NAME  or  invite CODE.  /help lists the commands.");
        self.say(&words).await?;
        loop {
            if reader.peek().await? == b'{' {
                return Ok(SignInStep::Program);
            }
            let line = self.line(reader).await?;
            let (word, rest) = slash::split_word(&line);
            let signed_in = match (word, rest) {
                ("login", name) if !name.is_empty() && !name.contains(char::is_whitespace) => {
                    self.login(reader, name).await?
                }
                ("invite", code) if !code.is_empty() && !code.contains(char::is_whitespace) => {
                    self.invite(reader, code).await?
                }
                ("/help" | "help" | "?", _) => {
                    let help = slash::help("#", slash::Entry::told);
                    self.write(help).await?;
                    self.senseless("type  login NAME  or  invite CODE  first").await?;
                    continue;
                }
                ("/quit" | "quit" | "exit", _) => return Err(Dismissal::Told("bye".to_owned())),
                // A comment from a program or a script.
                (comment, _) if comment.starts_with('#') => continue,
                ("login", _) => {
                    self.senseless("login takes one name; the password goes on the next line, by itself").await?;
                    continue;
                }
                ("invite", _) => {
                    self.senseless("invite takes one code; the name and the password go on lines of their own").await?;
                    continue;
                }
                _ => {
                    self.senseless("type  login NAME  or  invite CODE  first").await?;
                    continue;
                }
            };
            if let Some(SignedIn { user, session, passwords_set, .. }) = signed_in {
                let address = self.peer.address.clone();
                return Ok(SignInStep::Person(Member { user, session, passwords_set, address }));
            }
        }
    }

    async fn login(&mut self, reader: &mut LineReader, name: &str) -> Result<Option<SignedIn>, Dismissal> {
        self.say("password (it shows as you type):").await?;
        let password = self.line(reader).await?;
        let credentials = Credentials::Password { user: name.to_owned(), password };
        self.try_in(credentials).await
    }

    async fn invite(&mut self, reader: &mut LineReader, code: &str) -> Result<Option<SignedIn>, Dismissal> {
        self.say("the name that you want to be called by, of a-z 0-9 . _ - :").await?;
        let name = self.line(reader).await?;
        let user = match UserName::parse(name.trim()) {
            Ok(user) => user,
            Err(bad) => {
                self.senseless(&format!("{bad}: begin again with  invite CODE")).await?;
                return Ok(None);
            }
        };
        self.say("a password of at least 8 characters (it shows as you type):").await?;
        let password = self.line(reader).await?;
        self.try_in(Credentials::Invite { invite: code.to_owned(), user, password }).await
    }

    async fn try_in(&mut self, credentials: Credentials) -> Result<Option<SignedIn>, Dismissal> {
        let State { accounts, store, rooms, .. } = self.state;
        let _working = self.permit.working();
        let error = match accounts.sign_in(store, rooms, credentials, None, &self.peer.address).await {
            Ok(signed_in) => return Ok(Some(signed_in)),
            Err(error) => error,
        };
        let Error { code, msg, .. } = error;
        if matches!(code, Code::Unauthorized | Code::RateLimited) {
            self.wrong += 1;
            if self.wrong >= WRONG_MAX {
                return Err(Dismissal::Told(msg.into_owned()));
            }
        }
        self.senseless(&msg).await?;
        Ok(None)
    }

    /// Reports what was wrong; after too many of these the connection ends.
    async fn senseless(&mut self, words: &str) -> Result<(), Dismissal> {
        self.senseless += 1;
        if self.senseless >= SENSELESS_MAX {
            return Err(Dismissal::Told(format!("{words}; this connection ends, connect again")));
        }
        Ok(self.say(words).await?)
    }

    /// Returns the next line of text. A line without an end is accepted too: a truncated password is a wrong one.
    async fn line(&mut self, reader: &mut LineReader) -> Result<String, Dismissal> {
        loop {
            match reader.next().await? {
                Input::Line(line) | Input::Cut(line) => return Ok(line),
                Input::TooLong => self.senseless("this line is too long").await?,
                Input::NotUtf8 => self.senseless("this line is not UTF-8").await?,
            }
        }
    }

    async fn say(&self, words: &str) -> io::Result<()> {
        self.write(format!("# {words}\n")).await
    }

    /// Writes directly, because there is no writer task yet. The caller has a deadline.
    async fn write(&self, text: String) -> io::Result<()> {
        let mut frames = Frames::default();
        frames.all.push(Bytes::from(text));
        while !frames.rest().is_empty() {
            self.stream.writable().await?;
            match self.stream.try_write(&mut frames) {
                Err(e) if e.kind() != io::ErrorKind::WouldBlock => return Err(e),
                _ => {}
            }
        }
        Ok(())
    }
}

/// Ends a connection on which nobody signed in, so that our last lines can be read.
pub async fn part(stream: &Arc<Stream>, mut reader: LineReader) {
    stream.finish();
    let wait = Duration::from_millis(CLOSE_WAIT_MS);
    drop(tokio::time::timeout(wait, reader.drain()).await);
    stream.shutdown();
}
