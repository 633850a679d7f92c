//! Consecutive joins, leaves and settings, summed up in one line: who joined, who left, how many other changes.

use std::sync::Arc;

use wardroom_protocol::{Event, EventBody};

/// The summary of a fold.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Summary {
    /// Users who joined or were added, each once.
    pub joined: Vec<String>,
    /// Users who left or were removed, each once.
    pub left: Vec<String>,
    /// Other changes: roles, titles, topics and so on.
    pub changes: usize,
}

/// True for events that are folded.
pub fn is_folded(body: &EventBody) -> bool {
    use EventBody::{Archived, Invited, Join, Leave, Removed, Retention, RoleChanged, Title, Topic};
    matches!(
        body,
        Join | Leave | Invited(_) | Removed(_) | RoleChanged(_) | Title(_) | Topic(_) | Archived(_) | Retention(_)
    )
}

/// The summary of these events.
pub fn summary(events: &[Arc<Event>]) -> Summary {
    let mut summary = Summary::default();
    for event in events {
        let (list, user) = match &event.body {
            EventBody::Join => (&mut summary.joined, &event.by),
            EventBody::Invited(of) => (&mut summary.joined, &of.user),
            EventBody::Leave => (&mut summary.left, &event.by),
            EventBody::Removed(whom) => (&mut summary.left, &whom.user),
            _ => {
                summary.changes += 1;
                continue;
            }
        };
        if !list.iter().any(|known| known == user.as_str()) {
            list.push(user.to_string());
        }
    }
    summary
}

/// How a list of names is phrased.
#[derive(Debug, Eq, PartialEq)]
pub enum Names<'a> {
    /// `ann`
    One(&'a str),
    /// `ann and ben`
    Two(&'a str, &'a str),
    /// `ann, ben and cleo`
    Three(&'a str, &'a str, &'a str),
    /// `ann, ben and 3 others`
    More(&'a str, &'a str, usize),
}

/// Up to three names, or two and a number; `None` for none.
pub fn name_list(names: &[String]) -> Option<Names<'_>> {
    Some(match names {
        [] => return None,
        [a] => Names::One(a),
        [a, b] => Names::Two(a, b),
        [a, b, c] => Names::Three(a, b, c),
        [a, b, rest @ ..] => Names::More(a, b, rest.len()),
    })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn event(by: &str, rest: &str) -> Arc<Event> {
        let json = format!(r#"{{"room":"ops","seq":1,"at":0,"by":"{by}",{rest}}}"#);
        Arc::new(Event::parse(json.as_bytes()).unwrap())
    }

    #[test]
    fn those_who_come_and_go_are_told_once() {
        let events = [
            event("ann", r#""kind":"join""#),
            event("ann", r#""kind":"invited","user":"ben","role":"member""#),
            event("ben", r#""kind":"join""#),
            event("cleo", r#""kind":"leave""#),
            event("ann", r#""kind":"removed","user":"dora""#),
            event("ann", r#""kind":"topic","text":"x""#),
            event("ann", r#""kind":"retention","days":3"#),
        ];
        assert!(events.iter().all(|event| is_folded(&event.body)));
        assert!(!is_folded(&event("ann", r#""kind":"message","text":"x""#).body));
        let found = summary(&events);
        assert_eq!(found.joined, ["ann", "ben"]);
        assert_eq!((found.left.as_slice(), found.changes), (["cleo".to_owned(), "dora".to_owned()].as_slice(), 2));
    }

    #[test]
    fn long_lists_are_cut() {
        let names: Vec<String> = ["ann", "ben", "cleo", "dora", "eve"].map(str::to_owned).into();
        assert_eq!(name_list(&names[..0]), None);
        assert_eq!(name_list(&names[..2]), Some(Names::Two("ann", "ben")));
        assert_eq!(name_list(&names[..3]), Some(Names::Three("ann", "ben", "cleo")));
        assert_eq!(name_list(&names), Some(Names::More("ann", "ben", 3)));
    }
}
