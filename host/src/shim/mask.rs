//! Takes secrets out of what a command prints, before the bytes reach the spool: every reader sees `***`.
//!
//! A secret may come in pieces. Bytes that may be its beginning are therefore held back until the next ones show
//! whether it is one, or until the stream ends; never just because time has passed, since a command that prints a secret
//! slowly would then give it away. Only literal copies are found: what a command encodes (base64, a URL, a hash) is not.

use wardroom_protocol::limits::SECRET_BYTES_MIN;
use wardroom_protocol::messages::Secrets;

/// What stands in place of a secret.
const MASK: &[u8] = b"***";

/// The literal texts that are taken out.
#[derive(Clone, Default)]
pub struct Patterns {
    texts: Vec<Vec<u8>>,
    /// True for each byte that one of them begins with.
    first: Vec<bool>,
}

/// The masking of one stream.
#[derive(Clone, Default)]
pub struct Masked {
    /// Bytes that may be the beginning of a secret.
    held: Vec<u8>,
    /// How many of them are part of a secret that was masked already.
    covered: usize,
}

impl std::fmt::Debug for Patterns {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Patterns({})", self.texts.len())
    }
}

impl std::fmt::Debug for Masked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Masked(…)")
    }
}

impl Patterns {
    /// Returns the texts by which these secrets are found: each value without the blanks around it, the same as a
    /// terminal prints it (with a CR before each LF), and each of its lines that is long enough.
    pub fn of(secrets: &Secrets) -> Patterns {
        let mut texts = Vec::new();
        for value in secrets.0.values() {
            let value = value.trim();
            texts.push(value.to_owned());
            if value.contains('\n') {
                texts.push(value.replace("\r\n", "\n").replace('\n', "\r\n"));
                texts.extend(value.lines().map(|line| line.trim().to_owned()));
            }
        }
        texts.retain(|text| text.len() >= SECRET_BYTES_MIN);
        texts.sort();
        texts.dedup();
        let texts: Vec<Vec<u8>> = texts.into_iter().map(String::into_bytes).collect();
        let first = (0..=u8::MAX).map(|byte| texts.iter().any(|text| text.first() == Some(&byte))).collect();
        Patterns { texts, first }
    }

    /// Returns true if there is nothing to take out.
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }

    /// Returns a text without the secrets in it, and without the beginning of one at its end: it may have been cut there.
    pub fn mask_cut(&self, text: &str) -> String {
        if self.is_empty() {
            return text.to_owned();
        }
        let mut stream = Masked::default();
        let mut out = stream.push(self, text.as_bytes());
        if !stream.held.is_empty() {
            out.extend_from_slice(MASK);
        }
        String::from_utf8_lossy(&out).into_owned()
    }

    /// Looks for texts at the beginning of `rest`: the length of the longest one that is there, and whether one may
    /// still become complete.
    fn at(&self, rest: &[u8]) -> (usize, bool) {
        let is_candidate = rest.first().is_some_and(|byte| self.first.get(usize::from(*byte)) == Some(&true));
        if !is_candidate {
            return (0, false);
        }
        let (mut found, mut may_come) = (0, false);
        for text in &self.texts {
            if rest.starts_with(text) {
                found = found.max(text.len());
            } else if text.starts_with(rest) {
                may_come = true;
            }
        }
        (found, may_come)
    }
}

impl Masked {
    /// Takes the next bytes of the stream, and returns those that can be shown.
    pub fn push(&mut self, patterns: &Patterns, bytes: &[u8]) -> Vec<u8> {
        self.held.extend_from_slice(bytes);
        self.show(patterns, false)
    }

    /// Returns what was held back: the stream has ended.
    pub fn finish(&mut self, patterns: &Patterns) -> Vec<u8> {
        self.show(patterns, true)
    }

    fn show(&mut self, patterns: &Patterns, is_end: bool) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.held.len());
        // Where the last secret that begins before `at` ends. Secrets that overlap are one to the reader.
        let mut covered = self.covered;
        let mut at = 0;
        while let Some(rest) = self.held.get(at..).filter(|rest| !rest.is_empty()) {
            let (found, may_come) = patterns.at(rest);
            if may_come && !is_end {
                break;
            }
            if found > 0 {
                if at >= covered {
                    out.extend_from_slice(MASK);
                }
                covered = covered.max(at.saturating_add(found));
            } else if at >= covered {
                out.extend(rest.first());
            }
            at = at.saturating_add(1);
        }
        self.covered = covered.saturating_sub(at);
        self.held.drain(..at);
        out
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod tests {
    use super::*;

    fn patterns(values: &[&str]) -> Patterns {
        let named = values.iter().enumerate().map(|(n, value)| (format!("S{n}"), (*value).to_owned()));
        Patterns::of(&Secrets(named.collect()))
    }

    /// What is shown of a text that comes in two pieces, cut at each place.
    fn shown(values: &[&str], text: &str) -> String {
        let patterns = patterns(values);
        let mut stream = Masked::default();
        let mut whole = stream.push(&patterns, text.as_bytes());
        whole.extend(stream.finish(&patterns));
        let whole = String::from_utf8(whole).unwrap();
        for cut in 0..=text.len() {
            let mut stream = Masked::default();
            let mut out = stream.push(&patterns, &text.as_bytes()[..cut]);
            out.extend(stream.push(&patterns, &text.as_bytes()[cut..]));
            out.extend(stream.finish(&patterns));
            assert_eq!(String::from_utf8(out).unwrap(), whole, "cut at {cut}");
        }
        let mut stream = Masked::default();
        let mut out: Vec<u8> = text.bytes().flat_map(|byte| stream.push(&patterns, &[byte])).collect();
        out.extend(stream.finish(&patterns));
        assert_eq!(String::from_utf8(out).unwrap(), whole, "byte by byte");
        whole
    }

    #[test]
    fn a_secret_is_masked_wherever_it_is_cut() {
        assert_eq!(shown(&["hunter22"], "a hunter22 b hunter22hunter22"), "a *** b ******");
        assert_eq!(shown(&["hunter22"], "hunter2 hunter"), "hunter2 hunter");
        assert_eq!(shown(&["aaaaaaaa"], "baaaaaaaaab"), "b***b", "overlapping itself");
        assert_eq!(shown(&["密码密码密码"], "x密码密码密码y密码"), "x***y密码");
    }

    #[test]
    fn secrets_may_contain_and_overlap_each_other() {
        assert_eq!(shown(&["password", "password-long"], "password password-long password-lo"), "*** *** ***-lo");
        assert_eq!(shown(&["abcdefgh", "efghijkl"], "_abcdefghijkl_"), "_***_");
        assert_eq!(shown(&["abcdefghij", "cdefghXY"], "abcdefghij cdefghXY"), "*** ***");
    }

    #[test]
    fn lines_of_a_secret_are_masked_as_a_pipe_and_as_a_terminal_print_them() {
        let key = "-----BEGIN-----\nMIIEvQIBADAN\nab\n-----END KEY-----\n";
        assert_eq!(shown(&[key], &format!("{key}.")), "***\n.");
        assert_eq!(shown(&[key], &format!("{}.", key.replace('\n', "\r\n"))), "***\r\n.");
        assert_eq!(shown(&[key], "line 2 is MIIEvQIBADAN, line 3 ab"), "line 2 is ***, line 3 ab");
    }

    #[test]
    fn a_text_that_was_cut_does_not_end_with_half_a_secret() {
        let patterns = patterns(&["hunter22"]);
        assert_eq!(patterns.mask_cut("curl -u ann:hunter22 x"), "curl -u ann:*** x");
        assert_eq!(patterns.mask_cut("curl -u ann:hunter"), "curl -u ann:***");
    }

    #[test]
    fn what_is_encoded_is_not_found() {
        assert_eq!(shown(&["hunter22"], "aHVudGVyMjI="), "aHVudGVyMjI=");
    }

    #[test]
    fn only_a_possible_beginning_is_held_back() {
        let patterns = patterns(&["hunter22"]);
        let mut stream = Masked::default();
        assert_eq!(stream.push(&patterns, b"Password: "), b"Password: ");
        assert_eq!(stream.push(&patterns, b"sh"), b"s");
        assert_eq!(stream.push(&patterns, b"unt"), b"");
        assert_eq!(stream.push(&patterns, b"!"), b"hunt!");
        assert_eq!(stream.finish(&patterns), b"");
    }
}
