//! `wardroom command`: defines, changes, lists and removes named commands. `run` has the file that runs everything.

use std::collections::BTreeMap;

use wardroom_protocol::messages::{
    CommandAdd, CommandAdded, CommandInfo, CommandList, CommandListed, CommandParam, CommandRemove, CommandSpec, Level,
};
use wardroom_protocol::visible::{exact, visible};
use wardroom_protocol::{CommandName, RoomName};

use super::Out;
use super::ls::other_version;
use crate::exit::{ExitCode, Failure};
use crate::runner::{Runner, Target};
use crate::text::moment_words;

/// What to do with the named commands of a room.
#[derive(Clone, Debug)]
pub enum NamedAction {
    /// Define one.
    Add(RoomName, CommandName, Changes),
    /// Change one.
    Edit(RoomName, CommandName, Changes),
    /// List all.
    List(RoomName),
    /// Show one.
    Show(RoomName, CommandName),
    /// Remove one.
    Remove(RoomName, CommandName),
}

/// The parts of a definition to set; absent ones stay.
#[derive(Clone, Debug, Default)]
#[expect(missing_docs, reason = "the fields of `CommandSpec`")]
pub struct Changes {
    pub about: Option<String>,
    pub argv: Option<Vec<String>>,
    pub host: Option<String>,
    pub cwd: Option<String>,
    pub env: Option<BTreeMap<String, String>>,
    pub timeout_s: Option<u64>,
    pub sandbox: Option<Vec<String>>,
    /// Replaces all parameters. One that keeps its name keeps its description and default.
    pub params: Option<Vec<CommandParam>>,
    /// The defaults of parameters, by name.
    pub defaults: Vec<(String, String)>,
    pub allow: Option<Level>,
    pub approve: Option<bool>,
}

impl Changes {
    fn applied_to(self, mut spec: CommandSpec) -> Result<CommandSpec, Failure> {
        if let Some(params) = self.params {
            let old = std::mem::take(&mut spec.params);
            spec.params = params.into_iter().map(|param| kept(&old, param)).collect();
        }
        for (name, value) in self.defaults {
            let Some(param) = spec.params.iter_mut().find(|param| param.name.as_str() == name) else {
                return Err(Failure::usage(format!("--default {name}={value}: there is no parameter {name}")));
            };
            param.default = Some(value);
        }
        Ok(CommandSpec {
            about: self.about.unwrap_or(spec.about),
            argv: self.argv.unwrap_or(spec.argv),
            host: self.host.or(spec.host),
            cwd: self.cwd.or(spec.cwd),
            env: self.env.unwrap_or(spec.env),
            timeout_s: self.timeout_s.or(spec.timeout_s),
            sandbox: self.sandbox.unwrap_or(spec.sandbox),
            allow: self.allow.unwrap_or(spec.allow),
            approve: self.approve.unwrap_or(spec.approve),
            ..spec
        })
    }
}

fn kept(old: &[CommandParam], param: CommandParam) -> CommandParam {
    match old.iter().find(|other| other.name == param.name) {
        Some(other) => CommandParam { pattern: param.pattern, ..other.clone() },
        None => param,
    }
}

/// Carries it out.
///
/// # Errors
/// See [`Failure`].
pub async fn named(target: Target, action: NamedAction, json: bool) -> Result<ExitCode, Failure> {
    let mut runner = Runner::connect(target).await?;
    let mut out = Out::new();
    match action {
        NamedAction::Add(room, name, changes) => {
            let empty = CommandSpec {
                name,
                about: String::new(),
                argv: Vec::new(),
                host: None,
                cwd: None,
                env: BTreeMap::new(),
                timeout_s: None,
                sandbox: Vec::new(),
                params: Vec::new(),
                allow: Level::default(),
                approve: false,
            };
            let add = CommandAdd { room, command: changes.applied_to(empty)?, replaces: None };
            put(&mut runner, &mut out, &add, json).await?;
        }
        NamedAction::Edit(room, name, changes) => {
            let CommandInfo { command, version, .. } = find(&mut runner, &room, &name).await?;
            let add = CommandAdd { room, command: changes.applied_to(command)?, replaces: Some(version) };
            put(&mut runner, &mut out, &add, json).await?;
        }
        NamedAction::List(room) => {
            for info in all(&mut runner, &room).await? {
                if json { out.json(&info)? } else { out.line(&command_line(&info))? }
            }
        }
        NamedAction::Show(room, name) => {
            let info = find(&mut runner, &room, &name).await?;
            if json { out.json(&info)? } else { out.line(&description(&info))? }
        }
        NamedAction::Remove(room, name) => {
            runner.ask(&CommandRemove { room, name: name.clone() }).await?;
            if json {
                out.json(&serde_json::json!({ "name": name, "removed": true }))?;
            }
        }
    }
    runner.finish().await;
    Ok(ExitCode::Ok)
}

async fn put(runner: &mut Runner, out: &mut Out, add: &CommandAdd, json: bool) -> Result<(), Failure> {
    let added: CommandAdded = runner.ask(add).await?.fields().map_err(other_version)?;
    if json {
        return out.json(&serde_json::json!({
            "name": add.command.name, "version": added.version, "digest": added.digest,
        }));
    }
    out.line(&format!("/{} version {}, digest {}", add.command.name, added.version, visible(&added.digest)))
}

/// Returns all named commands of a room.
async fn all(runner: &mut Runner, room: &RoomName) -> Result<Vec<CommandInfo>, Failure> {
    let (mut list, mut commands) = (CommandList { room: room.clone(), after: None }, Vec::new());
    loop {
        let listed: CommandListed = runner.ask(&list).await?.fields().map_err(other_version)?;
        let last = listed.commands.last().map(|info| info.command.name.clone());
        commands.extend(listed.commands);
        // A page that makes no progress would be requested for ever.
        if !listed.more || last.is_none() || last == list.after {
            return Ok(commands);
        }
        list.after = last;
    }
}

async fn find(runner: &mut Runner, room: &RoomName, name: &CommandName) -> Result<CommandInfo, Failure> {
    let found = all(runner, room).await?.into_iter().find(|info| info.command.name == *name);
    found.ok_or_else(|| {
        Failure::refused(format!("{room} has no command /{name}; wardroom command list --room {room} shows them"))
    })
}

/// Formats a command as one line.
pub(super) fn command_line(info: &CommandInfo) -> String {
    let spec = &info.command;
    let what = if spec.about.is_empty() { spec.argv.join(" ") } else { spec.about.clone() };
    let mut line = format!("{:<32}  {:<9}  {}", usage(spec), spec.allow.who(), exact(&what));
    line.truncate(line.trim_end().len());
    line
}

/// Returns a command with its parameters: `/deploy VERSION [TO]`.
fn usage(spec: &CommandSpec) -> String {
    let mut out = format!("/{}", spec.name);
    for param in &spec.params {
        let name = param.name.as_str().to_uppercase();
        out.push_str(&if param.default.is_some() { format!(" [{name}]") } else { format!(" {name}") });
    }
    out
}

/// Formats a definition in full.
fn description(info: &CommandInfo) -> String {
    let spec = &info.command;
    let mut lines = vec![usage(spec)];
    let mut put = |name: &str, value: String| lines.push(format!("  {name:<10}{value}"));
    if !spec.about.is_empty() {
        put("about", visible(&spec.about).into_owned());
    }
    let words: Vec<String> = spec.argv.iter().map(|word| format!("{:?}", exact(word))).collect();
    put("runs", words.join(" "));
    put("host", visible(spec.host.as_deref().unwrap_or("local")).into_owned());
    if let Some(cwd) = &spec.cwd {
        put("folder", exact(cwd).into_owned());
    }
    for (name, value) in &spec.env {
        put("env", format!("{}={}", exact(name), exact(value)));
    }
    if let Some(timeout_s) = spec.timeout_s {
        put("timeout", format!("{timeout_s} s"));
    }
    if !spec.sandbox.is_empty() {
        put("sandbox", visible(&spec.sandbox.join(", ")).into_owned());
    }
    for param in &spec.params {
        let default = param.default.as_ref().map_or_else(String::new, |text| format!("  [default: {}]", exact(text)));
        put("param", format!("{} matches {}{default}  {}", param.name, exact(&param.pattern), visible(&param.about)));
    }
    let approve = if spec.approve { ", and somebody else approves each run" } else { "" };
    put("allow", format!("{}{approve}", spec.allow.who()));
    put("version", format!("{}, by {} {}", info.version, info.by, moment_words(info.at)));
    put("digest", visible(&info.digest).into_owned());
    lines.iter().map(|line| line.trim_end()).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn info() -> CommandInfo {
        serde_json::from_str(
            r#"{"command":{"name":"deploy","argv":["./deploy","{version}"],"host":"web1","allow":"member",
                "params":[{"name":"version","pattern":"^[0-9.]+$"},{"name":"to","pattern":"a\u001b","default":"x","about":"where"}]},
                "version":2,"digest":"d","by":"ann","at":0}"#,
        )
        .unwrap()
    }

    #[test]
    fn commands_are_one_line_each_and_nothing_raw_is_shown() {
        assert_eq!(command_line(&info()), "/deploy VERSION [TO]              members    ./deploy {version}");
        let told = description(&info());
        assert!(told.contains("  param     to matches a␛  [default: x]  where\n"), "{told}");
        assert!(told.contains("  runs      \"./deploy\" \"{version}\"\n  host      web1\n"), "{told}");
    }

    #[test]
    fn an_edit_keeps_what_it_does_not_name() {
        let param = CommandParam {
            name: CommandName::parse("to").unwrap(),
            pattern: "b".into(),
            about: String::new(),
            default: None,
        };
        let changes = Changes { params: Some(vec![param]), approve: Some(true), ..Changes::default() };
        let spec = changes.applied_to(info().command).unwrap();
        assert_eq!((spec.allow, spec.approve, spec.host.as_deref()), (Level::Member, true, Some("web1")));
        assert_eq!(spec.params.len(), 1);
        assert_eq!((spec.params[0].pattern.as_str(), spec.params[0].default.as_deref()), ("b", Some("x")));
        let wrong = Changes { defaults: vec![("nope".into(), "x".into())], ..Changes::default() };
        assert!(wrong.applied_to(info().command).is_err());
    }
}
