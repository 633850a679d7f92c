//! Alertmanager's webhook, version 4 (prometheus.io/docs/alerting/latest/configuration/#webhook_config); Grafana's
//! contact points send the same.

use serde_json::Value;

use super::{Said, line};
use crate::hooks::limits::ALERTS_MAX;

/// A group of alerts. Its key is the group's and its state's, so that what fires again and again is counted, and what
/// ends is said.
pub fn read(json: &Value) -> Said {
    let alerts = json["alerts"].as_array().map(Vec::as_slice).unwrap_or_default();
    let is_resolved = json["status"] == "resolved";
    let names = [&json["commonLabels"]["alertname"], &json["groupLabels"]["alertname"], &json["title"]];
    let name = names.into_iter().map(line).find(|name| !name.is_empty()).unwrap_or_else(|| "alerts".to_owned());
    let state = if is_resolved { "RESOLVED" } else { "FIRING" };
    let count = match alerts.iter().filter(|alert| alert["status"] == json["status"]).count() {
        0 | 1 => String::new(),
        count => format!(" ({count})"),
    };
    let mut text = format!("**{state}**{count} {name}");
    for alert in alerts.iter().take(ALERTS_MAX) {
        text.push_str("\n- ");
        // In a mixed group each says for itself.
        if alert["status"] == "resolved" && !is_resolved {
            text.push_str("resolved: ");
        }
        text.push_str(&one(alert));
    }
    if alerts.len() > ALERTS_MAX {
        text.push_str(&format!("\n- and {} more", alerts.len() - ALERTS_MAX));
    }
    let link = line(&json["externalURL"]);
    if link.starts_with("http") {
        text.push_str(&format!("\n{link}"));
    }
    let group = json["groupKey"].as_str();
    let key = |state: &str| group.map(|group| format!("{state} {group}"));
    let (key, ends) = if is_resolved { (key("resolved"), key("firing")) } else { (key("firing"), key("resolved")) };
    Said { text, key, ends }
}

/// What one alert says, and by which labels one knows it.
fn one(alert: &Value) -> String {
    let annotations = &alert["annotations"];
    let told = ["summary", "description", "message"].into_iter().map(|name| line(&annotations[name]));
    let told = told.into_iter().find(|told| !told.is_empty());
    let labels = alert["labels"].as_object();
    let labels = labels.into_iter().flatten().filter(|(name, _)| name.as_str() != "alertname");
    let labels: Vec<String> = labels.map(|(name, value)| format!("{name}={}", line(value))).collect();
    match (told, labels.is_empty()) {
        (Some(told), true) => told,
        (Some(told), false) => format!("{told} ({})", labels.join(", ")),
        (None, false) => labels.join(", "),
        (None, true) => line(&alert["labels"]["alertname"]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn group(status: &str) -> Value {
        json!({
            "version": "4", "groupKey": "{}:{alertname=\"DiskFull\"}", "truncatedAlerts": 0, "status": status,
            "receiver": "wardroom", "groupLabels": {"alertname": "DiskFull"},
            "commonLabels": {"alertname": "DiskFull", "severity": "critical"}, "commonAnnotations": {},
            "externalURL": "http://alerts.example:9093",
            "alerts": [
                {"status": status, "labels": {"alertname": "DiskFull", "instance": "web1:9100", "severity": "critical"},
                 "annotations": {"summary": "/ is 97 % full\nsecond line"}, "startsAt": "2026-11-23T08:00:00Z",
                 "endsAt": "0001-01-01T00:00:00Z", "generatorURL": "http://prom.example/g", "fingerprint": "ab12"},
                {"status": status, "labels": {"alertname": "DiskFull", "instance": "web2:9100"}, "annotations": {}}
            ]
        })
    }

    #[test]
    fn a_group_is_a_few_lines() {
        let said = read(&group("firing"));
        assert_eq!(
            said.text,
            "**FIRING** (2) DiskFull\n- / is 97 % full (instance=web1:9100, severity=critical)\n- instance=web2:9100\n\
             http://alerts.example:9093"
        );
        assert_eq!(said.key.as_deref(), Some("firing {}:{alertname=\"DiskFull\"}"));
        let end = read(&group("resolved"));
        assert!(end.text.starts_with("**RESOLVED** (2) DiskFull"));
        assert_eq!((end.key, end.ends), (said.ends, said.key));
    }

    #[test]
    fn nothing_need_be_there_and_much_is_cut() {
        assert_eq!(read(&json!({"alerts": []})).text, "**FIRING** alerts");
        assert_eq!(
            read(&json!({"alerts": [{}, 7, {"labels": {"alertname": 3}}]})).text,
            "**FIRING** (3) alerts\n- \n- \n- 3"
        );
        let many = vec![json!({"labels": {"a": "b"}}); 50];
        assert!(read(&json!({"alerts": many})).text.ends_with("- and 30 more"));
    }
}
