//! From the order to the running command.

use std::io::{self, IoSliceMut, Read};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::time::Instant;

use rustix::fs::{OFlags, fcntl_setfl};
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::pty::{OpenptFlags, grantpt, ioctl_tiocgptpeer, openpt, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};
use wardroom_protocol::messages::TermSize;

use super::command::{Leader, Stage};
use super::input::Input;
use super::mask::Patterns;
use super::output::Output;
use super::wire::Order;
use crate::limits::{ORDER_BYTES_MAX, OUTPUT_BYTES_MAX};
use crate::process::exec::{RunSpec, words};
use crate::process::tree::tag;
use crate::spool::{Spool, SpoolMeta, now_ms, random_id};

/// A run that has begun: its spool and its socket are there.
pub struct Started {
    /// The order.
    pub order: Order,
    /// Its spool.
    pub spool: Spool,
    /// Accepts connections of the host.
    pub listener: UnixListener,
    /// What later connections must know.
    pub key: String,
    /// The first connection.
    pub host: UnixStream,
    /// When the order came.
    pub began: Instant,
    /// The running command; or why it does not run.
    pub command: Result<Command, String>,
}

/// A running command.
pub struct Command {
    /// Its first process.
    pub leader: Leader,
    /// Its output.
    pub output: Output,
    /// Its input.
    pub input: Input,
    /// The server's side of its terminal.
    pub terminal: Option<OwnedFd>,
}

/// Receives the order, and the lock of the spool folder. `None` if the host closed the socket without one.
///
/// # Errors
/// If the socket fails, or sends something else.
pub fn receive(host: &UnixStream) -> io::Result<Option<(Order, Option<OwnedFd>)>> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    let mut len = [0; 4];
    let received = recvmsg(host, &mut [IoSliceMut::new(&mut len)], &mut ancillary, RecvFlags::CMSG_CLOEXEC)?;
    if received.bytes == 0 {
        return Ok(None);
    }
    let mut lock = None;
    for message in ancillary.drain() {
        if let RecvAncillaryMessage::ScmRights(fds) = message {
            lock = fds.into_iter().next();
        }
    }
    let mut rest = host;
    rest.read_exact(len.get_mut(received.bytes..).unwrap_or_default())?;
    let len = usize::try_from(u32::from_le_bytes(len)).unwrap_or(usize::MAX);
    if len > ORDER_BYTES_MAX {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut json = vec![0; len];
    rest.read_exact(&mut json)?;
    Ok(Some((serde_json::from_slice(&json)?, lock)))
}

/// Prepares the spool and starts the command. The record of the run is written before the command may run; only then
/// the lock of the spool folder is released, so that the next host finds either a record or no run.
///
/// # Errors
/// If the spool cannot be written.
pub fn start(order: Order, host: UnixStream, stage: Stage, lock: Option<OwnedFd>) -> io::Result<Started> {
    let began = Instant::now();
    let spool = Spool::at(Path::new(&order.spool));
    let appender = spool.create()?;
    let listener = spool.listen()?;
    let (leader, launch, pipes) = stage.into_parts()?;
    let (pid, start_ticks) = (leader.pid, leader.start_ticks);
    let (key, cgroup) = (random_id()?, leader.cgroup.clone());
    if let Some(cgroup) = &cgroup {
        cgroup.limit(&order.limits);
    }
    let (boot, at) = (order.boot.clone(), now_ms());
    spool.write_meta(&SpoolMeta { pid, start_ticks, boot, at, key: key.clone(), cgroup })?;
    drop(lock);
    let ends = Ends::open(&order, pipes);
    let command = ends.map_err(|error| format!("no process could be started: {}", words(&error)));
    let command = command.and_then(|ends| {
        let spec = RunSpec {
            argv: order.argv.clone(),
            cwd: order.cwd.clone(),
            env: order.env.clone(),
            tag: tag(order.run),
            tty: order.tty.is_some(),
            merge: order.merge,
            limits: order.limits,
            isolation: order.isolation.clone(),
            sandbox: order.sandbox,
            is_probe: false,
        };
        launch.send(&spec, ends.theirs.as_ref().map(AsFd::as_fd)).inspect_err(|_| leader.kill())?;
        let limit = order.output_bytes_max.min(OUTPUT_BYTES_MAX);
        let output = Output::new(ends.sources, appender, limit, Patterns::of(&order.secrets));
        Ok(Command { leader, output, input: Input::new(ends.sink), terminal: ends.terminal })
    });
    Ok(Started { order, spool, listener, key, host, began, command })
}

/// The descriptors of a command: ours, and its standard input.
struct Ends {
    sources: Vec<(u8, OwnedFd)>,
    sink: Option<OwnedFd>,
    terminal: Option<OwnedFd>,
    theirs: Option<OwnedFd>,
}

impl Ends {
    fn open(order: &Order, (stdout, stderr): (OwnedFd, OwnedFd)) -> io::Result<Ends> {
        if let Some(size) = order.tty {
            return Ends::terminal(size);
        }
        let mut sources = vec![(1, stdout)];
        if !order.merge {
            sources.push((2, stderr));
        }
        let (mut sink, mut theirs) = (None, None);
        if order.stdin {
            let (read, write) = pipe_with(PipeFlags::CLOEXEC)?;
            fcntl_setfl(&write, OFlags::NONBLOCK)?;
            (sink, theirs) = (Some(write), Some(read));
        }
        Ok(Ends { sources, sink, terminal: None, theirs })
    }

    /// Opens a terminal: pty(7).
    fn terminal(size: TermSize) -> io::Result<Ends> {
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let ours = openpt(flags)?;
        grantpt(&ours)?;
        unlockpt(&ours)?;
        let theirs = ioctl_tiocgptpeer(&ours, flags)?;
        set_size(&ours, size)?;
        fcntl_setfl(&ours, OFlags::NONBLOCK)?;
        let (sink, terminal) = (ours.try_clone()?, ours.try_clone()?);
        Ok(Ends { sources: vec![(1, ours)], sink: Some(sink), terminal: Some(terminal), theirs: Some(theirs) })
    }
}

/// Changes the size of a terminal; its programs get SIGWINCH.
///
/// # Errors
/// If the operating system refuses.
pub fn set_size(terminal: &OwnedFd, size: TermSize) -> io::Result<()> {
    let size = Winsize { ws_row: size.rows, ws_col: size.cols, ws_xpixel: 0, ws_ypixel: 0 };
    Ok(tcsetwinsize(terminal, size)?)
}
