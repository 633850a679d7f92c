//! All uploads that are not over, in memory; each has a row.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use wardroom_protocol::UploadId;

use super::upload::Upload;
use crate::error::Error;
use crate::store::UserId;

/// All uploads that are not over.
#[derive(Default)]
pub struct Uploads {
    /// Held for look-ups; never across an await.
    all: Mutex<HashMap<UploadId, Arc<Upload>>>,
}

/// The error if the user has no such upload.
pub fn unknown() -> Error {
    Error::not_found("you have no such upload: it is over, was given up, or waited for more than a week")
}

impl Uploads {
    /// Returns the upload with this id, if it is this user's.
    ///
    /// # Errors
    /// `not_found`
    pub fn find(&self, id: UploadId, user: UserId) -> Result<Arc<Upload>, Error> {
        self.lock().get(&id).filter(|upload| upload.user == user).cloned().ok_or_else(unknown)
    }

    /// Adds an upload.
    pub fn insert(&self, upload: Arc<Upload>) {
        self.lock().insert(upload.id, upload);
    }

    /// Removes an upload.
    pub fn remove(&self, id: UploadId) {
        self.lock().remove(&id);
    }

    /// Returns true if there is an upload with this id.
    pub fn has(&self, id: UploadId) -> bool {
        self.lock().contains_key(&id)
    }

    /// Returns the number of this user's uploads, the number of all uploads, and the bytes still expected.
    pub fn load(&self, user: UserId) -> (usize, usize, u64) {
        let all = self.lock();
        let mine = all.values().filter(|upload| upload.user == user).count();
        let expected_bytes = all.values().map(|upload| upload.expected_bytes()).sum();
        (mine, all.len(), expected_bytes)
    }

    /// Returns a user's uploads whose connection is gone or that had no activity since `ms`; the longest idle first.
    pub fn idle_of(&self, user: UserId, ms: u64) -> Vec<Arc<Upload>> {
        let all = self.lock();
        let mut idle: Vec<_> = all
            .values()
            .filter(|upload| upload.user == user)
            .filter_map(|upload| Some((upload.left_ms()?, Arc::clone(upload))))
            .filter(|(left_ms, upload)| *left_ms < ms || upload.is_unheld())
            .collect();
        drop(all);
        idle.sort_by_key(|(left_ms, upload)| (*left_ms, upload.id));
        idle.into_iter().map(|(_, upload)| upload).collect()
    }

    /// Returns the uploads without activity since `ms`, by the monotonic clock.
    pub fn untouched_since(&self, ms: u64) -> Vec<Arc<Upload>> {
        self.lock().values().filter(|upload| upload.staging().touched_ms < ms).cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<UploadId, Arc<Upload>>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
