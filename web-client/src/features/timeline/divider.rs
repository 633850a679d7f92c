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
