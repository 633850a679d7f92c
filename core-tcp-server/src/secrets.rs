//! Secrets: made by the operating system's generator, kept as hashes, compared in constant time.

use std::fmt::Write as _;

use subtle::ConstantTimeEq as _;
use ulid::Ulid;

/// `bytes` random bytes in hexadecimal.
///
/// # Panics
/// Where the operating system has no random numbers: nothing secure can be done without.
pub fn random_hex(bytes: usize) -> String {
    let mut raw = vec![0u8; bytes];
    fill(&mut raw);
    hex(&raw)
}

/// `bytes` bytes in hexadecimal that nobody can guess who does not have the key, and that are the same for the same `parts`: the secret
/// of something that is made once, however often the request is repeated. Kept nowhere.
pub fn derived_hex(key: &str, parts: &[&str], bytes: usize) -> String {
    let mut hasher = blake3::Hasher::new_derive_key("wardroom 2026-11 secrets made once per nonce");
    for part in std::iter::once(&key).chain(parts) {
        // With its length, so that no two lists of parts read alike.
        hasher.update(&(part.len() as u64).to_le_bytes()).update(part.as_bytes());
    }
    let mut raw = vec![0u8; bytes];
    hasher.finalize_xof().fill(&mut raw);
    hex(&raw)
}

fn fill(raw: &mut [u8]) {
    if let Err(e) = getrandom::fill(raw) {
        panic!("the operating system gives no random numbers: {e}");
    }
}

/// A new ULID: the time, and 80 random bits.
pub fn new_ulid(now_ms: u64) -> Ulid {
    let mut raw = [0u8; 16];
    fill(&mut raw);
    Ulid::from_parts(now_ms, u128::from_be_bytes(raw))
}

/// Lower-case hexadecimal.
pub fn hex(raw: &[u8]) -> String {
    raw.iter().fold(String::with_capacity(raw.len() * 2), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

/// The hash under which a secret of high entropy is kept. Such secrets need no slow hash: they cannot be guessed.
pub fn token_hash(secret: &str) -> [u8; 32] {
    *blake3::hash(secret.as_bytes()).as_bytes()
}

/// Compares in a time that does not depend on where they differ.
pub fn are_equal(a: &str, b: &str) -> bool {
    a.as_bytes().ct_eq(b.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_derived_secret_is_that_of_its_parts() {
        let secret = derived_hex("key", &["hook", "1", "n1"], 24);
        assert_eq!(secret.len(), 48);
        assert_eq!(derived_hex("key", &["hook", "1", "n1"], 24), secret);
        for (key, parts) in [("kez", ["hook", "1", "n1"]), ("key", ["hook", "1", "n2"]), ("key", ["hook", "1n", "1"])] {
            assert_ne!(derived_hex(key, &parts, 24), secret);
        }
    }
}
