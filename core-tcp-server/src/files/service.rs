//! Room storage, and what is under way to and from it: uploads, downloads, and the order in which files are placed.

use std::path::Path;
use std::sync::Arc;

use tokio::sync::Semaphore;

use super::downloads::Downloads;
use super::storage::RoomStorage;
use super::uploads::Uploads;
use crate::error::Error;
use crate::limits::{DOWNLOADS_ALL_MAX, PLACING_LANES, UPLOAD_QUEUE_BYTES_MAX};
use crate::store::{RoomId, Store};

/// Room storage, and the uploads to them.
pub struct Files {
    pub(super) storage: Arc<RoomStorage>,
    pub(super) uploads: Uploads,
    pub(super) downloads: Downloads,
    /// Held while an upload is begun, until its row is on disk.
    pub(super) opening: Arc<tokio::sync::Mutex<()>>,
    /// Held from a rename into room storage until the room was told.
    placing: [tokio::sync::Mutex<()>; PLACING_LANES],
    /// The memory for bytes that wait for the disk.
    pub(super) queue: Arc<Semaphore>,
}

impl Files {
    /// Opens room storage. The uploads come with [`super::recover`], which needs the rooms.
    ///
    /// # Errors
    /// Where the folders cannot be opened.
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

    /// The lane in which files are added to this room, one after the other.
    pub(super) fn lane(&self, room: RoomId) -> &tokio::sync::Mutex<()> {
        let lane = usize::try_from(room.0.unsigned_abs()).unwrap_or(0) % PLACING_LANES;
        // The remainder is always one of them.
        self.placing.get(lane).unwrap_or(&self.opening)
    }
}
