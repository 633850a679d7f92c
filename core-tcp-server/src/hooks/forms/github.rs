//! GitHub's events (docs.github.com/webhooks/webhook-events-and-payloads): those that a team wants to see in detail,
//! any other as a plain line.

use serde_json::Value;

use super::message::line;
use crate::hooks::limits::COMMITS_MAX;

/// Returns what happened as text.
pub fn text(event: &str, json: &Value) -> String {
    let repo = line(&json["repository"]["full_name"]);
    let who = line(&json["sender"]["login"]);
    match event {
        "ping" => format!("the webhook of {repo} is connected. GitHub says: {}", line(&json["zen"])),
        "push" => push(&repo, json),
        "pull_request" => {
            let pull = &json["pull_request"];
            let action = match (line(&json["action"]).as_str(), pull["merged"] == true) {
                ("closed", true) => "merged".to_owned(),
                ("synchronize", _) => "pushed to".to_owned(),
                (action, _) => action.replace('_', " "),
            };
            subject(&who, &action, "pull request", &repo, pull)
        }
        "issues" => subject(&who, &line(&json["action"]).replace('_', " "), "issue", &repo, &json["issue"]),
        "issue_comment" => {
            let (issue, comment) = (&json["issue"], &json["comment"]);
            let done = match line(&json["action"]).as_str() {
                "edited" => "edited a comment on",
                "deleted" => "deleted a comment on",
                _ => "commented on",
            };
            let number = line(&issue["number"]);
            let head = format!("{who} {done} {repo}#{number}: {}", line(&issue["title"]));
            lines([head, quoted(&line(&comment["body"])), line(&comment["html_url"])])
        }
        "workflow_run" => workflow(&repo, json),
        "release" => {
            let release = &json["release"];
            let name = [&release["name"], &release["tag_name"]].into_iter().map(line).find(|name| !name.is_empty());
            let action = line(&json["action"]);
            let head = format!("{who} {action} release {} of {repo}", name.unwrap_or_default());
            lines([head, line(&release["html_url"])])
        }
        other => {
            let action = line(&json["action"]);
            let action = if action.is_empty() { action } else { format!(" {action}") };
            let by = if who.is_empty() { who } else { format!(" by {who}") };
            format!("{repo}: {}{action}{by}", line(&Value::from(other)).replace('_', " "))
        }
    }
}

fn push(repo: &str, json: &Value) -> String {
    let full = line(&json["ref"]);
    let (kind, name) = match (full.strip_prefix("refs/heads/"), full.strip_prefix("refs/tags/")) {
        (Some(branch), _) => ("branch", branch),
        (None, Some(tag)) => ("tag", tag),
        (None, None) => ("ref", full.as_str()),
    };
    let who = line(&json["pusher"]["name"]);
    if json["deleted"] == true {
        return format!("{who} deleted {kind} {name} of {repo}");
    }
    let commits = json["commits"].as_array().map(Vec::as_slice).unwrap_or_default();
    let forced = if json["forced"] == true { "force-pushed" } else { "pushed" };
    let head = match commits.len() {
        0 => format!("{who} {forced} {kind} {name} of {repo}"),
        1 => format!("{who} {forced} a commit to {name} of {repo}"),
        count => format!("{who} {forced} {count} commits to {name} of {repo}"),
    };
    let mut out = vec![head];
    // The newest commits are at the end.
    let skipped = commits.len().saturating_sub(COMMITS_MAX);
    if skipped > 0 {
        out.push(format!("- {skipped} older ones"));
    }
    for commit in commits.iter().skip(skipped) {
        let id: String = line(&commit["id"]).chars().take(7).collect();
        out.push(format!("- {id} {} ({})", line(&commit["message"]), line(&commit["author"]["name"])));
    }
    out.push(line(&json["compare"]));
    lines(out)
}

fn workflow(repo: &str, json: &Value) -> String {
    let run = &json["workflow_run"];
    let state = match line(&run["conclusion"]) {
        done if !done.is_empty() => done.replace('_', " "),
        _ => line(&json["action"]).replace('_', " "),
    };
    let (name, branch) = (line(&run["name"]), line(&run["head_branch"]));
    let head = format!("{name} #{} of {repo} on {branch}: {state}", line(&run["run_number"]));
    lines([head, line(&run["head_commit"]["message"]), line(&run["html_url"])])
}

fn subject(who: &str, action: &str, what: &str, repo: &str, of: &Value) -> String {
    let head = format!("{who} {action} {what} {repo}#{}: {}", line(&of["number"]), line(&of["title"]));
    lines([head, line(&of["html_url"])])
}

fn quoted(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("> {text}") }
}

fn lines(all: impl IntoIterator<Item = String>) -> String {
    all.into_iter().filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn with(fields: Value) -> Value {
        let mut json = json!({"repository": {"full_name": "acme/shop"}, "sender": {"login": "ann"}});
        if let (Some(all), Value::Object(fields)) = (json.as_object_mut(), fields) {
            all.extend(fields);
        }
        json
    }

    #[test]
    fn a_push_lists_its_commits() {
        let commit = |n: usize| json!({"id": format!("{n:07}89abcdef"), "message": format!("fix {n}\n\nwhy"), "author": {"name": "Ann"}});
        let json = with(json!({"ref": "refs/heads/main", "pusher": {"name": "ann"}, "compare": "https://github.com/c",
            "commits": [commit(1), commit(2)]}));
        let expected = "ann pushed 2 commits to main of acme/shop\n- 0000001 fix 1 (Ann)\n- 0000002 fix 2 (Ann)\nhttps://github.com/c";
        assert_eq!(text("push", &json), expected);
        let many: Vec<Value> = (0..30).map(commit).collect();
        let json = with(json!({"ref": "refs/heads/main", "forced": true, "pusher": {"name": "ann"}, "commits": many}));
        assert!(text("push", &json).starts_with("ann force-pushed 30 commits to main of acme/shop\n- 20 older ones\n"));
        let json = with(json!({"ref": "refs/tags/v1", "deleted": true, "pusher": {"name": "ann"}, "commits": []}));
        assert_eq!(text("push", &json), "ann deleted tag v1 of acme/shop");
    }

    #[test]
    fn pull_requests_issues_and_comments() {
        let pull = json!({"number": 12, "title": "Faster pages", "html_url": "https://github.com/p", "merged": true});
        let json = with(json!({"action": "closed", "pull_request": pull}));
        assert_eq!(
            text("pull_request", &json),
            "ann merged pull request acme/shop#12: Faster pages\nhttps://github.com/p"
        );
        let issue = json!({"number": 3, "title": "It is slow", "html_url": "https://github.com/i"});
        let json = with(
            json!({"action": "opened", "issue": issue, "comment": {"body": "same here\nmore", "html_url": "https://github.com/c"}}),
        );
        assert_eq!(text("issues", &json), "ann opened issue acme/shop#3: It is slow\nhttps://github.com/i");
        assert_eq!(
            text("issue_comment", &json),
            "ann commented on acme/shop#3: It is slow\n> same here\nhttps://github.com/c"
        );
    }

    #[test]
    fn workflows_releases_pings_and_the_rest() {
        let run = json!({"name": "CI", "run_number": 7, "head_branch": "main", "conclusion": "timed_out", "html_url": "https://github.com/r"});
        let json = with(json!({"action": "completed", "workflow_run": run}));
        assert_eq!(text("workflow_run", &json), "CI #7 of acme/shop on main: timed out\nhttps://github.com/r");
        let json = with(json!({"action": "published", "release": {"tag_name": "v2", "name": null}}));
        assert_eq!(text("release", &json), "ann published release v2 of acme/shop");
        assert!(text("ping", &with(json!({"zen": "Keep it simple."}))).contains("acme/shop is connected"));
        assert_eq!(
            text("check_suite", &with(json!({"action": "completed"}))),
            "acme/shop: check suite completed by ann"
        );
        assert_eq!(text("star", &json!({})), ": star");
    }
}
