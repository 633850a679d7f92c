//! Wardroom as its people use it. Each test starts the real binary on a folder and on ports of its own.
#![expect(clippy::unwrap_used, reason = "tests")]

mod browser;
mod command;
mod house;
mod kill;
mod proxies;
mod proxy;
mod slow_reader;
mod together;
mod wire;
