//! Finding lines in the output of a run: by stream, by text, and those that look like errors.

use super::output_log::OutputLog;

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
    /// The stream of a word, as in a list of choices.
    pub fn of_word(word: &str) -> Streams {
        match word {
            "1" => Streams::Out,
            "2" => Streams::Err,
            _ => Streams::Both,
        }
    }

    fn has(self, fd: u8) -> bool {
        match self {
            Streams::Both => true,
            Streams::Out => fd == 1,
            Streams::Err => fd == 2,
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

/// The indexes of the lines of these streams; `None`: all lines.
pub fn shown(log: &OutputLog, streams: Streams) -> Option<Vec<usize>> {
    let fits = || log.lines().enumerate().filter(|(_, line)| streams.has(line.fd)).map(|(at, _)| at);
    (streams != Streams::Both).then(|| fits().collect())
}

/// The number of the next line that is wanted, after the line with the number `from` (or before it), and from the other
/// end if there is none.
pub fn find(log: &OutputLog, streams: Streams, from: Option<u64>, is_back: bool, wanted: &Wanted) -> Option<u64> {
    let wanted = match wanted {
        Wanted::Text(text) if text.is_empty() => return None,
        Wanted::Text(text) => Wanted::Text(text.to_lowercase()),
        Wanted::Error => Wanted::Error,
    };
    let hits = log.lines().filter(|line| streams.has(line.fd) && fits(line.fd, &line.text, &wanted));
    let numbers = hits.map(|line| line.number);
    let (mut first, mut last, mut before, mut after) = (None, None, None, None);
    for number in numbers {
        first = first.or(Some(number));
        last = Some(number);
        match from {
            Some(from) if number < from => before = Some(number),
            Some(from) if number > from => after = after.or(Some(number)),
            _ => {}
        }
    }
    if is_back { before.or(last) } else { after.or(first) }
}

fn fits(fd: u8, text: &str, wanted: &Wanted) -> bool {
    match wanted {
        Wanted::Text(part) => text.to_lowercase().contains(part),
        Wanted::Error => fd == 2 || is_error(text),
    }
}

/// True for a line with a word that programs write when something went wrong.
fn is_error(text: &str) -> bool {
    const WORDS: [&str; 6] = ["error", "fatal", "panic", "failed", "exception", "traceback"];
    let text = text.to_ascii_lowercase();
    WORDS.iter().any(|word| text.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logic::output_log::{push, starting_at};

    fn log() -> OutputLog {
        let mut log = starting_at(0, None);
        let pieces: [(u8, &[u8]); 4] = [(1, b"one\n"), (2, b"two\n"), (1, b"Three ERROR\nfour\n"), (2, b"one more\n")];
        let mut off = 0;
        for (fd, text) in pieces {
            push(&mut log, fd, off, text);
            off += text.len() as u64;
        }
        log
    }

    #[test]
    fn streams_are_told_apart() {
        let log = log();
        assert_eq!(shown(&log, Streams::Both), None);
        assert_eq!(shown(&log, Streams::Out), Some(vec![0, 2, 3]));
        assert_eq!(shown(&log, Streams::of_word("2")), Some(vec![1, 4]));
    }

    #[test]
    fn hits_go_around() {
        let log = log();
        let one = Wanted::Text("ONE".to_owned());
        assert_eq!(find(&log, Streams::Both, None, false, &one), Some(0));
        assert_eq!(find(&log, Streams::Both, Some(0), false, &one), Some(4));
        assert_eq!(find(&log, Streams::Both, Some(4), false, &one), Some(0));
        assert_eq!(find(&log, Streams::Both, Some(0), true, &one), Some(4));
        assert_eq!(find(&log, Streams::Out, Some(0), true, &one), Some(0));
        assert_eq!(find(&log, Streams::Both, None, false, &Wanted::Text(String::new())), None);
        assert_eq!(find(&log, Streams::Both, None, false, &Wanted::Text("five".to_owned())), None);
    }

    #[test]
    fn errors_are_words_or_standard_error() {
        let log = log();
        assert_eq!(find(&log, Streams::Both, None, false, &Wanted::Error), Some(1));
        assert_eq!(find(&log, Streams::Both, Some(1), false, &Wanted::Error), Some(2));
        assert_eq!(find(&log, Streams::Out, None, false, &Wanted::Error), Some(2));
    }
}
