//! The session of a signed-in person: reads line after line and executes each. The commands of a subject are in the
//! file of that subject.

mod files;
mod hooks;
mod named;
mod rights;
mod rooms;
mod runs;
mod search;
mod talk;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use wardroom_protocol::Nonce;
use wardroom_protocol::mention::not_here_words;
use wardroom_protocol::messages::Posted;
use wardroom_protocol::slash::{self, BadLine, Command, Line};
use wardroom_protocol::visible::visible;

use super::draw::LineRenderer;
use super::flows::flush;
use super::followed::Followed;
use super::limits::{PARTIAL_AGE_MS, SETTLE_MS};
use super::lines::{End, LineReader};
use super::moment::LocalClock;
use super::notices::Notices;
use super::screen::Screen;
use super::splitter::Input;
use crate::clock::now_ms;
use crate::error::Error;
use crate::limits::CLOSE_WAIT_MS;
use crate::policy::Member;
use crate::rooms::{Post, Room, is_too_long};
use crate::secrets::new_ulid;
use crate::sender::{ConnectionSender, Item};
use crate::state::State;
use crate::wire::stream::Stream;
use crate::wire::writer::Writer;

/// Serves a person who has signed in, until the end.
pub async fn serve(
    state: Arc<State>,
    stream: Arc<Stream>,
    mut reader: LineReader,
    sender: Arc<ConnectionSender>,
    member: Member,
) {
    reader.unbind();
    let here = state.presence.admit(&sender, &member.user, member.session, true);
    if let Err(error) = &here {
        sender.close(Some(format!("# {}\n", error.msg).into()));
    }
    // If the account was disabled between the sign-in and this line, closing its connections did not find this one.
    if !state.accounts.may_stay(&state.store, member.user.id, member.session, member.passwords_set).await {
        sender.close(Some("# this account is closed\n".into()));
    }
    let (calendar, followed) = (LocalClock::local(), Arc::new(Followed::default()));
    let notices = Notices::new(member.user.name.clone());
    let screen = Screen::new(LineRenderer::new(calendar.clone(), now_ms()), Arc::clone(&followed), notices);
    let (shared, user) = (Arc::clone(&state), member.user.id);
    let writer = Writer::new(Arc::clone(&stream), Arc::clone(&sender), shared, user, Some(Box::new(screen)));
    let writing = tokio::spawn(writer.run());
    let member = Arc::new(member);
    let mut session = Session { state, member, sender, followed, reader, calendar, room: None, noted_ms: 0 };
    session.run().await;
    drop(here);
    let Session { mut reader, sender, .. } = session;
    sender.close(None);
    let rest = async {
        drop(writing.await);
        reader.drain().await;
    };
    // A client that does not take the last bytes has this long; the writer gives up by itself.
    drop(tokio::time::timeout(Duration::from_millis(2 * CLOSE_WAIT_MS), rest).await);
    stream.shutdown();
}

struct Session {
    state: Arc<State>,
    member: Arc<Member>,
    sender: Arc<ConnectionSender>,
    followed: Arc<Followed>,
    reader: LineReader,
    calendar: LocalClock,
    /// The open room, which is shown and gets the messages.
    room: Option<Arc<Room>>,
    /// When the read state was last updated.
    noted_ms: u64,
}

/// Why a session ends.
enum Ended {
    /// A command, or a line after which we do not know where the next one begins.
    Quit,
    /// The client closed its sending half: outstanding requests are still answered.
    Eof,
    /// We were told to end, or the socket failed.
    Cut,
}

impl Session {
    async fn run(&mut self) {
        self.welcome().await;
        self.watch_rooms().await;
        let ended = self.read_all().await;
        match ended {
            Ended::Cut => return,
            Ended::Eof => self.see_runs_end().await,
            Ended::Quit => {}
        }
        self.sender.is_idle().await;
        flush(&self.sender, &self.followed).await;
        self.note_read().await;
    }

    async fn read_all(&mut self) -> Ended {
        loop {
            self.sender.has_room().await;
            let input = tokio::select! {
                input = self.reader.next() => input,
                () = self.followed.changed() => {
                    self.follow_noticed().await;
                    continue;
                }
                () = partial_is_due(&self.followed) => {
                    self.sender.wake();
                    continue;
                }
            };
            let ended = match input {
                Ok(Input::Line(line)) => self.line(line).await,
                // A truncated command could be more harmful than the intended one.
                Ok(Input::Cut(line)) if matches!(slash::parse(line.clone()), Ok(Line::Command(_)) | Err(_)) => {
                    self.tell("the last line has no line end, so it was not executed");
                    None
                }
                Ok(Input::Cut(line)) => self.line(line).await,
                Ok(Input::TooLong) => {
                    self.tell("a line has at most 1,048,576 bytes: this one was skipped; /put takes files of any size");
                    None
                }
                Ok(Input::NotUtf8) => {
                    self.tell("this line is not UTF-8: it was skipped; send it as a file");
                    None
                }
                Err(End::Eof) => Some(Ended::Eof),
                Err(End::Closing | End::Broken | End::TooMuch) => Some(Ended::Cut),
            };
            if let Some(ended) = ended {
                return ended;
            }
        }
    }

    async fn line(&mut self, line: String) -> Option<Ended> {
        match slash::parse(line) {
            Ok(Line::Empty) => None,
            Ok(Line::Message(text)) => {
                self.say(text, None).await;
                None
            }
            Ok(Line::Command(Command::Quit)) => {
                self.settle().await;
                self.tell("bye");
                Some(Ended::Quit)
            }
            Ok(Line::Command(command)) => {
                let is_in_order = match &command {
                    // Never has to wait.
                    Command::Stop(_) => true,
                    // Long answers do not pile up for a client that does not read.
                    Command::Log(..) | Command::Files(_) | Command::Get(_) | Command::Search(_) => {
                        self.sender.is_idle().await;
                        flush(&self.sender, &self.followed).await
                    }
                    _ => {
                        self.settle().await;
                        true
                    }
                };
                if !is_in_order {
                    self.tell("nothing of the last answers was read for 60 s: this command was not carried out");
                } else if let Err(error) = Box::pin(self.command(command)).await {
                    self.tell(&error.msg);
                }
                None
            }
            Err(BadLine { msg, is_final }) => {
                self.settle().await;
                self.tell(&msg);
                is_final.then_some(Ended::Quit)
            }
        }
    }

    async fn command(&mut self, command: Command) -> Result<(), Error> {
        match command {
            Command::Help => self.tell_lines(slash::help("#", slash::Entry::told)),
            Command::Rooms => self.list_rooms().await?,
            Command::Join(name) => self.join(&name).await?,
            Command::Create(name, is_private, title) => self.create(name, is_private, title).await?,
            Command::Leave(name) => self.leave(name).await?,
            Command::Who => self.list_members()?,
            Command::Status(text) => self.set_status(&text).await?,
            Command::Log(count, before) => self.log(count, before).await?,
            Command::Run(cmd) => self.start_run(cmd).await?,
            Command::Shell(host) => self.start_shell(host).await?,
            Command::Runs(list) => self.list_runs(list).await?,
            Command::Hosts => self.list_hosts().await?,
            Command::Watch(n) => self.watch_run(n).await?,
            Command::Unwatch(n) => self.unwatch_run(n).await?,
            Command::Stop(n) => self.stop_run(n).await?,
            Command::Lose(n) => self.lose_run(n).await?,
            Command::Files(folder) => self.list_files(folder).await?,
            Command::Put(path, size) => self.put_file(path, size).await?,
            Command::Get(path) => self.get_file(path).await?,
            Command::Search(line) => self.search(&line).await?,
            Command::Hook(bot, mentions) => self.add_hook(bot, mentions).await?,
            Command::Hooks => self.list_hooks().await?,
            Command::Unhook(hook) => self.remove_hook(hook).await?,
            Command::Approve(n) => self.approve(n).await?,
            Command::Refuse(n) => self.refuse(n).await?,
            Command::Commands => self.list_commands().await?,
            Command::Rights(line) => self.rights(line).await?,
            Command::Named(name, args) => self.start_named(name, args).await?,
            Command::Quit => {}
            talk => self.talk(talk).await?,
        }
        Ok(())
    }

    /// Posts a message or a reply. A text that is too long for a message becomes a file first.
    async fn say(&mut self, text: String, reply_to: Option<u64>) {
        let said = match is_too_long(&text) {
            true => {
                self.settle().await;
                Box::pin(self.put_text(text, reply_to)).await
            }
            false => self.post(text, reply_to).await,
        };
        if let Err(error) = said {
            self.tell(&error.msg);
        }
        self.note_read_now_and_then().await;
    }

    /// Posts without waiting: many lines that arrive together are one commit.
    async fn post(&mut self, text: String, reply_to: Option<u64>) -> Result<(), Error> {
        let room = self.current()?.name.clone();
        self.sender.begin();
        let answering = Arc::clone(&self.sender);
        // The message itself comes back as an event of the room.
        let done = move |result: Result<Posted, Error>| {
            answering.answer(match result {
                Ok(posted) => {
                    not_here_words(&posted.not_here).map(|told| sentence(&format!("{told}: /invite NAME adds people")))
                }
                Err(error) => Some(sentence(&error.msg)),
            });
        };
        let post = Post { room, text, nonce: nonce(), reply_to };
        if let Err(error) = crate::rooms::post(&self.state, &self.member, post, done).await {
            self.sender.answer(Some(sentence(&error.msg)));
        }
        Ok(())
    }

    /// Returns the open room, as long as the user may read it.
    fn current(&self) -> Result<&Arc<Room>, Error> {
        let no_room = || Error::not_found("you are in no room: /rooms lists them, /join ROOM goes to one");
        let room = self.room.as_ref().ok_or_else(no_room)?;
        self.member.still_reads(room).map_err(|_| {
            Error::not_found(format!(
                "you are not in {} any more: /rooms lists rooms, /join ROOM goes to one",
                room.name
            ))
        })?;
        Ok(room)
    }

    /// Waits briefly until earlier answers are on the screen, so that answers keep the order of their requests. With a
    /// slow reader the wait times out.
    async fn settle(&self) {
        let settled = async {
            self.sender.is_idle().await;
            flush(&self.sender, &self.followed).await;
        };
        drop(tokio::time::timeout(Duration::from_millis(SETTLE_MS), settled).await);
    }

    /// After the last line of input, shows the user's runs to their end.
    async fn see_runs_end(&self) {
        self.sender.is_idle().await;
        while self.followed.has_own() && !self.sender.is_closing() {
            tokio::select! {
                () = self.followed.changed() => {}
                () = partial_is_due(&self.followed) => self.sender.wake(),
                () = self.sender.closed() => {}
            }
        }
    }

    fn tell(&self, words: &str) {
        self.sender.tell(sentence(words));
    }

    /// Sends lines that already begin with `#` and are safe to print.
    fn tell_lines(&self, lines: String) {
        self.sender.tell(lines.into());
    }

    fn stop_flow(&self, run: wardroom_protocol::RunId) {
        self.sender.push(Item::Stop(crate::flow::FlowKey::Run(run)));
    }
}

/// Completes when a held line should be checked; never, while there is none.
async fn partial_is_due(followed: &Followed) {
    if !followed.has_partials() {
        return std::future::pending().await;
    }
    tokio::time::sleep(Duration::from_millis(PARTIAL_AGE_MS)).await;
}

/// Returns our own message as a line.
fn sentence(words: &str) -> Bytes {
    format!("# {}\n", visible(words)).into()
}

/// Creates a nonce for a single request: a line that a person repeats is meant twice.
fn nonce() -> Nonce {
    let text = new_ulid(now_ms()).to_string();
    // A ULID is 26 letters and digits, which is a valid nonce.
    Nonce::parse(&text).unwrap_or_else(|_| unreachable!("a ULID is a nonce"))
}
