//! What members do with the keyboard of a run: they type, end the input, change the size, and pass the keyboard on.
//! The right is checked each time, because the holder may have lost it.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use rusqlite::params;
use wardroom_protocol::RunId;
use wardroom_protocol::frame::{Number, encode};
use wardroom_protocol::limits::INPUT_WINDOW;
use wardroom_protocol::messages::{ErrAnswer, RunEof, RunInput, TermControl, TermControlOk, TermResize};

use super::control::{away, open_run};
use super::input::Accepted;
use super::keyboard::Keyboard;
use super::lease::{Asker, Decision, Typist};
use super::list;
use super::run::{Phase, Run};
use super::spec::check_size;
use crate::clock::monotonic_ms;
use crate::error::Error;
use crate::limits::INPUT_WAIT_MS;
use crate::policy::Member;
use crate::rooms::Room;
use crate::sender::{ConnectionSender, Reader};
use crate::state::State;
use crate::store::UserId;

/// Handles [`RunInput`]: only refusals are answered at once, and acknowledgements come from the host.
pub async fn input(state: &Arc<State>, member: &Member, sender: &Arc<ConnectionSender>, input: RunInput, body: Bytes) {
    if let Err(error) = take_input(state, member, sender, input, body).await {
        let answer = ErrAnswer { run: Some(input.run), ..error.answer(None) };
        sender.tell(encode(Number::None, &answer));
    }
}

/// Accepts input. Waits while [`INPUT_WINDOW`] bytes are on their way to the command. Meanwhile the sender's connection
/// is not read, so that nothing piles up here.
async fn take_input(
    state: &Arc<State>,
    member: &Member,
    sender: &Arc<ConnectionSender>,
    input: RunInput,
    body: Bytes,
) -> Result<(), Error> {
    let (run, room) = with_keyboard(state, member, input.run).await?;
    let keyboard = keyboard_of(&run)?;
    let mut moved = keyboard.moved();
    let deadline = tokio::time::Instant::now() + Duration::from_millis(INPUT_WAIT_MS);
    loop {
        moved.mark_unchanged();
        if state.runs.find(input.run).is_none() {
            return Err(Error::conflict("this run is over"));
        }
        check_holder(state, member, &run, keyboard, &room, input.lease).await?;
        let accepted = state.runs.hosts.with(&run, |link| {
            let mut keys = keyboard.keys();
            if keys.lease.generation != input.lease {
                return Err(passed_on());
            }
            let (accepted, frame) = keys.input.push(input.lease, sender, input.off, &body);
            if matches!(accepted, Accepted::New(_)) {
                keys.lease.hear(monotonic_ms());
            }
            // Kept for the next connection if there is none now.
            if let (Some(link), Some(frame)) = (link, frame) {
                link.sender.tell(frame);
            }
            Ok(accepted)
        })?;
        match accepted {
            Accepted::New(_) => return Ok(()),
            Accepted::Gap(head) => return Err(gap(head)),
            Accepted::Ended => return Err(Error::conflict("the input of this run has ended")),
            Accepted::Unknown => return Err(away(&run)),
            Accepted::Full => {}
        }
        if tokio::time::timeout_at(deadline, moved.changed()).await.is_err() {
            let why = format!("the command has not read the {INPUT_WINDOW} bytes before this: send it again later");
            return Err(Error::busy(why, INPUT_WAIT_MS));
        }
    }
}

/// Ends a run's standard input.
///
/// # Errors
/// `forbidden`, `not_found`, `conflict` (the run is over, has a terminal or more input, another lease).
pub async fn eof(state: &Arc<State>, member: &Member, eof: RunEof) -> Result<(), Error> {
    let (run, room) = with_keyboard(state, member, eof.run).await?;
    let keyboard = keyboard_of(&run)?;
    if run.record.order.tty.is_some() {
        return Err(Error::conflict("the input of a terminal has no end: send Ctrl-D"));
    }
    check_holder(state, member, &run, keyboard, &room, eof.lease).await?;
    state.runs.hosts.with(&run, |link| {
        let mut keys = keyboard.keys();
        if keys.lease.generation != eof.lease {
            return Err(passed_on());
        }
        if keys.input.head().is_none() {
            return Err(away(&run));
        }
        let frame = keys.input.end(eof.off).map_err(gap)?;
        if let Some(link) = link {
            link.sender.tell(frame);
        }
        Ok(())
    })
}

/// Changes the size of a terminal.
///
/// # Errors
/// `bad_request` (the size), `forbidden`, `not_found`, `conflict` (the run is over, has no terminal or a fixed size,
/// another lease).
pub async fn resize(state: &Arc<State>, member: &Member, resize: TermResize) -> Result<(), Error> {
    check_size(resize.size)?;
    let (run, room) = with_keyboard(state, member, resize.run).await?;
    let keyboard = keyboard_of(&run)?;
    match run.record.order.tty {
        None => return Err(Error::conflict("this run has no terminal")),
        Some(tty) if tty.fixed => return Err(Error::conflict("the size of this terminal is fixed")),
        Some(_) => {}
    }
    check_holder(state, member, &run, keyboard, &room, resize.lease).await?;
    let is_new = state.runs.hosts.with(&run, |link| {
        let mut keys = keyboard.keys();
        if keys.lease.generation != resize.lease {
            return Err(passed_on());
        }
        if keys.tty.is_some_and(|tty| tty.size == resize.size) {
            return Ok(false);
        }
        if link.is_some_and(|link| link.sender.is_crowded()) {
            return Err(Error::busy("the run's host is too slow for a new size now: try again", 1_000));
        }
        if let (Some(frame), Some(link)) = (keys.resize(run.record.id, resize.size), link) {
            link.sender.tell(frame);
        }
        Ok(true)
    })?;
    if is_new {
        tell_state(&run, keyboard, &room);
    }
    Ok(())
}

/// Asks for, gives, takes or releases a keyboard.
///
/// # Errors
/// `forbidden`, `not_found` (the run, the user), `conflict` (the run is over or has no keyboard), `bad_request` (nobody
/// to give it to), `busy` (too many ask; the host is away and has not said what it has).
pub async fn control(state: &Arc<State>, member: &Member, control: TermControl) -> Result<TermControlOk, Error> {
    let (run, room) = with_keyboard(state, member, control.run).await?;
    let keyboard = keyboard_of(&run)?;
    let to = control.to.map(|name| typist_named(state, &run, &room, name.as_str())).transpose()?;
    let _turn = keyboard.turn.lock().await;
    let who = Typist { id: member.user.id, name: member.user.name.clone() };
    if let Err(error) = member.may_type(state.ruled(), &room, &run.record.host) {
        if keyboard.keys().lease.is_held_by(who.id) {
            revoke(state, &run, keyboard, &room).await?;
        }
        return Err(error);
    }
    let by = Asker { who, is_senior: member.is_owner_of(&room) };
    let may = |user| may_type(state, &run, &room, user);
    let decision = keyboard.keys().lease.decide(control.op, &by, to, may, monotonic_ms())?;
    match decision {
        Decision::Stays => {}
        Decision::Asked => tell_state(&run, keyboard, &room),
        Decision::Passes(holder) => {
            pass(state, &run, keyboard, holder, (member.user.name.as_str(), &member.address)).await?;
            tell_state(&run, keyboard, &room);
        }
    }
    let keys = keyboard.keys();
    let holds = keys.lease.is_held_by(member.user.id);
    // A core that was restarted does not know the offset until the host is back. A holder who began at 0 would lose bytes.
    let off = if holds { keys.input.head().ok_or_else(|| away(&run))? } else { keys.input.head().unwrap_or(0) };
    Ok(TermControlOk { lease: keys.lease.generation, holds, off })
}

/// Takes keyboards from holders who may not run commands any more. Called every second.
pub(super) async fn revoke_lost(state: &Arc<State>, runs: &[Arc<Run>]) {
    for run in runs {
        let Some(keyboard) = &run.keyboard else { continue };
        let Some(room) = state.rooms.by_id(run.record.room) else { continue };
        let holder = keyboard.keys().lease.holder.as_ref().map(|holder| holder.id);
        if holder.is_none_or(|holder| may_type(state, run, &room, holder)) {
            continue;
        }
        let _turn = keyboard.turn.lock().await;
        if let Err(error) = revoke(state, run, keyboard, &room).await {
            tracing::warn!(run = %run.record.id, %error, "a keyboard is not taken from its holder yet");
        }
    }
}

/// Passes the keyboard on if its holder may not hold it any more. The caller holds the turn.
async fn revoke(state: &Arc<State>, run: &Run, keyboard: &Keyboard, room: &Arc<Room>) -> Result<(), Error> {
    let may = |user| may_type(state, run, room, user);
    let next = {
        let keys = keyboard.keys();
        if keys.lease.holder.as_ref().is_none_or(|holder| may(holder.id)) {
            return Ok(());
        }
        keys.lease.next(may)
    };
    pass(state, run, keyboard, next, ("system", "core")).await?;
    tell_state(run, keyboard, room);
    Ok(())
}

/// Checks that this member holds the keyboard under this lease, and still may.
async fn check_holder(
    state: &Arc<State>,
    member: &Member,
    run: &Run,
    keyboard: &Keyboard,
    room: &Arc<Room>,
    lease: u64,
) -> Result<(), Error> {
    let right = member.may_type(state.ruled(), room, &run.record.host).map(drop);
    {
        let keys = keyboard.keys();
        if keys.lease.generation != lease {
            return right.and(Err(passed_on()));
        }
        if !keys.lease.is_held_by(member.user.id) {
            return right.and(Err(keys.lease.not_yours()));
        }
    }
    if let Err(error) = right {
        let _turn = keyboard.turn.lock().await;
        revoke(state, run, keyboard, room).await?;
        return Err(error);
    }
    Ok(())
}

/// Records that the keyboard changes hands, then changes it. The caller holds the turn.
async fn pass(
    state: &Arc<State>,
    run: &Run,
    keyboard: &Keyboard,
    holder: Option<Typist>,
    (by, address): (&str, &str),
) -> Result<(), Error> {
    let lease = keyboard.keys().lease.generation.saturating_add(1);
    let id = run.record.id.to_string();
    let name = holder.as_ref().map_or("nobody", |holder| holder.name.as_str());
    let (detail, user) = (format!("r{} to {name}", run.record.n), holder.as_ref().map(|holder| holder.id.0));
    let (by, address) = (by.to_owned(), address.to_owned());
    state
        .store
        .write(move |tx| {
            let lease = i64::try_from(lease).unwrap_or(i64::MAX);
            tx.conn
                .prepare_cached("UPDATE runs SET lease = ?2, holder = ?3 WHERE id = ?1")?
                .execute(params![id, lease, user])?;
            tx.audit(&by, &address, "run.keyboard", &id, &detail)
        })
        .await?;
    keyboard.keys().lease.pass(lease, holder, monotonic_ms());
    keyboard.wake();
    Ok(())
}

/// Returns the frame with the state of a run's keyboard, if the run is open and has one. For a member who may read it.
pub(super) fn state_of(state: &State, run: RunId) -> Option<Bytes> {
    let run = state.runs.find(run)?;
    run.keyboard.as_ref().map(|keyboard| encode(Number::None, &keyboard.state()))
}

fn tell_state(run: &Run, keyboard: &Keyboard, room: &Room) {
    tell_readers(run, room, &encode(Number::None, &keyboard.state()));
}

/// Tells the watchers of a run, and everybody who has its room open.
pub(super) fn tell_readers(run: &Run, room: &Room, frame: &Bytes) {
    let is_told = |reader: Reader| !reader.is_person && room.is_seen_by(reader.user);
    let told = std::cell::RefCell::new(Vec::new());
    let tell = |sender: &ConnectionSender| {
        let place = std::ptr::from_ref(sender).addr();
        // A connection may do both.
        if sender.reader_is().is_some_and(is_told) && !told.borrow().contains(&place) {
            told.borrow_mut().push(place);
            sender.tell_now_or_never(frame);
        }
    };
    run.log.each_watcher(tell);
    room.tail.each_reader(tell);
}

/// Returns an open run with a keyboard that this member may see, and its room.
async fn with_keyboard(state: &Arc<State>, member: &Member, id: RunId) -> Result<(Arc<Run>, Arc<Room>), Error> {
    let run = open_run(state, member, id).await?;
    let room = list::check_readable(state, member, run.record.room)?;
    keyboard_of(&run)?;
    if run.life().phase == Phase::Committing {
        // Its host has not been told yet.
        return Err(Error::busy("this run is just being started: try again", 100));
    }
    Ok((run, room))
}

fn keyboard_of(run: &Run) -> Result<&Keyboard, Error> {
    let none = || Error::conflict("this run reads nothing: it was started without tty and stdin");
    run.keyboard.as_ref().ok_or_else(none)
}

fn typist_named(state: &State, run: &Run, room: &Arc<Room>, name: &str) -> Result<Typist, Error> {
    let user = state.accounts.by_name(name).ok_or_else(|| Error::not_found(format!("there is no user {name}")))?;
    Member::unconnected(&user).may_type(state.ruled(), room, &run.record.host).map_err(|_| {
        Error::forbidden(format!("{name} may not run commands in {} on {}", room.name, run.record.host))
    })?;
    Ok(Typist { id: user.id, name: user.name.clone() })
}

fn may_type(state: &State, run: &Run, room: &Arc<Room>, user: UserId) -> bool {
    let may = |user| Member::unconnected(&user).may_type(state.ruled(), room, &run.record.host).is_ok();
    state.accounts.by_id(user).is_some_and(may)
}

fn passed_on() -> Error {
    Error::conflict("the keyboard has changed hands: ask for it, or take it")
}

fn gap(head: u64) -> Error {
    Error { off: Some(head), ..Error::conflict(format!("the next byte of input is {head}")) }
}
