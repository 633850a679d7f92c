//! `wardroom join`, `wardroom leave` and `wardroom who`: who is in a room.

use wardroom_protocol::messages::{MemberInfo, RoomJoin, RoomLeave, RoomMembers, RoomMembersListed};
use wardroom_protocol::visible::visible;
use wardroom_protocol::{Message, RoomName};

use super::Out;
use super::ls::other_version;
use super::rooms::meant;
use crate::exit::{ExitCode, Failure};
use crate::runner::{Runner, Target};

/// Joins a room. Joining twice is no error.
///
/// # Errors
/// See [`Failure`].
pub async fn join(target: Target, room: RoomName, json: bool) -> Result<ExitCode, Failure> {
    change(target, &RoomJoin { room: room.clone() }, &room, true, json).await
}

/// Leaves a room.
///
/// # Errors
/// See [`Failure`].
pub async fn leave(target: Target, room: RoomName, json: bool) -> Result<ExitCode, Failure> {
    change(target, &RoomLeave { room: room.clone() }, &room, false, json).await
}

async fn change<M: Message>(
    target: Target,
    message: &M,
    room: &RoomName,
    joined: bool,
    json: bool,
) -> Result<ExitCode, Failure> {
    let mut runner = Runner::connect(target).await?;
    runner.ask(message).await?;
    runner.finish().await;
    if json {
        Out::new().json(&serde_json::json!({ "room": room, "joined": joined }))?;
    }
    Ok(ExitCode::Ok)
}

/// Lists the members of a room.
///
/// # Errors
/// See [`Failure`].
pub async fn who(target: Target, room: RoomName, json: bool) -> Result<ExitCode, Failure> {
    let mut runner = Runner::connect(target).await?;
    let room = meant(&mut runner, room).await?;
    let mut out = Out::new();
    let mut after = None;
    loop {
        let message = RoomMembers { room: room.clone(), after: after.clone() };
        let listed: RoomMembersListed = runner.ask(&message).await?.fields().map_err(other_version)?;
        for member in &listed.members {
            if json { out.json(member)? } else { out.line(&member_line(member))? }
        }
        let last = listed.members.last().map(|member| member.user.clone());
        // A page that makes no progress would be requested for ever.
        if !listed.more || last.is_none() || last == after {
            break;
        }
        after = last;
    }
    runner.finish().await;
    Ok(ExitCode::Ok)
}

fn member_line(member: &MemberInfo) -> String {
    let here = if member.here { "online" } else { "offline" };
    let kind = if member.bot { "program" } else { "" };
    let role = member.room_role.to_string();
    format!("{:<20}  {here:<7}  {role:<6}  {kind:<7}  {}", member.user.as_str(), visible(&member.status))
        .trim_end()
        .to_owned()
}
