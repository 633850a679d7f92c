//! Answers to requests: `ok` and `err`.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::code::Code;
use crate::message::Message;

/// `ok`: a request was carried out. Its other fields depend on the request.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The number of the request.
    pub re: u64,
    /// The whole line.
    pub line: bytes::Bytes,
}

impl Answer {
    /// Parses the answer's fields as those of the request's own answer.
    ///
    /// # Errors
    /// If they do not fit: a server of another version.
    pub fn fields<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_slice(&self.line)
    }
}

/// `err`: a request was refused, or a frame had no meaning.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct ErrAnswer {
    /// The number of the request; none if it had none that could be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub re: Option<u64>,
    /// Why, for programs.
    pub code: Option<Code>,
    /// Why, and what to do about it, for people.
    pub msg: String,
    /// With `rate_limited` and `busy`: milliseconds after which to try again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_ms: Option<u64>,
    /// With `internal`: where to look in the server's log.
    #[serde(default, rename = "ref", skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// With `conflict` on an upload: its current offset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub off: Option<u64>,
    /// The upload that the refused chunk was for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upload: Option<crate::UploadId>,
    /// The download that broke off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stream: Option<crate::StreamId>,
    /// The run that the refused input was for. With `conflict`, `off` is the offset that the input must have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<crate::RunId>,
    /// With `incompatible`: the versions that the server speaks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub versions: Option<Vec<u32>>,
}

impl Message for ErrAnswer {
    const T: &'static str = "err";
}
