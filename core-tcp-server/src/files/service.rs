//! Room storage with its uploads and downloads, and the order in which files are placed.

use std::path::Path;
use std::sync::Arc;

use tokio::sync::Semaphore;

use super::downloads::Downloads;
use super::storage::RoomStorage;
use super::uploads::Uploads;
use crate::error::Error;
use crate::limits::{DOWNLOADS_ALL_MAX, PLACING_LANES, UPLOAD_QUEUE_BYTES_MAX};
use crate::store::{RoomId, Store};

/// Room storage, its uploads and its downloads.
pub struct Files {
    pub(super) storage: Arc<RoomStorage>,
    pub(super) uploads: Uploads,
    pub(super) downloads: Downloads,
    /// Held while an upload is started, until its row is on disk.
    pub(super) opening: Arc<tokio::sync::Mutex<()>>,
    /// Held from a rename into room storage until the room has been told.
    placing: [tokio::sync::Mutex<()>; PLACING_LANES],
    /// The memory for bytes that wait for the disk.
    pub(super) queue: Arc<Semaphore>,
}

impl Files {
    /// Opens room storage. [`super::recover`] loads the uploads later, because it needs the rooms.
    ///
    /// # Errors
    /// If the folders cannot be opened.
    pub async fn load(data: &Path, _store: &Store) -> Result<Self, Error> {
        let data = data.to_owned();
        let storage = tokio::task::spawn_blocking(move || RoomStorage::open(&data));
        let storage = storage.await.map_err(Error::internal)??;
        Ok(Self {
            storage: Arc::new(storage),
            uploads: Uploads::default(),
            downloads: Downloads::new(DOWNLOADS_ALL_MAX),
            opening: Arc::default(),
            placing: std::array::from_fn(|_| tokio::sync::Mutex::default()),
            queue: Arc::new(Semaphore::new(UPLOAD_QUEUE_BYTES_MAX)),
        })
    }

    /// Returns the lane of this room, in which files are added one after the other.
    pub(super) fn lane(&self, room: RoomId) -> &tokio::sync::Mutex<()> {
        let lane = usize::try_from(room.0.unsigned_abs()).unwrap_or(0) % PLACING_LANES;
        // The remainder is always a valid index.
        self.placing.get(lane).unwrap_or(&self.opening)
    }
}
