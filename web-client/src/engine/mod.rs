//! The engine: owns the client and everything it works with. Components give it commands and read its model; they are
//! told of changes by topic. What people do is in `actions`, how effects are carried out in `effects`.

mod actions;
mod commands;
mod effects;
mod names;
mod outbox;
mod requests;
mod topics;
mod upload_nonces;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use gloo_timers::callback::Timeout;
use wardroom_client_core::protocol::messages::{Answer, You};
use wardroom_client_core::protocol::{Message, Nonce, RoomName, RunId, UserName};
use wardroom_client_core::{Client, Command, Effect, Error, Input, OnDisconnect, Operation, Options, RequestId, nonce};
use web_sys::File;
use yew::Callback;

pub use self::effects::FILE_GONE;
pub use self::topics::Topic;
use self::topics::{Subscription, Topics};
use crate::logic::output_log::OutputLog;
use crate::services::file_slice::Slice;
use crate::services::next_frame::NextFrame;
use crate::services::socket::Socket;
use crate::services::tab::Tab;
use crate::services::{browser, storage};

/// A handle on the engine; clones are the same one.
#[derive(Clone)]
pub struct Engine(Rc<Inner>);

impl PartialEq for Engine {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

/// Words that a person is to read, until they are dismissed.
#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    /// Its number: a key for a list.
    pub number: u64,
    /// What happened.
    pub what: NoticeKind,
}

/// What a notice tells; put into words where it is drawn.
#[derive(Clone, Debug, PartialEq)]
pub enum NoticeKind {
    /// Something that was asked for did not come about.
    Failed(Operation, Error),
    /// Words of the server.
    Server(String),
    /// The address of a webhook, told this once.
    Hook(String),
    /// One's own message mentions these, who are not in its room.
    NotInRoom(RoomName, Vec<UserName>),
    /// A file that cannot be added under its name: the name, and why.
    BadName(String, String),
    /// The outbox takes no more messages.
    OutboxFull,
    /// The browser keeps no more: what waits to be sent lives as long as the tab.
    NotKept,
    /// Signing out needs the server.
    SignOutFailed,
    /// A file that was not added: its name, and why.
    UploadNotAdded(String, String),
    /// A file or a folder that the browser cannot read.
    Unreadable(String),
    /// More files were dropped than wait at one time.
    TooManyFiles,
    /// An invite was opened by somebody who is signed in.
    InviteWhileIn,
}

type OnAnswer = Callback<Result<Answer, Error>>;
/// Asks the client at this time.
type Ask = Box<dyn FnOnce(&mut Client, u64) -> (RequestId, Vec<Effect>)>;

/// A slice of a file that is being read: from where, and the reading.
type Read = (u64, Result<Slice, String>);

/// Something to do for the client, in its turn.
enum Job {
    Input(Input),
    Request(Ask, OnAnswer),
}

/// The run of the output view, and what was fetched of it.
struct OpenOutput {
    run: RunId,
    log: Option<OutputLog>,
    /// The byte that one went to.
    at: Option<u64>,
}

struct Inner {
    user: String,
    client: RefCell<Client>,
    jobs: RefCell<VecDeque<Job>>,
    is_working: Cell<bool>,
    socket: RefCell<Option<Socket>>,
    files: RefCell<BTreeMap<Nonce, File>>,
    /// Slices of files that are being read, in the order in which they were asked for.
    reads: RefCell<BTreeMap<Nonce, VecDeque<Read>>>,
    answers: RefCell<BTreeMap<RequestId, OnAnswer>>,
    topics: Rc<Topics>,
    frame: RefCell<Option<NextFrame>>,
    timer: RefCell<Option<Timeout>>,
    /// Output that was taken and is acknowledged with the next frame: the pace of drawing is the pace of the output.
    acks: RefCell<BTreeMap<RunId, u64>>,
    output: RefCell<Option<OpenOutput>>,
    notices: RefCell<Vec<Notice>>,
    notices_ever: Cell<u64>,
    /// Files that wait for a place in the list of uploads, and where they go.
    queued: RefCell<VecDeque<(RoomName, String, File)>>,
    outbox_key: String,
    /// Answers other tabs, so that they leave this one's outbox alone.
    tab: Tab,
    /// It was said that the outbox is not kept.
    is_not_kept: Cell<bool>,
    /// The marks of what is being created, until the server has answered.
    create_nonces: RefCell<BTreeMap<String, Nonce>>,
    /// Where to go when a direct message has been opened.
    on_dm: RefCell<Option<Callback<RoomName>>>,
}

impl Engine {
    /// An engine for who is signed in by the cookie. It connects at once.
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

    /// Hears of a topic.
    pub fn subscribe(&self, topic: Topic, call: Callback<()>) -> Subscription {
        self.0.topics.subscribe(topic, call)
    }

    /// Somebody wants something.
    pub fn command(&self, command: Command) {
        self.run_job(Job::Input(Input::Command(command)));
    }

    /// Asks for what the model does not hold.
    pub fn request<M: Message + 'static>(&self, message: M, on_answer: OnAnswer) {
        let ask = Box::new(move |client: &mut Client, now_ms| client.request(now_ms, &message, OnDisconnect::Resend));
        self.run_job(Job::Request(ask, on_answer));
    }

    /// Asks for a change: now or not at all.
    pub fn send_with<M: Message + 'static>(&self, message: M, on_answer: OnAnswer) {
        let ask = Box::new(move |client: &mut Client, now_ms| client.request(now_ms, &message, OnDisconnect::Fail));
        self.run_job(Job::Request(ask, on_answer));
    }

    /// A new mark.
    pub fn nonce(&self) -> Nonce {
        nonce(browser::now_ms(), browser::random())
    }

    /// Who this page belongs to.
    pub fn user(&self) -> &str {
        &self.0.user
    }

    /// Now, by the server's clock as far as it is known: what times of events are held against.
    pub fn server_now_ms(&self) -> u64 {
        browser::now_ms().saturating_add_signed(self.read(Client::clock_skew_ms))
    }

    /// Does a job, and everything that follows from it. Jobs that come up meanwhile are done after it, in order.
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

    /// Something moved: it is drawn with the next frame.
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

/// The key of a tab's outbox.
fn outbox_key(user: &str, tab: &str) -> String {
    storage::key_of(user, &format!("outbox.{tab}"))
}
