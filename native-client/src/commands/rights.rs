//! `wardroom rights`: the rules about who may run commands where. What a rule takes from others is said before it is made.

use std::io::{IsTerminal as _, Write as _};

use wardroom_protocol::Role;
use wardroom_protocol::messages::{RightsList, RightsListed, RightsSet, RightsSetOk};

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
    let mut runner = Runner::connect(target.clone()).await?;
    let mut out = Out::new();
    let mut set = match action {
        RightsAction::List(list) => {
            show(&mut runner, &mut out, list, json).await?;
            runner.finish().await;
            return Ok(ExitCode::Ok);
        }
        RightsAction::Set(set) => set,
    };
    if let Some(warning) = warning(&mut runner, &set).await? {
        // A reader may take longer than a connection stays open unread.
        runner.finish().await;
        if !is_meant(&warning)? {
            say("-- nothing was changed");
            return Ok(ExitCode::Failed);
        }
        set.restrict = true;
        runner = Runner::connect(target).await?;
    }
    let done: RightsSetOk = runner.ask(&set).await?.fields().map_err(other_version)?;
    if json {
        out.json(&serde_json::json!({
            "right": set.right, "user": set.user, "room": set.room, "host": set.host, "allow": set.allow,
            "changed": done.changed, "named": done.named,
        }))?;
    } else {
        out.line(&set.done_words(&done))?;
    }
    runner.finish().await;
    Ok(ExitCode::Ok)
}

/// Returns what a rule would take from others, unless that was wanted from the start.
async fn warning(runner: &mut Runner, set: &RightsSet) -> Result<Option<String>, Failure> {
    if !set.allow || set.restrict {
        return Ok(None);
    }
    let checked: RightsSetOk =
        runner.ask(&RightsSet { check: true, ..set.clone() }).await?.fields().map_err(other_version)?;
    Ok(set.warning(&checked))
}

/// Asks at a terminal whether this is meant.
///
/// # Errors
/// Without a terminal, where nobody can be asked.
fn is_meant(warning: &str) -> Result<bool, Failure> {
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        let words = format!("{warning}. Nothing was changed; if you want that, add --yes");
        return Err(Failure { code: ExitCode::Ours, words });
    }
    let mut err = std::io::stderr();
    write!(err, "{warning}.\nMake this rule? [y/N] ")?;
    err.flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

async fn show(runner: &mut Runner, out: &mut Out, mut list: RightsList, json: bool) -> Result<(), Failure> {
    let mut is_empty = true;
    loop {
        let listed: RightsListed = runner.ask(&list).await?.fields().map_err(other_version)?;
        for rule in &listed.rules {
            is_empty = false;
            if json { out.json(rule)? } else { out.line(&format!("{} {}", rule.line(), moment_words(rule.at)))? }
        }
        let last = listed.rules.last().map(|rule| rule.n);
        // A page that makes no progress would be requested for ever.
        if !listed.more || last.is_none() || last == list.after {
            break;
        }
        list.after = last;
    }
    if is_empty && !json {
        let role = runner.client().you().map_or(Role::Viewer, |you| you.role);
        say(&format!("-- {}", list.none_words(role)));
    }
    Ok(())
}
