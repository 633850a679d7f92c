//! The state of the link in words.

use wardroom_client_core::ConnectionState;
use wardroom_protocol::visible::visible;

use super::line::moment_words;

/// A few words for a line of its own. `now_ms`: Unix milliseconds.
pub(crate) fn connection_words(link: &ConnectionState, now_ms: u64) -> String {
    let in_seconds = |at_ms: u64| match at_ms.saturating_sub(now_ms).div_ceil(1_000) {
        0 => "now".to_owned(),
        s => format!("in {s} s"),
    };
    match link {
        ConnectionState::Connecting => "connecting".to_owned(),
        ConnectionState::Live => "live".to_owned(),
        ConnectionState::CatchingUp { left: 0 } => "catching up".to_owned(),
        ConnectionState::CatchingUp { left } => format!("catching up, {left} left"),
        ConnectionState::Reconnecting { at_ms, .. } => format!("reconnecting {}", in_seconds(*at_ms)),
        ConnectionState::OutOfDate { since_ms, .. } => {
            format!("offline since {}, reconnecting", moment_words(*since_ms))
        }
        ConnectionState::SignedOut { why } => format!("signed out: {}", visible(why)),
        ConnectionState::Stopped => "closed".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_have_words() {
        assert_eq!(
            connection_words(&ConnectionState::Reconnecting { at_ms: 3_500, since_ms: 0 }, 1_000),
            "reconnecting in 3 s"
        );
        assert_eq!(
            connection_words(&ConnectionState::Reconnecting { at_ms: 500, since_ms: 0 }, 1_000),
            "reconnecting now"
        );
        assert_eq!(connection_words(&ConnectionState::CatchingUp { left: 12 }, 0), "catching up, 12 left");
        assert_eq!(connection_words(&ConnectionState::SignedOut { why: "a\x1bb".to_owned() }, 0), "signed out: a␛b");
    }
}
