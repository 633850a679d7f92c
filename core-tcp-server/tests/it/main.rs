//! The core as its clients meet it: a real data folder, a real socket, frames in and frames out.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "tests, which print their seeds")]

mod again;
mod approvals;
mod commands;
mod common;
mod conversation;
mod emoji;
mod fake_host;
mod files;
mod groups;
mod hooks;
mod host_names;
mod host_status;
mod hosts;
mod keyboard;
mod lost;
mod own_account;
mod passwords;
mod programs;
mod recordings;
mod retention;
mod rights;
mod rooms;
mod rules;
mod run_list;
mod runs;
mod search;
mod secrets;
mod strangers;
mod tails;
mod terminals;
mod text;
