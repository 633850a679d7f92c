//! Tests across processes live in `tests/it`; this library is empty. What they share is in `tests/it/test_server.rs` and
//! its neighbours.
