//! `cargo xtask`: all that is done with this repository beside writing it. One file per subcommand; each prints what
//! it does and how long it took. Nothing of Wardroom itself is in here.

#![expect(clippy::print_stdout, reason = "a command line talks on stdout")]

mod bench;
mod command;
mod page;
mod serve;
mod stamp;
mod suite;
mod system;
mod terminal;
mod tidy;
mod tools;
mod workspace;

use std::process::ExitCode;

use anyhow::Result;

const HELP: &str = "\
cargo xtask COMMAND

  serve [--release] [-- FLAGS]   set up, build the page and the binary, run `wardroom serve` with FLAGS
  test [STEP…]                   what CI runs; with names, only these steps (--list names them)
  bench [NAME…]                  measure the release build, and print each figure with its method
  page                           set up and build the page into dist/
  tidy                           the rules of this repository that no compiler checks
  setup                          install what the others need, and nothing else
";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match run(&args) {
        Ok(code) => code,
        Err(error) => {
            println!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &[String]) -> Result<ExitCode> {
    let (name, rest) = args.split_first().map_or(("help", args), |(name, rest)| (name.as_str(), rest));
    match name {
        "serve" => serve::run(rest),
        "test" => suite::run(rest),
        "bench" => bench::run(rest),
        "page" => page::run(rest),
        "tidy" => tidy::run(rest),
        "setup" => tools::run(rest),
        "help" | "--help" | "-h" => {
            println!("{HELP}");
            Ok(ExitCode::SUCCESS)
        }
        other => anyhow::bail!("there is no command {other}\n\n{HELP}"),
    }
}
