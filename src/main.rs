//! The one binary: every part of Wardroom is a subcommand. Arguments are in `args`, each group of subcommands in a file
//! of its own; they only call the part that they start.

#![allow(
    rustdoc::bare_urls,
    rustdoc::broken_intra_doc_links,
    reason = "an argument's doc is the help that clap prints"
)]

mod admin;
mod args;
mod clients;
mod console;
mod data;
mod link;
mod logging;
mod parts;
mod serve;
mod stop;
mod supervisor;

use std::process::ExitCode;

use clap::CommandFactory;

use args::{Cli, Command};
use wardroom_native_client::Failure;

fn main() -> ExitCode {
    // Parts of a run, which must be small, and start before threads, logs and signal handlers exist.
    match std::env::args_os().nth(1) {
        Some(name) if name == "shim" => return wardroom_host::run_shim(),
        Some(name) if name == "host-exec" => return wardroom_host::exec(),
        _ => {}
    }
    let cli = match args::parse() {
        Ok(cli) => cli,
        Err(error) => return not_parsed(&error),
    };
    if let Command::Completions { shell } = cli.command {
        return completions(shell);
    }
    if let Err(why) = logging::start(cli.log.as_deref(), cli.command.is_server()) {
        return told(&Failure::usage(why));
    }
    if cli.command.is_server()
        && let Err(why) = wardroom_host::hide_this_process()
    {
        return told(&Failure::failed(format!("this process cannot be hidden from commands: {why}")));
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(e) => return told(&Failure::failed(format!("the runtime cannot be started: {e}"))),
    };
    let done = runtime.block_on(run(cli));
    // A pending read of the terminal must not keep the process alive.
    runtime.shutdown_background();
    match done {
        Ok(code) => ExitCode::from(code),
        Err(failure) => told(&failure),
    }
}

async fn run(cli: Cli) -> Result<u8, Failure> {
    let Cli { command, connect, log } = cli;
    match command {
        Command::Serve(args) => serve::serve(args, log).await,
        Command::Core(args) => parts::core(args).await,
        Command::Gateway(args) => parts::gateway(args).await,
        Command::Host(args) => parts::host(args).await,
        Command::Admin(args) => admin::admin(args, connect.json).await,
        other => clients::run(other, connect).await,
    }
}

/// Prints help, or what is wrong with the arguments. With a command whose exit code is that of a run, the code is one that
/// a run is unlikely to have.
fn not_parsed(error: &clap::Error) -> ExitCode {
    error.print().ok();
    let is_of_a_run = args::subcommand(std::env::args().skip(1))
        .is_some_and(|name| matches!(name.as_str(), "run" | "shell" | "attach"));
    match error.exit_code() {
        0 => ExitCode::SUCCESS,
        _ if is_of_a_run => ExitCode::from(wardroom_native_client::ExitCode::Ours as u8),
        code => ExitCode::from(u8::try_from(code).unwrap_or(1)),
    }
}

/// Prints the completions. As with any output, the reader may close early.
fn completions(shell: clap_complete::Shell) -> ExitCode {
    use std::io::{ErrorKind, Write};
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "wardroom", &mut script);
    let mut out = std::io::stdout();
    match out.write_all(&script).and_then(|()| out.flush()) {
        Err(e) if e.kind() != ErrorKind::BrokenPipe => told(&Failure::failed(format!("standard output: {e}"))),
        _ => ExitCode::SUCCESS,
    }
}

/// Prints why a command failed, in one sentence.
fn told(failure: &Failure) -> ExitCode {
    use std::io::Write;
    if !failure.words.is_empty() {
        writeln!(std::io::stderr(), "wardroom: {}", failure.words).ok();
    }
    ExitCode::from(failure.code as u8)
}
