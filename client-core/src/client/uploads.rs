//! Uploads: the file is read in slices, hashed once, sent in frames under the server's credit, and committed with its
//! digest. The upload continues from whatever offset the server names.

use std::sync::Arc;

use bytes::Bytes;
use wardroom_protocol::limits::BODY_BYTES_MAX;
use wardroom_protocol::messages::{
    FileAbort, FileAck, FileChunk, FileCommit, FileCommitOk, FilePut, FilePutOk, FileResume,
};
use wardroom_protocol::{Code, Nonce, UploadId};

use super::Client;
use super::state::{Recovery, RequestKind};
use super::uploader::{Asked, Phase, Uploader};
use crate::command::NewUpload;
use crate::effect::{Change, Effect, Error, Operation};
use crate::limits::{UPLOADS_ACTIVE_MAX, UPLOADS_MAX};
use crate::model::{Upload, UploadState};

impl Client {
    pub(super) fn add_upload(&mut self, new: NewUpload) {
        let nonce = new.nonce.clone();
        if self.uploads.contains_key(&nonce) {
            return;
        }
        if self.uploads.len() >= UPLOADS_MAX && !self.forget_oldest_done() {
            let error = Error::local("too many uploads at a time; send this file later");
            self.effects.push(Effect::Failed { operation: Operation::Upload(nonce), error });
            return;
        }
        let upload = Upload {
            nonce: nonce.clone(),
            place: new.place,
            path: new.path,
            size: new.size,
            mtime: new.mtime,
            if_exists: new.if_exists,
            acked: 0,
            state: UploadState::Waiting,
        };
        self.uploads.insert(nonce.clone(), Arc::new(upload));
        self.uploaders.insert(nonce.clone(), Uploader::new());
        self.upload_order.push(nonce.clone());
        self.changed(Change::Upload(nonce));
    }

    /// How many uploads may be added now; a caller with more files waits until some are done.
    pub fn uploads_free(&self) -> usize {
        let done = self.uploads.values().filter(|upload| matches!(upload.state, UploadState::Done { .. })).count();
        UPLOADS_MAX.saturating_sub(self.uploads.len().saturating_sub(done))
    }

    /// Removes the oldest finished upload from the list.
    fn forget_oldest_done(&mut self) -> bool {
        let is_done = |nonce: &&Nonce| {
            self.uploads.get(*nonce).is_some_and(|upload| matches!(upload.state, UploadState::Done { .. }))
        };
        let Some(nonce) = self.upload_order.iter().find(is_done).cloned() else { return false };
        self.forget_upload(&nonce);
        true
    }

    /// Starts waiting uploads, and requests the slices that may be sent now.
    pub(super) fn advance_uploads(&mut self) {
        if !self.is_up() || self.uploaders.is_empty() {
            return;
        }
        let is_active = |uploader: &Uploader| !matches!(uploader.phase, Phase::Idle | Phase::Over);
        let active = self.uploaders.values().filter(|uploader| is_active(uploader)).count();
        let is_waiting = |nonce: &&Nonce| {
            self.uploads.get(*nonce).is_some_and(|upload| upload.state == UploadState::Waiting)
                && self.uploaders.get(*nonce).is_some_and(|uploader| uploader.phase == Phase::Idle)
        };
        let free = UPLOADS_ACTIVE_MAX.saturating_sub(active);
        let next: Vec<Nonce> = match free {
            0 => Vec::new(),
            free => self.upload_order.iter().filter(is_waiting).take(free).cloned().collect(),
        };
        for nonce in next {
            self.begin_upload(&nonce);
        }
        let under_way = self.uploaders.iter().filter(|(_, uploader)| is_active(uploader));
        let under_way: Vec<Nonce> = under_way.map(|(nonce, _)| nonce.clone()).collect();
        for nonce in under_way {
            self.advance_upload(&nonce);
        }
    }

    fn begin_upload(&mut self, nonce: &Nonce) {
        let (Some(upload), Some(uploader)) = (self.uploads.get(nonce), self.uploaders.get_mut(nonce)) else { return };
        uploader.phase = Phase::Asked;
        let kind = RequestKind::UploadBegin(nonce.clone());
        match uploader.upload {
            Some(upload) => self.send_request(&FileResume { upload }, kind, Recovery::Forget),
            None => {
                let put = FilePut {
                    place: upload.place.clone(),
                    path: upload.path.clone(),
                    size: upload.size,
                    mtime: upload.mtime,
                    if_exists: upload.if_exists,
                    nonce: nonce.clone(),
                };
                self.send_request(&put, kind, Recovery::Forget)
            }
        };
    }

    fn advance_upload(&mut self, nonce: &Nonce) {
        let (Some(upload), Some(uploader)) = (self.uploads.get(nonce), self.uploaders.get_mut(nonce)) else { return };
        if let Phase::Hashing { to } = uploader.phase
            && uploader.hashed >= to
        {
            uploader.phase = Phase::Sending;
        }
        while let Some((off, len)) = uploader.next_slice(upload.size) {
            uploader.reading.push_back(Asked { off, len, bytes: None });
            self.effects.push(Effect::ReadSlice { nonce: nonce.clone(), off, len });
        }
        let state = match uploader.phase {
            Phase::Sending if uploader.acked == upload.size && uploader.hashed == upload.size => {
                return self.commit_upload(nonce);
            }
            Phase::Hashing { to } => UploadState::Hashing { done: uploader.hashed, of: to },
            Phase::Sending => UploadState::Sending,
            Phase::Committing => UploadState::Committing,
            Phase::Idle | Phase::Asked | Phase::Over => return,
        };
        let acked = uploader.acked;
        self.show_upload(nonce, state, Some(acked));
    }

    fn commit_upload(&mut self, nonce: &Nonce) {
        let Some(uploader) = self.uploaders.get_mut(nonce) else { return };
        let Some(upload) = uploader.upload else { return };
        uploader.phase = Phase::Committing;
        let acked = uploader.acked;
        let blake3 = uploader.hasher.finalize().to_hex().to_string();
        self.show_upload(nonce, UploadState::Committing, Some(acked));
        self.send_request(&FileCommit { upload, blake3 }, RequestKind::UploadCommit(nonce.clone()), Recovery::Forget);
    }

    pub(super) fn on_upload_begun(&mut self, nonce: &Nonce, begun: FilePutOk) {
        let size = self.uploads.get(nonce).map_or(0, |upload| upload.size);
        let Some(uploader) = self.uploaders.get_mut(nonce).filter(|uploader| uploader.phase == Phase::Asked) else {
            return;
        };
        if begun.off > size {
            let words = "the server has more of this file than there is; give it another name, or replace it";
            return self.fail_upload(nonce, Error::local(words));
        }
        uploader.upload = Some(begun.upload);
        uploader.window = begun.window.max(BODY_BYTES_MAX as u64);
        uploader.set_back_to = None;
        uploader.go_on_from(begun.off);
        self.advance_upload(nonce);
    }

    pub(super) fn on_upload_begin_error(&mut self, nonce: &Nonce, error: Error) {
        let Some(uploader) = self.uploaders.get_mut(nonce) else { return };
        // If the server has forgotten the upload, start over with the same nonce. What was hashed stays hashed.
        if error.code == Some(Code::NotFound) && uploader.upload.take().is_some() {
            uploader.phase = Phase::Idle;
            return;
        }
        self.fail_upload(nonce, error);
    }

    /// A slice was read. Slices may arrive in any order; unwanted ones are dropped.
    pub(super) fn on_slice(&mut self, nonce: &Nonce, off: u64, bytes: Bytes) {
        let Some(uploader) = self.uploaders.get_mut(nonce) else { return };
        let asked = uploader.reading.iter_mut().find(|asked| asked.off == off && asked.bytes.is_none());
        let Some(asked) = asked else { return };
        if bytes.len() as u64 != asked.len {
            let late = uploader.unwanted.iter().position(|late| *late == (off, bytes.len() as u64));
            if late.is_some_and(|at| uploader.unwanted.remove(at).is_some()) {
                return;
            }
            let words = "the file became shorter while it was sent; send it again";
            return self.fail_upload(nonce, Error::local(words));
        }
        asked.bytes = Some(bytes);
        while let Some((off, bytes)) = self.uploaders.get_mut(nonce).and_then(Uploader::take_slice) {
            self.use_slice(nonce, off, bytes);
        }
    }

    fn use_slice(&mut self, nonce: &Nonce, off: u64, bytes: Bytes) {
        let Some(uploader) = self.uploaders.get_mut(nonce) else { return };
        uploader.hash(off, &bytes);
        if uploader.phase == Phase::Sending
            && let Some(upload) = uploader.upload
        {
            uploader.sent = off.saturating_add(bytes.len() as u64);
            self.send_chunks(upload, off, bytes);
        }
    }

    fn send_chunks(&mut self, upload: UploadId, mut off: u64, mut bytes: Bytes) {
        while !bytes.is_empty() {
            let body = bytes.split_to(bytes.len().min(BODY_BYTES_MAX));
            let len = body.len() as u64;
            self.send_with_body(&FileChunk { upload, off, len }, body);
            off = off.saturating_add(len);
        }
    }

    pub(super) fn on_file_ack(&mut self, ack: FileAck) {
        let Some(upload) = ack.upload else { return };
        let found = self.uploaders.iter_mut().find(|(_, uploader)| uploader.upload == Some(upload));
        let Some((_, uploader)) = found.filter(|(_, uploader)| uploader.phase == Phase::Sending) else { return };
        let off = ack.off.min(uploader.sent);
        if off > uploader.acked {
            uploader.acked = off;
            uploader.set_back_to = None;
        }
    }

    /// A chunk was rejected: its offset was wrong (the server names the right one), or the upload failed.
    pub(super) fn on_chunk_error(&mut self, upload: UploadId, error: Error) {
        let size_of = |nonce: &Nonce| self.uploads.get(nonce).map_or(0, |upload| upload.size);
        let found = self.uploaders.iter_mut().find(|(_, uploader)| uploader.upload == Some(upload));
        let Some((nonce, uploader)) = found.filter(|(_, uploader)| uploader.phase != Phase::Over) else { return };
        let nonce = nonce.clone();
        match (error.code, error.off) {
            (Some(Code::Conflict), Some(off)) if off <= size_of(&nonce) => {
                let is_echo = uploader.set_back_to == Some(off);
                if !is_echo && matches!(uploader.phase, Phase::Sending | Phase::Hashing { .. }) {
                    uploader.set_back_to = Some(off);
                    uploader.go_on_from(off);
                }
            }
            _ => self.fail_upload(&nonce, error),
        }
    }

    pub(super) fn on_upload_committed(&mut self, nonce: &Nonce, done: FileCommitOk) {
        self.uploaders.remove(nonce);
        if let Some(upload) = self.uploads.get_mut(nonce) {
            let upload = Arc::make_mut(upload);
            upload.path = done.path;
            upload.acked = upload.size;
            upload.state = UploadState::Done { seq: done.seq };
            self.changed(Change::Upload(nonce.clone()));
        }
    }

    pub(super) fn fail_upload(&mut self, nonce: &Nonce, error: Error) {
        let Some(uploader) = self.uploaders.get_mut(nonce) else { return };
        uploader.phase = Phase::Over;
        uploader.forget_reading();
        self.show_upload(nonce, UploadState::Failed(error.clone()), None);
        self.effects.push(Effect::Failed { operation: Operation::Upload(nonce.clone()), error });
    }

    pub(super) fn uploads_disconnected(&mut self) {
        let mut waiting = Vec::new();
        for (nonce, uploader) in self.uploaders.iter_mut().filter(|(_, uploader)| uploader.phase != Phase::Over) {
            uploader.phase = Phase::Idle;
            uploader.forget_reading();
            waiting.push(nonce.clone());
        }
        for nonce in waiting {
            if self.uploads.get(&nonce).is_some_and(|upload| upload.state != UploadState::Paused) {
                self.show_upload(&nonce, UploadState::Waiting, None);
            }
        }
    }

    pub(super) fn pause_upload(&mut self, nonce: &Nonce, paused: bool) {
        let Some(upload) = self.uploads.get(nonce) else { return };
        let is_paused = upload.state == UploadState::Paused;
        let may_pause =
            matches!(upload.state, UploadState::Waiting | UploadState::Hashing { .. } | UploadState::Sending);
        let Some(uploader) = self.uploaders.get_mut(nonce) else { return };
        let state = match paused {
            true if may_pause => UploadState::Paused,
            false if is_paused => UploadState::Waiting,
            _ => return,
        };
        uploader.phase = Phase::Idle;
        uploader.forget_reading();
        self.show_upload(nonce, state, None);
    }

    pub(super) fn retry_upload(&mut self, nonce: &Nonce) {
        let is_failed = self.uploads.get(nonce).is_some_and(|upload| matches!(upload.state, UploadState::Failed(_)));
        if is_failed {
            // Read the file again from its start: it may have changed.
            let upload = self.uploaders.get(nonce).and_then(|uploader| uploader.upload);
            self.uploaders.insert(nonce.clone(), Uploader { upload, ..Uploader::new() });
            self.show_upload(nonce, UploadState::Waiting, None);
        }
    }

    pub(super) fn cancel_upload(&mut self, nonce: &Nonce) {
        if let Some(upload) = self.uploaders.remove(nonce).and_then(|uploader| uploader.upload) {
            self.send(&FileAbort { upload });
        }
        self.remove_upload(nonce);
    }

    pub(super) fn forget_upload(&mut self, nonce: &Nonce) {
        if self.uploads.get(nonce).is_some_and(|upload| upload.state.is_over()) {
            self.uploaders.remove(nonce);
            self.remove_upload(nonce);
        }
    }

    fn remove_upload(&mut self, nonce: &Nonce) {
        if self.uploads.remove(nonce).is_some() {
            self.upload_order.retain(|other| other != nonce);
            self.changed(Change::Upload(nonce.clone()));
        }
    }

    pub(super) fn forget_uploads(&mut self) {
        self.uploads.clear();
        self.upload_order.clear();
        self.uploaders.clear();
    }

    fn show_upload(&mut self, nonce: &Nonce, state: UploadState, acked: Option<u64>) {
        let Some(upload) = self.uploads.get_mut(nonce) else { return };
        let acked = acked.unwrap_or(upload.acked);
        if upload.state != state || upload.acked != acked {
            let upload = Arc::make_mut(upload);
            upload.state = state;
            upload.acked = acked;
            self.changed(Change::Upload(nonce.clone()));
        }
    }
}
