//! Carries out typed commands: the table of `protocol::slash`, the same as with `nc` and in the page.

use std::path::PathBuf;

use wardroom_client_core::Command;
use wardroom_protocol::messages::{
    CommandList, CommandListed, DmOpen, FileList, HookAdd, HookList, HookRemove, HostList, Place, RightsListed,
    RoomCreate, RoomDelete, RoomEdit, RoomInvite, RoomJoin, RoomLeave, RoomMembers, RoomMembersListed, RoomReact,
    RoomRemove, RoomSet, RoomSetRole, RunApprove, RunList, RunLose, RunRefuse, RunStart, StatusSet,
};
use wardroom_protocol::query;
use wardroom_protocol::slash::{self, BadLine, Command as Slash, Entry, Line, RightsLine, RunLine, TABLE};
use wardroom_protocol::visible::visible;
use wardroom_protocol::{Message, RelPath, Role, RoomName};

use super::super::history::{HistoryPage, request};
use super::asked::{self, Asked};
use super::hint;
use super::talk::{Input, Talk};
use crate::exit::Failure;
use crate::runner::{Runner, new_nonce};

/// Returns true if a line must wait until earlier posts are confirmed and earlier requests are answered.
pub(super) fn waits(line: &Result<Line, BadLine>) -> bool {
    !matches!(
        line,
        Err(_)
            | Ok(Line::Empty
                | Line::Message(_)
                | Line::Command(Slash::Help | Slash::Rooms | Slash::Stop(_) | Slash::Quit))
    )
}

/// Returns the file of a person's `/put`, which no bytes follow.
pub(super) fn file_to_put(line: &str) -> Option<&str> {
    let (word, file) = slash::split_word(line);
    (word == "/put" && !file.is_empty()).then_some(file)
}

/// Expands a path as a shell does: `~/` is the home folder.
pub(super) fn home_path(path: &str) -> PathBuf {
    match (path.strip_prefix("~/"), std::env::var_os("HOME")) {
        (Some(inside), Some(home)) => PathBuf::from(home).join(inside),
        _ => PathBuf::from(path),
    }
}

/// Returns true if only the caller gets an answer: the command is then shown above it. Results that others see are
/// shown when they arrive.
pub(super) fn is_answered_in_words(line: &Result<Line, BadLine>) -> bool {
    let Ok(Line::Command(command)) = line else { return line.is_err() };
    !matches!(
        command,
        Slash::Run(_)
            | Slash::Named(..)
            | Slash::Approve(_)
            | Slash::Refuse(_)
            | Slash::Approval(_)
            | Slash::Edit(..)
            | Slash::Delete(_)
            | Slash::Reply(..)
            | Slash::React(..)
            | Slash::Title(_)
            | Slash::Topic(_)
            | Slash::Archive(_)
            | Slash::Retention(_)
            | Slash::Invite(..)
            | Slash::Remove(_)
            | Slash::Role(..)
    )
}

/// Explains why a line is not understood, and what it may have meant.
pub(super) fn why_bad(line: &str, bad: &BadLine) -> String {
    let (word, _) = slash::split_word(line);
    let begun = word.strip_prefix('/').unwrap_or_default();
    let like: Vec<String> = TABLE
        .iter()
        .filter(|entry| !begun.is_empty() && entry.name.starts_with(begun) && entry.name != begun)
        .map(|entry| format!("-- /{} {}  {}", entry.name, entry.arguments, entry.about))
        .collect();
    let is_known = TABLE.iter().any(|entry| entry.name == begun);
    match like.as_slice() {
        [] => format!("-- {}", bad.msg),
        _ if is_known => format!("-- {}", bad.msg),
        like => like.join("\n"),
    }
}

impl Talk {
    /// Sends a request, and remembers what its answer is for.
    fn ask<M: Message>(&mut self, runner: &mut Runner, message: &M, asked: Asked) {
        let request = runner.request(message, asked.on_loss());
        self.asked.insert(request, asked);
    }

    fn set(&mut self, runner: &mut Runner, change: impl FnOnce(&mut RoomSet)) {
        let room = self.room.clone();
        let mut set = RoomSet { room, title: None, topic: None, archived: None, retention_days: None, approve: None };
        change(&mut set);
        self.ask(runner, &set, Asked::Nothing);
    }

    /// Returns the message at this position, or the user's last one.
    fn meant(&mut self, seq: Option<u64>) -> Option<u64> {
        let seq = seq.or(self.my_last);
        if seq.is_none() {
            self.voice.say("-- you have not posted here yet; give an ID, as /log shows it");
        }
        seq
    }

    pub(super) fn carry_out(&mut self, runner: &mut Runner, command: Slash) -> Result<(), Failure> {
        let room = self.room.clone();
        match command {
            Slash::Help if self.console.is_some() => self.voice.say(&hint::help()),
            Slash::Help => self.voice.say(slash::help("--", Entry::told).trim_end()),
            Slash::Rooms => self.say_rooms(runner),
            Slash::Join(room) => self.ask(runner, &RoomJoin { room: room.clone() }, Asked::GoTo(room)),
            Slash::Create(room, private, title) => {
                let title = Some(title).filter(|title| !title.is_empty());
                let nonce = Some(new_nonce()?);
                self.ask(runner, &RoomCreate { room: room.clone(), title, private, nonce }, Asked::GoTo(room));
            }
            Slash::Leave(named) => {
                let room = named.unwrap_or(room);
                self.ask(runner, &RoomLeave { room: room.clone() }, Asked::Left(room));
            }
            Slash::Who => self.ask(runner, &RoomMembers { room: room.clone(), after: None }, Asked::Who(room)),
            Slash::Dm(users) => self.ask(runner, &DmOpen { users }, Asked::Dm),
            Slash::Invite(user, role) => {
                self.ask(runner, &RoomInvite { room, user, role: Some(role) }, Asked::Nothing);
            }
            Slash::Remove(user) => self.ask(runner, &RoomRemove { room, user }, Asked::Nothing),
            Slash::Role(user, role) => self.ask(runner, &RoomSetRole { room, user, role }, Asked::Nothing),
            Slash::Title(text) => self.set(runner, |set| set.title = Some(text)),
            Slash::Topic(text) => self.set(runner, |set| set.topic = Some(text)),
            Slash::Status(text) => self.ask(runner, &StatusSet { text }, Asked::Nothing),
            Slash::Archive(on) => self.set(runner, |set| set.archived = Some(on)),
            Slash::Retention(days) => self.set(runner, |set| set.retention_days = Some(days)),
            Slash::Log(lines, before) => {
                let which = before.map_or(HistoryPage::Last, HistoryPage::Before);
                self.ask(runner, &request(&room, which, u64::from(lines)), Asked::Log);
            }
            Slash::Search(line) => match query::read(&line, query::day_utc) {
                Ok(search) => self.ask(runner, &search, Asked::Search),
                Err(why) => self.refused(&why),
            },
            Slash::Edit(seq, text) => {
                if let Some(seq) = self.meant(seq) {
                    self.ask(runner, &RoomEdit { room, seq, text }, Asked::Amend);
                }
            }
            Slash::Delete(seq) => {
                if let Some(seq) = self.meant(seq) {
                    self.ask(runner, &RoomDelete { room, seq }, Asked::Amend);
                }
            }
            Slash::Reply(seq, text) => self.post(runner, text, Some(seq))?,
            Slash::React(seq, emoji, on) => self.ask(runner, &RoomReact { room, seq, emoji, on }, Asked::Amend),
            Slash::Hook(bot, mentions) => {
                let add = HookAdd { room, bot, mentions, secret: None, nonce: Some(new_nonce()?) };
                self.ask(runner, &add, Asked::Hook);
            }
            Slash::Hooks => self.ask(runner, &HookList { room }, Asked::Hooks),
            Slash::Unhook(hook) => self.ask(runner, &HookRemove { room, hook }, Asked::Nothing),
            Slash::Run(RunLine { cmd, hosts, label, sandbox }) => {
                self.run(
                    runner,
                    RunStart { cmd: Some(cmd), hosts, label, sandbox, ..RunStart::new(room, new_nonce()?) },
                );
            }
            Slash::Named(name, args) => {
                self.run(runner, RunStart { command: Some(name), args, ..RunStart::new(room, new_nonce()?) });
            }
            Slash::Approve(proposal) => self.ask(runner, &RunApprove { proposal }, Asked::Nothing),
            Slash::Refuse(proposal) => self.ask(runner, &RunRefuse { proposal }, Asked::Nothing),
            Slash::Approval(on) => self.set(runner, |set| set.approve = Some(on)),
            Slash::Commands => self.ask(runner, &CommandList { room, after: None }, Asked::Commands),
            Slash::Rights(line) => match line.here(&room) {
                RightsLine::List(list) => self.ask(runner, &list, Asked::Rights(list.clone())),
                RightsLine::Set(set) => self.ask(runner, &set, Asked::RightsSet(set.clone())),
            },
            Slash::Shell(host) => {
                let host = host.map_or_else(String::new, |host| format!(" --host {host}"));
                self.voice.say(&format!("-- in another terminal, run: wardroom shell {room}{host}"));
            }
            Slash::Runs(list) => self.ask(runner, &RunList { room: Some(room), ..list }, Asked::Runs),
            Slash::Hosts => self.ask(runner, &HostList::default(), Asked::Hosts),
            Slash::Watch(n) => {
                self.ask(runner, &RunList { room: Some(room), limit: Some(100), ..RunList::default() }, Asked::Watch(n))
            }
            Slash::Unwatch(n) => self.runs.unwatch(runner, n),
            Slash::Stop(n) => {
                if !self.runs.stop(runner, n) {
                    self.voice.say("-- no such run here; /stop rN stops the run shown as [rN]");
                }
            }
            Slash::Lose(n) => match self.runs.find(n) {
                Some(run) => self.ask(runner, &RunLose { run }, Asked::Nothing),
                None => self.voice.say(&format!("-- no such run here; run: wardroom stop --lost r{n}")),
            },
            Slash::Files(path) => {
                self.ask(runner, &FileList { place: Place::Room(room), path, after: None }, Asked::Files);
            }
            Slash::Put(path, _) => {
                self.voice.say(&format!("-- not at a terminal; run: wardroom put FILE {room}:{path}"))
            }
            Slash::Get(path) if self.console.is_some() => self.get(path),
            Slash::Get(path) => self.voice.say(&format!("-- not at a terminal; run: wardroom get {room}:{path}")),
            Slash::Quit => self.input = Input::Quit,
        }
        Ok(())
    }

    /// Shows an answer, or acts on it.
    pub(super) fn answered(
        &mut self,
        runner: &mut Runner,
        asked: Asked,
        answer: &wardroom_protocol::messages::Answer,
    ) -> Result<(), Failure> {
        use super::super::ls::other_version;
        match asked {
            Asked::Nothing | Asked::Amend => {}
            Asked::GoTo(room) => self.go_to(runner, room),
            Asked::Dm => {
                let opened: wardroom_protocol::messages::DmOpened = answer.fields().map_err(other_version)?;
                runner.command(Command::LoadRooms);
                self.go_to(runner, opened.room);
            }
            Asked::Left(room) => {
                self.voice.say(&format!("-- left {room}"));
                if room == self.room
                    && let Ok(general) = RoomName::parse("general")
                {
                    self.go_to(runner, general);
                }
            }
            Asked::Who(room) => {
                let listed: RoomMembersListed = answer.fields().map_err(other_version)?;
                self.voice.say(&asked::who(&listed));
                let after = listed.members.last().filter(|_| listed.more).map(|last| last.user.clone());
                if after.is_some() {
                    self.ask(runner, &RoomMembers { room: room.clone(), after }, Asked::Who(room));
                }
            }
            Asked::Log => self.voice.say(&asked::log(&answer.fields().map_err(other_version)?)?),
            Asked::Search => self.voice.say(&asked::hits(&answer.fields().map_err(other_version)?)),
            Asked::Commands => {
                let listed: CommandListed = answer.fields().map_err(other_version)?;
                self.voice.say(&asked::commands(&listed));
                let after = listed.commands.last().filter(|_| listed.more).map(|last| last.command.name.clone());
                if after.is_some() {
                    let room = self.room.clone();
                    self.ask(runner, &CommandList { room, after }, Asked::Commands);
                }
            }
            Asked::Rights(mut list) => {
                let listed: RightsListed = answer.fields().map_err(other_version)?;
                if listed.rules.is_empty() && list.after.is_none() {
                    let role = runner.client().you().map_or(Role::Viewer, |you| you.role);
                    self.voice.say(&format!("-- {}", list.none_words(role)));
                } else {
                    self.voice.say(&asked::rights(&listed));
                }
                let last = listed.rules.last().filter(|_| listed.more).map(|rule| rule.n);
                if last > list.after {
                    list.after = last;
                    self.ask(runner, &list, Asked::Rights(list.clone()));
                }
            }
            Asked::RightsSet(set) => {
                let done = set.done_words(&answer.fields().map_err(other_version)?);
                self.voice.say(&format!("-- {done}"));
            }
            Asked::Hook => self.voice.say(&asked::hook(&answer.fields().map_err(other_version)?)),
            Asked::Hooks => self.voice.say(&asked::hooks(&answer.fields().map_err(other_version)?)),
            Asked::Hosts => self.voice.say(&asked::hosts(&answer.fields().map_err(other_version)?)),
            Asked::Runs => self.voice.say(&asked::runs(&answer.fields().map_err(other_version)?)),
            Asked::Watch(n) => {
                if !self.runs.watch_listed(runner, n, &answer.fields().map_err(other_version)?) {
                    self.voice.say(&format!("-- r{n} is not among the last runs of this room"));
                }
            }
            Asked::Files => self.voice.say(&asked::files(&answer.fields().map_err(other_version)?)),
        }
        Ok(())
    }

    /// Uploads a local file.
    pub(super) fn put(&mut self, file: &str) {
        let path = home_path(file);
        let name = path.file_name().and_then(|name| name.to_str()).and_then(|name| RelPath::parse(name).ok());
        match name {
            _ if self.transfers.is_full() => self.too_many(),
            Some(name) => self.transfers.put(self.room.clone(), path, name),
            None => self.voice.say(&format!("-- {} has no valid file name", visible(file))),
        }
    }

    /// Downloads a file into the current folder; never replaces one.
    fn get(&mut self, path: RelPath) {
        let output = PathBuf::from(path.file_name());
        if output.exists() {
            let (name, room) = (visible(path.file_name()), &self.room);
            self.voice.say(&format!("-- {name} exists here; run: wardroom get {room}:{path} -o OTHER-NAME"));
        } else if self.transfers.is_full() {
            self.too_many();
        } else {
            self.transfers.get(self.room.clone(), path, output);
        }
    }

    fn too_many(&mut self) {
        self.voice.say("-- too many transfers; wait for one to finish");
    }

    fn say_rooms(&mut self, runner: &Runner) {
        let me = runner.client().you().map(|you| &you.user);
        for room in runner.client().rooms().values().filter(|room| room.info.joined) {
            self.voice.say(&asked::room(&room.info, me));
        }
    }

    /// Shows a refusal.
    pub(super) fn refused(&mut self, words: &str) {
        self.refused = self.refused.saturating_add(1);
        self.voice.say(&format!("-- {}", visible(words)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_begun_is_explained() {
        let why = |line: &str| {
            why_bad(line, &slash::parse(line.to_owned()).err().unwrap_or_else(|| "unknown command".to_owned().into()))
        };
        assert_eq!(why("/rea"), "-- /react ID EMOJI  add a reaction");
        assert!(why("/r").contains("-- /reply ID TEXT  reply to a message\n"), "{}", why("/r"));
        assert_eq!(why("/run"), "-- usage: /run [--host H] CMD");
        assert_eq!(why("/nonsense"), "-- unknown command");
    }

    #[test]
    fn only_what_builds_on_something_waits() {
        for (line, expected) in
            [("hello", false), ("/rooms", false), ("/quit", false), ("/edit x", true), ("/run x", true)]
        {
            assert_eq!(waits(&slash::parse(line.to_owned())), expected, "{line}");
        }
    }
}
