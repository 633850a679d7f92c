//! The page of Wardroom: a Yew application over `client-core`. What decides is in [`logic`] and [`text`], tested on
//! the host; what touches the browser (the folders below) is compiled for wasm only.
//!
//! ```text
//! services            sockets, HTTP, storage, clocks: the browser as plain functions
//! engine, ui          the engine owns the client; the UI state is what a person has opened
//! hooks, components   what several features share
//! features            one file per part of the screen; they know each other by their root components only
//! app                 the root: session, shell, notifications
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
mod engine;
#[cfg(target_arch = "wasm32")]
mod features;
#[cfg(target_arch = "wasm32")]
mod hooks;
#[cfg(target_arch = "wasm32")]
mod services;
#[cfg(target_arch = "wasm32")]
mod ui;

/// Starts the page. Does nothing on the host.
pub fn start() {
    #[cfg(target_arch = "wasm32")]
    app::start();
}
