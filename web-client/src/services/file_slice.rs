//! Slices of files: a file is never in memory as a whole.

use bytes::Bytes;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::File;

use super::socket::error_text;

/// A slice that is being read.
#[derive(Debug)]
pub struct Slice(JsFuture);

/// Starts reading `len` bytes at `off`; fewer if the file ends before.
///
/// # Errors
/// The browser's message.
pub fn begin(file: &File, off: u64, len: u64) -> Result<Slice, String> {
    // Offsets are below 2^53, so floating point numbers are exact.
    let slice = file.slice_with_f64_and_f64(off as f64, off.saturating_add(len) as f64).map_err(|e| error_text(&e))?;
    Ok(Slice(JsFuture::from(slice.array_buffer())))
}

impl Slice {
    /// Waits for the bytes.
    ///
    /// # Errors
    /// The browser's message: the file is gone, has changed, or is a folder.
    pub async fn bytes(self) -> Result<Bytes, String> {
        let buffer = self.0.await.map_err(|e| error_text(&e))?;
        let buffer: js_sys::ArrayBuffer = buffer.dyn_into().map_err(|e| error_text(&e))?;
        Ok(Bytes::from(js_sys::Uint8Array::new(&buffer).to_vec()))
    }
}
