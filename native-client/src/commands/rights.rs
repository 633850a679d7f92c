//! `wardroom rights`: the rules about who may run commands where.

use wardroom_protocol::messages::{RightsList, RightsListed, RightsSet, RightsSetOk, RuleInfo};
use wardroom_protocol::visible::visible;

use super::Out;
use super::ls::other_version;
use super::out::say;
use crate::exit::{ExitCode, Failure};
use crate::runner::{Runner, Target};
use crate::text::moment_words;

/// What to do with the rules.
#[derive(Clone, Debug)]
pub enum RightsAction {
    /// Lists them.
    List(RightsList),
    /// Makes or removes one.
    Set(RightsSet),
}

/// Lists or changes the rules.
///
/// # Errors
/// See [`Failure`].
pub async fn rights(target: Target, action: RightsAction, json: bool) -> Result<ExitCode, Failure> {
    let mut runner = Runner::connect(target).await?;
    let mut out = Out::new();
    match action {
        RightsAction::List(list) => show(&mut runner, &mut out, list, json).await?,
        RightsAction::Set(set) => {
            let done: RightsSetOk = runner.ask(&set).await?.fields().map_err(other_version)?;
            if json {
                out.json(&serde_json::json!({
                    "right": set.right, "user": set.user, "room": set.room, "host": set.host, "allow": set.allow,
                    "changed": done.changed, "named": done.named,
                }))?;
            } else {
                out.line(&set_words(&set, &done))?;
            }
        }
    }
    runner.finish().await;
    Ok(ExitCode::Ok)
}

async fn show(runner: &mut Runner, out: &mut Out, mut list: RightsList, json: bool) -> Result<(), Failure> {
    let mut is_empty = true;
    loop {
        let listed: RightsListed = runner.ask(&list).await?.fields().map_err(other_version)?;
        for rule in &listed.rules {
            is_empty = false;
            if json { out.json(rule)? } else { out.line(&rule_line(rule))? }
        }
        let last = listed.rules.last().map(|rule| rule.n);
        // A page that makes no progress would be requested for ever.
        if !listed.more || last.is_none() || last == list.after {
            break;
        }
        list.after = last;
    }
    if is_empty && !json {
        say("-- no rules that you may see: roles decide who may run commands; see wardroom rights --help");
    }
    Ok(())
}

/// Formats a rule as one line.
fn rule_line(rule: &RuleInfo) -> String {
    let place = place_words(rule.room.as_ref().map(|room| room.as_str()), rule.host.as_deref());
    format!(
        "{:<9}  {:<20}  {place:<32}  by {} {}",
        rule.right.as_str(),
        rule.user.as_str(),
        rule.by,
        moment_words(rule.at)
    )
}

/// Returns `in ops on db1`.
fn place_words(room: Option<&str>, host: Option<&str>) -> String {
    let room = room.map(|room| format!("in {}", visible(room)));
    let host = host.map(|host| format!("on {}", visible(host)));
    room.into_iter().chain(host).collect::<Vec<_>>().join(" ")
}

/// Says who has the right now: that a first rule takes it from all others must not go unseen.
fn set_words(set: &RightsSet, done: &RightsSetOk) -> String {
    let (what, place) =
        (set.right.what(), place_words(set.room.as_ref().map(|room| room.as_str()), set.host.as_deref()));
    if done.named.is_empty() {
        return format!("no rules {place}: roles decide again who may {what} there");
    }
    let names: Vec<&str> = done.named.iter().map(|name| name.as_str()).collect();
    format!("only {} and admins may now {what} {place}", names.join(", "))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_one_line_and_nothing_raw_is_shown() {
        let rule: RuleInfo = serde_json::from_str(
            r#"{"n":4,"right":"run-named","user":"ann","room":"ops","host":"db1\u001b[2J","by":"adm","at":0}"#,
        )
        .unwrap();
        let line = rule_line(&rule);
        assert!(line.starts_with("run-named  ann                   in ops on db1␛[2J"), "{line}");
    }

    #[test]
    fn a_change_says_who_has_the_right_now() {
        let set: RightsSet = serde_json::from_str(r#"{"right":"run","user":"ann","host":"db1","allow":true}"#).unwrap();
        let mut done: RightsSetOk = serde_json::from_str(r#"{"changed":true,"named":["ann","ben"]}"#).unwrap();
        assert_eq!(set_words(&set, &done), "only ann, ben and admins may now run commands on db1");
        done.named.clear();
        assert_eq!(set_words(&set, &done), "no rules on db1: roles decide again who may run commands there");
    }
}
