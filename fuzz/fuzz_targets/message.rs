//! Fuzzes one WebSocket message; what must hold is in `wardroom_fuzz::message`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| wardroom_fuzz::message(bytes));
