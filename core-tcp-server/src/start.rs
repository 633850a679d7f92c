//! Starts and stops the core: the data folder, the store, the state, the listeners, and the tasks that serve all of
//! them.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use wardroom_protocol::{Address, Code};

use crate::accounts::{self, Accounts};
use crate::browsers::Browsers;
use crate::clock::{monotonic_ms, now_ms};
use crate::data::{DataError, DataFolder};
use crate::descriptors;
use crate::error::Error;
use crate::files::Files;
use crate::hooks::Hooks;
use crate::limits::{CLOSE_WAIT_MS, SWEEP_EVERY_MS, UPLOAD_SWEEP_EVERY_MS};
use crate::listen::{self, BindError, Listener};
use crate::permits::Permits;
use crate::presence::Presence;
use crate::rooms::Registry;
use crate::rules::Rules;
use crate::runs::Runs;
use crate::search::Search;
use crate::state::State;
use crate::store::{self, Batch, OpenError};

/// The configuration of a core.
#[derive(Clone, Debug)]
pub struct Config {
    /// The data folder.
    pub data: PathBuf,
    /// Where to listen, besides `core.sock` in the data folder.
    pub tcp: Vec<Address>,
    /// The name of this server, as shown to people.
    pub server_name: String,
    /// The address of the page, for those who connect to the wrong port.
    pub web_url: Option<String>,
    /// The time after which the runs of a host that is away are lost: at most 30 days.
    pub host_lost_after: Duration,
}

/// Why a core did not start. Each message says what to do.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data folder cannot be used.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The database cannot be used.
    #[error(transparent)]
    Store(#[from] OpenError),
    /// An address cannot be bound.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// The contents of the database cannot be read.
    #[error("cannot read the data folder: {0}")]
    Load(#[from] Error),
}

impl StartError {
    /// Before there are requests, the store only refuses a write if the disk is full.
    fn writing(folder: &DataFolder, error: Error) -> Self {
        if error.code == Code::Busy { DataError::Full(folder.path.clone()).into() } else { error.into() }
    }
}

/// A running core.
pub struct Core {
    /// The bound addresses, in the order of the configuration.
    pub addresses: Vec<String>,
    /// The unix socket in the data folder, for this machine's host, gateway and administrator.
    pub socket: PathBuf,
    /// An invite for the first administrator, until there is one.
    pub first_invite: Option<String>,
    /// The gateway key.
    pub gateway_key: String,
    browsers: Browsers,
    state: std::sync::Weak<State>,
    stopped: JoinHandle<()>,
}

/// The parts of a core without its sockets. `wardroom admin` uses them if no server runs.
pub(crate) struct Parts {
    pub folder: DataFolder,
    pub state: Arc<State>,
    pub publisher: JoinHandle<()>,
    pub writer: std::thread::JoinHandle<()>,
}

/// Opens the data folder and everything in it.
pub(crate) async fn open(config: &Config) -> Result<Parts, StartError> {
    let folder = DataFolder::open(&config.data)?;
    let keys = folder.keys()?;
    let store::Opened { store, batches, writer } = store::open(&folder.database())?;
    let load = |conn: &rusqlite::Connection| Ok((Registry::load(conn)?, Accounts::load(conn)?, Rules::load(conn)?));
    let (rooms, accounts, rules) = store.load(load).await?;
    let runs = Runs::load(&folder.path, &store, config.host_lost_after).await?;
    let files = Files::load(&folder.path, &store).await?;
    let search = Search::new(&folder.path, &folder.database());
    let state = Arc::new(State {
        store,
        rooms,
        accounts,
        rules,
        presence: Arc::new(Presence::default()),
        runs,
        files,
        hooks: Hooks::default(),
        search,
        permits: Arc::new(Permits::new(descriptors::connections_max())),
        keys,
        server_name: config.server_name.clone(),
        web_url: config.web_url.clone(),
    });
    let publisher = tokio::spawn(publish(Arc::clone(&state), batches));
    Ok(Parts { folder, state, publisher, writer })
}

/// Starts a core. It already listens when this returns.
///
/// # Errors
/// If the folder, the database or an address cannot be used: see [`StartError`].
pub async fn start(config: Config, shutdown: CancellationToken) -> Result<Core, StartError> {
    descriptors::raise();
    let parts = open(&config).await?;
    let state = Arc::clone(&parts.state);
    crate::files::recover(&state).await?;
    let socket = parts.folder.path.join("core.sock");
    let mut listeners = Vec::new();
    for address in &config.tcp {
        listeners.push(listen::bind(address, &config.tcp).await?);
    }
    let addresses = listeners.iter().map(Listener::address).collect();
    listeners.push(listen::bind(&Address::Unix(socket.clone()), &[]).await?);
    let first_invite = accounts::first_invite(&state.store).await;
    let first_invite = first_invite.map_err(|error| StartError::writing(&parts.folder, error))?;
    let gateway_key = state.keys.gateway.clone();
    state.search.start(&state.store)?;
    for (run, upto) in state.runs.printed() {
        state.search.printed(run, upto);
    }
    let browsers = Browsers::new(&state);
    let weak = Arc::downgrade(&state);
    drop(state);
    let stopped = tokio::spawn(run(parts, listeners, shutdown));
    Ok(Core { addresses, socket, first_invite, gateway_key, browsers, state: weak, stopped })
}

impl Core {
    /// Returns the handle through which a gateway in this process hands over its WebSockets.
    pub fn browsers(&self) -> Browsers {
        self.browsers.clone()
    }

    /// Returns the number of commands that run on a host.
    pub fn running(&self, host: &str) -> usize {
        self.state.upgrade().map_or(0, |state| state.runs.count_on(host))
    }

    /// Waits until the core has stopped. Everything acknowledged is then on disk, and the folder is free.
    pub async fn stopped(self) {
        if let Err(error) = self.stopped.await {
            tracing::error!(%error, "the core did not stop in order");
        }
    }
}

async fn run(parts: Parts, listeners: Vec<Listener>, shutdown: CancellationToken) {
    let Parts { folder, state, publisher, writer } = parts;
    let accepting = TaskTracker::new();
    for listener in listeners {
        // Each listener has its own limit, so connections from the network cannot keep the administrator, the host and
        // the gateway off the unix socket.
        let max = descriptors::connections_max();
        accepting.spawn(listen::accept_all(listener, Arc::clone(&state), max, shutdown.clone()));
    }
    accepting.close();
    let sweeper = tokio::spawn(sweep(Arc::clone(&state), shutdown.clone()));
    let retention = tokio::spawn(crate::retention::run(Arc::clone(&state), shutdown.clone()));
    let lost = tokio::spawn(crate::runs::watch_for_lost(Arc::clone(&state), shutdown.clone()));
    shutdown.cancelled().await;
    accepting.wait().await;
    drop(lost.await);
    drop(sweeper.await);
    drop(retention.await);
    // Tells clients to reconnect, spread out so that they do not all return at once (they add their own jitter).
    state.presence.close_all("the server is stopping", 1_000);
    tokio::time::sleep(Duration::from_millis(CLOSE_WAIT_MS / 4)).await;
    // Writes the output in flight to disk before another core may open the folder.
    state.runs.stop().await;
    state.search.stop().await;
    end(state, publisher, writer).await;
    drop(folder);
}

/// Lets the store commit its queue, then closes it.
pub(crate) async fn end(state: Arc<State>, publisher: JoinHandle<()>, writer: std::thread::JoinHandle<()>) {
    // Connections that have not ended yet hold the state. Their requests are refused once the store is closed.
    state.store.close().await;
    drop(state);
    drop(publisher.await);
    drop(tokio::task::spawn_blocking(move || writer.join()).await);
}

/// Publishes committed batches: appends events to their tails, then completes the requests. It runs as a task of the
/// runtime, so waking a thousand readers needs no thread switch.
async fn publish(state: Arc<State>, mut batches: mpsc::Receiver<Batch>) {
    let rooms = Arc::downgrade(&state);
    drop(state);
    while let Some(batch) = batches.recv().await {
        if let Some(state) = rooms.upgrade() {
            state.search.published(&batch.events);
            let moved = state.rooms.publish(batch.events);
            crate::rooms::tell_moved(&state, moved);
        }
        for (finish, result) in batch.finished {
            finish(result);
        }
    }
}

/// Announces changes of rooms that are not open four times a second, and looks for silent connections once a second.
async fn sweep(state: Arc<State>, shutdown: CancellationToken) {
    let mut ticks = tokio::time::interval(Duration::from_millis(SWEEP_EVERY_MS / 4));
    let mut count = 0u64;
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            _ = ticks.tick() => {}
        }
        state.rooms.wake_quiet();
        count = count.wrapping_add(1);
        if count.is_multiple_of(4) {
            state.presence.sweep(monotonic_ms(), now_ms());
            crate::presence::tell_moves(&state);
            crate::presence::close_expired(&state, now_ms()).await;
            crate::runs::expire(&state, now_ms()).await;
        }
        if count.is_multiple_of(UPLOAD_SWEEP_EVERY_MS / (SWEEP_EVERY_MS / 4)) {
            crate::files::expire(&state).await;
            crate::hooks::forget_keys(&state, now_ms()).await;
        }
    }
}
