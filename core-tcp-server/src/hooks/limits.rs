//! Every number that bounds webhooks, each with its reason.

/// Webhooks of one room, one for each program: nobody can keep track of more.
pub const HOOKS_PER_ROOM_MAX: i64 = 32;
/// Bytes of a token: 192 random bits, like the tokens of programs.
pub const TOKEN_BYTES: usize = 24;
/// Posts of one webhook at once: enough for a storm of alerts.
pub const BURST: u32 = 60;
/// Milliseconds until a webhook may post once more: people can still read one message a second.
pub const REFILL_MS: u64 = 1_000;
/// Webhooks whose rate is remembered: those of a thousand rooms. Beyond that, the quiet ones are forgotten.
pub const RATES_MAX: usize = 16_384;
/// Milliseconds within which posts with the same key are counted on one message: a day.
pub const REPEAT_MS: u64 = 24 * 3_600 * 1_000;
/// Alerts of one group that are listed; further ones are only counted.
pub const ALERTS_MAX: usize = 20;
/// Commits of one push that are listed.
pub const COMMITS_MAX: usize = 10;
/// Characters of one line made from another program's text.
pub const LINE_CHARS_MAX: usize = 300;
/// Bytes of the text made from a group of alerts: with the alerts' values it fits in a line, even with quotation marks
/// escaped.
pub const ALERT_TEXT_BYTES_MAX: usize = 14 << 10;
/// Bytes of a group's alerts as JSON; alerts that do not fit are only counted.
pub const ALERTS_BYTES_MAX: usize = 16 << 10;
/// Labels of one alert: alerts from Kubernetes have a dozen.
pub const LABELS_MAX: usize = 16;
/// Items of one list in Slack's format, such as blocks, attachments, fields or elements: Slack accepts 50 blocks and
/// 100 attachments.
pub const PARTS_MAX: usize = 100;
