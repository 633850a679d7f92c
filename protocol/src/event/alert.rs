//! Alerts of a monitoring system as values: what a webhook of Alertmanager or Grafana reports, for clients that draw
//! it. The message's text contains the same in words, for all others.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A group of alerts that arrived as one message. When it is sent again, the message changes (an `edit` with `alert`).
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct AlertGroup {
    /// `resolved` if none of the alerts is firing.
    pub status: AlertStatus,
    /// The group's name: usually the name of its alert.
    pub name: String,
    /// The highest severity of the firing alerts (of all, if none is firing), as the program names it: `critical`,
    /// `warning`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<String>,
    /// The runbook: an `http` or `https` address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runbook: Option<String>,
    /// The alert's page in the monitoring system: an `http` or `https` address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The number of firing alerts.
    pub firing: u64,
    /// The number of resolved alerts.
    pub resolved: u64,
    /// When the group was resolved, Unix milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolved_at: Option<u64>,
    /// The number of alerts beyond those in `alerts`.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub more: u64,
    /// The listed alerts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alerts: Vec<Alert>,
}

/// One alert.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Alert {
    /// Whether it is firing or resolved.
    pub status: AlertStatus,
    /// Its summary, or its description.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub summary: String,
    /// Its own severity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<String>,
    /// The labels that distinguish it from others, without its name and its severity.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// Its runbook, if different from the group's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runbook: Option<String>,
    /// Its source: the graph of its expression.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// When it started firing, Unix milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<u64>,
    /// When it was resolved, Unix milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<u64>,
}

/// Whether an alert is firing.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum AlertStatus {
    /// It is resolved.
    Resolved,
    /// It is firing; also any status that this version does not know.
    #[default]
    #[serde(other)]
    Firing,
}

/// How urgent a severity is, however the program names it.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Level {
    /// For information.
    Info,
    /// Needs attention; also any unknown severity.
    Warning,
    /// Needs attention now.
    Critical,
}

/// Returns the level of a severity as programs write it.
pub fn level(severity: Option<&str>) -> Level {
    match severity.unwrap_or_default().to_ascii_lowercase().as_str() {
        "critical" | "crit" | "page" | "emergency" | "fatal" | "error" | "major" | "high" | "disaster" | "p0"
        | "p1" | "sev0" | "sev1" => Level::Critical,
        "info" | "information" | "notice" | "low" | "none" | "debug" | "ok" | "p4" | "p5" | "sev4" | "sev5" => {
            Level::Info
        }
        _ => Level::Warning,
    }
}

fn is_zero(n: &u64) -> bool {
    *n == 0
}
