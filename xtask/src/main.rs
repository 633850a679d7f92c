//! Set-up, serve, test, bench, tidy.
fn main() {}
