//! Tests of the wire: golden bytes, streams cut everywhere, bounds, properties, and `docs/protocol.md` held against
//! the code.

#![expect(clippy::unwrap_used, reason = "tests")]

mod again;
mod bounds;
mod document;
mod fuzz;
mod golden;
mod integers;
mod properties;
mod stream;
mod websocket;
