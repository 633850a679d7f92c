//! Syntax colours for shell, JSON, Rust, Python, YAML, diffs and logs, by a small tokenizer that knows strings,
//! comments, numbers and keywords. It may be wrong about a grammar, but it never loses or changes a character.

/// The kind of a token.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(missing_docs, reason = "each says what it is")]
pub enum TokenKind {
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

impl TokenKind {
    /// Its class in `timeline.css`.
    pub fn class(self) -> Option<&'static str> {
        match self {
            TokenKind::Plain => None,
            TokenKind::Comment => Some("c-comment"),
            TokenKind::Text => Some("c-text"),
            TokenKind::Number => Some("c-number"),
            TokenKind::Keyword => Some("c-keyword"),
            TokenKind::Name => Some("c-name"),
            TokenKind::Good => Some("c-good"),
            TokenKind::Bad => Some("c-bad"),
            TokenKind::Warn => Some("c-warn"),
        }
    }
}

/// A piece of code.
pub type Token<'a> = (TokenKind, &'a str);

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

/// Lines of code as tokens. For an unknown language each line is one plain token.
pub fn tokens<'a>(lang: &str, text: &'a str) -> Vec<Vec<Token<'a>>> {
    let line: fn(&'a str) -> Vec<Token<'a>> = match lang.to_ascii_lowercase().as_str() {
        "sh" | "bash" | "shell" | "zsh" | "console" => |line| by(&SHELL, line),
        "rust" | "rs" => |line| by(&RUST, line),
        "python" | "py" => |line| by(&PYTHON, line),
        "json" | "jsonl" => |line| by(&JSON, line),
        "yaml" | "yml" | "toml" | "ini" => |line| by(&YAML, line),
        "diff" | "patch" => |line| vec![(diff(line), line)],
        "log" | "logs" => |line| log(line),
        _ => |line| vec![(TokenKind::Plain, line)],
    };
    text.split('\n').map(line).collect()
}

fn diff(line: &str) -> TokenKind {
    match line.as_bytes().first() {
        _ if line.starts_with("+++") || line.starts_with("---") || line.starts_with("diff ") => TokenKind::Name,
        Some(b'+') => TokenKind::Good,
        Some(b'-') => TokenKind::Bad,
        Some(b'@') => TokenKind::Comment,
        _ => TokenKind::Plain,
    }
}

fn log(line: &str) -> Vec<Token<'_>> {
    words(line, |word| match word {
        "ERROR" | "ERR" | "FATAL" | "CRITICAL" | "PANIC" | "error" | "fatal" | "panic" => TokenKind::Bad,
        "WARN" | "WARNING" | "warn" | "warning" => TokenKind::Warn,
        "INFO" | "info" | "NOTICE" => TokenKind::Good,
        "DEBUG" | "TRACE" | "debug" | "trace" => TokenKind::Comment,
        word if word.starts_with(|c: char| c.is_ascii_digit()) => TokenKind::Number,
        _ => TokenKind::Plain,
    })
}

/// Splits a line into words of some kind; everything between them is plain.
fn words<'a>(line: &'a str, kind: impl Fn(&str) -> TokenKind) -> Vec<Token<'a>> {
    let mut out = Out { line, tokens: Vec::new() };
    let mut at = 0;
    while let Some(c) = line.get(at..).and_then(|rest| rest.chars().next()) {
        let end = if is_word(c) { at + word_len(line, at) } else { at + c.len_utf8() };
        let word = line.get(at..end).unwrap_or_default();
        out.push(if is_word(c) { kind(word) } else { TokenKind::Plain }, at, end);
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
        let (kind, len) = if is_comment {
            (TokenKind::Comment, rest.len())
        } else if grammar.quotes.contains(c) {
            let len = string_len(rest, c);
            let is_key = grammar.has_keys && rest.get(len..).is_some_and(|after| after.trim_start().starts_with(':'));
            (if is_key { TokenKind::Name } else { TokenKind::Text }, len)
        } else if is_word(c) {
            let len = word_len(line, at);
            let word = rest.get(..len).unwrap_or_default();
            let after = rest.get(len..).unwrap_or_default();
            let kind = if grammar.keywords.contains(&word) {
                TokenKind::Keyword
            } else if c.is_ascii_digit() {
                TokenKind::Number
            } else if grammar.has_keys && (after.starts_with(':') || after.trim_start().starts_with('=')) {
                TokenKind::Name
            } else {
                TokenKind::Plain
            };
            (kind, len)
        } else {
            (TokenKind::Plain, c.len_utf8())
        };
        out.push(kind, at, at + len.max(1));
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

/// The bytes of a string with its quotes; up to the end of the line if it is not closed.
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

/// The tokens of a line; neighbours of the same kind are merged.
struct Out<'a> {
    line: &'a str,
    tokens: Vec<Token<'a>>,
}

impl<'a> Out<'a> {
    fn push(&mut self, kind: TokenKind, from: usize, to: usize) {
        let start = match self.tokens.last() {
            Some((last, text)) if *last == kind => {
                let start = from - text.len();
                self.tokens.pop();
                start
            }
            _ => from,
        };
        if let Some(text) = self.line.get(start..to) {
            self.tokens.push((kind, text));
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
                (TokenKind::Keyword, "for"),
                (TokenKind::Plain, " x "),
                (TokenKind::Keyword, "in"),
                (TokenKind::Plain, " "),
                (TokenKind::Number, "1"),
                (TokenKind::Plain, "; "),
                (TokenKind::Keyword, "do"),
                (TokenKind::Plain, " "),
                (TokenKind::Keyword, "echo"),
                (TokenKind::Plain, " "),
                (TokenKind::Text, "\"a\""),
                (TokenKind::Plain, " "),
                (TokenKind::Comment, "# b"),
            ]
        );
        assert_eq!(by(&JSON, "{\"a\": \"b\\\"\"}")[1], (TokenKind::Name, "\"a\""));
        assert_eq!(by(&YAML, "key: 3")[0], (TokenKind::Name, "key"));
        assert_eq!(tokens("diff", "+a\n-b")[1][0].0, TokenKind::Bad);
        assert_eq!(log("12:00 ERROR x")[3].0, TokenKind::Plain);
        assert!(log("12:00 ERROR x").contains(&(TokenKind::Bad, "ERROR")));
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
