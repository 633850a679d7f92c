//! The rooms that commands name, and how they are shown. A direct message, whose name is an id, is named by its other user:
//! `@ben`.

use wardroom_protocol::messages::{DmOpen, DmOpened, RoomInfo, RoomList, RoomListed};
use wardroom_protocol::{RoomName, UserName};

use crate::exit::{Failure, other_version};
use crate::runner::Runner;

/// Returns all rooms that the user may see, from all pages.
pub(super) async fn all_rooms(runner: &mut Runner) -> Result<Vec<RoomInfo>, Failure> {
    let mut all: Vec<RoomInfo> = Vec::new();
    loop {
        let after = all.last().map(|room| room.room.clone());
        let listed: RoomListed = runner.ask(&RoomList { after }).await?.fields().map_err(other_version)?;
        let more = listed.more && !listed.rooms.is_empty();
        all.extend(listed.rooms);
        if !more {
            return Ok(all);
        }
    }
}

/// Returns the name of a room; for a direct message, whose name is an id, the other users.
pub(super) fn shown_name(room: &RoomInfo, me: Option<&UserName>) -> String {
    if room.dm.is_empty() {
        return room.room.to_string();
    }
    let others = room.dm.iter().filter(|user| Some(*user) != me);
    others.map(|user| format!("@{user}")).collect::<Vec<_>>().join(" ")
}

/// Returns the room that is meant: `@ben` is the direct message with ben, which must be there.
///
/// # Errors
/// See [`Failure`].
pub(super) async fn meant(runner: &mut Runner, room: RoomName) -> Result<RoomName, Failure> {
    match find(runner, room).await? {
        Found::Room(room) => Ok(room),
        Found::NoneWith(user) => {
            let words = format!("no direct messages with {user} yet; wardroom dm {user} TEXT sends the first");
            Err(Failure::refused(words))
        }
    }
}

/// Like [`meant`], but opens the direct message if there is none.
///
/// # Errors
/// See [`Failure`].
pub(super) async fn meant_or_new(runner: &mut Runner, room: RoomName) -> Result<RoomName, Failure> {
    match find(runner, room).await? {
        Found::Room(room) => Ok(room),
        Found::NoneWith(user) => open_dm(runner, vec![user]).await,
    }
}

enum Found {
    Room(RoomName),
    NoneWith(UserName),
}

async fn find(runner: &mut Runner, room: RoomName) -> Result<Found, Failure> {
    let Some(user) = room.as_str().strip_prefix('@').and_then(|name| UserName::parse(name).ok()) else {
        return Ok(Found::Room(room));
    };
    let rooms = all_rooms(runner).await?;
    // The name of a direct message itself is an id.
    if rooms.iter().any(|info| info.room == room) {
        return Ok(Found::Room(room));
    }
    let me = runner.client().you().map(|you| you.user.clone());
    let is_with =
        |dm: &[UserName]| dm.len() == 2 && dm.contains(&user) && dm.iter().any(|one| Some(one) == me.as_ref());
    let found = rooms.into_iter().find(|info| is_with(&info.dm));
    Ok(found.map_or(Found::NoneWith(user), |info| Found::Room(info.room)))
}

/// Returns the direct message with these users; opens it if there is none.
///
/// # Errors
/// See [`Failure`].
pub(super) async fn open_dm(runner: &mut Runner, users: Vec<UserName>) -> Result<RoomName, Failure> {
    let opened: DmOpened = runner.ask(&DmOpen { users }).await?.fields().map_err(other_version)?;
    Ok(opened.room)
}
