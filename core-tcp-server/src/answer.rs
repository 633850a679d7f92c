//! The answer to a request that was carried out. Refusals have their own file.

use bytes::Bytes;
use serde::Serialize;
use wardroom_protocol::frame::{Number, encode_named};

/// The fields of an `ok` that says no more.
#[derive(Debug, Default, Serialize)]
pub struct Nothing {}

/// An `ok` for a request that wants one.
pub fn ok<T: Serialize>(id: Option<u64>, fields: &T) -> Option<Bytes> {
    id.map(|id| encode_named("ok", Number::Re(id), fields, &[]))
}
