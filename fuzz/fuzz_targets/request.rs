//! Fuzzes one line through the parsers of both sides; what must hold is in `wardroom_fuzz::request`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| wardroom_fuzz::request(bytes));
