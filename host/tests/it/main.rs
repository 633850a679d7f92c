//! The host as it is used: a real process with real commands, driven by a core that is a listener in the test.

mod cgroup;
mod fake_core;
mod host_process;
mod input;
mod isolation;
mod limits;
mod link;
mod lost;
mod output;
mod pace;
mod restart;
mod runs;
mod sandbox;
mod secrets;
mod stop;
mod terminal;
mod trees;
