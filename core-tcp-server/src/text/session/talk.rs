//! Commands for messages and members of a room. Their results appear in the room as events; only the rest is reported
//! here.

use wardroom_protocol::event::with_article;
use wardroom_protocol::messages::{
    DmOpen, RoomDelete, RoomEdit, RoomInvite, RoomReact, RoomRemove, RoomSet, RoomSetRole,
};
use wardroom_protocol::slash::Command;
use wardroom_protocol::{RoomName, RoomRole, UserName};

use super::Session;
use crate::error::Error;
use crate::rooms;

impl Session {
    pub(super) async fn talk(&mut self, command: Command) -> Result<(), Error> {
        if let Command::Dm(users) = command {
            return self.open_dm(users).await;
        }
        let room = self.current()?.name.clone();
        let (state, member) = (&self.state, &self.member);
        let (seq, otherwise) = match command {
            Command::Invite(user, role) => {
                let role = Some(role).filter(|role| *role != RoomRole::Member);
                let words = format!("{user} is a member already: /role {user} ROLE says what they may do");
                (rooms::invite(state, member, RoomInvite { room, user, role }).await?, words)
            }
            Command::Remove(user) => {
                let words = format!("{user} is no member of this room");
                (rooms::remove(state, member, RoomRemove { room, user }).await?, words)
            }
            Command::Role(user, role) => {
                let words = format!("{user} is {} here already", with_article(role));
                (rooms::set_role(state, member, RoomSetRole { room, user, role }).await?, words)
            }
            Command::Title(title) => (self.set(RoomSet { title: Some(title), ..nothing(room) }).await?, unchanged()),
            Command::Topic(topic) => (self.set(RoomSet { topic: Some(topic), ..nothing(room) }).await?, unchanged()),
            Command::Archive(on) => (self.set(RoomSet { archived: Some(on), ..nothing(room) }).await?, unchanged()),
            Command::Retention(days) => {
                (self.set(RoomSet { retention_days: Some(days), ..nothing(room) }).await?, unchanged())
            }
            Command::Approval(on) => (self.set(RoomSet { approve: Some(on), ..nothing(room) }).await?, unchanged()),
            Command::Edit(seq, text) => {
                let seq = self.place_or_last(seq).await?;
                (rooms::edit(state, member, RoomEdit { room, seq, text }).await?, "no change".to_owned())
            }
            Command::Delete(seq) => {
                let seq = self.place_or_last(seq).await?;
                (Some(rooms::delete(state, member, RoomDelete { room, seq }).await?), String::new())
            }
            Command::React(seq, emoji, on) => {
                let words = if on { "you already reacted with this" } else { "you have no such reaction" };
                (rooms::react(state, member, RoomReact { room, seq, emoji, on }).await?, words.to_owned())
            }
            Command::Reply(seq, text) => {
                self.say(text, Some(seq)).await;
                return Ok(());
            }
            _ => return Ok(()),
        };
        if seq.is_none() {
            self.tell(&otherwise);
        }
        Ok(())
    }

    async fn open_dm(&mut self, users: Vec<UserName>) -> Result<(), Error> {
        let name = rooms::open_dm(&self.state, &self.member, DmOpen { users }).await?;
        let room = self.member.readable(&self.state.rooms, &name)?.room;
        self.enter(room).await?;
        Ok(())
    }

    async fn set(&self, set: RoomSet) -> Result<Option<u64>, Error> {
        rooms::set(&self.state, &self.member, set).await
    }

    /// Returns the given `seq`, or that of the user's own last message in the room.
    async fn place_or_last(&self, seq: Option<u64>) -> Result<u64, Error> {
        if let Some(seq) = seq {
            return Ok(seq);
        }
        let last = rooms::last_said(&self.state, self.current()?, self.member.user.id).await?;
        last.ok_or_else(|| Error::not_found("you said nothing here lately: say which line, as /log shows them"))
    }
}

fn nothing(room: RoomName) -> RoomSet {
    RoomSet { room, title: None, topic: None, archived: None, retention_days: None, approve: None }
}

fn unchanged() -> String {
    "no change".to_owned()
}
