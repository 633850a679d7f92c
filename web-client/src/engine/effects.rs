//! Carries out the client's effects: sockets, slices of files, storage, and news for components.

use std::collections::VecDeque;
use std::rc::Rc;

use wardroom_client_core::protocol::{Code, Nonce, RoomName};
use wardroom_client_core::{Change, Command, Disconnect, Effect, Error, Input, Operation};
use wasm_bindgen_futures::spawn_local;

use super::topics::Topic;
use super::upload_nonces;
use super::{Engine, Job, NoticeKind, Read};
use crate::logic::route::socket_address;
use crate::services::socket::{Socket, SocketEvent};
use crate::services::{browser, file_slice, http, storage};

/// Stands for the message that a file can no longer be read: the engine has no language.
pub const FILE_GONE: &str = "file gone";

impl Engine {
    pub(super) fn perform(&self, effect: Effect) {
        match effect {
            Effect::Connect { conn } => self.connect(conn),
            Effect::Send { line, body } => {
                if let Some(socket) = self.0.socket.borrow().as_ref() {
                    socket.send(&line, &body);
                }
            }
            Effect::Close => *self.0.socket.borrow_mut() = None,
            Effect::ReadSlice { nonce, off, len } => self.read_slice(nonce, off, len),
            Effect::SaveOutbox => self.save_outbox(),
            Effect::Changed(change) => self.changed(change),
            Effect::Output { run, fd, off, bytes } => match self.terminal(run) {
                Some(terminal) => terminal.output(&bytes, off + bytes.len() as u64),
                None => self.output(run, fd, off, &bytes),
            },
            Effect::Screen { run, off, cols, rows, bytes } => {
                if let Some(terminal) = self.terminal(run) {
                    terminal.screen(cols, rows, &bytes, off);
                }
            }
            Effect::ScreenSize { run, cols, rows } => {
                if let Some(terminal) = self.terminal(run) {
                    terminal.resize(cols, rows);
                }
            }
            Effect::InputTaken { run, .. } => self.input_taken(run),
            Effect::RunStarted { nonce, run, .. } => {
                let open = self.0.on_started.borrow_mut().take_if(|(of, _)| *of == nonce);
                if let Some((_, open)) = open {
                    open.emit(run);
                }
            }
            Effect::Answered { request, result } => {
                let on_answer = self.0.answers.borrow_mut().remove(&request);
                if let Some(on_answer) = on_answer {
                    on_answer.emit(result);
                }
            }
            Effect::DmOpened { room, .. } => {
                let go = self.0.on_dm.borrow_mut().take();
                if let Some(go) = go {
                    go.emit(room);
                }
            }
            Effect::NotInRoom { room, users } => self.show_notice(NoticeKind::NotInRoom(room, users)),
            Effect::Notice(text) | Effect::Waiting { error: Error { message: text, .. }, .. } => {
                self.show_notice(NoticeKind::Server(text));
            }
            Effect::Failed { operation, error } => match operation {
                // These are shown in place: on the line, in the list of transfers, instead of the timeline.
                Operation::Post(_) | Operation::RunStart(_) if self.is_in_outbox(&operation) => {}
                Operation::Post(_) | Operation::RunStart(_) if error.code.is_none() => {
                    self.show_notice(NoticeKind::OutboxFull)
                }
                Operation::Upload(nonce) if self.read(|client| client.upload(&nonce).is_none()) => {
                    self.upload_not_added(&nonce, error.message);
                }
                Operation::Upload(_) | Operation::Open(_) => {}
                // A rejected edit is shown on its line.
                Operation::Line { room, seq } if self.has_failed_edit(&room, seq) => {}
                // A card may ask for the output of an old run; the user did not.
                Operation::Run(_) if error.code == Some(Code::NotFound) => {}
                // The room itself says why it cannot be shown.
                Operation::Load(_) if matches!(error.code, Some(Code::NotFound | Code::Forbidden)) => {}
                operation => {
                    if let (Operation::Room(room), Some(_)) = (&operation, error.code) {
                        self.forget_create_nonce(&format!("room {room}"));
                    }
                    self.show_notice(NoticeKind::Failed(operation, error));
                }
            },
            _ => {}
        }
    }

    fn connect(&self, conn: u64) {
        *self.0.socket.borrow_mut() = None;
        let engine = Rc::downgrade(&self.0);
        let on = move |event| {
            if let Some(inner) = engine.upgrade() {
                Engine(inner).on_socket_event(conn, event);
            }
        };
        let address = socket_address(&browser::base_address()).unwrap_or_default();
        match Socket::open(&address, on) {
            Ok(socket) => *self.0.socket.borrow_mut() = Some(socket),
            Err(why) => self.run_job(Job::Input(Input::Disconnected { conn, reason: Disconnect::Network(why) })),
        }
    }

    fn on_socket_event(&self, conn: u64, event: SocketEvent) {
        match event {
            SocketEvent::Open => self.run_job(Job::Input(Input::Connected { conn })),
            SocketEvent::Frame(frame) => self.run_job(Job::Input(Input::Frame { conn, frame })),
            SocketEvent::Closed { code, reason, was_open } => {
                // Browsers hide why a socket was rejected, so ask the session endpoint.
                if was_open && code != 1008 {
                    self.disconnected(conn, Disconnect::Network(reason));
                } else {
                    let engine = self.clone();
                    spawn_local(async move {
                        let reason = match http::session().await {
                            Ok(None) => Disconnect::SignedOut(String::new()),
                            _ => Disconnect::Network(reason),
                        };
                        engine.disconnected(conn, reason);
                    });
                }
            }
        }
    }

    fn disconnected(&self, conn: u64, reason: Disconnect) {
        self.run_job(Job::Input(Input::Disconnected { conn, reason }));
    }

    /// Slices are read in parallel and passed on in the order in which they were requested: browsers finish reads in
    /// any order, but the client expects the next slice.
    fn read_slice(&self, nonce: Nonce, off: u64, len: u64) {
        let file = self.0.files.borrow().get(&nonce).cloned();
        let begun = file.ok_or_else(|| FILE_GONE.to_owned()).and_then(|file| file_slice::begin(&file, off, len));
        let mut reads = self.0.reads.borrow_mut();
        if let Some(queue) = reads.get_mut(&nonce) {
            return queue.push_back((off, begun));
        }
        reads.insert(nonce.clone(), VecDeque::from([(off, begun)]));
        drop(reads);
        let engine = self.clone();
        spawn_local(async move {
            while let Some((off, begun)) = engine.next_read(&nonce) {
                let read = match begun {
                    Ok(slice) => slice.bytes().await,
                    Err(why) => Err(why),
                };
                let nonce = nonce.clone();
                engine.command(match read {
                    Ok(bytes) => Command::Slice { nonce, off, bytes },
                    Err(why) => Command::SliceFailed { nonce, why },
                });
            }
        });
    }

    fn next_read(&self, nonce: &Nonce) -> Option<Read> {
        let mut reads = self.0.reads.borrow_mut();
        let next = reads.get_mut(nonce)?.pop_front();
        if next.is_none() {
            reads.remove(nonce);
        }
        next
    }

    /// A post that shows its own state at the end of its room.
    fn is_in_outbox(&self, operation: &Operation) -> bool {
        let (Operation::Post(nonce) | Operation::RunStart(nonce)) = operation else { return false };
        self.read(|client| client.outbox().posts().iter().any(|post| post.nonce == *nonce))
    }

    fn upload_not_added(&self, nonce: &Nonce, why: String) {
        let file = self.0.files.borrow_mut().remove(nonce);
        upload_nonces::forget(&self.0.user, nonce);
        self.show_notice(NoticeKind::UploadNotAdded(file.map(|file| file.name()).unwrap_or_default(), why));
    }

    fn has_failed_edit(&self, room: &RoomName, seq: u64) -> bool {
        self.read(|client| {
            let amendments = client.outbox().amendments().iter();
            amendments.into_iter().any(|amend| amend.room == *room && amend.seq == seq && amend.failed.is_some())
        })
    }

    fn save_outbox(&self) {
        let kept = self.read(|client| {
            let outbox = client.outbox();
            (!outbox.is_empty()).then(|| serde_json::to_string(outbox).unwrap_or_default())
        });
        if !storage::write(&self.0.outbox_key, kept.as_deref()) && !self.0.is_not_kept.replace(true) {
            self.show_notice(NoticeKind::NotKept);
        }
    }

    fn changed(&self, change: Change) {
        if let Change::Upload(nonce) = &change {
            let (is_done, is_over) = self.read(|client| {
                let upload = client.upload(nonce);
                let is_done = upload.is_none_or(|u| matches!(u.state, wardroom_client_core::UploadState::Done { .. }));
                (is_done, upload.is_none_or(|upload| upload.state.is_over()))
            });
            if is_done {
                self.0.files.borrow_mut().remove(nonce);
                upload_nonces::forget(&self.0.user, nonce);
            }
            if is_over && self.uploads_queued() > 0 {
                self.start_queued_uploads();
            }
        }
        self.publish(Topic::Model(change));
    }
}
