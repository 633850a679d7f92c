//! The gateway against a core that does what each test says: what is sent is compared byte by byte.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod assets;
mod bridge;
mod download;
mod fake_core;
mod handover;
mod harness;
mod health;
mod hooks;
mod http;
mod keepalive;
mod listen;
mod login;
mod origins;
mod stop;
mod upload;
