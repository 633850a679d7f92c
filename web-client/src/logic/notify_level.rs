//! What to be notified of in a room. Stored in this browser.

/// What to be notified of.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum NotifyLevel {
    /// Every line by others.
    All,
    /// Mentions, and every line of a direct message.
    #[default]
    Mentions,
    /// Nothing.
    Nothing,
}

impl NotifyLevel {
    /// The word under which it is stored.
    pub fn word(self) -> &'static str {
        match self {
            NotifyLevel::All => "all",
            NotifyLevel::Mentions => "mentions",
            NotifyLevel::Nothing => "nothing",
        }
    }

    /// The level for a stored word; the default for an unknown one.
    pub fn from_word(word: &str) -> Self {
        match word {
            "all" => NotifyLevel::All,
            "nothing" => NotifyLevel::Nothing,
            _ => NotifyLevel::Mentions,
        }
    }

    /// True if growing counts are worth a notification.
    pub fn wants(self, unread_grew: bool, mentions_grew: bool, is_dm: bool) -> bool {
        match self {
            NotifyLevel::All => unread_grew || mentions_grew,
            NotifyLevel::Mentions => mentions_grew || is_dm && unread_grew,
            NotifyLevel::Nothing => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::NotifyLevel;

    #[test]
    fn levels_are_kept_and_heard() {
        for level in [NotifyLevel::All, NotifyLevel::Mentions, NotifyLevel::Nothing] {
            assert_eq!(NotifyLevel::from_word(level.word()), level);
        }
        assert!(NotifyLevel::All.wants(true, false, false));
        assert!(!NotifyLevel::Mentions.wants(true, false, false));
        assert!(NotifyLevel::Mentions.wants(true, false, true) && NotifyLevel::Mentions.wants(true, true, false));
        assert!(!NotifyLevel::Nothing.wants(true, true, true));
    }
}
