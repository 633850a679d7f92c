//! What users do: each method sends one or two commands to the client and updates the page's own state.

use wardroom_client_core::protocol::limits::RUN_TIMEOUT_MAX_S;
use wardroom_client_core::protocol::messages::{RoomCreate, RunStart, Signal, TermSize, Tty};
use wardroom_client_core::protocol::{CommandName, Nonce, RoomName, RunId};
use wardroom_client_core::{Command, WatchFrom};
use web_sys::File;
use yew::Callback;

use super::topics::Topic;
use super::upload_nonces;
use super::{Engine, Notice, NoticeKind};
use crate::limits::{CARD_OUTPUT_BYTES, CREATE_NONCES_MAX, NOTICES_MAX, UPLOADS_LISTED_MAX, UPLOADS_QUEUED_MAX};
use crate::logic::run_options::RunOptions;

/// Until the panel has measured itself.
const FIRST_TTY: Tty = Tty { size: TermSize { cols: 80, rows: 24 }, fixed: false };

impl Engine {
    /// Posts a message.
    pub fn post(&self, room: &RoomName, text: String, reply_to: Option<u64>) {
        let command = Command::Post { room: room.clone(), text, reply_to, nonce: self.nonce() };
        self.command(command);
    }

    /// Runs a command; without one, and with a terminal, that is a shell. Calls back with a run that has a terminal.
    pub fn run(&self, room: &RoomName, cmd: Option<String>, how: RunOptions, on_terminal: Callback<RunId>) {
        let nonce = self.nonce();
        let RunOptions { host, hosts, label, sandbox, tty, stdin, merge, detach } = how;
        if tty {
            *self.0.on_started.borrow_mut() = Some((nonce.clone(), on_terminal));
        }
        let start = RunStart {
            // A shell is closed by those who use it.
            timeout_s: cmd.is_none().then_some(RUN_TIMEOUT_MAX_S),
            cmd,
            host,
            hosts,
            label,
            sandbox,
            stdin: stdin && !tty,
            tty: tty.then_some(FIRST_TTY),
            merge: merge && !tty,
            detach,
            ..RunStart::new(room.clone(), nonce)
        };
        self.command(Command::StartRun { start: Box::new(start), watch: false });
    }

    /// Runs a named command of a room.
    pub fn run_named(&self, room: &RoomName, name: CommandName, args: Vec<String>) {
        let start = RunStart { command: Some(name), args, ..RunStart::new(room.clone(), self.nonce()) };
        self.command(Command::StartRun { start: Box::new(start), watch: false });
    }

    /// Stops a run.
    pub fn stop_run(&self, run: RunId) {
        self.command(Command::SignalRun { run, signal: Signal::Term });
    }

    /// Creates a room and joins it.
    pub fn create_room(&self, room: RoomName, title: Option<String>, private: bool) {
        let nonce = Some(self.create_nonce(&format!("room {room}")));
        self.command(Command::CreateRoom(RoomCreate { room, title, private, nonce }));
    }

    /// The nonce for creating something. It stays the same until the server answers, so that a retry after a lost
    /// connection does not create it twice.
    pub(super) fn create_nonce(&self, what: &str) -> Nonce {
        let mut nonces = self.0.create_nonces.borrow_mut();
        // Nobody creates this many things at once. A forgotten nonce only means that the name is reported as taken.
        while nonces.len() >= CREATE_NONCES_MAX {
            nonces.pop_first();
        }
        nonces.entry(what.to_owned()).or_insert_with(|| self.nonce()).clone()
    }

    /// The server has answered.
    pub(super) fn forget_create_nonce(&self, what: &str) {
        self.0.create_nonces.borrow_mut().remove(what);
    }

    /// A card became visible: fetches its last lines, and follows them while the run is running.
    pub fn watch(&self, run: RunId) {
        if !self.is_output_open(run) {
            self.command(Command::WatchRun { run, from: WatchFrom::Last(CARD_OUTPUT_BYTES), auto_ack: false });
        }
    }

    /// A card is no longer visible.
    pub fn unwatch(&self, run: RunId) {
        if !self.is_output_open(run) {
            self.command(Command::UnwatchRun { run });
        }
    }

    /// The notices, oldest first.
    pub fn notices(&self) -> Vec<Notice> {
        self.0.notices.borrow().clone()
    }

    /// Shows a notice.
    pub fn show_notice(&self, what: NoticeKind) {
        let mut notices = self.0.notices.borrow_mut();
        notices.retain(|notice| notice.what != what);
        let number = self.0.notices_ever.get();
        self.0.notices_ever.set(number + 1);
        notices.push(Notice { number, what });
        let over = notices.len().saturating_sub(NOTICES_MAX);
        notices.drain(..over);
        drop(notices);
        self.publish(Topic::Notices);
    }

    /// Removes a notice.
    pub fn dismiss_notice(&self, number: u64) {
        self.0.notices.borrow_mut().retain(|notice| notice.number != number);
        self.publish(Topic::Notices);
    }

    /// Uploads files to a room. Those that do not fit into the list wait in a queue.
    pub fn upload(&self, room: &RoomName, files: Vec<File>) {
        self.upload_named(room, files.into_iter().map(|file| (file.name(), file)).collect());
    }

    /// Uploads files under these paths.
    pub fn upload_named(&self, room: &RoomName, mut files: Vec<(String, File)>) {
        let mut queued = self.0.queued.borrow_mut();
        let is_cut = files.len() > UPLOADS_QUEUED_MAX.saturating_sub(queued.len());
        files.truncate(UPLOADS_QUEUED_MAX.saturating_sub(queued.len()));
        queued.extend(files.into_iter().map(|(path, file)| (room.clone(), path, file)));
        drop(queued);
        if is_cut {
            self.show_notice(NoticeKind::TooManyFiles);
        }
        self.start_queued_uploads();
    }

    /// How many files are in the queue.
    pub fn uploads_queued(&self) -> usize {
        self.0.queued.borrow().len()
    }

    /// Starts queued uploads while there is room in the list.
    pub(super) fn start_queued_uploads(&self) {
        while self.unfinished_uploads() < UPLOADS_LISTED_MAX {
            let Some((room, path, file)) = self.0.queued.borrow_mut().pop_front() else { break };
            upload_nonces::begin(self, &room, path, file);
        }
        self.publish(Topic::Uploads);
    }

    fn unfinished_uploads(&self) -> usize {
        // Count the files, because the list does not include uploads that are being added.
        let files = self.0.files.borrow();
        let is_open =
            |nonce: &&Nonce| self.read(|client| client.upload(nonce).is_none_or(|upload| !upload.state.is_over()));
        files.keys().filter(is_open).count()
    }

    /// Cancels an upload, or removes it from the list.
    pub fn cancel_upload(&self, nonce: &Nonce) {
        self.command(Command::CancelUpload { nonce: nonce.clone() });
        self.0.files.borrow_mut().remove(nonce);
        upload_nonces::forget(&self.0.user, nonce);
        self.start_queued_uploads();
    }
}
