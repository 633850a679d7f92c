//! The state of the link in words.

use wardroom_client_core::Link;
use wardroom_protocol::visible::visible;

use super::line::moment_words;

/// A few words for a line of its own. `now_ms`: Unix milliseconds.
pub(crate) fn link_words(link: &Link, now_ms: u64) -> String {
    let in_seconds = |at_ms: u64| match at_ms.saturating_sub(now_ms).div_ceil(1_000) {
        0 => "now".to_owned(),
        s => format!("in {s} s"),
    };
    match link {
        Link::Connecting => "connecting".to_owned(),
        Link::Live => "live".to_owned(),
        Link::CatchingUp { left: 0 } => "catching up".to_owned(),
        Link::CatchingUp { left } => format!("catching up, {left} left"),
        Link::Reconnecting { at_ms, .. } => format!("reconnecting {}", in_seconds(*at_ms)),
        Link::OutOfDate { since_ms, .. } => format!("offline since {}, reconnecting", moment_words(*since_ms)),
        Link::SignedOut { why } => format!("signed out: {}", visible(why)),
        Link::Stopped => "closed".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_have_words() {
        assert_eq!(link_words(&Link::Reconnecting { at_ms: 3_500, since_ms: 0 }, 1_000), "reconnecting in 3 s");
        assert_eq!(link_words(&Link::Reconnecting { at_ms: 500, since_ms: 0 }, 1_000), "reconnecting now");
        assert_eq!(link_words(&Link::CatchingUp { left: 12 }, 0), "catching up, 12 left");
        assert_eq!(link_words(&Link::SignedOut { why: "a\x1bb".to_owned() }, 0), "signed out: a␛b");
    }
}
