//! `wardroom search WORDS`: searches messages, commands, output and files, newest first. Exits like grep(1): 1 if
//! nothing was found.

use wardroom_protocol::messages::{Hit, HitKind, Search as Ask, SearchFound};
use wardroom_protocol::visible::visible;
use wardroom_protocol::{RoomName, UserName};

use super::Out;
use super::ls::other_version;
use super::out::say;
use super::rooms::meant;
use crate::exit::{ExitCode, Failure};
use crate::runner::{Runner, Target};
use crate::text::moment_words;

/// What to search for.
#[derive(Clone, Debug)]
pub struct Search {
    /// The words; an argument with spaces is a phrase.
    pub words: Vec<String>,
    /// Only in this room.
    pub room: Option<RoomName>,
    /// Only what this user wrote, ran or shared.
    pub by: Option<UserName>,
    /// Only this kind.
    pub kind: Option<HitKind>,
    /// From this time on, Unix milliseconds.
    pub since: Option<u64>,
    /// Before this time.
    pub until: Option<u64>,
    /// The most hits to print.
    pub limit: u64,
    /// Print one JSON object per line.
    pub json: bool,
}

/// Parses a kind as named on the wire.
///
/// # Errors
/// A sentence that lists the kinds.
pub fn parse_kind(text: &str) -> Result<HitKind, String> {
    serde_json::from_value(text.into()).map_err(|_| "use message, run, output or file".to_owned())
}

/// Searches, page by page.
///
/// # Errors
/// See [`Failure`].
pub async fn search(target: Target, mut search: Search) -> Result<ExitCode, Failure> {
    let mut runner = Runner::connect(target).await?;
    if let Some(room) = search.room {
        search.room = Some(meant(&mut runner, room).await?);
    }
    let mut out = Out::new();
    let q = question(&search.words);
    let (mut before, mut left, mut behind, mut total) = (None, search.limit, 0, None);
    while left > 0 {
        let ask = Ask {
            q: q.clone(),
            room: search.room.clone(),
            by: search.by.clone(),
            kind: search.kind,
            since: search.since,
            until: search.until,
            before,
            limit: Some(u32::try_from(left).unwrap_or(u32::MAX).min(wardroom_protocol::limits::HITS_MAX)),
        };
        let found: SearchFound = runner.ask(&ask).await?.fields().map_err(other_version)?;
        for hit in &found.hits {
            if search.json { out.json(hit)? } else { out.line(&line(hit, found.more))? }
        }
        left = left.saturating_sub(found.hits.len() as u64);
        behind = found.behind;
        total.get_or_insert_with(|| found.total_shown());
        let is_all = found.next.is_none();
        if left == 0 && !is_all && !search.json {
            let total = total.as_deref().unwrap_or_default();
            say(&format!("wardroom: the {} newest of {total} results; --limit shows more", search.limit));
        }
        // A page that makes no progress would be requested for ever.
        if found.next.is_none() || found.next == before {
            break;
        }
        before = found.next;
    }
    runner.finish().await;
    if behind > 0 {
        say(&format!("wardroom: the newest {behind} lines are not indexed yet"));
    }
    Ok(if left == search.limit { ExitCode::Failed } else { ExitCode::Ok })
}

/// Quotes the words for the server: what the shell kept together stays together.
fn question(words: &[String]) -> String {
    let one = |word: &String| {
        let is_phrase = word.contains(char::is_whitespace) && !word.contains('"');
        if is_phrase { format!("\"{word}\"") } else { word.clone() }
    };
    words.iter().map(one).collect::<Vec<_>>().join(" ")
}

fn line(hit: &Hit, is_more: bool) -> String {
    let what = match (hit.kind, hit.n) {
        (HitKind::Message, _) => String::new(),
        (HitKind::Run, n) => format!(" [r{}] $", n.unwrap_or(0)),
        (HitKind::Output, n) => format!(" [r{}] |", n.unwrap_or(0)),
        (HitKind::File, _) => " file".to_owned(),
    };
    let text: String = hit.text.split_whitespace().collect::<Vec<_>>().join(" ");
    let lines = hit.lines_shown(is_more).map_or_else(String::new, |lines| format!("  ({lines} lines)"));
    format!("{} {:>6}  {} {}{what}: {}{lines}", hit.room, hit.seq, moment_words(hit.at), hit.by, visible(&text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_shell_kept_together_is_one_word() {
        let q = |words: &[&str]| question(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>());
        assert_eq!(q(&["disk", "full"]), "disk full");
        assert_eq!(q(&["disk full", "web1"]), "\"disk full\" web1");
        assert_eq!(q(&["\"disk full\" web1"]), "\"disk full\" web1");
    }

    #[test]
    fn kinds_are_those_of_the_wire() {
        assert_eq!(parse_kind("output"), Ok(HitKind::Output));
        assert!(parse_kind("poem").is_err());
    }
}
