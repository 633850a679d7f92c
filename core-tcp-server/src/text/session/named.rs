//! Commands for the named commands of a room, and for runs that wait for an approval.

use std::fmt::Write as _;

use wardroom_protocol::CommandName;
use wardroom_protocol::messages::{CommandInfo, CommandList, RunApprove, RunRefuse, RunStart};
use wardroom_protocol::visible::{exact, visible};

use super::Session;
use crate::error::Error;
use crate::runs;

impl Session {
    pub(super) async fn start_named(&mut self, name: CommandName, args: Vec<String>) -> Result<(), Error> {
        let start = RunStart { command: Some(name), args, ..self.new_run()? };
        self.start(start).await.map(drop)
    }

    pub(super) async fn approve(&mut self, proposal: u64) -> Result<(), Error> {
        let started = runs::approve(&self.state, &self.member, RunApprove { proposal }).await?;
        self.follow(started.run, started.n, true).await;
        Ok(())
    }

    pub(super) async fn refuse(&self, proposal: u64) -> Result<(), Error> {
        runs::refuse(&self.state, &self.member, RunRefuse { proposal }).await
    }

    pub(super) async fn list_commands(&self) -> Result<(), Error> {
        let room = self.current()?.name.clone();
        let mut out = format!("# Commands of {room}:\n");
        let mut list = CommandList { room, after: None };
        loop {
            let listed = runs::list_commands(&self.state, &self.member, list.clone()).await?;
            listed.commands.iter().for_each(|info| put(info, &mut out));
            match listed.commands.into_iter().last().filter(|_| listed.more) {
                Some(last) => list.after = Some(last.command.name),
                None => break,
            }
        }
        if out.lines().count() == 1 {
            self.tell("no named commands; owners add one with wardroom command add, or on the page");
            return Ok(());
        }
        self.tell_lines(out);
        Ok(())
    }
}

fn put(info: &CommandInfo, out: &mut String) {
    let spec = &info.command;
    let _ = write!(out, "#   /{}", spec.name);
    for param in &spec.params {
        let (open, close) = if param.default.is_some() { ("[", "]") } else { ("", "") };
        let _ = write!(out, " {open}{}{close}", param.name.as_str().to_uppercase());
    }
    let who = if info.may { String::new() } else { format!(" (for {})", spec.allow.who()) };
    let what = if spec.about.is_empty() { spec.argv.join(" ") } else { spec.about.clone() };
    let _ = writeln!(out, "{who}  {}", exact(&what));
    for param in &spec.params {
        let default = param.default.as_ref().map_or_else(String::new, |text| format!(", or else {}", exact(text)));
        let about = if param.about.is_empty() { String::new() } else { format!("  {}", visible(&param.about)) };
        let (name, pattern) = (param.name.as_str().to_uppercase(), exact(&param.pattern));
        let _ = writeln!(out, "#     {name} matches {pattern}{default}{about}");
    }
}
