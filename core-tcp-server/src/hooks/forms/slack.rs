//! Messages made for Slack: `attachments` (docs.slack.dev, legacy secondary attachments) and `blocks` (Block Kit).
//! Their text is kept, their layout is not.

use serde_json::Value;

use crate::hooks::limits::PARTS_MAX;

/// Returns true if the body is in Slack's format and more than a `text`.
pub fn is_slack(json: &Value) -> bool {
    json["attachments"].is_array() || json["blocks"].is_array()
}

/// Returns all of the text, line by line.
pub fn text(json: &Value) -> String {
    let mut out = Vec::new();
    // With blocks, the text is only the notification about them.
    if parts(&json["blocks"]).next().is_none() {
        out.push(words(&json["text"]));
    }
    out.extend(parts(&json["blocks"]).map(block));
    out.extend(parts(&json["attachments"]).map(attachment));
    out.retain(|line| !line.is_empty());
    if out.is_empty() { words(&json["text"]) } else { out.join("\n") }
}

fn parts(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten().take(PARTS_MAX)
}

fn attachment(of: &Value) -> String {
    let title = match (words(&of["title"]), words(&of["title_link"])) {
        (title, link) if title.is_empty() || link.is_empty() => format!("{title}{link}"),
        (title, link) => format!("{title} ({link})"),
    };
    let mut out = vec![words(&of["pretext"]), words(&of["author_name"]), title, words(&of["text"])];
    out.extend(parts(&of["blocks"]).map(block));
    out.extend(parts(&of["fields"]).map(|field| {
        let (title, value) = (words(&field["title"]), words(&field["value"]));
        if title.is_empty() { value } else { format!("{title}: {value}") }
    }));
    out.retain(|line| !line.is_empty());
    if out.is_empty() {
        out.push(words(&of["fallback"]));
    }
    out.push(words(&of["footer"]));
    out.retain(|line| !line.is_empty());
    out.join("\n")
}

fn block(of: &Value) -> String {
    let mut out = vec![words(&of["text"]), words(&of["title"]), words(&of["alt_text"]), words(&of["image_url"])];
    out.extend(parts(&of["fields"]).map(words));
    out.extend(parts(&of["elements"]).map(|element| match element["type"].as_str() {
        // A button has a text and a link.
        Some("button") => [words(&element["text"]), words(&element["url"])].join(" ").trim().to_owned(),
        Some("image") => words(&element["alt_text"]),
        Some(kind) if kind.starts_with("rich_text_") => rich(element, 0),
        _ => words(element),
    }));
    out.retain(|line| !line.is_empty());
    out.join("\n")
}

/// Returns the nested parts of a rich text, as Slack's own editor makes them.
fn rich(of: &Value, depth: usize) -> String {
    const DEPTH_MAX: usize = 4;
    let is_list = of["type"] == "rich_text_list";
    let inner = parts(&of["elements"]).map(|element| match element["type"].as_str() {
        Some("link") => match (words(&element["text"]), words(&element["url"])) {
            (text, url) if text.is_empty() || text == url => url,
            (text, url) => format!("{text} ({url})"),
        },
        Some("emoji") => format!(":{}:", words(&element["name"])),
        Some(kind) if kind.starts_with("rich_text_") && depth < DEPTH_MAX => rich(element, depth + 1),
        _ => words(element),
    });
    let inner: Vec<String> = inner.map(|part| if is_list { format!("- {part}") } else { part }).collect();
    inner.join(if is_list { "\n" } else { "" })
}

/// Returns a text, given directly or in an object, without Slack's escapes.
fn words(value: &Value) -> String {
    let text = value.as_str().or_else(|| value["text"].as_str()).or_else(|| value["text"]["text"].as_str());
    let text = match value {
        Value::Number(number) => return number.to_string(),
        _ => text.unwrap_or_default(),
    };
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        match from.find('>') {
            Some(end) => {
                out.push_str(&link(from.get(1..end).unwrap_or_default()));
                rest = from.get(end + 1..).unwrap_or_default();
            }
            None => {
                out.push_str(from);
                rest = "";
            }
        }
    }
    out.push_str(rest);
    // In this order, so that what was escaped twice is unescaped once.
    out.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

/// Returns what is between `<` and `>`: a link with or without a text, a mention of a Slack user, or anything else.
fn link(inner: &str) -> String {
    match inner.split_once('|') {
        Some((target, words)) if target.contains("://") || target.starts_with("mailto:") => {
            format!("{words} ({target})")
        }
        Some((_, words)) => words.to_owned(),
        None if inner.contains("://") || inner.starts_with("mailto:") => inner.to_owned(),
        None => match inner.strip_prefix('!') {
            Some(special) => format!("@{special}"),
            None if inner.starts_with(['@', '#']) => inner.to_owned(),
            None => format!("<{inner}>"),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn attachments_are_lines() {
        let json = json!({
            "text": "Build <https://ci.example/7|#7> &amp; more",
            "attachments": [
                {"fallback": "red", "pretext": "Oh no", "title": "main is red", "title_link": "https://ci.example/7",
                 "text": "3 &lt; 4 tests", "fields": [{"title": "Branch", "value": "main", "short": true}, {"value": 7}],
                 "footer": "CI"},
                {"fallback": "only this"}, {}
            ]
        });
        assert!(is_slack(&json));
        assert_eq!(
            text(&json),
            "Build #7 (https://ci.example/7) & more\nOh no\nmain is red (https://ci.example/7)\n3 < 4 tests\n\
             Branch: main\n7\nCI\nonly this"
        );
    }

    #[test]
    fn blocks_are_lines_instead_of_the_text() {
        let json = json!({"text": "for a notification", "blocks": [
            {"type": "header", "text": {"type": "plain_text", "text": "Deployed"}},
            {"type": "section", "text": {"type": "mrkdwn", "text": "*4.2* by <@U1> <!here>"},
             "fields": [{"type": "mrkdwn", "text": "Host: web1"}]},
            {"type": "divider"},
            {"type": "context", "elements": [{"type": "mrkdwn", "text": "took 3 s"}]},
            {"type": "actions", "elements": [{"type": "button", "text": {"type": "plain_text", "text": "Open"}, "url": "https://x"}]},
            {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [
                {"type": "text", "text": "a "}, {"type": "link", "url": "https://y", "text": "b"}]}]}
        ]});
        assert_eq!(text(&json), "Deployed\n*4.2* by @U1 @here\nHost: web1\ntook 3 s\nOpen https://x\na b (https://y)");
        assert_eq!(text(&json!({"text": "x", "blocks": []})), "x");
        assert_eq!(text(&json!({"blocks": [7, null, {"text": 1}], "attachments": [[]]})), "1");
        assert_eq!(text(&json!({"text": "a < b <i> <", "attachments": []})), "a < b <i> <");
    }

    #[test]
    fn deep_nests_end() {
        let mut nest = json!({"type": "text", "text": "x"});
        for _ in 0..100 {
            nest = json!({"type": "rich_text_section", "elements": [nest]});
        }
        assert_eq!(text(&json!({"blocks": [{"type": "rich_text", "elements": [nest]}]})), "");
    }
}
