//! Fuzzes the output of a terminal; what must hold is in `wardroom_fuzz::terminal`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| wardroom_fuzz::terminal(bytes));
