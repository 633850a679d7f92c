//! The page of Wardroom: a Yew application over `client-core`. What decides is in [`logic`] and [`text`], tested on
//! the host; what touches the browser (`app`, `services`, `features`, `components`, `hooks`) is compiled for wasm only.
//!
//! ```text
//! services  sockets, HTTP, storage, clocks: the browser as plain functions
//! app       the engine that owns the client, and what hangs on it: sign-in, shell
//! features  one file per thing that people see; they know each other by their root components only
//! components, hooks   what several features share
//! ```

pub mod i18n;
pub mod limits;
pub mod logic;
pub mod testids;
pub mod text;

#[cfg(target_arch = "wasm32")]
mod app;
#[cfg(target_arch = "wasm32")]
mod components;
#[cfg(target_arch = "wasm32")]
mod features;
#[cfg(target_arch = "wasm32")]
mod hooks;
#[cfg(target_arch = "wasm32")]
mod services;

/// Starts the page. On the host there is none, and nothing happens.
pub fn start() {
    #[cfg(target_arch = "wasm32")]
    app::start();
}
