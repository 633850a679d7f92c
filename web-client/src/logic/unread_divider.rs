//! Where the line *New since you left* goes: after what had been read when the room was opened, or when the reader
//! last looked away.

/// The divider of one room.
#[derive(Clone, Copy, Debug, Default)]
pub struct UnreadDivider {
    is_set: bool,
    after: Option<u64>,
    /// The last line when the reader looked away, until something comes after it.
    away_at: Option<u64>,
}

impl UnreadDivider {
    /// Takes what has been read, the last event of the room, and whether somebody looks. Gives the line after which all
    /// is new.
    ///
    /// `last` is the room's head as the server told it, not the last line that is loaded: a room is first drawn
    /// between the answer that opens it and its events, and would seem to be read to its end then.
    pub fn update(&mut self, read: u64, last: u64, is_visible: bool) -> Option<u64> {
        if !self.is_set {
            self.is_set = true;
            // Who has never read here knows that all is new.
            self.after = (read > 0 && read < last).then_some(read);
        }
        if is_visible {
            self.away_at = None;
        } else {
            // A glance elsewhere does not lose the divider: it moves once there is something newer.
            let away_at = *self.away_at.get_or_insert(last);
            if last > away_at {
                self.after = Some(away_at);
            }
        }
        self.after
    }
}

#[cfg(test)]
mod tests {
    use super::UnreadDivider;

    #[test]
    fn what_was_unread_when_the_room_was_opened_is_new() {
        let mut divider = UnreadDivider::default();
        assert_eq!(divider.update(3, 8, true), Some(3));
        // It has been read by now, and stays marked while one is here.
        assert_eq!(divider.update(8, 9, true), Some(3));
        assert_eq!(UnreadDivider::default().update(8, 8, true), None);
        assert_eq!(UnreadDivider::default().update(0, 8, true), None);
    }

    #[test]
    fn what_came_while_one_looked_away_is_new() {
        let mut divider = UnreadDivider::default();
        assert_eq!(divider.update(8, 8, true), None);
        assert_eq!(divider.update(8, 8, false), None);
        assert_eq!(divider.update(8, 10, false), Some(8));
        assert_eq!(divider.update(8, 11, false), Some(8));
        assert_eq!(divider.update(8, 11, true), Some(8));
        // Away once more: what came in between has been seen.
        divider.update(12, 12, true);
        assert_eq!(divider.update(12, 12, false), Some(8));
        assert_eq!(divider.update(12, 13, false), Some(12));
    }

    #[test]
    fn a_glance_elsewhere_keeps_it() {
        let mut divider = UnreadDivider::default();
        assert_eq!(divider.update(3, 8, true), Some(3));
        assert_eq!(divider.update(8, 8, false), Some(3));
        assert_eq!(divider.update(8, 8, true), Some(3));
        // A page that does not have the keyboard yet is no exception.
        let mut divider = UnreadDivider::default();
        assert_eq!(divider.update(3, 8, false), Some(3));
        assert_eq!(divider.update(8, 8, true), Some(3));
    }

    #[test]
    fn nothing_is_new_where_nothing_came() {
        let mut divider = UnreadDivider::default();
        divider.update(8, 8, true);
        divider.update(8, 8, false);
        assert_eq!(divider.update(8, 8, true), None);
        assert_eq!(divider.update(8, 9, true), None);
    }
}
