//! Who a message mentions: `@ann`, and `@here` for everyone. One rule for the server, which counts, and for clients,
//! which colour and notify. Only prose mentions: names in code, in an address or after a backslash do not count.

use crate::event::{Format, MessageBody};
use crate::ids::UserName;
use crate::markdown;
use crate::tokens::{Kind, tokens, user_readings};

/// Mentions everyone.
pub const HERE: &str = "here";

/// Returns the names in a text as written, in order. [`user_readings`] lists the users that each may mean.
pub fn names(text: &str, format: Format) -> Vec<String> {
    // Most messages mention nobody, and are not parsed.
    if !text.contains('@') {
        return Vec::new();
    }
    match format {
        Format::Markdown => markdown::mentions(text),
        Format::Plain => {
            let mentions = tokens(text).into_iter().filter(|token| token.kind == Kind::Mention);
            mentions.filter_map(|token| text.get(token.range)?.strip_prefix('@')).map(str::to_owned).collect()
        }
    }
}

/// Returns true if the message mentions this user, or everyone.
pub fn is_mentioned(message: &MessageBody, user: &UserName) -> bool {
    let is_meant = |name: &str| name.eq_ignore_ascii_case(user.as_str()) || name.eq_ignore_ascii_case(HERE);
    !message.silent && names(&message.text, message.format).iter().any(|name| user_readings(name).any(is_meant))
}

/// Returns the terminal text that tells an author which mentioned people are not in the room.
pub fn not_here_words(users: &[UserName]) -> Option<String> {
    let names = users.iter().map(|user| format!("@{user}")).collect::<Vec<_>>().join(", ");
    match users.len() {
        0 => None,
        1 => Some(format!("{names} is not in this room and was not notified")),
        _ => Some(format!("{names} are not in this room and were not notified")),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn says(text: &str) -> MessageBody {
        MessageBody { text: text.to_owned(), ..MessageBody::default() }
    }

    #[test]
    fn one_is_meant_by_name_or_with_all() {
        let ann = UserName::parse("ann").unwrap();
        for text in ["@ann", "hello @ann, look", "(@Ann)", "ask @ann.", "@bob @ann", "@here: it burns", "你好@ann看"]
        {
            assert!(is_mentioned(&says(text), &ann), "{text}");
        }
        for text in ["ann", "x@ann", "@anna", "@ann.b", "@ann-2", "@", "@ ann", "@ünn", "@hereby"] {
            assert!(!is_mentioned(&says(text), &ann), "{text}");
        }
    }

    #[test]
    fn what_is_no_prose_mentions_nobody() {
        let ben = UserName::parse("ben").unwrap();
        for text in [
            "`@ben`",
            "``@ben` @ben``",
            "```\n@ben\n```",
            "```@ben```",
            "~~~\n@ben\n~~~",
            "- item\n  ```\n  @ben\n  ```",
            "    @ben",
            "https://x.example/@ben",
            "x.example/@ben",
            "<https://x.example/@ben>",
            "[x](https://h/@ben)",
            "[x](https://h \"@ben\")",
            "[@ben](https://h)",
            "![@ben](https://h/@ben)",
            "npm i @ben/pkg",
            "`@here`",
            r"\@ben",
            "&#64;ben",
            "a@ben",
            "@benny",
            "ben@",
            "<a href=\"/@ben\">",
        ] {
            assert!(!is_mentioned(&says(text), &ben), "{text}");
        }
        for text in [
            "(@ben)",
            "找@ben看",
            "**@ben**",
            "_@ben_",
            "~~@ben~~",
            "> @ben",
            "- @ben",
            "1. x\n2. @ben",
            "# @ben",
            "|a|\n|-|\n|@ben|",
            "`x` @ben",
            r"\\ @ben",
            "`@ben @ben",
            "- [ ] @ben: restart",
            "**注意：**@ben",
        ] {
            assert!(is_mentioned(&says(text), &ben), "{text}");
        }
    }

    #[test]
    fn a_program_mentions_nobody_unless_it_may() {
        let ben = UserName::parse("ben").unwrap();
        let plain = MessageBody { format: Format::Plain, ..says("`@ben`") };
        assert!(is_mentioned(&plain, &ben), "there is no code in plain text");
        assert!(!is_mentioned(&MessageBody { silent: true, ..plain }, &ben));
        assert!(!is_mentioned(&MessageBody { silent: true, ..says("@here @ben") }, &ben));
    }
}
