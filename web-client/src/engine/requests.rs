//! Requests that are not commands of the client. Errors are shown as notices.

use std::cell::RefCell;
use std::rc::Rc;

use wardroom_client_core::protocol::event::RunStarted;
use wardroom_client_core::protocol::messages::{
    Answer, HookAdd, HookAdded, RoomInvite, RoomRemove, RoomSet, RoomSetRole,
};
use wardroom_client_core::protocol::{EventBody, Message, RoomName, RoomRole, UserName};
use wardroom_client_core::{Command, Error, Operation};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use yew::Callback;

use super::topics::Topic;
use super::{Engine, NoticeKind};
use crate::logic::notify_level::NotifyLevel;
use crate::services::{browser, storage};

/// The changed settings of a room.
#[derive(Clone, Debug, Default)]
pub struct RoomChange {
    pub title: Option<String>,
    pub topic: Option<String>,
    pub archived: Option<bool>,
    pub retention_days: Option<u32>,
    pub approve: Option<bool>,
}

impl Engine {
    /// Sends a request; an error is shown.
    pub fn send<M: Message + 'static>(&self, message: M) {
        self.send_then(message, Callback::noop());
    }

    /// Sends a request; an error is shown. Then calls back with `true` if it succeeded.
    pub fn send_then<M: Message + 'static>(&self, message: M, then: Callback<bool>) {
        let engine = self.clone();
        let on_answer = Callback::from(move |answer: Result<_, Error>| {
            let is_done = answer.is_ok();
            if let Err(error) = answer {
                engine.show_notice(NoticeKind::Failed(Operation::Session, error));
            }
            then.emit(is_done);
        });
        self.send_with(message, on_answer);
    }

    /// Edits a message.
    pub fn edit(&self, room: &RoomName, seq: u64, text: String) {
        self.command(Command::EditMessage { room: room.clone(), seq, text });
    }

    /// Deletes a message.
    pub fn delete(&self, room: &RoomName, seq: u64) {
        self.command(Command::DeleteMessage { room: room.clone(), seq });
    }

    /// Gives or removes a reaction.
    pub fn react(&self, room: &RoomName, seq: u64, emoji: &str, on: bool) {
        self.command(Command::React { room: room.clone(), seq, emoji: emoji.to_owned(), on });
    }

    /// Changes a room's settings.
    pub fn set_room(&self, room: &RoomName, change: RoomChange) {
        let RoomChange { title, topic, archived, retention_days, approve } = change;
        self.command(Command::SetRoom(RoomSet { room: room.clone(), title, topic, archived, retention_days, approve }));
    }

    /// Adds a member.
    pub fn invite(&self, room: &RoomName, user: UserName, role: RoomRole, then: Callback<bool>) {
        let role = Some(role).filter(|role| *role != RoomRole::Member);
        self.send_then(RoomInvite { room: room.clone(), user, role }, then);
    }

    /// Removes a member.
    pub fn remove(&self, room: &RoomName, user: UserName, then: Callback<bool>) {
        self.send_then(RoomRemove { room: room.clone(), user }, then);
    }

    /// Changes a member's role.
    pub fn set_role(&self, room: &RoomName, user: UserName, role: RoomRole, then: Callback<bool>) {
        self.send_then(RoomSetRole { room: room.clone(), user, role }, then);
    }

    /// Creates a webhook and calls back with its URL, which is shown only once.
    pub fn add_hook(&self, mut add: HookAdd, then: Callback<String>) {
        let engine = self.clone();
        let what = format!("hook {} {}", add.room, add.bot);
        add.nonce = Some(self.create_nonce(&what));
        let on_answer =
            Callback::from(move |answer: Result<wardroom_client_core::protocol::messages::Answer, Error>| {
                if !matches!(&answer, Err(error) if error.code.is_none()) {
                    engine.forget_create_nonce(&what);
                }
                let added = answer.and_then(|answer| {
                    answer.fields::<HookAdded>().map_err(|bad| Error::local(format!("the answer does not fit: {bad}")))
                });
                match added {
                    Ok(added) => then.emit(format!("{}hooks/{}", browser::base_address(), added.token)),
                    Err(error) => engine.show_notice(NoticeKind::Failed(Operation::Session, error)),
                }
            });
        self.send_with(add, on_answer);
    }

    /// What to be notified of in a room.
    pub fn notify_level(&self, room: &RoomName) -> NotifyLevel {
        let kept = storage::read(&storage::key_of(self.user(), &format!("notify.{room}")));
        kept.map_or_else(NotifyLevel::default, |word| NotifyLevel::from_word(&word))
    }

    /// Changes it, and asks the browser for permission if needed.
    pub fn set_notify_level(&self, room: &RoomName, level: NotifyLevel) {
        storage::write(&storage::key_of(self.user(), &format!("notify.{room}")), Some(level.word()));
        if level != NotifyLevel::Nothing {
            self.request_notify_permission();
        }
        self.publish(Topic::Notices);
    }

    /// Asks for permission to show notifications, then redraws what depends on it.
    pub fn request_notify_permission(&self) {
        let engine = self.clone();
        spawn_local(async move {
            browser::request_notify_permission().await;
            engine.publish(Topic::Notices);
        });
    }

    /// The user's last message in a room that can still be edited.
    pub fn last_own_message(&self, room: &RoomName) -> Option<u64> {
        self.read(|client| {
            let room = client.rooms().get(room)?;
            let is_own = |event: &&std::sync::Arc<wardroom_client_core::protocol::Event>| {
                event.by.as_str() == self.user() && matches!(&event.body, EventBody::Message(said) if !said.deleted)
            };
            room.timeline.events().rev().find(is_own).map(|event| event.seq)
        })
    }

    /// The run that a line started, if the line is loaded.
    pub fn run_started_at(&self, room: &RoomName, seq: u64) -> Option<RunStarted> {
        self.read(|client| match &client.rooms().get(room)?.timeline.by_seq(seq)?.body {
            EventBody::RunStarted(started) => Some(started.clone()),
            _ => None,
        })
    }

    /// The author and text of a message, if it is loaded.
    pub fn message_text(&self, room: &RoomName, seq: u64) -> Option<(String, String)> {
        self.read(|client| {
            let room = client.rooms().get(room)?;
            let line = room.timeline.by_seq(seq)?;
            // With the user's unconfirmed edits.
            let wanted = client.you().and_then(|you| room.with_pending(line, &you.user)).map(|(line, _)| line.body);
            match wanted.as_ref().unwrap_or(&line.body) {
                EventBody::Message(said) => Some((line.by.to_string(), said.text.clone())),
                _ => None,
            }
        })
    }

    /// Requests data and waits for it; `None` if it was refused.
    pub(super) async fn ask<M: Message + 'static, T: serde::de::DeserializeOwned>(&self, message: M) -> Option<T> {
        let answer = Rc::new(RefCell::new(None));
        let mut message = Some(message);
        let promise = js_sys::Promise::new(&mut |resolve, _| {
            let answer = answer.clone();
            let on_answer = move |result| {
                *answer.borrow_mut() = Some(result);
                let _ = resolve.call0(&wasm_bindgen::JsValue::NULL);
            };
            if let Some(message) = message.take() {
                self.request(message, on_answer.into());
            }
        });
        JsFuture::from(promise).await.ok()?;
        let answer: Option<Result<Answer, Error>> = answer.borrow_mut().take();
        answer?.ok()?.fields().ok()
    }
}
