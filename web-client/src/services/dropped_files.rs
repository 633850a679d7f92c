//! Files and folders that were dropped onto the page, with the files that lie in the folders.

use js_sys::{Array, Function, Promise};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    DataTransfer, File, FileSystemDirectoryEntry, FileSystemDirectoryReader, FileSystemEntry, FileSystemFileEntry,
};

/// What was dropped.
#[derive(Debug, Default)]
pub struct Dropped {
    /// The files, each with its path from where it was dropped: `logs/app.log`.
    pub files: Vec<(String, File)>,
    /// What cannot be read.
    pub unreadable: Vec<String>,
    /// There were more than were wanted.
    pub is_cut: bool,
}

/// The entries of a drop. They must be taken while the event lasts; what is in them may be read later.
pub fn entries(transfer: &DataTransfer) -> Vec<FileSystemEntry> {
    let items = transfer.items();
    let entry = |at| items.get(at)?.webkit_get_as_entry().ok().flatten();
    (0..items.length()).filter_map(entry).collect()
}

/// The files of entries and of the folders among them, at most so many.
pub async fn files_of(entries: Vec<FileSystemEntry>, files_max: usize) -> Dropped {
    let mut dropped = Dropped::default();
    let mut open = entries;
    open.reverse();
    while let Some(entry) = open.pop() {
        if dropped.files.len() >= files_max {
            dropped.is_cut = true;
            break;
        }
        let path = entry.full_path().trim_start_matches('/').to_owned();
        // By its flags: Chromium knows no such classes by name.
        if entry.is_file() {
            let file: &FileSystemFileEntry = entry.unchecked_ref();
            match answer(|done, failed| file.file_with_callback_and_callback(done, failed)).await {
                Ok(file) => dropped.files.push((path, file.unchecked_into())),
                Err(_) => dropped.unreadable.push(path),
            }
        } else {
            let folder: &FileSystemDirectoryEntry = entry.unchecked_ref();
            match within(&folder.create_reader(), files_max).await {
                Ok(more) => open.extend(more.into_iter().rev()),
                Err(_) => dropped.unreadable.push(path),
            }
        }
    }
    dropped
}

/// What is in a folder: browsers tell it in parts, and an empty part ends it.
async fn within(reader: &FileSystemDirectoryReader, entries_max: usize) -> Result<Vec<FileSystemEntry>, JsValue> {
    let mut all = Vec::new();
    loop {
        let read = answer(|done, failed| reader.read_entries_with_callback_and_callback(done, failed));
        let part: Array = read.await?.unchecked_into();
        all.extend(part.iter().map(JsCast::unchecked_into::<FileSystemEntry>));
        // One more than is wanted, so that it is seen that there are more.
        if part.length() == 0 || all.len() > entries_max {
            return Ok(all);
        }
    }
}

/// The answer of a function that takes two callbacks.
async fn answer<T>(ask: impl FnOnce(&Function, &Function) -> T) -> Result<JsValue, JsValue> {
    let mut ask = Some(ask);
    let mut begin = |done: Function, failed: Function| {
        if let Some(ask) = ask.take() {
            ask(&done, &failed);
        }
    };
    JsFuture::from(Promise::new(&mut begin)).await
}
