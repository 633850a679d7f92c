//! Alertmanager's webhook, version 4 (prometheus.io/docs/alerting/latest/configuration/#webhook_config); Grafana's
//! contact points send the same. The alerts become values for clients that draw them, and a text for the others.

use serde_json::Value;
use wardroom_protocol::event::{Alert, AlertGroup, AlertStatus, level};
use wardroom_protocol::tokens::is_safe_link;

use super::message::{WebhookMessage, fitted, line};
use crate::hooks::limits::{ALERT_TEXT_BYTES_MAX, ALERTS_BYTES_MAX, ALERTS_MAX, LABELS_MAX};

/// Reads a group of alerts. The group's key is also the message's, so that a repeated alert is counted on its message,
/// and the end of the alert is shown there.
pub fn read(json: &Value) -> WebhookMessage {
    let all = json["alerts"].as_array().map(Vec::as_slice).unwrap_or_default();
    let group = group(json, all);
    let text = fitted(&text(json, &group), ALERT_TEXT_BYTES_MAX);
    let key = json["groupKey"].as_str().map(str::to_owned);
    WebhookMessage { text, key, alert: Some(Box::new(group)), ..WebhookMessage::default() }
}

fn group(json: &Value, all: &[Value]) -> AlertGroup {
    let names = [&json["commonLabels"]["alertname"], &json["groupLabels"]["alertname"], &json["title"]];
    let name = names.into_iter().map(line).find(|name| !name.is_empty()).unwrap_or_else(|| "alerts".to_owned());
    let status = status(json);
    let firing = all.iter().filter(|alert| is_firing(alert, status)).count();
    // Alertmanager may have truncated the list; Grafana reports that in the same field.
    let cut = json["truncatedAlerts"].as_u64().unwrap_or(0);
    let mut alerts: Vec<Alert> = Vec::new();
    let mut bytes = 0;
    for alert in all.iter().take(ALERTS_MAX) {
        let alert = one(alert, status);
        bytes += serde_json::to_string(&alert).map_or(0, |json| json.len());
        if bytes > ALERTS_BYTES_MAX {
            break;
        }
        alerts.push(alert);
    }
    let runbook = common_runbook(json, &mut alerts);
    let of_status = |alert: &&Alert| status == AlertStatus::Resolved || alert.status == AlertStatus::Firing;
    let severities = alerts.iter().filter(of_status).filter_map(|alert| alert.severity.as_deref());
    let severity = severities.max_by_key(|severity| level(Some(*severity))).map(str::to_owned);
    let severity = severity.or_else(|| severity_of(&json["commonLabels"]));
    let is_over = status == AlertStatus::Resolved;
    AlertGroup {
        status,
        name,
        severity,
        runbook,
        url: link(&json["externalURL"]),
        firing: firing as u64,
        resolved: (all.len() - firing) as u64,
        resolved_at: alerts.iter().filter_map(|alert| alert.until).max().filter(|_| is_over),
        more: (all.len() - alerts.len()) as u64 + cut,
        alerts,
    }
}

/// Returns the runbook that all alerts have in common; alerts with another one keep it.
fn common_runbook(json: &Value, alerts: &mut [Alert]) -> Option<String> {
    let common = runbook(&json["commonAnnotations"]).or_else(|| alerts.iter().find_map(|alert| alert.runbook.clone()));
    for alert in alerts.iter_mut().filter(|alert| alert.runbook == common) {
        alert.runbook = None;
    }
    common
}

fn status(of: &Value) -> AlertStatus {
    if of["status"] == "resolved" { AlertStatus::Resolved } else { AlertStatus::Firing }
}

/// An alert without its own status has that of its group.
fn is_firing(alert: &Value, group: AlertStatus) -> bool {
    let status = if alert["status"].is_string() { status(alert) } else { group };
    status == AlertStatus::Firing
}

fn one(alert: &Value, group: AlertStatus) -> Alert {
    let annotations = &alert["annotations"];
    let told = ["summary", "description", "message"].into_iter().map(|name| line(&annotations[name]));
    let labels = alert["labels"].as_object().into_iter().flatten();
    let labels = labels.filter(|(name, _)| !matches!(name.as_str(), "alertname" | "severity"));
    let is_firing = is_firing(alert, group);
    Alert {
        status: if is_firing { AlertStatus::Firing } else { AlertStatus::Resolved },
        summary: told.into_iter().find(|told| !told.is_empty()).unwrap_or_default(),
        severity: severity_of(&alert["labels"]),
        labels: labels.take(LABELS_MAX).map(|(name, value)| (line(&Value::from(name.as_str())), line(value))).collect(),
        runbook: runbook(annotations),
        url: link(&alert["generatorURL"]),
        since: time(&alert["startsAt"]),
        until: time(&alert["endsAt"]).filter(|_| !is_firing),
    }
}

fn severity_of(labels: &Value) -> Option<String> {
    ["severity", "priority"].into_iter().map(|name| line(&labels[name])).find(|severity| !severity.is_empty())
}

fn runbook(annotations: &Value) -> Option<String> {
    ["runbook_url", "runbook", "runbookURL"].into_iter().find_map(|name| link(&annotations[name]))
}

/// Returns an http or https URL.
fn link(value: &Value) -> Option<String> {
    let url = line(value);
    (is_safe_link(&url) && !url.starts_with("mailto:") && !url.ends_with('…')).then_some(url)
}

/// Returns Unix milliseconds; `None` if the value is not a time, and for the year 1, which Go programs send instead.
fn time(value: &Value) -> Option<u64> {
    let at: jiff::Timestamp = value.as_str()?.parse().ok()?;
    u64::try_from(at.as_millisecond()).ok().filter(|at| *at > 0)
}

fn text(json: &Value, group: &AlertGroup) -> String {
    let mut text = group.title();
    for (alert, source) in group.alerts.iter().zip(json["alerts"].as_array().into_iter().flatten()) {
        text.push_str("\n- ");
        // In a mixed group each alert names its status.
        if alert.status == AlertStatus::Resolved && group.status == AlertStatus::Firing {
            text.push_str("resolved: ");
        }
        text.push_str(&words(alert, source));
    }
    if group.more > 0 {
        text.push_str(&format!("\n- and {} more", group.more));
    }
    let runbook = group.runbook.as_ref().map(|runbook| format!("\nrunbook: {runbook}"));
    let url = group.url.as_ref().map(|url| format!("\n{url}"));
    text.extend([runbook, url].into_iter().flatten());
    text
}

/// Returns the summary of an alert and the labels that identify it.
fn words(alert: &Alert, source: &Value) -> String {
    let severity = alert.severity.as_ref().map(|severity| format!("severity={severity}"));
    let labels = alert.labels.iter().map(|(name, value)| format!("{name}={value}")).chain(severity);
    let labels = labels.collect::<Vec<_>>().join(", ");
    match (alert.summary.is_empty(), labels.is_empty()) {
        (false, true) => alert.summary.clone(),
        (false, false) => format!("{} ({labels})", alert.summary),
        (true, false) => labels,
        (true, true) => line(&source["labels"]["alertname"]),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use serde_json::json;

    fn group(status: &str) -> Value {
        json!({
            "version": "4", "groupKey": "{}:{alertname=\"DiskFull\"}", "truncatedAlerts": 0, "status": status,
            "receiver": "wardroom", "groupLabels": {"alertname": "DiskFull"},
            "commonLabels": {"alertname": "DiskFull"}, "commonAnnotations": {},
            "externalURL": "http://alerts.example:9093",
            "alerts": [
                {"status": status, "labels": {"alertname": "DiskFull", "instance": "web1:9100", "severity": "warning"},
                 "annotations": {"summary": "/ is 97 % full\nsecond line", "runbook_url": "https://wiki.example/disk"},
                 "startsAt": "2026-11-23T08:00:00Z",
                 "endsAt": "0001-01-01T00:00:00Z", "generatorURL": "http://prom.example/g", "fingerprint": "ab12"},
                {"status": status, "labels": {"alertname": "DiskFull", "instance": "web2:9100", "severity": "critical"},
                 "annotations": {"runbook_url": "https://wiki.example/other"}, "endsAt": "2026-11-23T09:00:00Z"}
            ]
        })
    }

    #[test]
    fn a_group_is_a_few_lines() {
        let said = read(&group("firing"));
        assert_eq!(
            said.text,
            "FIRING (2) DiskFull\n- / is 97 % full (instance=web1:9100, severity=warning)\n- instance=web2:9100, severity=critical\n\
             runbook: https://wiki.example/disk\nhttp://alerts.example:9093"
        );
        assert_eq!(said.key.as_deref(), Some("{}:{alertname=\"DiskFull\"}"));
        let end = read(&group("resolved"));
        assert!(end.text.starts_with("RESOLVED (2) DiskFull"));
        assert_eq!(end.key, said.key);
    }

    #[test]
    fn a_group_is_values_too() {
        let alert = *read(&group("firing")).alert.unwrap();
        assert_eq!((alert.status, alert.firing, alert.resolved, alert.more), (AlertStatus::Firing, 2, 0, 0));
        assert_eq!((alert.name.as_str(), alert.severity.as_deref()), ("DiskFull", Some("critical")));
        assert_eq!(alert.runbook.as_deref(), Some("https://wiki.example/disk"));
        assert_eq!(alert.url.as_deref(), Some("http://alerts.example:9093"));
        let [first, second] = alert.alerts.as_slice() else { panic!("two") };
        assert_eq!((first.summary.as_str(), first.since), ("/ is 97 % full", Some(1_795_420_800_000)));
        assert_eq!((first.runbook.as_deref(), second.runbook.as_deref()), (None, Some("https://wiki.example/other")));
        assert_eq!((first.until, second.until), (None, None), "what fires has no end yet");
        assert_eq!(second.labels.keys().map(|name| name.as_str()).collect::<Vec<_>>(), ["instance"]);
        let alert = *read(&group("resolved")).alert.unwrap();
        assert_eq!((alert.status, alert.firing, alert.resolved), (AlertStatus::Resolved, 0, 2));
        assert_eq!(alert.resolved_at, Some(1_795_424_400_000));
    }

    #[test]
    fn words_are_kept_byte_for_byte() {
        let said = read(&json!({"alerts": [{"labels": {"path": "/a_b/*c*"},
            "annotations": {"summary": "cpu_usage_high on __ni3__ <b>@here</b>", "runbook": "javascript:alert(1)"}}]}));
        assert_eq!(said.text, "FIRING alerts\n- cpu_usage_high on __ni3__ <b>@here</b> (path=/a_b/*c*)");
        assert_eq!(said.alert.unwrap().runbook, None);
    }

    #[test]
    fn nothing_need_be_there_and_much_is_cut() {
        assert_eq!(read(&json!({"alerts": []})).text, "FIRING alerts");
        assert_eq!(
            read(&json!({"alerts": [{}, 7, {"labels": {"alertname": 3}}]})).text,
            "FIRING (3) alerts\n- \n- \n- 3"
        );
        let many = vec![json!({"labels": {"a": "b"}}); 50];
        assert!(read(&json!({"alerts": many})).text.ends_with("- and 30 more"));
        let cut = read(&json!({"alerts": [{"labels": {"a": "b"}}], "truncatedAlerts": 37}));
        assert!(cut.text.ends_with("\n- and 37 more"), "{}", cut.text);
        assert_eq!(cut.alert.unwrap().more, 37);
        let labels: serde_json::Map<_, _> = (0..500).map(|n| (format!("label{n}"), json!("\"".repeat(300)))).collect();
        let big = read(&json!({"alerts": vec![json!({"labels": labels}); 20], "externalURL": "x".repeat(1_000)}));
        assert!(big.text.len() <= ALERT_TEXT_BYTES_MAX);
        let alert = big.alert.unwrap();
        assert!(serde_json::to_string(&alert).unwrap().len() < ALERTS_BYTES_MAX + 4_096);
        assert!(alert.alerts.len() as u64 + alert.more == 20);
    }
}
