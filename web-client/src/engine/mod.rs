//! The engine: owns the client and everything that it needs. Components send commands, read the model and subscribe to
//! topics. What users do is in `actions`, the client's effects in `effects`.

mod actions;
mod commands;
mod effects;
mod names;
mod open_output;
mod outbox;
mod output;
mod output_find;
mod requests;
mod terminal;
mod topics;
mod upload_nonces;

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use wardroom_client_core::SortedMap;

use gloo_timers::callback::Timeout;
use wardroom_client_core::protocol::messages::{Answer, You};
use wardroom_client_core::protocol::{Message, Nonce, RoomName, RunId, UserName};
use wardroom_client_core::{Client, Command, Effect, Error, Input, OnDisconnect, Operation, Options, RequestId, nonce};
use web_sys::File;
use yew::Callback;

pub use self::effects::FILE_GONE;
pub use self::open_output::{Finding, OpenOutput};
pub use self::topics::Topic;
use self::topics::{Subscription, Topics};
use crate::services::file_slice::Slice;
use crate::services::next_frame::NextFrame;
use crate::services::socket::Socket;
use crate::services::tab::Tab;
use crate::services::terminal::Terminal;
use crate::services::{browser, storage};

/// A handle to the engine; clones share it.
#[derive(Clone)]
pub struct Engine(Rc<Inner>);

impl PartialEq for Engine {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

/// A notice that is shown until it is dismissed.
#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    /// A key for lists.
    pub number: u64,
    pub what: NoticeKind,
}

/// The content of a notice; it becomes text where it is drawn.
#[derive(Clone, Debug, PartialEq)]
pub enum NoticeKind {
    /// An operation failed.
    Failed(Operation, Error),
    /// A message from the server.
    Server(String),
    /// The URL of a new webhook, shown only once.
    Hook(String),
    /// The user's own message mentions people who are not in its room.
    NotInRoom(RoomName, Vec<UserName>),
    /// A file name that is not allowed: the name, and why.
    BadName(String, String),
    /// The outbox is full.
    OutboxFull,
    /// The browser's storage is full: unsent messages live only as long as the tab.
    NotKept,
    /// Signing out failed, because the server could not be reached.
    SignOutFailed,
    /// A file that could not be added: its name, and why.
    UploadNotAdded(String, String),
    /// A file or folder that the browser cannot read.
    Unreadable(String),
    /// More files were dropped than the queue holds.
    TooManyFiles,
    /// A signed-in user opened an invite.
    InviteWhileIn,
}

type OnAnswer = Callback<Result<Answer, Error>>;
/// Sends a request to the client at this time.
type Ask = Box<dyn FnOnce(&mut Client, u64) -> (RequestId, Vec<Effect>)>;

/// A slice that is being read: its offset, and the read.
type Read = (u64, Result<Slice, String>);

/// A job for the client. Jobs run in order.
enum Job {
    Input(Input),
    Request(Ask, OnAnswer),
}

/// The terminal of a run.
struct OpenTerminal {
    run: RunId,
    /// `None` while it is loaded.
    terminal: Option<Rc<Terminal>>,
}

struct Inner {
    user: String,
    client: RefCell<Client>,
    jobs: RefCell<VecDeque<Job>>,
    is_working: Cell<bool>,
    socket: RefCell<Option<Socket>>,
    files: RefCell<SortedMap<Nonce, File>>,
    /// Slices of files that are being read, in the order in which they were requested.
    reads: RefCell<SortedMap<Nonce, VecDeque<Read>>>,
    answers: RefCell<SortedMap<RequestId, OnAnswer>>,
    topics: Rc<Topics>,
    frame: RefCell<Option<NextFrame>>,
    timer: RefCell<Option<Timeout>>,
    /// Output to acknowledge with the next frame: the output comes no faster than it is drawn.
    acks: RefCell<SortedMap<RunId, u64>>,
    output: RefCell<Option<OpenOutput>>,
    terminal: RefCell<Option<OpenTerminal>>,
    /// The run whose terminal is to open once it has started, and what opens it.
    on_started: RefCell<Option<(Nonce, Callback<RunId>)>>,
    notices: RefCell<Vec<Notice>>,
    notices_ever: Cell<u64>,
    /// Files that wait for a place in the list of uploads, and their rooms.
    queued: RefCell<VecDeque<(RoomName, String, File)>>,
    outbox_key: String,
    /// Tells other tabs that this one is open, so that they leave its outbox alone.
    tab: Tab,
    /// The user was told that the outbox could not be saved.
    is_not_kept: Cell<bool>,
    /// Nonces of what is being created, until the server answers.
    create_nonces: RefCell<SortedMap<String, Nonce>>,
    /// Called when the requested direct message is open.
    on_dm: RefCell<Option<Callback<RoomName>>>,
}

impl Engine {
    /// An engine for the signed-in user. It connects at once.
    pub fn new(you: &You) -> Engine {
        let user = you.user.to_string();
        let tab = Tab::open();
        let outbox_key = outbox_key(&user, tab.id());
        let options = Options {
            program: concat!("wardroom-web/", env!("CARGO_PKG_VERSION")).to_owned(),
            seed: browser::random() as u64,
            keep_tails: true,
            ..Options::default()
        };
        let engine = Engine(Rc::new(Inner {
            user,
            client: RefCell::new(Client::new(options)),
            jobs: RefCell::default(),
            is_working: Cell::new(false),
            socket: RefCell::default(),
            files: RefCell::default(),
            reads: RefCell::default(),
            answers: RefCell::default(),
            topics: Rc::default(),
            frame: RefCell::default(),
            timer: RefCell::default(),
            acks: RefCell::default(),
            output: RefCell::default(),
            terminal: RefCell::default(),
            on_started: RefCell::default(),
            notices: RefCell::default(),
            notices_ever: Cell::new(0),
            queued: RefCell::default(),
            outbox_key,
            tab,
            is_not_kept: Cell::new(false),
            create_nonces: RefCell::default(),
            on_dm: RefCell::default(),
        }));
        engine.run_job(Job::Input(Input::Start));
        engine.adopt_abandoned_outboxes();
        engine
    }

    /// Reads the model.
    pub fn read<T>(&self, read: impl FnOnce(&Client) -> T) -> T {
        read(&self.0.client.borrow())
    }

    /// Subscribes to a topic.
    pub fn subscribe(&self, topic: Topic, call: Callback<()>) -> Subscription {
        self.0.topics.subscribe(topic, call)
    }

    /// Sends a command.
    pub fn command(&self, command: Command) {
        self.run_job(Job::Input(Input::Command(command)));
    }

    /// Requests data that the model does not hold.
    pub fn request<M: Message + 'static>(&self, message: M, on_answer: OnAnswer) {
        let ask = Box::new(move |client: &mut Client, now_ms| client.request(now_ms, &message, OnDisconnect::Resend));
        self.run_job(Job::Request(ask, on_answer));
    }

    /// Requests a change: now or not at all.
    pub fn send_with<M: Message + 'static>(&self, message: M, on_answer: OnAnswer) {
        let ask = Box::new(move |client: &mut Client, now_ms| client.request(now_ms, &message, OnDisconnect::Fail));
        self.run_job(Job::Request(ask, on_answer));
    }

    pub fn nonce(&self) -> Nonce {
        nonce(browser::now_ms(), browser::random())
    }

    /// The signed-in user.
    pub fn user(&self) -> &str {
        &self.0.user
    }

    /// The current time by the server's clock, as far as it is known: for comparing with the times of events.
    pub fn server_now_ms(&self) -> u64 {
        browser::now_ms().saturating_add_signed(self.read(Client::clock_skew_ms))
    }

    /// Runs a job and carries out its effects. Jobs added meanwhile run afterwards, in order.
    fn run_job(&self, job: Job) {
        self.0.jobs.borrow_mut().push_back(job);
        if self.0.is_working.replace(true) {
            return;
        }
        loop {
            let Some(job) = self.0.jobs.borrow_mut().pop_front() else { break };
            let now_ms = browser::now_ms();
            let effects = match job {
                Job::Input(input) => self.0.client.borrow_mut().handle(now_ms, input),
                Job::Request(ask, on_answer) => {
                    let (request, effects) = ask(&mut self.0.client.borrow_mut(), now_ms);
                    self.0.answers.borrow_mut().insert(request, on_answer);
                    effects
                }
            };
            for effect in effects {
                self.perform(effect);
            }
        }
        self.0.is_working.set(false);
        self.set_timer();
    }

    fn set_timer(&self) {
        let wait_ms = self.read(Client::wake_at_ms).saturating_sub(browser::now_ms()).min(60_000) as u32;
        let engine = Rc::downgrade(&self.0);
        let timer = Timeout::new(wait_ms, move || {
            if let Some(inner) = engine.upgrade() {
                Engine(inner).run_job(Job::Input(Input::Tick));
            }
        });
        *self.0.timer.borrow_mut() = Some(timer);
    }

    /// Reports a change; it is drawn with the next frame.
    fn publish(&self, topic: Topic) {
        if !self.0.topics.publish(topic) {
            return;
        }
        let engine = Rc::downgrade(&self.0);
        let frame = NextFrame::new(move || {
            if let Some(inner) = engine.upgrade() {
                Engine(inner).draw();
            }
        });
        *self.0.frame.borrow_mut() = Some(frame);
    }

    fn draw(&self) {
        self.0.topics.flush();
        for (run, off) in std::mem::take(&mut *self.0.acks.borrow_mut()) {
            self.command(Command::AckRun { run, off });
        }
    }
}

/// The storage key of a tab's outbox.
fn outbox_key(user: &str, tab: &str) -> String {
    storage::key_of(user, &format!("outbox.{tab}"))
}
