//! Uploads: the file is read in slices on demand, hashed once as it goes by, sent in frames under the server's credit,
//! and committed with its digest. Whatever offset the server names, the upload goes on from there.

use std::sync::Arc;

use bytes::Bytes;
use wardroom_protocol::limits::BODY_BYTES_MAX;
use wardroom_protocol::messages::{
    FileAbort, FileAck, FileChunk, FileCommit, FileCommitOk, FilePut, FilePutOk, FileResume,
};
use wardroom_protocol::{Code, Nonce, UploadId};

use super::Client;
use super::sender::{Asked, Phase, Sender};
use super::state::{Kind, Loss};
use crate::effect::{Change, Effect, Refusal, Subject};
use crate::input::NewUpload;
use crate::limits::{UPLOADS_ACTIVE_MAX, UPLOADS_MAX};
use crate::model::{Upload, UploadState};

impl Client {
    /// Adds an upload to the list.
    pub(super) fn upload_new(&mut self, new: NewUpload) {
        let nonce = new.nonce.clone();
        if self.uploads.contains_key(&nonce) {
            return;
        }
        if self.uploads.len() >= UPLOADS_MAX && !self.forget_oldest_done() {
            let refusal = Refusal::local("too many uploads at a time; send this file later");
            self.effects.push(Effect::Failed { subject: Subject::Upload(nonce), refusal });
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
        self.senders.insert(nonce.clone(), Sender::new());
        self.upload_order.push(nonce.clone());
        self.changed(Change::Upload(nonce));
    }

    /// Uploads that may be added now; a caller with more files waits until some are done.
    pub fn uploads_free(&self) -> usize {
        let done = self.uploads.values().filter(|upload| matches!(upload.state, UploadState::Done { .. })).count();
        UPLOADS_MAX.saturating_sub(self.uploads.len().saturating_sub(done))
    }

    /// Takes the upload that was done first off the list.
    fn forget_oldest_done(&mut self) -> bool {
        let is_done = |nonce: &&Nonce| {
            self.uploads.get(*nonce).is_some_and(|upload| matches!(upload.state, UploadState::Done { .. }))
        };
        let Some(nonce) = self.upload_order.iter().find(is_done).cloned() else { return false };
        self.forget_upload(&nonce);
        true
    }

    /// Begins what waits, and asks for the slices that may be sent now.
    pub(super) fn pump_uploads(&mut self) {
        if !self.is_up() || self.senders.is_empty() {
            return;
        }
        let is_active = |sender: &Sender| !matches!(sender.phase, Phase::Idle | Phase::Over);
        let active = self.senders.values().filter(|sender| is_active(sender)).count();
        let is_waiting = |nonce: &&Nonce| {
            self.uploads.get(*nonce).is_some_and(|upload| upload.state == UploadState::Waiting)
                && self.senders.get(*nonce).is_some_and(|sender| sender.phase == Phase::Idle)
        };
        let free = UPLOADS_ACTIVE_MAX.saturating_sub(active);
        let next: Vec<Nonce> = match free {
            0 => Vec::new(),
            free => self.upload_order.iter().filter(is_waiting).take(free).cloned().collect(),
        };
        for nonce in next {
            self.begin_upload(&nonce);
        }
        let under_way = self.senders.iter().filter(|(_, sender)| is_active(sender));
        let under_way: Vec<Nonce> = under_way.map(|(nonce, _)| nonce.clone()).collect();
        for nonce in under_way {
            self.pump_upload(&nonce);
        }
    }

    fn begin_upload(&mut self, nonce: &Nonce) {
        let (Some(upload), Some(sender)) = (self.uploads.get(nonce), self.senders.get_mut(nonce)) else { return };
        sender.phase = Phase::Asked;
        let kind = Kind::UploadBegin(nonce.clone());
        match sender.upload {
            Some(upload) => self.ask(&FileResume { upload }, kind, Loss::Forget),
            None => {
                let put = FilePut {
                    place: upload.place.clone(),
                    path: upload.path.clone(),
                    size: upload.size,
                    mtime: upload.mtime,
                    if_exists: upload.if_exists,
                    nonce: nonce.clone(),
                };
                self.ask(&put, kind, Loss::Forget)
            }
        };
    }

    fn pump_upload(&mut self, nonce: &Nonce) {
        let (Some(upload), Some(sender)) = (self.uploads.get(nonce), self.senders.get_mut(nonce)) else { return };
        if let Phase::Hashing { to } = sender.phase
            && sender.hashed >= to
        {
            sender.phase = Phase::Sending;
        }
        while let Some((off, len)) = sender.next_slice(upload.size) {
            sender.reading.push_back(Asked { off, len, bytes: None });
            self.effects.push(Effect::NeedSlice { nonce: nonce.clone(), off, len });
        }
        let state = match sender.phase {
            Phase::Sending if sender.acked == upload.size && sender.hashed == upload.size => {
                return self.commit_upload(nonce);
            }
            Phase::Hashing { to } => UploadState::Hashing { done: sender.hashed, of: to },
            Phase::Sending => UploadState::Sending,
            Phase::Committing => UploadState::Committing,
            Phase::Idle | Phase::Asked | Phase::Over => return,
        };
        let acked = sender.acked;
        self.show_upload(nonce, state, Some(acked));
    }

    fn commit_upload(&mut self, nonce: &Nonce) {
        let Some(sender) = self.senders.get_mut(nonce) else { return };
        let Some(upload) = sender.upload else { return };
        sender.phase = Phase::Committing;
        let acked = sender.acked;
        let blake3 = sender.hasher.finalize().to_hex().to_string();
        self.show_upload(nonce, UploadState::Committing, Some(acked));
        self.ask(&FileCommit { upload, blake3 }, Kind::UploadCommit(nonce.clone()), Loss::Forget);
    }

    pub(super) fn upload_begun(&mut self, nonce: &Nonce, begun: FilePutOk) {
        let size = self.uploads.get(nonce).map_or(0, |upload| upload.size);
        let Some(sender) = self.senders.get_mut(nonce).filter(|sender| sender.phase == Phase::Asked) else { return };
        if begun.off > size {
            let words = "the server has more of this file than there is; give it another name, or replace it";
            return self.upload_failed(nonce, Refusal::local(words));
        }
        sender.upload = Some(begun.upload);
        sender.window = begun.window.max(BODY_BYTES_MAX as u64);
        sender.set_back_to = None;
        sender.go_on_from(begun.off);
        self.pump_upload(nonce);
    }

    pub(super) fn upload_begin_refused(&mut self, nonce: &Nonce, refusal: Refusal) {
        let Some(sender) = self.senders.get_mut(nonce) else { return };
        // An upload that the server has forgotten begins anew under the same mark; what was hashed stays hashed.
        if refusal.code == Some(Code::NotFound) && sender.upload.take().is_some() {
            sender.phase = Phase::Idle;
            return;
        }
        self.upload_failed(nonce, refusal);
    }

    /// A slice was read. They may come in any order; what was read for an offset that is no longer wanted is dropped.
    pub(super) fn slice_came(&mut self, nonce: &Nonce, off: u64, bytes: Bytes) {
        let Some(sender) = self.senders.get_mut(nonce) else { return };
        let asked = sender.reading.iter_mut().find(|asked| asked.off == off && asked.bytes.is_none());
        let Some(asked) = asked else { return };
        if bytes.len() as u64 != asked.len {
            let late = sender.unwanted.iter().position(|late| *late == (off, bytes.len() as u64));
            if late.is_some_and(|at| sender.unwanted.remove(at).is_some()) {
                return;
            }
            let words = "the file became shorter while it was sent; send it again";
            return self.upload_failed(nonce, Refusal::local(words));
        }
        asked.bytes = Some(bytes);
        while let Some((off, bytes)) = self.senders.get_mut(nonce).and_then(Sender::take_slice) {
            self.use_slice(nonce, off, bytes);
        }
    }

    fn use_slice(&mut self, nonce: &Nonce, off: u64, bytes: Bytes) {
        let Some(sender) = self.senders.get_mut(nonce) else { return };
        sender.hash(off, &bytes);
        if sender.phase == Phase::Sending
            && let Some(upload) = sender.upload
        {
            sender.sent = off.saturating_add(bytes.len() as u64);
            self.send_chunks(upload, off, bytes);
        }
    }

    fn send_chunks(&mut self, upload: UploadId, mut off: u64, mut bytes: Bytes) {
        while !bytes.is_empty() {
            let body = bytes.split_to(bytes.len().min(BODY_BYTES_MAX));
            let len = body.len() as u64;
            self.send_told_with_body(&FileChunk { upload, off, len }, body);
            off = off.saturating_add(len);
        }
    }

    pub(super) fn on_file_ack(&mut self, ack: FileAck) {
        let Some(upload) = ack.upload else { return };
        let found = self.senders.iter_mut().find(|(_, sender)| sender.upload == Some(upload));
        let Some((_, sender)) = found.filter(|(_, sender)| sender.phase == Phase::Sending) else { return };
        let off = ack.off.min(sender.sent);
        if off > sender.acked {
            sender.acked = off;
            sender.set_back_to = None;
        }
    }

    /// A chunk was refused: at the wrong offset (the server says the right one), or altogether.
    pub(super) fn chunk_refused(&mut self, upload: UploadId, refusal: Refusal) {
        let size_of = |nonce: &Nonce| self.uploads.get(nonce).map_or(0, |upload| upload.size);
        let found = self.senders.iter_mut().find(|(_, sender)| sender.upload == Some(upload));
        let Some((nonce, sender)) = found.filter(|(_, sender)| sender.phase != Phase::Over) else { return };
        let nonce = nonce.clone();
        match (refusal.code, refusal.off) {
            (Some(Code::Conflict), Some(off)) if off <= size_of(&nonce) => {
                let is_echo = sender.set_back_to == Some(off);
                if !is_echo && matches!(sender.phase, Phase::Sending | Phase::Hashing { .. }) {
                    sender.set_back_to = Some(off);
                    sender.go_on_from(off);
                }
            }
            _ => self.upload_failed(&nonce, refusal),
        }
    }

    pub(super) fn upload_committed(&mut self, nonce: &Nonce, done: FileCommitOk) {
        self.senders.remove(nonce);
        if let Some(upload) = self.uploads.get_mut(nonce) {
            let upload = Arc::make_mut(upload);
            upload.path = done.path;
            upload.acked = upload.size;
            upload.state = UploadState::Done { seq: done.seq };
            self.changed(Change::Upload(nonce.clone()));
        }
    }

    pub(super) fn upload_failed(&mut self, nonce: &Nonce, refusal: Refusal) {
        let Some(sender) = self.senders.get_mut(nonce) else { return };
        sender.phase = Phase::Over;
        sender.forget_reading();
        self.show_upload(nonce, UploadState::Failed(refusal.clone()), None);
        self.effects.push(Effect::Failed { subject: Subject::Upload(nonce.clone()), refusal });
    }

    pub(super) fn uploads_link_lost(&mut self) {
        let mut waiting = Vec::new();
        for (nonce, sender) in self.senders.iter_mut().filter(|(_, sender)| sender.phase != Phase::Over) {
            sender.phase = Phase::Idle;
            sender.forget_reading();
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
        let Some(sender) = self.senders.get_mut(nonce) else { return };
        let state = match paused {
            true if may_pause => UploadState::Paused,
            false if is_paused => UploadState::Waiting,
            _ => return,
        };
        sender.phase = Phase::Idle;
        sender.forget_reading();
        self.show_upload(nonce, state, None);
    }

    pub(super) fn retry_upload(&mut self, nonce: &Nonce) {
        let is_failed = self.uploads.get(nonce).is_some_and(|upload| matches!(upload.state, UploadState::Failed(_)));
        if is_failed {
            // The file is read anew from its start: what failed may be the file that changed.
            let upload = self.senders.get(nonce).and_then(|sender| sender.upload);
            self.senders.insert(nonce.clone(), Sender { upload, ..Sender::new() });
            self.show_upload(nonce, UploadState::Waiting, None);
        }
    }

    pub(super) fn cancel_upload(&mut self, nonce: &Nonce) {
        if let Some(upload) = self.senders.remove(nonce).and_then(|sender| sender.upload) {
            self.send_told(&FileAbort { upload });
        }
        self.remove_upload(nonce);
    }

    pub(super) fn forget_upload(&mut self, nonce: &Nonce) {
        if self.uploads.get(nonce).is_some_and(|upload| upload.state.is_over()) {
            self.senders.remove(nonce);
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
        self.senders.clear();
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
