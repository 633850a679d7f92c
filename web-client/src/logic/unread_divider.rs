//! The position of the unread divider: after what was read when the room was opened, or when the reader last looked
//! away.

/// The divider of one room.
#[derive(Clone, Copy, Debug, Default)]
pub struct UnreadDivider {
    is_set: bool,
    after: Option<u64>,
    /// The last line when the reader looked away, until a newer one arrives.
    away_at: Option<u64>,
}

impl UnreadDivider {
    /// Takes the read position, the last event of the room, and whether the page is visible. Returns the line after
    /// which everything is new.
    ///
    /// `last` is the room's head according to the server, not the last loaded line: a room is first drawn before its
    /// events arrive, and would seem to be completely read.
    pub fn update(&mut self, read: u64, last: u64, is_visible: bool) -> Option<u64> {
        if !self.is_set {
            self.is_set = true;
            // If nothing was ever read here, everything is new anyway.
            self.after = (read > 0 && read < last).then_some(read);
        }
        if is_visible {
            self.away_at = None;
        } else {
            // A short look elsewhere does not move the divider; a newer line does.
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
        // It is read by now, but stays marked until the reader leaves.
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
        // Away once more: what came in between was seen.
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
        // The same for a page that never had the focus.
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
