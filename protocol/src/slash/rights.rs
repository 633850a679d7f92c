//! `/rights`, with the words of `wardroom rights`: `/rights --host db1`, `/rights allow ann run --host db1`,
//! `/rights deny ann run --open`.

use super::command::{BadLine, RightsLine, split_word};
use super::names::{room, user};
use crate::messages::{RightsList, RightsSet};

/// Parses what follows `/rights`; `None` if something is missing or too much.
pub(super) fn line(args: &str) -> Result<Option<RightsLine>, BadLine> {
    let (mut list, mut words, mut yes, mut open) = (RightsList::default(), Vec::new(), false, false);
    let mut rest = args;
    while !rest.is_empty() {
        let (word, after) = split_word(rest);
        rest = after;
        match word {
            "--yes" => yes = true,
            "--open" => open = true,
            _ if word.starts_with("--") => rest = option(&mut list, word, after)?,
            _ => words.push(word),
        }
    }
    let RightsList { room, host, user: of, .. } = &list;
    match words.as_slice() {
        [] if !yes && !open => Ok(Some(RightsLine::List(list))),
        [what @ ("allow" | "deny"), name, right] if of.is_none() => {
            let allow = *what == "allow";
            if (yes && !allow) || (open && allow) {
                return Err("--yes is for /rights allow, --open for /rights deny".to_owned().into());
            }
            let (user, right) = (user(name)?, right.parse().map_err(str::to_owned)?);
            let (room, host) = (room.clone(), host.clone());
            let set = RightsSet { right, user, room, host, allow, open, restrict: yes, check: false };
            Ok(Some(RightsLine::Set(set)))
        }
        _ => Ok(None),
    }
}

/// Takes `--host H` or `--host=H`, and returns what follows.
fn option<'a>(list: &mut RightsList, word: &'a str, after: &'a str) -> Result<&'a str, BadLine> {
    let (name, value, after) = match word.split_once('=') {
        Some((name, value)) => (name, value, after),
        None => {
            let (value, after) = split_word(after);
            (word, value, after)
        }
    };
    if value.is_empty() {
        return Err(format!("{name} needs a value").into());
    }
    match name {
        "--room" => list.room = Some(room(value)?),
        "--host" => list.host = Some(value.to_owned()),
        "--user" => list.user = Some(user(value)?),
        _ => return Err("the options of /rights are --room R, --host H, --user U, --yes and --open".to_owned().into()),
    }
    Ok(after)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::RoomName;

    #[test]
    fn the_words_are_those_of_the_command_line() {
        let ops = RoomName::parse("ops").unwrap();
        let here = |args: &str| serde_json::to_string(&set(line(args).unwrap().unwrap().here(&ops))).unwrap();
        fn set(line: RightsLine) -> serde_json::Value {
            match line {
                RightsLine::List(list) => serde_json::to_value(list).unwrap(),
                RightsLine::Set(set) => serde_json::to_value(set).unwrap(),
            }
        }
        for (args, expected) in [
            ("", r#"{"room":"ops"}"#),
            ("--host db1", r#"{"host":"db1"}"#),
            ("--room=#dev --user @ann", r#"{"room":"dev","user":"ann"}"#),
            ("allow @ann run", r#"{"allow":true,"right":"run","room":"ops","user":"ann"}"#),
            ("allow ann run --host db1", r#"{"allow":true,"host":"db1","right":"run","user":"ann"}"#),
            (
                "allow --yes ann run-named --room ops --host=db1",
                r#"{"allow":true,"host":"db1","restrict":true,"right":"run-named","room":"ops","user":"ann"}"#,
            ),
            ("deny ann approve --open", r#"{"allow":false,"open":true,"right":"approve","room":"ops","user":"ann"}"#),
        ] {
            assert_eq!(here(args), expected, "{args}");
        }
        for args in ["allow", "allow ann", "give ann run", "--yes", "allow ann run now", "allow --user ben ann run"] {
            assert_eq!(line(args), Ok(None), "{args}");
        }
        for (args, why) in [
            ("allow ann sudo", "a right is run, run-named or approve"),
            ("allow ann run --host", "--host needs a value"),
            ("allow ann run --where db1", "the options of /rights"),
            ("deny ann run --yes", "--yes is for"),
            ("allow ann run --open", "--yes is for"),
        ] {
            let bad = line(args).unwrap_err();
            assert!(bad.msg.contains(why), "{args}: {bad:?}");
        }
    }
}
