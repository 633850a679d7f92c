//! The words of the page, one file per language. [`Words`] has a field for every sentence. [`fill`] puts values where a sentence
//! has `{}`, in order. English is part of the program; another language is a text file that is loaded for those who read it.

mod en;
mod en_runs;
mod en_settings;
mod words;

use std::sync::OnceLock;

use wardroom_client_core::Error;
use wardroom_protocol::Code;

pub use words::{RunWords, SettingsWords, Words};

/// Simplified Chinese, once it is loaded.
static ZH: OnceLock<Loaded> = OnceLock::new();

/// A language that was read from its file.
struct Loaded {
    words: Words,
    /// The commands of the composer, in the order of `protocol::slash`: `/run = …`.
    commands: Vec<(&'static str, &'static str)>,
}

/// A language of the page.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Lang {
    /// English.
    #[default]
    En,
    /// Simplified Chinese.
    Zh,
}

impl Lang {
    /// All languages, in the order in which they are offered.
    pub const ALL: [Lang; 2] = [Lang::En, Lang::Zh];

    /// Its words; English until they are [loaded](Lang::load).
    pub fn words(self) -> &'static Words {
        self.loaded().map_or(&en::WORDS, |loaded| &loaded.words)
    }

    /// The description of a slash command.
    pub fn about(self, entry: &wardroom_protocol::slash::Entry) -> &'static str {
        let commands = self.loaded().map_or(&[][..], |loaded| &loaded.commands);
        commands.iter().find(|(name, _)| *name == entry.name).map_or(entry.about, |(_, about)| about)
    }

    /// The file with its words, while they are not loaded.
    pub fn missing_file(self) -> Option<&'static str> {
        (self == Lang::Zh && self.loaded().is_none()).then_some("words.zh-CN.txt")
    }

    /// Takes the text of its file: one `key = sentence` per line, in the order of [`Words`], then the commands. A file of
    /// another version, which has another number of sentences, is not taken.
    pub fn load(self, text: &str) {
        let text: &'static str = Box::leak(Box::from(text));
        let lines = || text.lines().filter_map(|line| line.split_once(" = "));
        let mut sentences = lines().filter(|(key, _)| !key.starts_with('/')).map(|(_, sentence)| sentence);
        let words = Words::of(&mut sentences);
        if let (Some(words), None) = (words, sentences.next()) {
            let commands = lines().filter_map(|(key, about)| Some((key.strip_prefix('/')?, about))).collect();
            // Loaded twice at once: the same text.
            let _ = ZH.set(Loaded { words, commands });
        }
    }

    fn loaded(self) -> Option<&'static Loaded> {
        #[cfg(test)]
        ZH_FILE.get_or_init(|| Lang::Zh.load(include_str!("../../../static/words.zh-CN.txt")));
        if self == Lang::Zh { ZH.get() } else { None }
    }

    /// Its tag (BCP 47), for `lang` and for dates.
    pub fn tag(self) -> &'static str {
        match self {
            Lang::En => "en",
            Lang::Zh => "zh-CN",
        }
    }

    /// The language for a browser's or stored tag; English by default.
    pub fn of_tag(tag: &str) -> Lang {
        if tag.to_ascii_lowercase().starts_with("zh") { Lang::Zh } else { Lang::En }
    }
}

#[cfg(test)]
static ZH_FILE: OnceLock<()> = OnceLock::new();

/// Replaces each `{}` with the next value. Missing values leave `{}`; extra values are ignored.
pub fn fill(words: &str, values: &[&str]) -> String {
    let mut parts = words.split("{}");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for (at, part) in parts.enumerate() {
        out.push_str(values.get(at).copied().unwrap_or("{}"));
        out.push_str(part);
    }
    out
}

/// A number of days.
pub fn days(words: &Words, days: u32) -> String {
    if days == 1 { words.day_one.to_owned() } else { fill(words.day_many, &[&days.to_string()]) }
}

impl Words {
    /// Why something failed: the code in this language, with the server's message as detail.
    pub fn why(&self, error: &Error) -> String {
        let Some(code) = error.code else { return error.message.clone() };
        let says = match code {
            Code::BadRequest => self.err_request,
            Code::Unauthorized => self.err_unauthorized,
            Code::Forbidden => self.err_forbidden,
            Code::NotFound => self.err_not_found,
            Code::Conflict => self.err_conflict,
            Code::TooLarge => self.err_too_large,
            Code::RateLimited => self.err_rate,
            Code::Busy => self.err_busy,
            Code::Internal => self.err_internal,
            _ => self.err_version,
        };
        match (code, error.retry_ms) {
            (Code::RateLimited | Code::Busy, Some(ms)) => {
                fill(self.err_retry, &[says, &ms.div_ceil(1_000).to_string()])
            }
            (Code::RateLimited | Code::Busy, None) => says.to_owned(),
            _ => fill(self.err_detail, &[says, &error.message]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_has_every_sentence_in_order() {
        let file = include_str!("../../../static/words.zh-CN.txt");
        let keys: Vec<&str> = file.lines().filter_map(|line| line.split_once(" = ")).map(|(key, _)| key).collect();
        let commands = wardroom_protocol::slash::TABLE.iter().map(|entry| format!("/{}", entry.name));
        let words = Lang::En.words().all().into_iter().map(|(key, _)| key.to_owned());
        assert_eq!(keys, words.chain(commands).collect::<Vec<_>>());
        assert_eq!(file.lines().count(), keys.len(), "a line without a sentence");
    }

    #[test]
    fn languages_have_the_same_places_to_fill() {
        for lang in Lang::ALL {
            for ((key, english), (_, words)) in Lang::En.words().all().iter().zip(lang.words().all()) {
                assert!(!words.trim().is_empty(), "{lang:?} has no words for {key}");
                assert_eq!(english.matches("{}").count(), words.matches("{}").count(), "{lang:?}: {key}");
            }
        }
    }

    /// The sources of the page except the languages, as one text.
    fn sources(folder: &std::path::Path, out: &mut String) {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let text = || std::fs::read_to_string(&path).unwrap_or_default();
            if path.is_dir() {
                sources(&path, out);
            } else if !folder.ends_with("i18n") {
                out.push_str(&text());
            } else if path.ends_with("mod.rs") {
                // The functions of this file use words; its tests only compare them.
                out.push_str(text().split("mod tests").next().unwrap_or_default());
            }
        }
    }

    #[test]
    fn no_sentence_is_left_over() {
        let mut text = String::new();
        sources(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut text);
        assert!(text.contains("words.sign_in"), "the sources were read");
        let is_used = |key: &str| {
            let wanted = format!(".{key}");
            text.match_indices(&wanted).any(|(at, _)| {
                let next = text.get(at + wanted.len()..).and_then(|rest| rest.chars().next());
                !next.is_some_and(|c| c.is_alphanumeric() || c == '_')
            })
        };
        for (key, _) in Lang::En.words().all() {
            assert!(is_used(key), "{key} is said nowhere");
        }
    }

    /// The text in index.html must match the program's.
    #[test]
    fn the_first_screen_says_the_same() {
        let html = include_str!("../../index.html");
        for lang in Lang::ALL {
            let words = lang.words();
            for says in [
                words.sign_in,
                words.sign_in_lead,
                words.invite_head,
                words.invite_lead,
                words.user,
                words.user_rule,
                words.password,
                words.password_new,
                words.password_rule,
                words.password_show,
                words.invite_submit,
                words.opening,
                words.opening_first,
            ] {
                let span = format!("<span lang=\"{}\">{says}</span>", lang.tag());
                assert!(html.contains(&span), "index.html has no {span}");
            }
        }
    }

    #[test]
    fn values_are_put_in_order() {
        assert_eq!(fill("{} of {}", &["1", "2"]), "1 of 2");
        assert_eq!(fill("{} of {}", &["{}"]), "{} of {}");
        assert_eq!(fill("none", &["1"]), "none");
    }

    #[test]
    fn refusals_speak_the_language_and_keep_the_detail() {
        let error = |code, retry_ms| Error { code, message: "only owners".to_owned(), retry_ms, off: None };
        let (en, zh) = (Lang::En.words(), Lang::Zh.words());
        assert_eq!(en.why(&error(Some(Code::Forbidden), None)), "Not allowed: only owners");
        assert_eq!(zh.why(&error(Some(Code::Forbidden), None)), "没有权限（only owners）");
        assert_eq!(en.why(&error(Some(Code::RateLimited), Some(1_500))), "Too many requests. Try again in 2 s.");
        assert_eq!(en.why(&error(None, None)), "only owners");
    }

    #[test]
    fn tags_choose() {
        assert_eq!(Lang::of_tag("zh-Hans-CN"), Lang::Zh);
        assert_eq!(Lang::of_tag("de-AT"), Lang::En);
    }
}
