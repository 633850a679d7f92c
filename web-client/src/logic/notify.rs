//! What of a room is notified: all, mentions or nothing, as a person wishes; kept in this browser.

/// A wish.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Wish {
    /// Every line of others.
    All,
    /// What names one; and every line of a direct message.
    #[default]
    Mentions,
    /// Nothing.
    Nothing,
}

impl Wish {
    /// The word under which it is kept.
    pub fn word(self) -> &'static str {
        match self {
            Wish::All => "all",
            Wish::Mentions => "mentions",
            Wish::Nothing => "nothing",
        }
    }

    /// The wish of this word; what is not known is the default.
    pub fn of_word(word: &str) -> Self {
        match word {
            "all" => Wish::All,
            "nothing" => Wish::Nothing,
            _ => Wish::Mentions,
        }
    }

    /// True if it is to be told that these counts grew so.
    pub fn wants(self, unread_grew: bool, mentions_grew: bool, is_dm: bool) -> bool {
        match self {
            Wish::All => unread_grew || mentions_grew,
            Wish::Mentions => mentions_grew || is_dm && unread_grew,
            Wish::Nothing => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Wish;

    #[test]
    fn wishes_are_kept_and_heard() {
        for wish in [Wish::All, Wish::Mentions, Wish::Nothing] {
            assert_eq!(Wish::of_word(wish.word()), wish);
        }
        assert!(Wish::All.wants(true, false, false));
        assert!(!Wish::Mentions.wants(true, false, false));
        assert!(Wish::Mentions.wants(true, false, true) && Wish::Mentions.wants(true, true, false));
        assert!(!Wish::Nothing.wants(true, true, true));
    }
}
