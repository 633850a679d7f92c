//! Where the line *New since you left* stands: after what had been read when the room was opened, or when the reader
//! last looked away.

/// The divider of one room.
#[derive(Clone, Copy, Debug, Default)]
pub struct Divider {
    is_set: bool,
    was_visible: bool,
    after: Option<u64>,
}

impl Divider {
    /// Takes how things stand: what has been read, the last line, and whether somebody looks. Gives the line after
    /// which all is new.
    pub fn update(&mut self, read: u64, last: u64, is_visible: bool) -> Option<u64> {
        if !self.is_set {
            self.is_set = true;
            self.was_visible = is_visible;
            // Who has never read here knows that all is new.
            self.after = (read > 0 && read < last).then_some(read);
        }
        match (self.was_visible, is_visible) {
            (true, false) => self.after = Some(last),
            (false, true) if self.after.is_some_and(|after| after >= last) => self.after = None,
            _ => {}
        }
        self.was_visible = is_visible;
        self.after
    }
}

#[cfg(test)]
mod tests {
    use super::Divider;

    #[test]
    fn what_was_unread_when_the_room_was_opened_is_new() {
        let mut divider = Divider::default();
        assert_eq!(divider.update(3, 8, true), Some(3));
        // It has been read by now, and stays marked while one is here.
        assert_eq!(divider.update(8, 9, true), Some(3));
        assert_eq!(Divider::default().update(8, 8, true), None);
        assert_eq!(Divider::default().update(0, 8, true), None);
    }

    #[test]
    fn what_came_while_one_looked_away_is_new() {
        let mut divider = Divider::default();
        assert_eq!(divider.update(8, 8, true), None);
        assert_eq!(divider.update(8, 8, false), Some(8));
        assert_eq!(divider.update(8, 10, false), Some(8));
        assert_eq!(divider.update(8, 10, true), Some(8));
    }

    #[test]
    fn nothing_is_new_where_nothing_came() {
        let mut divider = Divider::default();
        divider.update(8, 8, true);
        divider.update(8, 8, false);
        assert_eq!(divider.update(8, 8, true), None);
        assert_eq!(divider.update(8, 9, true), None);
    }
}
