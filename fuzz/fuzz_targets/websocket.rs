//! Fuzzes the bytes of a browser's WebSocket; what must hold is in `wardroom_fuzz::websocket`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| wardroom_fuzz::websocket(bytes));
