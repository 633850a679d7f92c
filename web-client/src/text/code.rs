//! Colours for code: shell, JSON, Rust, Python, YAML, diffs and logs, by a small tokenizer that knows strings, comments,
//! numbers and keywords. It need not be right about every grammar; it must never lose or change a character.

/// What a piece of code is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(missing_docs, reason = "each says what it is")]
pub enum Look {
    Plain,
    Comment,
    Text,
    Number,
    Keyword,
    Name,
    Good,
    Bad,
    Warn,
}

impl Look {
    /// The class of `timeline.css` that draws it.
    pub fn class(self) -> Option<&'static str> {
        match self {
            Look::Plain => None,
            Look::Comment => Some("c-comment"),
            Look::Text => Some("c-text"),
            Look::Number => Some("c-number"),
            Look::Keyword => Some("c-keyword"),
            Look::Name => Some("c-name"),
            Look::Good => Some("c-good"),
            Look::Bad => Some("c-bad"),
            Look::Warn => Some("c-warn"),
        }
    }
}

/// A piece of code.
pub type Token<'a> = (Look, &'a str);

struct Grammar {
    comment: &'static str,
    quotes: &'static str,
    keywords: &'static [&'static str],
    /// A word before a colon is a name.
    has_keys: bool,
}

const SHELL: Grammar = Grammar {
    comment: "#",
    quotes: "\"'`",
    keywords: &[
        "if", "then", "else", "elif", "fi", "for", "in", "do", "done", "while", "case", "esac", "function", "return",
        "export", "local", "set", "sudo", "exit", "cd", "echo",
    ],
    has_keys: false,
};
const RUST: Grammar = Grammar {
    comment: "//",
    quotes: "\"",
    keywords: &[
        "as", "async", "await", "break", "const", "continue", "crate", "dyn", "else", "enum", "false", "fn", "for",
        "if", "impl", "in", "let", "loop", "match", "mod", "move", "mut", "pub", "ref", "return", "self", "Self",
        "static", "struct", "super", "trait", "true", "type", "unsafe", "use", "where", "while",
    ],
    has_keys: false,
};
const PYTHON: Grammar = Grammar {
    comment: "#",
    quotes: "\"'",
    keywords: &[
        "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del", "elif", "else", "except",
        "False", "finally", "for", "from", "global", "if", "import", "in", "is", "lambda", "None", "nonlocal", "not",
        "or", "pass", "raise", "return", "True", "try", "while", "with", "yield",
    ],
    has_keys: false,
};
const JSON: Grammar = Grammar { comment: "", quotes: "\"", keywords: &["true", "false", "null"], has_keys: true };
const YAML: Grammar =
    Grammar { comment: "#", quotes: "\"'", keywords: &["true", "false", "null", "yes", "no"], has_keys: true };

/// Lines of code as tokens. A language that is not known is one plain token a line.
pub fn tokens<'a>(lang: &str, text: &'a str) -> Vec<Vec<Token<'a>>> {
    let line: fn(&'a str) -> Vec<Token<'a>> = match lang.to_ascii_lowercase().as_str() {
        "sh" | "bash" | "shell" | "zsh" | "console" => |line| by(&SHELL, line),
        "rust" | "rs" => |line| by(&RUST, line),
        "python" | "py" => |line| by(&PYTHON, line),
        "json" | "jsonl" => |line| by(&JSON, line),
        "yaml" | "yml" | "toml" | "ini" => |line| by(&YAML, line),
        "diff" | "patch" => |line| vec![(diff(line), line)],
        "log" | "logs" => |line| log(line),
        _ => |line| vec![(Look::Plain, line)],
    };
    text.split('\n').map(line).collect()
}

fn diff(line: &str) -> Look {
    match line.as_bytes().first() {
        _ if line.starts_with("+++") || line.starts_with("---") || line.starts_with("diff ") => Look::Name,
        Some(b'+') => Look::Good,
        Some(b'-') => Look::Bad,
        Some(b'@') => Look::Comment,
        _ => Look::Plain,
    }
}

fn log(line: &str) -> Vec<Token<'_>> {
    words(line, |word| match word {
        "ERROR" | "ERR" | "FATAL" | "CRITICAL" | "PANIC" | "error" | "fatal" | "panic" => Look::Bad,
        "WARN" | "WARNING" | "warn" | "warning" => Look::Warn,
        "INFO" | "info" | "NOTICE" => Look::Good,
        "DEBUG" | "TRACE" | "debug" | "trace" => Look::Comment,
        word if word.starts_with(|c: char| c.is_ascii_digit()) => Look::Number,
        _ => Look::Plain,
    })
}

/// Words by a rule; what lies between them is plain.
fn words<'a>(line: &'a str, look: impl Fn(&str) -> Look) -> Vec<Token<'a>> {
    let mut out = Out { line, tokens: Vec::new() };
    let mut at = 0;
    while let Some(c) = line.get(at..).and_then(|rest| rest.chars().next()) {
        let end = if is_word(c) { at + word_len(line, at) } else { at + c.len_utf8() };
        let word = line.get(at..end).unwrap_or_default();
        out.push(if is_word(c) { look(word) } else { Look::Plain }, at, end);
        at = end;
    }
    out.tokens
}

fn by<'a>(grammar: &Grammar, line: &'a str) -> Vec<Token<'a>> {
    let mut out = Out { line, tokens: Vec::new() };
    let mut at = 0;
    let mut before: Option<char> = None;
    while let Some(rest) = line.get(at..).filter(|rest| !rest.is_empty()) {
        let Some(c) = rest.chars().next() else { break };
        let is_comment =
            !grammar.comment.is_empty() && rest.starts_with(grammar.comment) && before.is_none_or(char::is_whitespace);
        let (look, len) = if is_comment {
            (Look::Comment, rest.len())
        } else if grammar.quotes.contains(c) {
            let len = string_len(rest, c);
            let is_key = grammar.has_keys && rest.get(len..).is_some_and(|after| after.trim_start().starts_with(':'));
            (if is_key { Look::Name } else { Look::Text }, len)
        } else if is_word(c) {
            let len = word_len(line, at);
            let word = rest.get(..len).unwrap_or_default();
            let after = rest.get(len..).unwrap_or_default();
            let look = if grammar.keywords.contains(&word) {
                Look::Keyword
            } else if c.is_ascii_digit() {
                Look::Number
            } else if grammar.has_keys && (after.starts_with(':') || after.trim_start().starts_with('=')) {
                Look::Name
            } else {
                Look::Plain
            };
            (look, len)
        } else {
            (Look::Plain, c.len_utf8())
        };
        out.push(look, at, at + len.max(1));
        at += len.max(1);
        before = line.get(..at).and_then(|taken| taken.chars().last());
    }
    out.tokens
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn word_len(line: &str, at: usize) -> usize {
    let rest = line.get(at..).unwrap_or_default();
    let starts_with_digit = rest.starts_with(|c: char| c.is_ascii_digit());
    let is_part = |c: char| is_word(c) || c == '-' && !starts_with_digit || c == '.' && starts_with_digit;
    rest.find(|c: char| !is_part(c)).unwrap_or(rest.len())
}

/// The bytes of a string with its quotes; to the end of the line where it is not closed.
fn string_len(rest: &str, quote: char) -> usize {
    let mut is_escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            c if c == quote => return at + c.len_utf8(),
            _ => {}
        }
    }
    rest.len()
}

/// Tokens of a line; neighbours that look the same are one.
struct Out<'a> {
    line: &'a str,
    tokens: Vec<Token<'a>>,
}

impl<'a> Out<'a> {
    fn push(&mut self, look: Look, from: usize, to: usize) {
        let start = match self.tokens.last() {
            Some((last, text)) if *last == look => {
                let start = from - text.len();
                self.tokens.pop();
                start
            }
            _ => from,
        };
        if let Some(text) = self.line.get(start..to) {
            self.tokens.push((look, text));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_are_found() {
        assert_eq!(
            by(&SHELL, "for x in 1; do echo \"a\" # b"),
            [
                (Look::Keyword, "for"),
                (Look::Plain, " x "),
                (Look::Keyword, "in"),
                (Look::Plain, " "),
                (Look::Number, "1"),
                (Look::Plain, "; "),
                (Look::Keyword, "do"),
                (Look::Plain, " "),
                (Look::Keyword, "echo"),
                (Look::Plain, " "),
                (Look::Text, "\"a\""),
                (Look::Plain, " "),
                (Look::Comment, "# b"),
            ]
        );
        assert_eq!(by(&JSON, "{\"a\": \"b\\\"\"}")[1], (Look::Name, "\"a\""));
        assert_eq!(by(&YAML, "key: 3")[0], (Look::Name, "key"));
        assert_eq!(tokens("diff", "+a\n-b")[1][0].0, Look::Bad);
        assert_eq!(log("12:00 ERROR x")[3].0, Look::Plain);
        assert!(log("12:00 ERROR x").contains(&(Look::Bad, "ERROR")));
    }

    #[test]
    fn no_character_is_lost() {
        let nasty = "fn f() { \"ü\\\" // '日` #😀\u{202e} 0x1f 3.14 - } \"open\n\t\\";
        for lang in ["sh", "rust", "py", "json", "yaml", "diff", "log", "", "nope"] {
            let back: Vec<String> =
                tokens(lang, nasty).iter().map(|line| line.iter().map(|(_, text)| *text).collect()).collect();
            assert_eq!(back.join("\n"), nasty, "{lang}");
        }
    }
}
