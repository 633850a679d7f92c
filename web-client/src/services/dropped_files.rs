//! Files and folders that were dropped onto the page, including the files in folders.

use js_sys::{Array, Function, Promise};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    DataTransfer, File, FileSystemDirectoryEntry, FileSystemDirectoryReader, FileSystemEntry, FileSystemFileEntry,
};

#[derive(Debug, Default)]
pub struct Dropped {
    /// The files, each with its relative path: `logs/app.log`.
    pub files: Vec<(String, File)>,
    /// Paths that could not be read.
    pub unreadable: Vec<String>,
    /// There were more files than allowed.
    pub is_cut: bool,
}

/// The entries of a drop. They must be taken during the event; their content may be read later.
pub fn entries(transfer: &DataTransfer) -> Vec<FileSystemEntry> {
    let items = transfer.items();
    let entry = |at| items.get(at)?.webkit_get_as_entry().ok().flatten();
    (0..items.length()).filter_map(entry).collect()
}

/// The files of these entries, including those in folders, up to `files_max`.
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
        // Check the flags, because Chromium does not expose the classes.
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

/// The entries of a folder. Browsers return them in batches; an empty batch ends the list.
async fn within(reader: &FileSystemDirectoryReader, entries_max: usize) -> Result<Vec<FileSystemEntry>, JsValue> {
    let mut all = Vec::new();
    loop {
        let read = answer(|done, failed| reader.read_entries_with_callback_and_callback(done, failed));
        let part: Array = read.await?.unchecked_into();
        all.extend(part.iter().map(JsCast::unchecked_into::<FileSystemEntry>));
        // One more than wanted shows that there are more.
        if part.length() == 0 || all.len() > entries_max {
            return Ok(all);
        }
    }
}

/// Turns a function with two callbacks into a future.
async fn answer<T>(ask: impl FnOnce(&Function, &Function) -> T) -> Result<JsValue, JsValue> {
    let mut ask = Some(ask);
    let mut begin = |done: Function, failed: Function| {
        if let Some(ask) = ask.take() {
            ask(&done, &failed);
        }
    };
    JsFuture::from(Promise::new(&mut begin)).await
}
