//! Events: the records of a room's timeline. The store keeps each as `kind` and the JSON of its own fields, so that an
//! event is written to the wire without being parsed.

mod alert;
mod kinds;
mod proposals;
mod rights;
mod runs;
mod words;

use bytes::{BufMut, Bytes, BytesMut};
use serde::{Deserialize, Serialize};

use crate::ids::{Nonce, RoomName, UserName};
use crate::message::Message;

pub use alert::*;
pub use kinds::*;
pub use proposals::*;
pub use rights::*;
pub use runs::*;
pub use words::with_article;

/// One record of a room's timeline.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// The room.
    pub room: RoomName,
    /// Its position in the room: contiguous from 1.
    pub seq: u64,
    /// When it was stored, in Unix milliseconds by the server's clock.
    pub at: u64,
    /// Who caused it.
    pub by: UserName,
    /// The author's nonce; shown to its author only.
    pub nonce: Option<Nonce>,
    /// What happened.
    pub body: EventBody,
}

/// What happened, by kind.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum EventBody {
    /// `message`
    Message(MessageBody),
    /// `join`
    Join,
    /// `leave`
    Leave,
    /// `run.started`
    RunStarted(RunStarted),
    /// `run.ended`
    RunEnded(RunEnded),
    /// `file.added`
    FileAdded(FileAdded),
    /// `edit`: the text of a message changed.
    Edit(Edit),
    /// `delete`: a message was deleted.
    Delete(Target),
    /// `reaction`: somebody added or removed a reaction.
    Reaction(ReactionBody),
    /// `repeat`: a webhook posted the same message again.
    Repeat(Repeat),
    /// `invited`: somebody was added as a member.
    Invited(RoleOf),
    /// `removed`: a member was removed.
    Removed(UserRef),
    /// `role`: a member's role in the room changed.
    RoleChanged(RoleOf),
    /// `title`
    Title(Words),
    /// `topic`
    Topic(Words),
    /// `archived`: the room was archived or unarchived.
    Archived(Switch),
    /// `retention`: how long the room keeps its content.
    Retention(Days),
    /// `command`: a named command was added or changed.
    Command(CommandChanged),
    /// `command.removed`: a named command was removed.
    CommandRemoved(CommandGone),
    /// `approve`: whether each run in the room needs an approval.
    ApproveRule(Switch),
    /// `right`: a rule of the room was made or removed.
    Right(RightChanged),
    /// `run.proposed`: a run waits for an approval.
    RunProposed(RunProposed),
    /// `run.refused`: a proposal will not run.
    RunRefused(RunRefused),
    /// A kind that this version does not know; shown as a plain line.
    Other {
        /// Its name.
        kind: String,
        /// Its text, if it has one.
        text: Option<String>,
    },
}

#[derive(Deserialize)]
struct Head {
    room: RoomName,
    seq: u64,
    at: u64,
    by: UserName,
    kind: String,
    #[serde(default)]
    nonce: Option<Nonce>,
}

#[derive(Deserialize)]
struct MaybeText {
    #[serde(default)]
    text: Option<String>,
}

impl EventBody {
    /// Returns the `seq` of the line that this amends, if it is an amendment: `edit`, `delete`, `reaction`, `repeat`.
    pub fn target(&self) -> Option<u64> {
        match self {
            EventBody::Edit(edit) => Some(edit.target),
            EventBody::Delete(delete) => Some(delete.target),
            EventBody::Reaction(reaction) => Some(reaction.target),
            EventBody::Repeat(repeat) => Some(repeat.target),
            _ => None,
        }
    }

    /// Returns the kind as on the wire and in the store.
    pub fn kind(&self) -> &str {
        match self {
            EventBody::Message(_) => "message",
            EventBody::Join => "join",
            EventBody::Leave => "leave",
            EventBody::RunStarted(_) => "run.started",
            EventBody::RunEnded(_) => "run.ended",
            EventBody::FileAdded(_) => "file.added",
            EventBody::Edit(_) => "edit",
            EventBody::Delete(_) => "delete",
            EventBody::Reaction(_) => "reaction",
            EventBody::Repeat(_) => "repeat",
            EventBody::Invited(_) => "invited",
            EventBody::Removed(_) => "removed",
            EventBody::RoleChanged(_) => "role",
            EventBody::Title(_) => "title",
            EventBody::Topic(_) => "topic",
            EventBody::Archived(_) => "archived",
            EventBody::Retention(_) => "retention",
            EventBody::Command(_) => "command",
            EventBody::CommandRemoved(_) => "command.removed",
            EventBody::ApproveRule(_) => "approve",
            EventBody::Right(_) => "right",
            EventBody::RunProposed(_) => "run.proposed",
            EventBody::RunRefused(_) => "run.refused",
            EventBody::Other { kind, .. } => kind,
        }
    }

    /// Returns the kind's own fields as a JSON object, as the store keeps them.
    pub fn fields(&self) -> String {
        fn json<T: Serialize>(fields: &T) -> String {
            serde_json::to_string(fields).unwrap_or_else(|_| "{}".to_owned())
        }
        match self {
            EventBody::Message(fields) => json(fields),
            EventBody::RunStarted(fields) => json(fields),
            EventBody::RunEnded(fields) => json(fields),
            EventBody::FileAdded(fields) => json(fields),
            EventBody::Edit(fields) => json(fields),
            EventBody::Delete(fields) => json(fields),
            EventBody::Reaction(fields) => json(fields),
            EventBody::Repeat(fields) => json(fields),
            EventBody::Invited(fields) | EventBody::RoleChanged(fields) => json(fields),
            EventBody::Removed(fields) => json(fields),
            EventBody::Title(fields) | EventBody::Topic(fields) => json(fields),
            EventBody::Archived(fields) | EventBody::ApproveRule(fields) => json(fields),
            EventBody::Right(fields) => json(fields),
            EventBody::RunProposed(fields) => json(fields),
            EventBody::RunRefused(fields) => json(fields),
            EventBody::Retention(fields) => json(fields),
            EventBody::Command(fields) => json(fields),
            EventBody::CommandRemoved(fields) => json(fields),
            EventBody::Join | EventBody::Leave | EventBody::Other { .. } => "{}".to_owned(),
        }
    }

    /// Parses the fields of a kind from JSON (an object that may have others too). A known kind with fields that do not
    /// fit becomes [`EventBody::Other`]: a timeline shows what it can.
    pub fn parse(kind: &str, json: &[u8]) -> EventBody {
        let known = match kind {
            "message" => serde_json::from_slice(json).ok().map(EventBody::Message),
            "join" => Some(EventBody::Join),
            "leave" => Some(EventBody::Leave),
            "run.started" => serde_json::from_slice(json).ok().map(EventBody::RunStarted),
            "run.ended" => serde_json::from_slice(json).ok().map(EventBody::RunEnded),
            "file.added" => serde_json::from_slice(json).ok().map(EventBody::FileAdded),
            "edit" => serde_json::from_slice(json).ok().map(EventBody::Edit),
            "delete" => serde_json::from_slice(json).ok().map(EventBody::Delete),
            "reaction" => serde_json::from_slice(json).ok().map(EventBody::Reaction),
            "repeat" => serde_json::from_slice(json).ok().map(EventBody::Repeat),
            "invited" => serde_json::from_slice(json).ok().map(EventBody::Invited),
            "removed" => serde_json::from_slice(json).ok().map(EventBody::Removed),
            "role" => serde_json::from_slice(json).ok().map(EventBody::RoleChanged),
            "title" => serde_json::from_slice(json).ok().map(EventBody::Title),
            "topic" => serde_json::from_slice(json).ok().map(EventBody::Topic),
            "archived" => serde_json::from_slice(json).ok().map(EventBody::Archived),
            "retention" => serde_json::from_slice(json).ok().map(EventBody::Retention),
            "command" => serde_json::from_slice(json).ok().map(EventBody::Command),
            "approve" => serde_json::from_slice(json).ok().map(EventBody::ApproveRule),
            "right" => serde_json::from_slice(json).ok().map(EventBody::Right),
            "run.proposed" => serde_json::from_slice(json).ok().map(EventBody::RunProposed),
            "run.refused" => serde_json::from_slice(json).ok().map(EventBody::RunRefused),
            "command.removed" => serde_json::from_slice(json).ok().map(EventBody::CommandRemoved),
            _ => None,
        };
        known.unwrap_or_else(|| EventBody::Other {
            kind: kind.to_owned(),
            text: serde_json::from_slice::<MaybeText>(json).ok().and_then(|t| t.text),
        })
    }
}

impl Event {
    /// Parses an event from the line of its frame, or from one of the `events` of a history.
    ///
    /// # Errors
    /// If a field that every event has is missing or wrong.
    pub fn parse(line: &[u8]) -> Result<Event, serde_json::Error> {
        let head: Head = serde_json::from_slice(line)?;
        let body = EventBody::parse(&head.kind, line);
        Ok(Event { room: head.room, seq: head.seq, at: head.at, by: head.by, nonce: head.nonce, body })
    }
}

/// An event as the store has it, borrowed.
#[derive(Clone, Copy, Debug)]
pub struct StoredEvent<'a> {
    /// The room's name.
    pub room: &'a str,
    /// Its position in the room.
    pub seq: u64,
    /// Unix milliseconds.
    pub at: u64,
    /// The author's name.
    pub by: &'a str,
    /// [`EventBody::kind`].
    pub kind: &'a str,
    /// [`EventBody::fields`].
    pub fields: &'a str,
}

impl StoredEvent<'_> {
    /// Encodes the event as a frame: without a nonce for all readers, and with `nonce` for its author.
    pub fn encode(&self, nonce: Option<&str>) -> Bytes {
        let mut out = BytesMut::with_capacity(112 + self.room.len() + self.by.len() + self.fields.len());
        out.put_slice(b"{\"t\":\"event\",");
        self.put_fields(nonce, &mut out);
        out.put_slice(b"}\n");
        out.freeze()
    }

    /// Encodes the event as an element of `events` in a history: the same without `t` and LF.
    pub fn encode_element(&self, nonce: Option<&str>, out: &mut BytesMut) {
        out.put_u8(b'{');
        self.put_fields(nonce, out);
        out.put_u8(b'}');
    }

    // Room, author, kind and nonce are checked names: nothing in them needs escaping.
    fn put_fields(&self, nonce: Option<&str>, out: &mut BytesMut) {
        out.put_slice(b"\"room\":\"");
        out.put_slice(self.room.as_bytes());
        out.put_slice(b"\",\"seq\":");
        put_integer(self.seq, out);
        out.put_slice(b",\"at\":");
        put_integer(self.at, out);
        out.put_slice(b",\"by\":\"");
        out.put_slice(self.by.as_bytes());
        out.put_slice(b"\",\"kind\":\"");
        out.put_slice(self.kind.as_bytes());
        out.put_u8(b'"');
        if let Some(inner) = self.fields.strip_prefix('{').and_then(|f| f.strip_suffix('}'))
            && !inner.is_empty()
        {
            out.put_u8(b',');
            out.put_slice(inner.as_bytes());
        }
        if let Some(nonce) = nonce {
            // A nonce is printable ASCII, which includes the two characters that JSON escapes.
            out.put_slice(b",\"nonce\":");
            out.put_slice(serde_json::to_string(nonce).unwrap_or_default().as_bytes());
        }
    }
}

fn put_integer(n: u64, out: &mut BytesMut) {
    let mut digits = [0u8; 20];
    let mut at = digits.len();
    let mut rest = n;
    loop {
        at = at.saturating_sub(1);
        if let Some(digit) = digits.get_mut(at) {
            *digit = b'0'.saturating_add((rest % 10) as u8);
        }
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    out.put_slice(digits.get(at..).unwrap_or_default());
}

impl Message for Event {
    const T: &'static str = "event";
}

impl Serialize for Event {
    /// Serializes the fields as on the wire, for tools that print events as JSON.
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let stored = StoredEvent {
            room: self.room.as_str(),
            seq: self.seq,
            at: self.at,
            by: self.by.as_str(),
            kind: self.body.kind(),
            fields: &self.body.fields(),
        };
        let mut json = BytesMut::new();
        stored.encode_element(self.nonce.as_ref().map(Nonce::as_str), &mut json);
        let value: serde_json::Value = serde_json::from_slice(&json).map_err(serde::ser::Error::custom)?;
        value.serialize(s)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::messages::Exit;

    const STORED: StoredEvent<'_> = StoredEvent {
        room: "ops",
        seq: 813,
        at: 1_795_334_400_000,
        by: "ann",
        kind: "message",
        fields: r#"{"text":"hello"}"#,
    };

    #[test]
    fn golden_event() {
        let golden = r#"{"t":"event","room":"ops","seq":813,"at":1795334400000,"by":"ann","kind":"message","text":"hello","nonce":"3f9c"}"#;
        assert_eq!(STORED.encode(Some("3f9c")), format!("{golden}\n"));
        let event = Event::parse(golden.as_bytes()).unwrap();
        assert_eq!(event.body, EventBody::Message(MessageBody { text: "hello".to_owned(), ..MessageBody::default() }));
        assert_eq!(event.nonce.unwrap().as_str(), "3f9c");
    }

    #[test]
    fn fields_may_be_empty() {
        let join = StoredEvent { kind: "join", fields: "{}", seq: 0, ..STORED };
        assert_eq!(
            join.encode(None),
            "{\"t\":\"event\",\"room\":\"ops\",\"seq\":0,\"at\":1795334400000,\"by\":\"ann\",\"kind\":\"join\"}\n"
        );
    }

    #[test]
    fn an_unknown_kind_keeps_its_text() {
        let line = br#"{"room":"ops","seq":1,"at":2,"by":"ann","kind":"poll","text":"lunch?","options":[1]}"#;
        let Event { body, .. } = Event::parse(line).unwrap();
        assert_eq!(body, EventBody::Other { kind: "poll".to_owned(), text: Some("lunch?".to_owned()) });
    }

    #[test]
    fn amendments_are_carried_out_once_and_in_their_order() {
        let (ann, ben) = (UserName::parse("ann").unwrap(), UserName::parse("ben").unwrap());
        let mut said = MessageBody { text: "helo".to_owned(), ..MessageBody::default() };
        let edit = |text: &str| EventBody::Edit(Edit::of_text(1, text));
        let react = |on| EventBody::Reaction(ReactionBody { target: 1, emoji: "👍".to_owned(), on });
        assert!(said.amend(2, &ann, &edit("hello")));
        assert!(!said.amend(2, &ann, &edit("later")), "it is in there already");
        assert!(said.edited && said.text == "hello");
        assert!(said.amend(3, &ben, &react(true)) && said.amend(4, &ann, &react(true)));
        assert_eq!(said.reactions, [Reactions { emoji: "👍".to_owned(), by: vec![ben.clone(), ann.clone()] }]);
        assert!(said.amend(5, &ben, &react(false)));
        assert_eq!(said.reactions, [Reactions { emoji: "👍".to_owned(), by: vec![ann.clone()] }]);
        assert!(!said.amend(6, &ann, &EventBody::Join), "no amendment");
        assert!(said.amend(7, &ann, &EventBody::Delete(Target { target: 1 })));
        assert_eq!(said, MessageBody { deleted: true, amended: Some(7), ..MessageBody::default() });
        assert!(!said.amend(8, &ann, &edit("again")), "what is deleted stays so");
    }

    #[test]
    fn runs_and_files_take_reactions_and_nothing_else() {
        let ann = UserName::parse("ann").unwrap();
        let run = r#"{"run":"01ARZ3NDEKTSV4RRFFQ69G5FAV","n":4,"cmd":"true","host":"local"}"#;
        let file = r#"{"path":"a.log","size":1,"blake3":"00"}"#;
        let react = |on| EventBody::Reaction(ReactionBody { target: 1, emoji: "🎉".to_owned(), on });
        for (kind, fields) in [("run.started", run), ("file.added", file)] {
            let mut body = EventBody::parse(kind, fields.as_bytes());
            assert_eq!(body.fields(), fields, "what nobody reacted to is as it was");
            assert!(!body.amend(2, &ann, &EventBody::Delete(Target { target: 1 })));
            assert!(body.amend(3, &ann, &react(true)));
            assert!(!body.amend(3, &ann, &react(false)), "it is included already");
            assert_eq!(EventBody::parse(kind, body.fields().as_bytes()), body);
            assert_eq!(body.reactions(), [Reactions { emoji: "🎉".to_owned(), by: vec![ann.clone()] }]);
            assert!(body.amend(4, &ann, &react(false)) && body.reactions().is_empty());
        }
        assert!(!EventBody::Join.amend(2, &ann, &react(true)));
    }

    #[test]
    fn a_body_reads_what_it_wrote() {
        let body = EventBody::RunEnded(RunEnded {
            run: "01ARZ3NDEKTSV4RRFFQ69G5FAV".parse().unwrap(),
            n: 4,
            exit: Exit::Code { code: 3 },
            bytes: 8,
            ms: 12,
            truncated: false,
            left: 0,
            ended: Vec::new(),
            late: false,
        });
        assert_eq!(EventBody::parse(body.kind(), body.fields().as_bytes()), body);
    }
}
