//! Slices of files that a person chose: never the whole of one in memory.

use bytes::Bytes;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::File;

use super::socket::words_of;

/// Reads `len` bytes from `off` on; fewer where the file ends before.
///
/// # Errors
/// The browser's words: the file is gone, has changed, or is a folder.
pub async fn read(file: &File, off: u64, len: u64) -> Result<Bytes, String> {
    // Offsets stay below 2^53, and are exact as floating point numbers.
    let slice = file.slice_with_f64_and_f64(off as f64, off.saturating_add(len) as f64).map_err(|e| words_of(&e))?;
    let buffer = JsFuture::from(slice.array_buffer()).await.map_err(|e| words_of(&e))?;
    let buffer: js_sys::ArrayBuffer = buffer.dyn_into().map_err(|e| words_of(&e))?;
    Ok(Bytes::from(js_sys::Uint8Array::new(&buffer).to_vec()))
}
