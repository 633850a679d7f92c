//! What one transaction of the index takes.

/// What a transaction may still take.
pub struct Budget {
    pub(super) rows: usize,
    pub(super) bytes: usize,
}

impl Budget {
    /// Takes a row of so many bytes.
    pub fn spend(&mut self, bytes: usize) {
        self.rows = self.rows.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(bytes);
    }

    /// Nothing more goes into this transaction.
    pub fn is_spent(&self) -> bool {
        self.rows == 0 || self.bytes == 0
    }
}
