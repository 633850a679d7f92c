//! An event in plain text. `nc` and the command line show the same text; the page has its own, in the language of its
//! user. Text that other people wrote is made visible, so that it cannot control a terminal.

use super::{
    AlertGroup, AlertStatus, CommandChanged, Days, Edit, EventBody, RightChanged, RunProposed, RunStarted, Switch,
    WhyNot, Words,
};
use crate::messages::is_usual_isolation;
use crate::role::RoomRole;
use crate::visible::{exact, visible};

impl EventBody {
    /// Returns what the author did, to be shown after the author's name: `joined`, `added ben as reader`. `None` for
    /// messages, runs, files and topics, which need more than one sentence, and for kinds that this version does not
    /// know.
    pub fn action(&self) -> Option<String> {
        Some(match self {
            EventBody::Join => "joined".to_owned(),
            EventBody::Leave => "left".to_owned(),
            EventBody::Delete(delete) => format!("deleted {}", delete.target),
            EventBody::Reaction(reaction) if reaction.on => {
                format!("reacted to {}: {}", reaction.target, visible(&reaction.emoji))
            }
            EventBody::Reaction(reaction) => {
                format!("removed a reaction from {}: {}", reaction.target, visible(&reaction.emoji))
            }
            EventBody::Repeat(repeat) => format!("said {} again (×{})", repeat.target, repeat.count),
            EventBody::Invited(of) if of.role == RoomRole::Member => format!("added {}", of.user),
            EventBody::Invited(of) => format!("added {} as {}", of.user, of.role),
            EventBody::RoleChanged(of) => format!("made {} {}", of.user, with_article(of.role)),
            EventBody::Removed(removed) => format!("removed {}", removed.user),
            EventBody::Title(Words { text }) if text.is_empty() => "removed the room's title".to_owned(),
            EventBody::Title(Words { text }) => format!("renamed the room to {}", visible(text)),
            EventBody::Archived(Switch { on: true }) => "archived the room".to_owned(),
            EventBody::Archived(_) => "unarchived the room".to_owned(),
            EventBody::Retention(Days { days: 0 }) => "turned off message expiry".to_owned(),
            EventBody::Retention(Days { days: 1 }) => "set message expiry to 1 day".to_owned(),
            EventBody::Retention(Days { days }) => format!("set message expiry to {days} days"),
            EventBody::Command(command) => command.words(),
            EventBody::ApproveRule(Switch { on: true }) => {
                "turned on approval: each run needs a second person".to_owned()
            }
            EventBody::ApproveRule(_) => "turned off approval of runs".to_owned(),
            EventBody::RunProposed(proposed) => proposed.words(),
            EventBody::RunRefused(refused) => match refused.why {
                WhyNot::Refused => format!("refused p{}", refused.n),
                WhyNot::Withdrawn => format!("withdrew p{}", refused.n),
                WhyNot::Expired => format!("closed p{}: it has expired", refused.n),
            },
            EventBody::Right(rule) => rule.words(),
            EventBody::CommandRemoved(gone) => format!("removed the command /{}", gone.name),
            _ => return None,
        })
    }
}

impl RunStarted {
    /// Returns how it runs, apart from what is usual, and who approved it:
    /// ` (memory=2G; no-network; secret TOKEN; p3, approved by ben)`.
    pub fn how_words(&self) -> String {
        let mut how: Vec<String> = self.conditions().iter().map(|one| visible(one).into_owned()).collect();
        let isolation = self.isolation.iter().filter(|level| !is_usual_isolation(level));
        how.extend(isolation.map(|level| isolation_words(level)));
        how.extend(self.secrets.iter().map(|name| format!("secret {}", visible(name))));
        how.extend(self.approved.iter().map(|approved| format!("p{}, approved by {}", approved.n, approved.by)));
        if how.is_empty() { String::new() } else { format!(" ({})", how.join("; ")) }
    }
}

fn isolation_words(level: &str) -> String {
    format!("isolation {}", visible(level))
}

impl RunProposed {
    /// Returns `proposed p3 on web1: ./deploy 4.2 (in /srv; digest 488de202f73b): /approve p3 or /refuse p3`.
    fn words(&self) -> String {
        let (n, hosts, cmd) = (self.n, self.hosts_words(), exact(&self.cmd));
        let mut more = String::new();
        if let Some(cwd) = &self.cwd {
            more += &format!("in {}; ", exact(cwd));
        }
        for (name, value) in &self.env {
            more += &format!("{}={}; ", exact(name), exact(value));
        }
        for condition in self.conditions() {
            more += &format!("{}; ", visible(&condition));
        }
        for level in &self.isolation {
            more += &format!("{}; ", isolation_words(level));
        }
        if self.detach {
            more += "keeps background processes; ";
        }
        if self.tty.is_some() {
            more += "a terminal: what is typed needs no further approval; ";
        }
        if self.stdin {
            more += "reads input, which needs no further approval; ";
        }
        let digest: String = visible(&self.digest).chars().take(12).collect();
        format!("proposed p{n} on {}: {cmd} ({more}digest {digest}): /approve p{n} or /refuse p{n}", visible(&hosts))
    }
}

impl RightChanged {
    /// Returns `made a rule: ann may run commands here on web1`.
    fn words(&self) -> String {
        let did = if self.on { "made" } else { "removed" };
        let host = self.host.as_ref().map_or_else(String::new, |host| format!(" on {}", visible(host)));
        format!("{did} a rule: {} may {} here{host}", self.user, self.right.what())
    }
}

impl CommandChanged {
    /// Returns `added the command /deploy for members, with approval: ./deploy {version}`.
    fn words(&self) -> String {
        let did = if self.version == 1 { "added" } else { "changed" };
        let version = if self.version == 1 { String::new() } else { format!(" (version {})", self.version) };
        let approve = if self.approve { ", with approval" } else { "" };
        let (name, who, host, cmd) = (&self.name, self.allow.who(), visible(&self.host), exact(&self.cmd));
        format!("{did} the command /{name}{version} for {who}{approve}, on {host}: {cmd}")
    }
}

impl Edit {
    /// Returns what a webhook reports about an alert that it posted earlier: `RESOLVED DiskFull (alert 852)`, and for
    /// an alert that is still firing also the lines below its title. `None` for an edit by a person.
    pub fn alert_text(&self) -> Option<String> {
        let alert = self.alert.as_deref()?;
        let title = format!("{} (alert {})", alert.title(), self.target);
        let details = self.text.split_once('\n').map(|(_, details)| details);
        Some(match details.filter(|_| alert.status == AlertStatus::Firing) {
            Some(details) => format!("{title}\n{details}"),
            None => title,
        })
    }
}

impl AlertGroup {
    /// Returns `FIRING (2) DiskFull` or `RESOLVED DiskFull`: its status, the number of alerts with that status if more
    /// than one, and its name.
    pub fn title(&self) -> String {
        let (status, count) = match self.status {
            AlertStatus::Resolved => ("RESOLVED", self.resolved),
            AlertStatus::Firing => ("FIRING", self.firing),
        };
        if count > 1 { format!("{status} ({count}) {}", self.name) } else { format!("{status} {}", self.name) }
    }
}

/// Returns the role with its article: `a reader`, `an owner`.
pub fn with_article(role: RoomRole) -> &'static str {
    match role {
        RoomRole::Reader => "a reader",
        RoomRole::Member => "a member",
        RoomRole::Owner => "an owner",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alert_that_is_resolved_says_so_with_its_title_and_one_that_fires_lists_its_alerts() {
        let edit = |status, resolved| Edit {
            alert: Some(Box::new(AlertGroup {
                status,
                name: "DiskFull".to_owned(),
                firing: 2,
                resolved,
                ..AlertGroup::default()
            })),
            ..Edit::of_text(852, "title\n- web1\n- web2")
        };
        let text = |status, resolved| edit(status, resolved).alert_text();
        assert_eq!(text(AlertStatus::Resolved, 1).as_deref(), Some("RESOLVED DiskFull (alert 852)"));
        assert_eq!(text(AlertStatus::Resolved, 3).as_deref(), Some("RESOLVED (3) DiskFull (alert 852)"));
        assert_eq!(text(AlertStatus::Firing, 0).as_deref(), Some("FIRING (2) DiskFull (alert 852)\n- web1\n- web2"));
        assert_eq!(Edit::of_text(852, "a person's").alert_text(), None);
    }

    #[test]
    fn who_approves_reads_under_what_it_would_run() {
        let proposed = |more: &str| {
            let fields = format!(r#"{{"n":3,"cmd":"make","host":"web1","digest":"488de202f73bd976","until":1{more}}}"#);
            EventBody::parse("run.proposed", fields.as_bytes()).action().unwrap_or_default()
        };
        let usual = proposed(r#","timeout_s":3600"#);
        assert_eq!(usual, "proposed p3 on web1: make (digest 488de202f73b): /approve p3 or /refuse p3");
        let all = proposed(
            r#","timeout_s":600,"limits":{"memory_bytes":2147483648},"sandbox":["no-network"],"isolation":["user","none"],"detach":true"#,
        );
        let how =
            "timeout=10m; memory=2G; no-network; isolation user; isolation none; keeps background processes; digest";
        assert!(all.contains(how), "{all}");
    }

    #[test]
    fn a_run_says_how_it_runs_unless_that_is_usual() {
        let how = |more: &str| {
            let fields = format!(r#"{{"run":"01ARZ3NDEKTSV4RRFFQ69G5FAV","n":4,"cmd":"x","host":"web1"{more}}}"#);
            match EventBody::parse("run.started", fields.as_bytes()) {
                EventBody::RunStarted(run) => run.how_words(),
                other => format!("{other:?}"),
            }
        };
        assert_eq!(how(r#","isolation":"namespace""#), "");
        let approved = r#","approved":{"n":3,"by":"ben","digest":"d"}"#;
        assert_eq!(how(approved), " (p3, approved by ben)");
        let limited = r#","limits":{"memory_bytes":2147483648},"sandbox":["no-network","\u001b[2J"]"#;
        let rest = r#","isolation":"none","secrets":["TOKEN"]"#;
        assert_eq!(
            how(&[limited, rest, approved].concat()),
            " (memory=2G; no-network; ␛[2J; isolation none; secret TOKEN; p3, approved by ben)"
        );
    }

    #[test]
    fn roles_have_their_article() {
        let role = |role| EventBody::parse("role", format!(r#"{{"user":"ben","role":"{role}"}}"#).as_bytes()).action();
        assert_eq!(role("owner").as_deref(), Some("made ben an owner"));
        assert_eq!(role("reader").as_deref(), Some("made ben a reader"));
    }
}
