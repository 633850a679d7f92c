//! Every number that bounds webhooks, each with its reason.

/// Webhooks of one room: a program each, and nobody looks after more.
pub const HOOKS_PER_ROOM_MAX: i64 = 32;
/// Bytes of a token, in random bits 192: as those of programs have.
pub const TOKEN_BYTES: usize = 24;
/// Posts of one webhook at once: a storm of alerts is told.
pub const BURST: u32 = 60;
/// Milliseconds after which it may post once more: one a second is what people can still read.
pub const REFILL_MS: u64 = 1_000;
/// Webhooks whose rate is remembered: all of a thousand rooms. Beyond that those are forgotten that were quiet.
pub const RATES_MAX: usize = 16_384;
/// Milliseconds within which what has the same key is counted on one message: a day.
pub const REPEAT_MS: u64 = 24 * 3_600 * 1_000;
/// Alerts of one group that are listed; the others are counted.
pub const ALERTS_MAX: usize = 20;
/// Commits of one push that are listed.
pub const COMMITS_MAX: usize = 10;
/// Characters of one line that is made of another program's words.
pub const LINE_CHARS_MAX: usize = 300;
/// Bytes of the text that is made of a group of alerts: with its values it fits a line, quotation marks escaped.
pub const ALERT_TEXT_BYTES_MAX: usize = 14 << 10;
/// Bytes of the alerts of a group as JSON; what does not fit is counted.
pub const ALERTS_BYTES_MAX: usize = 16 << 10;
/// Labels of one alert: those of Kubernetes have a dozen.
pub const LABELS_MAX: usize = 16;
/// Blocks, attachments, fields and elements of one list of Slack's forms: Slack takes 50 blocks and 100 attachments.
pub const PARTS_MAX: usize = 100;
