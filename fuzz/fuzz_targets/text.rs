//! Fuzzes a message's text; what must hold is in `wardroom_fuzz::text`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| wardroom_fuzz::text(bytes));
