//! `PUT`: an upload in one request, for `curl -T` and other programs. The body is streamed to the core, and its digest
//! is computed on the way.

use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::Response;
use http_body_util::BodyExt;
use hyper::body::{Bytes, Frame as BodyFrame};
use tokio::time::{error::Elapsed, timeout};
use wardroom_protocol::frame::{Number, encode_with_body};
use wardroom_protocol::limits::{BODY_BYTES_MAX, INTEGER_MAX};
use wardroom_protocol::messages::{FileAbort, FileChunk, FileCommit, FileCommitOk, FilePut, FilePutOk, IfExists, Pong};
use wardroom_protocol::{Code, Frame, Nonce, ServerMessage, UploadId};

use super::headers::encoded;
use super::{Target, query_field, sign_in};
use crate::answer::{Error, json};
use crate::app::App;
use crate::caller::Caller;
use crate::core_link::{CoreLink, LinkError, closed, parse};
use crate::login::refuse_forged;

/// `PUT /files/room/ROOM/PATH[?if_exists=fail|replace|rename]`
pub(crate) async fn put(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    uri: Uri,
    request: HeaderMap,
    body: Body,
) -> Result<Response, Error> {
    refuse_forged(&app, &caller, &Method::PUT, &request)?;
    let target = Target::parse(uri.path())?;
    let if_exists = if_exists(&uri)?;
    let size = size(&request)?;
    let (mut link, welcome) = sign_in(&app, &caller, &request).await?;
    if size > welcome.limits.file {
        let msg = format!("a file is at most {} bytes, this one has {size}", welcome.limits.file);
        return Err(Error::new(Code::TooLarge, msg));
    }
    let begin = FilePut { place: target.place, path: target.path, size, mtime: None, if_exists, nonce: nonce()? };
    let begun: FilePutOk = link.ask(1, &begin, app.settings.limits.answer_within).await?;
    if begun.off != 0 {
        return Err(LinkError::Unexpected("a new upload that has begun already".to_owned()).into());
    }
    let upload = Upload { link, upload: begun.upload, window: begun.window, size, sent: 0, acked: 0 };
    // On a task of its own: the HTTP server drops this future when the client disconnects, and the core must still be
    // told.
    let carried = app.tasks.spawn(upload.carry(body, Arc::clone(&app))).await;
    let (blake3, done) = carried.map_err(|_| Error::new(Code::Internal, "the upload has failed"))??;
    let body = serde_json::json!({ "path": done.path, "size": size, "blake3": blake3, "seq": done.seq });
    let mut response = json(StatusCode::CREATED, &body);
    // Relative to the requested address, with the name that the file got.
    if let Ok(location) = HeaderValue::from_str(&encoded(done.path.file_name())) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

fn if_exists(uri: &Uri) -> Result<IfExists, Error> {
    match query_field(uri.query(), "if_exists") {
        None | Some("fail") => Ok(IfExists::Fail),
        Some("replace") => Ok(IfExists::Replace),
        Some("rename") => Ok(IfExists::Rename),
        Some(_) => Err(Error::new(Code::BadRequest, "if_exists is fail, replace or rename")),
    }
}

/// Returns the size, which must be known before the first byte: the core checks it against its limits.
fn size(request: &HeaderMap) -> Result<u64, Error> {
    if request.contains_key(header::CONTENT_RANGE) {
        return Err(Error::new(Code::BadRequest, "an upload over HTTP is whole; Content-Range is not understood"));
    }
    let length = request.get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()).and_then(|v| v.parse::<u64>().ok());
    match length {
        Some(length) if length <= INTEGER_MAX => Ok(length),
        Some(_) => Err(Error::new(Code::TooLarge, "no file is that large")),
        None => {
            let msg = "the size must be known: send Content-Length (curl: -T FILE, not -T -, and no chunked encoding)";
            Err(Error::new(Code::BadRequest, msg).with_status(StatusCode::LENGTH_REQUIRED))
        }
    }
}

fn nonce() -> Result<Nonce, Error> {
    let internal = || Error::new(Code::Internal, "no random numbers");
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|_| internal())?;
    Nonce::parse(&format!("put-{:032x}", u128::from_le_bytes(bytes))).map_err(|_| internal())
}

/// An upload that the core has granted.
struct Upload {
    link: CoreLink,
    upload: UploadId,
    window: u64,
    size: u64,
    sent: u64,
    acked: u64,
}

impl Upload {
    /// Sends the body and commits the upload, or aborts it.
    async fn carry(mut self, body: Body, app: Arc<App>) -> Result<(String, FileCommitOk), Error> {
        let limits = &app.settings.limits;
        let sent = tokio::select! {
            sent = self.send_all(body, limits.body_idle) => sent,
            // This may be in the middle of a frame, so nothing is sent to the core.
            () = app.cut.cancelled() => return Err(Error::new(Code::Busy, "the gateway is stopping")),
        };
        let blake3 = match sent {
            Ok(digest) => digest,
            Err(error) => {
                self.abort().await;
                return Err(error);
            }
        };
        let commit = FileCommit { upload: self.upload, blake3: blake3.clone() };
        let done = self.link.ask(2, &commit, limits.commit_within).await?;
        Ok((blake3, done))
    }

    /// Sends the body as far as credit allows, reading acks meanwhile; returns its digest.
    async fn send_all(&mut self, mut body: Body, idle: Duration) -> Result<String, Error> {
        let mut hasher = blake3::Hasher::new();
        let mut pending = Bytes::new();
        while self.sent < self.size {
            let credit = self.acked.saturating_add(self.window).saturating_sub(self.sent);
            if pending.is_empty() {
                tokio::select! {
                    biased;
                    frame = self.link.reader.next() => self.heed(frame).await?,
                    piece = timeout(idle, body.frame()) => pending = next_piece(piece)?,
                }
            } else if credit == 0 {
                let frame = timeout(idle, self.link.reader.next()).await.map_err(|_| LinkError::TimedOut)?;
                self.heed(frame).await?;
            } else {
                let most = usize::try_from(credit).unwrap_or(usize::MAX).min(BODY_BYTES_MAX).min(pending.len());
                let chunk = pending.split_to(most);
                hasher.update(&chunk);
                self.send(&chunk).await?;
            }
        }
        Ok(hasher.finalize().to_hex().to_string())
    }

    async fn send(&mut self, chunk: &[u8]) -> Result<(), LinkError> {
        let len = chunk.len() as u64;
        let head = FileChunk { upload: self.upload, off: self.sent, len };
        self.link.writer.write(&encode_with_body(Number::None, &head, chunk)).await?;
        self.sent += len;
        Ok(())
    }

    async fn heed(&mut self, frame: Result<Option<Frame>, LinkError>) -> Result<(), LinkError> {
        match parse(frame?.ok_or_else(closed)?)? {
            ServerMessage::FileAck(ack) if ack.upload == Some(self.upload) => self.acked = self.acked.max(ack.off),
            ServerMessage::Ping(ping) => self.link.writer.send(Number::None, &Pong { n: ping.n }).await?,
            ServerMessage::Err(err) => return Err(LinkError::Refused(Box::new(err))),
            _ => {}
        }
        Ok(())
    }

    /// Aborts the upload at once: nobody else knows of it, so nobody could resume it.
    async fn abort(&mut self) {
        if self.link.writer.send(Number::None, &FileAbort { upload: self.upload }).await.is_ok() {
            self.link.writer.finish().await;
        }
    }
}

/// Returns the bytes of a piece of the body (none for trailers), or the reason why no more follow. The server has
/// checked their sum against Content-Length.
fn next_piece(piece: Result<Option<Result<BodyFrame<Bytes>, axum::Error>>, Elapsed>) -> Result<Bytes, Error> {
    match piece {
        Ok(Some(Ok(frame))) => Ok(frame.into_data().unwrap_or_default()),
        Ok(Some(Err(_)) | None) => Err(Error::new(Code::BadRequest, "the body broke off")),
        Err(_) => {
            Err(Error::new(Code::BadRequest, "the body did not come in time").with_status(StatusCode::REQUEST_TIMEOUT))
        }
    }
}
