//! Fuzzes a stream of bytes through the decoder; what must hold is in `wardroom_fuzz::decoder`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| wardroom_fuzz::decoder(bytes));
