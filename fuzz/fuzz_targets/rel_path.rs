//! Fuzzes a path in a room; what must hold is in `wardroom_fuzz::rel_path`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| wardroom_fuzz::rel_path(bytes));
