//! The arguments of the commands about runs.

use clap::Args;
use wardroom_native_client::commands::{RunName, SecretSource};
use wardroom_protocol::messages::{RunsIn, SANDBOXES};
use wardroom_protocol::{RoomName, UserName};

use super::limits::LimitArg;
use super::units::duration_s;

const RUN_HELP: &str = "\
Each run has a number, such as r41, which is shown at a terminal. Others use it too:
`wardroom output r41 --follow` shows what it prints, `wardroom stop r41` stops it, and
`wardroom runs` lists all.

The program after -- runs without a shell. To use one:
  wardroom run ops -- sh -c 'make test | tail -5'

stdout goes to stdout and stderr to stderr, byte for byte. At a terminal, control characters other
than tabs, line breaks and colors are made visible; --raw passes them through.

Ctrl-C sends INT to the command, a second one stops it (TERM, then KILL), a third one exits at once.
If the connection breaks, the command keeps running and its output continues after reconnecting. A
command that has not started within 15 s is not started later.

On several hosts, either all begin or none does: one that is away is named, and nothing is started.
Each line has the name of its host before it, and the hosts that failed are named at the end. The
exit code is the first one other than 0, in the order in which the hosts were named (with --label:
by name).

If output comes late, the program collects it because it writes to a pipe: use --tty, or put
stdbuf -oL before the program.

Exit codes: the command's own; 128 + the signal that ended it; 124 if it timed out; 127 if it could
not be started. What Wardroom did has other codes: 125 if the server refused to run it, a limit
ended it, or its end is unknown; 255 if the client failed (arguments, sign-in, connection).";

/// `wardroom run`
#[derive(Args, Debug)]
#[command(after_help = RUN_HELP)]
pub struct RunArgs {
    /// Room
    pub room: RoomName,
    /// Host to run on; repeat for several at once [default: local]
    #[arg(long = "host", value_name = "HOST")]
    pub hosts: Vec<String>,
    /// Run on all hosts with this label; repeat to require several
    #[arg(long = "label", value_name = "KEY=VALUE", value_parser = variable, conflicts_with = "hosts")]
    pub label: Vec<(String, String)>,
    /// Stop the command after this time: 90, 90s, 5m or 1h30m, at most 1d [default: 1h]
    #[arg(long, value_name = "DURATION", value_parser = duration_s)]
    pub timeout: Option<u64>,
    /// Limit what it may use: wall, cpu or idle=DURATION (10m, 1h30m), memory, file-size or output=SIZE (512K, 64M, 2G,
    /// 1T), processes or files=NUMBER (200); repeatable. The end of the run says which limit was exceeded
    #[arg(long, value_name = "NAME=VALUE")]
    pub limit: Vec<LimitArg>,
    /// Sandbox: no network, files that it can only read, or a /tmp of its own; repeatable
    #[arg(long, value_name = "NAME", value_parser = clap::builder::PossibleValuesParser::new(SANDBOXES))]
    pub sandbox: Vec<String>,
    /// Working directory [default: the host's]
    #[arg(long, value_name = "DIR")]
    pub cwd: Option<String>,
    /// Set an environment variable; repeatable
    #[arg(long, value_name = "NAME=VALUE", value_parser = variable)]
    pub env: Vec<(String, String)>,
    /// Pass a variable of your environment as a secret: on no record, and *** in the output; repeatable. NAME=@FILE
    /// reads a file; a variable that is not set is asked for
    #[arg(long, value_name = "NAME")]
    pub secret: Vec<SecretSource>,
    /// Run in a terminal: output appears as it is printed, colors are on, stdout and stderr are one
    #[arg(long)]
    pub tty: bool,
    /// Put stdout and stderr on one pipe, so that their order is kept; all output goes to stdout
    #[arg(long, conflicts_with = "tty")]
    pub merge: bool,
    /// Keep processes that outlive the command; the run ends with the last of them
    #[arg(long)]
    pub detach: bool,
    /// Forward standard input; with --tty at a terminal, type into the command as with `wardroom shell`
    #[arg(long)]
    pub stdin: bool,
    /// Pass control characters through to the terminal
    #[arg(long)]
    pub raw: bool,
    /// Program and arguments
    #[arg(last = true, required = true, value_name = "CMD")]
    pub command: Vec<String>,
}

pub(super) fn variable(s: &str) -> Result<(String, String), String> {
    match s.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("use NAME=VALUE".to_owned()),
    }
}

const ESCAPES_HELP: &str = "\
Escapes, at the beginning of a line:
  ~.  leave; the run goes on       ~s  stop the run
  ~k  ask for the keyboard; again: take it, if you may
  ~K  release the keyboard         ~?  show this list        ~~  type a tilde

One person types at a time; the terminal has the size of their window. If the connection breaks,
the run goes on, and nothing that you typed is lost or sent twice.

Exits with the command's own code, with 0 if you leave, and with 125 and 255 as `wardroom run` does.";

/// `wardroom shell`
#[derive(Args, Debug)]
#[command(after_help = ESCAPES_HELP)]
pub struct ShellArgs {
    /// Room
    pub room: RoomName,
    /// Host to run on [default: local]
    #[arg(long, value_name = "HOST")]
    pub host: Option<String>,
    /// Working directory [default: the host's]
    #[arg(long, value_name = "DIR")]
    pub cwd: Option<String>,
    /// Set an environment variable; repeatable
    #[arg(long, value_name = "NAME=VALUE", value_parser = variable)]
    pub env: Vec<(String, String)>,
    /// Pass a variable of your environment as a secret: on no record, and *** in the output; repeatable. NAME=@FILE
    /// reads a file; a variable that is not set is asked for
    #[arg(long, value_name = "NAME")]
    pub secret: Vec<SecretSource>,
    /// Stop it after this time: 90, 90s, 5m or 1h30m, at most 1d [default: 1d]
    #[arg(long, value_name = "DURATION", value_parser = duration_s)]
    pub timeout: Option<u64>,
    /// Limit what it may use, such as memory=2G or idle=10m; see `wardroom run --help`
    #[arg(long, value_name = "NAME=VALUE")]
    pub limit: Vec<LimitArg>,
    /// Sandbox: no network, files that it can only read, or a /tmp of its own; repeatable
    #[arg(long, value_name = "NAME", value_parser = clap::builder::PossibleValuesParser::new(SANDBOXES))]
    pub sandbox: Vec<String>,
    /// Keep the size that the terminal starts with, whoever types
    #[arg(long)]
    pub fixed: bool,
    /// Keep processes that outlive the shell; the run ends with the last of them
    #[arg(long)]
    pub detach: bool,
    /// Program and arguments [default: a login shell]
    #[arg(last = true, value_name = "CMD")]
    pub command: Vec<String>,
}

/// `wardroom attach`
#[derive(Args, Debug)]
#[command(after_help = ESCAPES_HELP)]
pub struct AttachArgs {
    /// Run, such as r41; `wardroom runs --state running` lists them
    pub run: RunName,
    /// Ask for the keyboard at once
    #[arg(long)]
    pub control: bool,
}

/// `wardroom runs`
#[derive(Args, Debug)]
pub struct RunsArgs {
    /// Room [default: all rooms that you can read]
    pub room: Option<RoomName>,
    /// State: running, ended or failed; `wardroom approve` lists what is only proposed
    #[arg(long, value_name = "STATE", value_parser = wardroom_native_client::commands::parse_state)]
    pub state: Option<RunsIn>,
    /// Runs on this host
    #[arg(long, value_name = "HOST")]
    pub host: Option<String>,
    /// Runs that this user started
    #[arg(long, value_name = "USER")]
    pub user: Option<UserName>,
    /// Runs with this text in the command
    #[arg(long, value_name = "TEXT")]
    pub text: Option<String>,
    /// At most N runs
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub limit: u64,
}

/// `wardroom stop`
#[derive(Args, Debug)]
#[command(after_help = "Sends TERM to all processes of the run, and KILL to those that remain after 3 s.\n\
    If the run's host is away and does not return, --lost ends the run here. A host that returns after\n\
    all is told to stop it.")]
pub struct StopArgs {
    /// Run, such as r41; `wardroom runs --state running` lists them
    pub run: RunName,
    /// Send KILL at once
    #[arg(long)]
    pub kill: bool,
    /// Send INT, as Ctrl-C does, and do not wait
    #[arg(long, conflicts_with = "kill")]
    pub int: bool,
    /// Declare the run lost, because its host is away and does not return
    #[arg(long, conflicts_with_all = ["kill", "int"])]
    pub lost: bool,
}

/// `wardroom output`
#[derive(Args, Debug)]
#[command(after_help = "stdout goes to stdout and stderr to stderr, as `wardroom run` prints them.")]
pub struct OutputArgs {
    /// Run, such as r41; `wardroom runs` lists them
    pub run: RunName,
    /// Continue until the run ends
    #[arg(short, long)]
    pub follow: bool,
    /// Start at this byte of the output
    #[arg(long, value_name = "BYTE", default_value_t = 0)]
    pub from: u64,
    /// Print a recording for the players of asciinema (asciicast v3)
    #[arg(long, conflicts_with_all = ["follow", "from", "stdout", "stderr", "raw"])]
    pub cast: bool,
    /// Only what the command wrote to standard output
    #[arg(long)]
    pub stdout: bool,
    /// Only what the command wrote to standard error
    #[arg(long, conflicts_with = "stdout")]
    pub stderr: bool,
    /// Pass control characters through to the terminal
    #[arg(long)]
    pub raw: bool,
}
