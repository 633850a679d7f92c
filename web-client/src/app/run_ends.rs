//! Tells who started a run that it has ended, unless they look at its room.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use wardroom_client_core::protocol::RunId;
use wardroom_client_core::protocol::messages::{Answer, Exit, RunGet, RunInfo};
use wardroom_client_core::{Change, Error, RunState};
use yew::prelude::*;

use crate::components::exit_words;
use crate::engine::{Engine, Topic};
use crate::hooks::use_words;
use crate::i18n::Words;
use crate::logic::notify_level::NotifyLevel;
use crate::services::browser;
use crate::text::sanitize::one_line;
use crate::ui::{UiAction, UiHandle};

/// The user's own runs that have not ended as far as is known, and the last event of their rooms when that was known.
type Running = Rc<RefCell<BTreeMap<RunId, (Arc<RunInfo>, u64)>>>;

/// The current UI state and language.
type Now = Rc<RefCell<(UiHandle, &'static Words)>>;

/// Watches the user's own runs.
#[hook]
pub fn use_run_ends(engine: &Engine, ui: &UiHandle) {
    let words = use_words();
    let now: Now = use_mut_ref(|| (ui.clone(), words));
    *now.borrow_mut() = (ui.clone(), words);
    use_effect_with(engine.clone(), move |engine| {
        let running = Running::default();
        let of_open_rooms = engine.subscribe(Topic::Runs, {
            let (engine, now, running) = (engine.clone(), now.clone(), running.clone());
            Callback::from(move |()| look(&engine, &now, &running))
        });
        let of_others = engine.subscribe(Topic::Model(Change::Rooms), {
            let engine = engine.clone();
            Callback::from(move |()| ask(&engine, &now, &running))
        });
        move || drop((of_open_rooms, of_others))
    });
}

/// Notes own runs that have begun, and tells of those that have ended.
fn look(engine: &Engine, now: &Now, running: &Running) {
    let ended: Vec<(RunId, Exit)> = engine.read(|client| {
        let mut running = running.borrow_mut();
        let mut ended = Vec::new();
        for run in client.runs().values() {
            match (&run.state, &run.info) {
                (RunState::Running, Some(info)) if info.by.as_str() == engine.user() => {
                    let head = client.rooms().get(&info.room).map_or(0, |room| room.info.head);
                    running.entry(run.run).or_insert_with(|| (info.clone(), head));
                }
                (RunState::Ended { exit, .. }, _) if running.contains_key(&run.run) => {
                    ended.push((run.run, exit.clone()));
                }
                _ => {}
            }
        }
        ended
    });
    for (run, exit) in ended {
        tell(engine, now, running, run, &exit);
    }
}

/// Asks for the state of own runs in rooms that are not open, when something has happened there.
fn ask(engine: &Engine, now: &Now, running: &Running) {
    let open = now.borrow().0.room.clone();
    let mut changed = Vec::new();
    engine.read(|client| {
        for (id, (info, head)) in running.borrow_mut().iter_mut().filter(|(_, (info, _))| info.room != open) {
            let head_now = client.rooms().get(&info.room).map_or(*head, |room| room.info.head);
            if std::mem::replace(head, head_now) != head_now {
                changed.push(*id);
            }
        }
    });
    for run in changed {
        let (of_answer, now, running) = (engine.clone(), now.clone(), running.clone());
        let on_answer = Callback::from(move |answer: Result<Answer, Error>| {
            let info = answer.ok().and_then(|answer| answer.fields::<RunInfo>().ok());
            if let Some(exit) = info.and_then(|info| info.exit) {
                tell(&of_answer, &now, &running, run, &exit);
            }
        });
        engine.request(RunGet { run }, on_answer);
    }
}

fn tell(engine: &Engine, now: &Now, running: &Running, run: RunId, exit: &Exit) {
    let Some((info, _)) = running.borrow_mut().remove(&run) else { return };
    let (ui, words) = now.borrow().clone();
    let is_seen = ui.room == info.room && browser::is_focused();
    if is_seen || engine.notify_level(&info.room) == NotifyLevel::Nothing {
        return;
    }
    let text = format!("r{} · {}\n{}", info.n, exit_words(exit, words), one_line(&info.cmd));
    let (room, seq) = (info.room.clone(), info.seq);
    let go = move || ui.dispatch(UiAction::JumpToLine(room.clone(), seq, None));
    browser::notify(&engine.room_label(&info.room), &text, &run.to_string(), go);
}
