//! Requests of a chat other than posts, and how their answers are shown.

use std::fmt::Write as _;

use wardroom_client_core::OnDisconnect;
use wardroom_protocol::limits::UNREAD_MAX;
use wardroom_protocol::messages::{
    CommandInfo, CommandListed, FileListed, HookAdded, HookListed, HostInfo, HostListed, MemberInfo, RightsList,
    RightsListed, RightsSet, RoomInfo, RoomMembersListed, RoomPage, RuleInfo, RunListed, SearchFound,
};
use wardroom_protocol::visible::{exact, visible};
use wardroom_protocol::{RoomName, UserName};

use super::super::history;
use super::super::hosts::host_words;
use super::super::named::command_line;
use super::super::rooms::shown_name;
use crate::exit::Failure;
use crate::text::{bytes_words, event_line, moment_words, with_id};

/// A request, by what is done with its answer.
#[derive(Clone, Debug)]
pub(super) enum Asked {
    /// Nothing: the room's own lines show the result, if any.
    Nothing,
    /// An edit, a deletion, a reaction: the room's own lines show it.
    Amend,
    /// Switch to this room.
    GoTo(RoomName),
    /// Switch to the direct message that the answer names.
    Dm,
    /// Switch to another room if this one, which was left, is the current one.
    Left(RoomName),
    /// The members of this room, a page of them.
    Who(RoomName),
    Log,
    Search,
    Hook,
    Hooks,
    /// The named commands of the room, a page of them.
    Commands,
    /// The rules, a page of them.
    Rights(RightsList),
    /// A change of a rule: the room's own lines show it only if it is about the room.
    RightsSet(RightsSet),
    Runs,
    Hosts,
    /// Watch the run with this number.
    Watch(u64),
    Files,
}

impl Asked {
    /// Requests that change a room fail on a lost connection. Requests that later lines depend on wait for the
    /// connection, and those lines with them.
    pub(super) fn on_loss(&self) -> OnDisconnect {
        match self {
            Asked::Nothing | Asked::RightsSet(_) | Asked::Left(_) | Asked::Hook => OnDisconnect::Fail,
            _ => OnDisconnect::Resend,
        }
    }

    /// Returns true if the following lines depend on the result, and wait.
    pub(super) fn holds_up(&self) -> bool {
        matches!(
            self,
            Asked::Nothing | Asked::RightsSet(_) | Asked::Amend | Asked::GoTo(_) | Asked::Dm | Asked::Left(_)
        )
    }
}

/// Formats members with their roles.
pub(super) fn who(listed: &RoomMembersListed) -> String {
    let one = |member: &MemberInfo| {
        let here = if member.here { ", here" } else { "" };
        let bot = if member.bot { ", a program" } else { "" };
        let (colon, status) = (if member.status.is_empty() { "" } else { ": " }, visible(&member.status));
        format!("{} ({}{bot}{here}{colon}{status})", member.user, member.room_role)
    };
    format!("-- {}", listed.members.iter().map(one).collect::<Vec<_>>().join(", "))
}

/// Formats lines of history, each with its position.
pub(super) fn log(page: &RoomPage) -> Result<String, Failure> {
    let page = history::read(page)?;
    let lines: Vec<String> = page
        .events
        .iter()
        .filter(|(event, _)| event.body.target().is_none())
        .map(|(event, _)| format!("-- {}", with_id(event, &event_line(event))))
        .collect();
    let first = page.events.first().map_or(0, |(event, _)| event.seq);
    let end = if page.more { format!("\n-- older: /log before {first}") } else { String::new() };
    Ok(if lines.is_empty() { "-- no messages".to_owned() } else { lines.join("\n") + &end })
}

/// Formats hits, newest first.
pub(super) fn hits(found: &SearchFound) -> String {
    let mut out = String::new();
    for hit in &found.hits {
        let run = hit.n.map_or_else(String::new, |n| format!(" [r{n}]"));
        let (at, text) = (moment_words(hit.at), visible(&hit.text));
        let lines = hit.lines_shown(found.more).map_or_else(String::new, |lines| format!("  ({lines} lines)"));
        let _ = writeln!(out, "-- {} {:>6}  {at} {}{run}: {text}{lines}", hit.room, hit.seq, hit.by);
    }
    match (found.hits.len(), found.next.is_some()) {
        (0, _) => out.push_str("-- no results"),
        (n, true) => {
            let _ = write!(out, "-- the {n} newest of {} results; add words to narrow the search", found.total_shown());
        }
        (n, false) => {
            let _ = write!(out, "-- {n} result{}", if n == 1 { "" } else { "s" });
        }
    }
    if found.behind > 0 {
        let _ = write!(out, "; the newest {} lines are not indexed yet", found.behind);
    }
    out
}

pub(super) fn runs(listed: &RunListed) -> String {
    let lines: Vec<String> = listed
        .runs
        .iter()
        .rev()
        .map(|run| {
            let end = run.exit.as_ref().map_or_else(|| "runs".to_owned(), |exit| visible(&exit.words()).into_owned());
            format!("-- [r{}] {} {}: {} ({end})", run.n, moment_words(run.at), run.by, exact(&run.cmd))
        })
        .collect();
    if lines.is_empty() { "-- no runs".to_owned() } else { lines.join("\n") }
}

/// Formats named commands, by name.
pub(super) fn commands(listed: &CommandListed) -> String {
    let one = |info: &CommandInfo| format!("-- {}", command_line(info));
    match listed.commands.as_slice() {
        [] => "-- no named commands; owners add one with wardroom command add, or on the page".to_owned(),
        commands => commands.iter().map(one).collect::<Vec<_>>().join("\n"),
    }
}

/// Formats rules, in the order in which they were made.
pub(super) fn rights(listed: &RightsListed) -> String {
    let one = |rule: &RuleInfo| format!("-- {} {}", rule.line(), moment_words(rule.at));
    listed.rules.iter().map(one).collect::<Vec<_>>().join("\n")
}

/// Formats hosts, by name.
pub(super) fn hosts(listed: &HostListed) -> String {
    let one = |host: &HostInfo| format!("-- {}  {}", visible(&host.host), host_words(host));
    listed.hosts.iter().map(one).collect::<Vec<_>>().join("\n")
}

pub(super) fn hook(added: &HookAdded) -> String {
    format!(
        "-- webhook {}: POST to /hooks/{} at the page's address; copy it now, it won't be shown again",
        added.hook,
        visible(&added.token)
    )
}

pub(super) fn hooks(listed: &HookListed) -> String {
    let lines: Vec<String> = listed
        .hooks
        .iter()
        .map(|hook| {
            let used =
                hook.used.map_or_else(|| "never used".to_owned(), |at| format!("last used {}", moment_words(at)));
            format!("-- {}  posts as {}, created by {} {}, {used}", hook.hook, hook.bot, hook.by, moment_words(hook.at))
        })
        .collect();
    if lines.is_empty() { "-- no webhooks".to_owned() } else { lines.join("\n") }
}

pub(super) fn files(listed: &FileListed) -> String {
    let lines: Vec<String> = listed
        .entries
        .iter()
        .map(|entry| match entry.kind {
            wardroom_protocol::messages::FileKind::Folder => format!("-- {}/", visible(&entry.name)),
            wardroom_protocol::messages::FileKind::File => {
                format!("-- {} ({})", visible(&entry.name), bytes_words(entry.size))
            }
        })
        .collect();
    let more = if listed.more { "\n-- more: run wardroom ls for all" } else { "" };
    if lines.is_empty() { "-- no files".to_owned() } else { lines.join("\n") + more }
}

/// Formats a room with its unread count.
pub(super) fn room(info: &RoomInfo, me: Option<&UserName>) -> String {
    let shown = |n: u64| if n >= UNREAD_MAX { format!("{UNREAD_MAX}+") } else { n.to_string() };
    let unread = match (info.unread, info.mentions) {
        (0, _) => String::new(),
        (unread, 0) => format!("  {} unread", shown(unread)),
        (unread, mentions) => format!("  {} unread, {} to you", shown(unread), shown(mentions)),
    };
    format!("-- {}{unread}", shown_name(info, me))
}
