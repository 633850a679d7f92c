//! The budget of one transaction of the index.

/// The rows and bytes that a transaction may still write.
pub struct Budget {
    pub(super) rows: usize,
    pub(super) bytes: usize,
}

impl Budget {
    /// Spends one row of this many bytes.
    pub fn spend(&mut self, bytes: usize) {
        self.rows = self.rows.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(bytes);
    }

    /// Returns true if nothing more may go into this transaction.
    pub fn is_spent(&self) -> bool {
        self.rows == 0 || self.bytes == 0
    }
}
