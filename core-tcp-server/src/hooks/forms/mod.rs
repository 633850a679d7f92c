//! Turns what programs post into messages: plain text, JSON with a `text`, and the formats of Alertmanager, GitHub and
//! Slack. Pure; every field may be missing. The text is plain unless the program says that it is Markdown.

mod alertmanager;
mod github;
mod message;
mod slack;

use serde_json::Value;
use wardroom_protocol::event::Format;

pub use self::message::{WebhookMessage, fitted};
use crate::error::Error;

/// Reads a body. `github` is the name of GitHub's event, if any.
///
/// # Errors
/// `bad_request`, with what would be understood.
pub fn read(content_type: &str, github: Option<&str>, body: &[u8]) -> Result<WebhookMessage, Error> {
    let media = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let is_json = media == "application/json" || media.ends_with("+json");
    if let Some(event) = github {
        let json: Option<Value> = serde_json::from_slice(body).ok().filter(Value::is_object);
        let json = json.ok_or_else(|| {
            Error::bad_request(
                "GitHub's event is not JSON: set the webhook's content type to application/json or to a form",
            )
        })?;
        return Ok(WebhookMessage { text: github::text(event, &json), ..WebhookMessage::default() });
    }
    // curl's default content type means nothing: the format is recognized by the content.
    let json: Option<Value> = serde_json::from_slice(body).ok();
    if let Some(said) = json.as_ref().and_then(known) {
        return not_empty(said);
    }
    if is_json {
        return Err(Error::bad_request(
            r#"not understood: post text, JSON as {"text":"…"}, or what Alertmanager, GitHub or Slack's programs send"#,
        ));
    }
    not_empty(WebhookMessage { text: String::from_utf8_lossy(body).into_owned(), ..WebhookMessage::default() })
}

fn known(json: &Value) -> Option<WebhookMessage> {
    if json["alerts"].is_array() {
        return Some(alertmanager::read(json));
    }
    let key = json["key"].as_str().map(str::to_owned);
    if slack::is_slack(json) {
        return Some(WebhookMessage { text: slack::text(json), key, ..WebhookMessage::default() });
    }
    let text = json["text"].as_str()?.to_owned();
    let format = if json["format"] == "markdown" { Format::Markdown } else { Format::Plain };
    Some(WebhookMessage { text, key, format, alert: None })
}

fn not_empty(said: WebhookMessage) -> Result<WebhookMessage, Error> {
    if said.text.trim().is_empty() {
        return Err(Error::bad_request("nothing is said: the text is empty"));
    }
    Ok(said)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn text_is_text_whatever_curl_calls_it() {
        for content_type in ["", "text/plain; charset=utf-8", "application/x-www-form-urlencoded"] {
            assert_eq!(read(content_type, None, b"disk full").unwrap().text, "disk full");
            assert_eq!(read(content_type, None, b"{\"text\":\"disk full\"}").unwrap().text, "disk full");
            assert_eq!(read(content_type, None, b"{not json").unwrap().text, "{not json");
        }
        assert_eq!(read("", None, b"caf\xe9").unwrap().text, "caf\u{fffd}");
        for empty in [&b""[..], b" \n", b"{\"text\":\" \"}"] {
            assert!(read("text/plain", None, empty).is_err());
        }
    }

    #[test]
    fn json_has_a_text_and_perhaps_a_key() {
        let said = read("application/json", None, br#"{"text":"x","key":"k","more":1}"#).unwrap();
        assert_eq!(said, WebhookMessage { text: "x".into(), key: Some("k".into()), ..WebhookMessage::default() });
        assert_eq!(said.format, Format::Plain, "what a program says is no Markdown");
        let said = read("application/json", None, br#"{"text":"x","format":"markdown"}"#).unwrap();
        assert_eq!(said.format, Format::Markdown, "unless it says so");
        let said = read("application/json", None, br#"{"attachments":[{"text":"x"}],"key":"k"}"#).unwrap();
        assert_eq!((said.text.as_str(), said.key.as_deref()), ("x", Some("k")));
        for bad in [&b"{}"[..], b"[]", b"{\"text\":1}", br#"{"blocks":[]}"#, b"nonsense", b"{\"text\":"] {
            assert!(read("application/json; charset=utf-8", None, bad).is_err());
        }
    }
}
