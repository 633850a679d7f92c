//! Alerts of a monitoring system as values: what a webhook of Alertmanager or Grafana says, for clients that draw it.
//! The message's text says the same in words, for those that do not.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A group of alerts that came as one message. When it comes again, the message changes (an `edit` with `alert`).
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct AlertGroup {
    /// `resolved` once none of them fires.
    pub status: AlertStatus,
    /// What people call it: the alert's name, mostly.
    pub name: String,
    /// The highest severity of those that fire (of all, where none fires), as the program calls it: `critical`, `warning`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<String>,
    /// What to do about it: an `http` or `https` address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runbook: Option<String>,
    /// Where the monitoring system shows it: an `http` or `https` address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// How many fire.
    pub firing: u64,
    /// How many are over.
    pub resolved: u64,
    /// When it was resolved, Unix milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolved_at: Option<u64>,
    /// How many there are beside those in `alerts`.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub more: u64,
    /// Those that are listed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alerts: Vec<Alert>,
}

/// One alert.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Alert {
    /// It fires, or is over.
    pub status: AlertStatus,
    /// What it says: its summary, or its description.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub summary: String,
    /// Its own severity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<String>,
    /// What tells it from others, without its name and its severity.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// What to do about it, where that is not the group's `runbook`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runbook: Option<String>,
    /// Where it comes from: the graph of its expression.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Since when it fires, Unix milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<u64>,
    /// When it was over, Unix milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<u64>,
}

/// Whether an alert fires.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum AlertStatus {
    /// It is over.
    Resolved,
    /// It fires; also what a status is that this version does not know.
    #[default]
    #[serde(other)]
    Firing,
}

/// How urgent a severity is, whatever the program calls it.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Level {
    /// To be known.
    Info,
    /// To be looked at; also what is not known.
    Warning,
    /// To be looked at now.
    Critical,
}

/// The level of a severity as programs write it.
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
