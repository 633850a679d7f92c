//! What one looks for in the output of a run. The server finds it: see `run.find`.

/// Which streams are shown.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Streams {
    /// Both, in the order in which they were read.
    #[default]
    Both,
    /// Standard output.
    Out,
    /// Standard error.
    Err,
}

impl Streams {
    /// The streams of a word, as in a list of choices.
    pub fn of_word(word: &str) -> Streams {
        match word {
            "1" => Streams::Out,
            "2" => Streams::Err,
            _ => Streams::Both,
        }
    }

    /// True if this descriptor is shown.
    pub fn has(self, fd: u8) -> bool {
        self.fd().is_none_or(|only| only == fd)
    }

    /// The descriptor, if only one is shown.
    pub fn fd(self) -> Option<u8> {
        match self {
            Streams::Both => None,
            Streams::Out => Some(1),
            Streams::Err => Some(2),
        }
    }
}

/// What is looked for.
#[derive(Clone, Debug, PartialEq)]
pub enum Wanted {
    /// A text, in any case.
    Text(String),
    /// Something that looks like an error.
    Error,
}

impl Wanted {
    /// The texts to look for; none if there is nothing to look for.
    pub fn texts(&self) -> Vec<String> {
        /// Words that programs write when something went wrong.
        const ERRORS: [&str; 6] = ["error", "fatal", "panic", "failed", "exception", "traceback"];
        match self {
            Wanted::Text(text) if text.is_empty() => Vec::new(),
            Wanted::Text(text) => vec![text.clone()],
            Wanted::Error => ERRORS.map(str::to_owned).to_vec(),
        }
    }
}

/// An address within a text, and its end: `http` or `https` only. Punctuation that ends a sentence is not part of it.
pub fn next_link(text: &str) -> Option<std::ops::Range<usize>> {
    let begins = |scheme: &str| text.find(scheme).map(|at| (at, at + scheme.len()));
    let (begin, host) = [begins("https://"), begins("http://")].into_iter().flatten().min()?;
    let is_end = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '"' | '\'' | '<' | '>' | '`' | '|');
    let rest = text.get(host..)?;
    let mut address = rest.split(is_end).next().unwrap_or_default();
    loop {
        let shorter = address.trim_end_matches(['.', ',', ';', ':', '!', '?']);
        // A bracket belongs to it if it was opened within.
        let shorter = match shorter.strip_suffix([')', ']', '}']) {
            Some(inner) if shorter.ends_with(')') && inner.contains('(') => shorter,
            Some(inner) => inner,
            None => shorter,
        };
        if shorter.len() == address.len() {
            break;
        }
        address = shorter;
    }
    (!address.is_empty()).then(|| begin..host + address.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_and_words() {
        assert_eq!(Streams::of_word("2").fd(), Some(2));
        assert!(Streams::Both.has(1) && Streams::Both.has(2) && Streams::Out.has(1) && !Streams::Out.has(2));
        assert!(Wanted::Text(String::new()).texts().is_empty());
        assert_eq!(Wanted::Text("x".into()).texts(), ["x"]);
        assert!(Wanted::Error.texts().len() <= wardroom_protocol::limits::FIND_TEXTS_MAX);
    }

    #[test]
    fn addresses_are_found() {
        for (text, link) in [
            ("see https://ci.example/r/1?a=b#c.", Some("https://ci.example/r/1?a=b#c")),
            ("(http://h:80/x)", Some("http://h:80/x")),
            ("http://h/a_(b) and", Some("http://h/a_(b)")),
            ("<https://h>", Some("https://h")),
            ("url=\"https://h/\"", Some("https://h/")),
            ("http://a https://b", Some("http://a")),
            ("javascript://x https:// http://", None),
            ("HTTPS://h ftp://h //h", None),
            ("https://h/]}),.", Some("https://h/")),
            ("go to http://例え.jp/道。", Some("http://例え.jp/道。")),
        ] {
            assert_eq!(next_link(text).and_then(|range| text.get(range)), link, "{text}");
        }
    }
}
