//! The program between the shim and a command: `wardroom host-exec`, which becomes the command.
//!
//! A new session, a controlling terminal, a umask and reset signals must be set up after `fork` and before `exec`.
//! Rust's `pre_exec` is unsafe, so the shim starts its own binary instead, which does that as ordinary code and then
//! calls `exec`. It reads its spec from a socket that is its standard input, so that it can be started in advance, and
//! so that no other process sees the command's environment in an argument list. The socket closes with `exec`: silence
//! means that the command runs, a message says why not. A shim that dies before it has sent the spec leaves nothing
//! behind.

use std::convert::Infallible;
use std::fs::File;
use std::io::{self, IoSliceMut, Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use rustix::fs::Mode;
use rustix::io::fcntl_dupfd_cloexec;
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};
use rustix::process::{Resource, Rlimit, getrlimit, ioctl_tiocsctty, setrlimit};
use serde::{Deserialize, Serialize};
use wardroom_protocol::messages::RunLimits;

use super::isolation::Isolation;
use super::sandbox::Sandbox;
use crate::limits::{CPU_GRACE_S, OOM_SCORE};

/// The umask of a login: login.defs(5).
const UMASK: u32 = 0o022;
/// The number of descriptors that a login may have open; programs that need more raise it. A server's own limit is
/// higher, and some programs go through all possible descriptors.
const DESCRIPTORS: u64 = 1_024;
/// What a probe says if nothing hidden can be read.
pub const PROBE_PASSED: &str = "hidden";
/// The exit code of a process that could not become the command; the message that it sent is what counts.
const EXIT_NOT_STARTED: u8 = 127;
/// Signals whose disposition is reset. Higher ones are the C library's own or real-time signals.
const SIGNALS: std::ops::RangeInclusive<i32> = 1..=31;
const SIGPIPE: i32 = 13;

/// What the shim wants to run.
#[derive(Deserialize, Serialize)]
pub struct RunSpec {
    /// The program and its arguments.
    pub argv: Vec<String>,
    /// The folder to run in.
    pub cwd: String,
    /// The whole environment.
    pub env: Vec<(String, String)>,
    /// [`super::tree::tag`] of the run.
    pub tag: u64,
    /// Standard input is a terminal: it becomes the controlling terminal, and standard output and error too.
    pub tty: bool,
    /// Standard error goes where standard output goes.
    pub merge: bool,
    /// What each of its processes may use.
    pub limits: RunLimits,
    /// What the command is kept from.
    pub isolation: Isolation,
    /// What it does without.
    pub sandbox: Sandbox,
    /// Nothing is to run: only whether the isolation works is of interest.
    pub is_probe: bool,
}

impl std::fmt::Debug for RunSpec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RunSpec").field("argv", &self.argv).finish_non_exhaustive()
    }
}

/// Becomes the command that the shim sends. The hidden subcommand `host-exec` of the binary calls it before anything
/// else is set up; it takes no arguments.
pub fn exec() -> ExitCode {
    let control = match fcntl_dupfd_cloexec(rustix::stdio::stdin(), 3) {
        Ok(fd) => UnixStream::from(fd),
        Err(_) => return ExitCode::from(EXIT_NOT_STARTED),
    };
    // Everything that needs no spec is done before there is one, so that a run does not wait for it.
    let prepared = prepare();
    let (spec, stdin) = match receive(&control) {
        Ok(Some(spec)) => spec,
        // The shim has ended, or this was not started by one: nothing to do, and nobody to tell.
        Ok(None) | Err(_) => return ExitCode::from(EXIT_NOT_STARTED),
    };
    let Err(why) = prepared.and_then(|null| become_command(&spec, stdin.as_ref().unwrap_or(&null)));
    // If the shim is gone, nobody reads this.
    let _ = (&control).write_all(why.as_bytes());
    ExitCode::from(EXIT_NOT_STARTED)
}

/// Does what is the same for all commands. Returns the standard input for commands without one.
fn prepare() -> Result<OwnedFd, String> {
    rustix::process::setsid().map_err(|error| format!("no new session: {}", words(&error.into())))?;
    rustix::process::umask(Mode::from_raw_mode(UMASK));
    stop_ignoring_signals();
    // A kernel without it chooses by memory alone.
    let _ = std::fs::write("/proc/self/oom_score_adj", OOM_SCORE);
    let null = File::open("/dev/null").map_err(|error| format!("/dev/null: {}", words(&error)))?;
    Ok(OwnedFd::from(null))
}

/// Receives the spec, and standard input if there is one. `None` if the shim closed the socket without a
/// spec.
fn receive(control: &UnixStream) -> io::Result<Option<(RunSpec, Option<OwnedFd>)>> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    let mut first = [0; 4096];
    let received = recvmsg(control, &mut [IoSliceMut::new(&mut first)], &mut ancillary, RecvFlags::CMSG_CLOEXEC)?;
    if received.bytes == 0 {
        return Ok(None);
    }
    let mut stdin = None;
    for message in ancillary.drain() {
        if let RecvAncillaryMessage::ScmRights(fds) = message {
            stdin = fds.into_iter().next();
        }
    }
    let mut json = first.get(..received.bytes).unwrap_or_default().to_vec();
    let mut rest = control;
    rest.read_to_end(&mut json)?;
    Ok(Some((serde_json::from_slice(&json)?, stdin)))
}

/// Returns only on failure, with the message for the room.
fn become_command(spec: &RunSpec, stdin: &OwnedFd) -> Result<Infallible, String> {
    redirect(spec, stdin).map_err(|error| format!("no standard input: {}", words(&error)))?;
    spec.isolation.apply(spec.sandbox).map_err(|why| {
        let what = if spec.sandbox.is_empty() {
            "the command cannot be kept from the server's files"
        } else {
            "the command's sandbox cannot be set up"
        };
        format!("{what}: {why}")
    })?;
    if spec.is_probe {
        let leak = spec.isolation.leak().map(|path| format!("{} can still be read", path.display()));
        return Err(leak.unwrap_or_else(|| PROBE_PASSED.to_owned()));
    }
    // After that, so that it cannot be a way into a hidden folder.
    std::env::set_current_dir(&spec.cwd).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound if spec.sandbox.hides(&spec.cwd) => {
            format!("no such folder, since /tmp is its own (private-tmp): {}", spec.cwd)
        }
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => format!("no such folder: {}", spec.cwd),
        _ => format!("{}: {}", words(&error), spec.cwd),
    })?;
    // Refused to an unprivileged host within another host's run: then the environment must suffice.
    let tag = Rlimit { current: Some(spec.tag), maximum: Some(spec.tag) };
    let _ = setrlimit(Resource::Locks, tag);
    limit(&spec.limits).map_err(|error| format!("its limits cannot be set: {}", words(&error)))?;
    close_fds::set_fds_cloexec(3, &[]);
    let (program, arguments) = spec.argv.split_first().ok_or("no command was given")?;
    // `exec` empties the signal mask and resets SIGPIPE, and searches the PATH of the new environment.
    let error = Command::new(program).args(arguments).env_clear().envs(spec.env.iter().cloned()).exec();
    Err(match error.kind() {
        io::ErrorKind::NotFound => format!("no such file: {program}"),
        io::ErrorKind::ArgumentListTooLong => "the arguments and the environment are too long".to_owned(),
        _ => format!("{}: {program}", words(&error)),
    })
}

/// Sets what the kernel enforces for each process; the shim looks at their sum.
fn limit(limits: &RunLimits) -> io::Result<()> {
    let descriptors = getrlimit(Resource::Nofile);
    let at_most = |value: u64| Some(descriptors.maximum.map_or(value, |maximum| maximum.min(value)));
    let nofile = match limits.open_files {
        Some(files) => Rlimit { current: at_most(files), maximum: at_most(files) },
        None => Rlimit { current: at_most(DESCRIPTORS), ..descriptors },
    };
    setrlimit(Resource::Nofile, nofile)?;
    if let Some(cpu_s) = limits.cpu_s {
        lower(Resource::Cpu, cpu_s, cpu_s.saturating_add(CPU_GRACE_S))?;
    }
    if let Some(bytes) = limits.file_bytes {
        lower(Resource::Fsize, bytes, bytes)?;
    }
    Ok(())
}

/// Sets a limit, unless the one that is inherited is lower.
fn lower(resource: Resource, current: u64, maximum: u64) -> io::Result<()> {
    let inherited = getrlimit(resource);
    let least = |value: u64, other: Option<u64>| Some(other.map_or(value, |other| other.min(value)));
    let maximum = least(maximum, inherited.maximum);
    let limit = Rlimit { current: least(current, inherited.current), maximum };
    Ok(setrlimit(resource, limit)?)
}

/// Sets up the three standard descriptors.
fn redirect(spec: &RunSpec, stdin: &OwnedFd) -> io::Result<()> {
    rustix::stdio::dup2_stdin(stdin)?;
    if spec.tty {
        ioctl_tiocsctty(stdin)?;
        rustix::stdio::dup2_stdout(stdin)?;
    }
    if spec.tty || spec.merge {
        rustix::stdio::dup2_stderr(rustix::stdio::stdout())?;
    }
    Ok(())
}

/// Stops ignoring signals that the host was started to ignore (as by `nohup`): `exec` keeps ignored signals ignored,
/// but resets those that have a handler, so this installs one.
pub fn stop_ignoring_signals() {
    let ignored = ignored_signals();
    let handled = Arc::new(AtomicBool::new(false));
    for number in SIGNALS.filter(|n| *n != SIGPIPE && is_in(ignored, *n)) {
        // Refused for signals that cannot be handled; those cannot be ignored either.
        let _ = signal_hook::flag::register(number, Arc::clone(&handled));
    }
}

fn is_in(set: u64, signal: i32) -> bool {
    set >> signal.saturating_sub(1) & 1 == 1
}

/// Reads `SigIgn` of proc(5): bit n - 1 for signal n.
fn ignored_signals() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let hex = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    hex.and_then(|hex| u64::from_str_radix(hex.trim(), 16).ok()).unwrap_or(0)
}

/// Returns an error's message from the operating system, in lower case and without its number.
pub fn words(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_lowercase()
}
