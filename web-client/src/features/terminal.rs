//! The terminal of a run, beside the timeline or in the whole window. The panel itself is drawn by `web-client/terminal`,
//! which is loaded with it; here it is opened, and told who holds the keyboard.

use serde::Serialize;
use wardroom_client_core::protocol::RunId;
use wardroom_client_core::{Change, Run, RunState};
use web_sys::Element;
use yew::prelude::*;

use crate::engine::{Engine, Topic};
use crate::features::rights::use_rights;
use crate::hooks::{use_prefs, use_topic, use_ui, use_words};
use crate::testids;
use crate::ui::UiAction;

#[derive(PartialEq, Properties)]
pub struct TerminalPanelProps {
    pub run: RunId,
    /// Its recording is to be played.
    pub plays: bool,
}

/// What the panel shows around the screen.
#[derive(Serialize)]
struct PanelState<'a> {
    n: u64,
    cmd: &'a str,
    me: &'a str,
    holder: Option<&'a str>,
    asked: Vec<&'a str>,
    mine: bool,
    running: bool,
    fixed: bool,
    #[serde(rename = "mayType")]
    may_type: bool,
    /// The server knows whether the holder has been silent for long enough, and says so if not.
    #[serde(rename = "mayTake")]
    may_take: bool,
    /// Its recording is to be played, which begins at this time and took this long.
    plays: bool,
    at: u64,
    ms: u64,
    bytes: u64,
}

#[component]
pub fn TerminalPanel(props: &TerminalPanelProps) -> Html {
    let words = use_words();
    let lang = use_prefs().lang;
    let ui = use_ui();
    let id = props.run;
    let engine = use_topic(Topic::Model(Change::Run(id)));
    let place = use_node_ref();
    // `None` while it loads.
    let is_open = use_state_eq(|| None::<bool>);
    use_effect_with((engine.clone(), lang), {
        let (place, is_open) = (place.clone(), is_open.setter());
        move |(engine, lang): &(Engine, crate::i18n::Lang)| {
            let close = Callback::from(move |()| ui.dispatch(UiAction::Terminal(None)));
            if let Some(root) = place.cast::<Element>() {
                let on = Callback::from(move |opened| is_open.set(Some(opened)));
                engine.open_terminal(id, root, lang.tag(), on, close);
            }
            let engine = engine.clone();
            move || engine.close_terminal(id)
        }
    });
    let run = engine.read(|client| client.runs().get(&id).cloned());
    let info = run.as_ref().and_then(|run| run.info.clone());
    let rights = use_rights(&info.as_ref().map_or_else(Engine::company_room, |info| info.room.clone()));
    let may_type = info.is_some_and(|info| rights.may_type(&info.host));
    let state = run.map(|run| state_of(&run, engine.user(), may_type, props.plays)).unwrap_or_default();
    use_effect_with((*is_open, lang, state), move |(is_open, _, state)| {
        if let (Some(true), Some(terminal)) = (is_open, engine.terminal(id)) {
            terminal.set_state(state);
        }
    });
    html! {
        <section class="terminal-panel" data-testid={testids::TERMINAL} data-run={id.to_string()}>
            <div class="tty" ref={place}></div>
            if is_open.is_none() { <p class="terminal-panel__loading" role="status">{ words.loading }</p> }
            if *is_open == Some(false) { <p class="terminal-panel__loading error" role="alert">{ words.runs.terminal_failed }</p> }
        </section>
    }
}

fn state_of(run: &Run, me: &str, may_type: bool, plays: bool) -> String {
    let keyboard = &run.keyboard;
    let state = PanelState {
        n: run.info.as_ref().map_or(0, |info| info.n),
        cmd: run.info.as_ref().map_or("", |info| &info.cmd),
        me,
        holder: keyboard.holder.as_ref().map(|user| user.as_str()),
        asked: keyboard.asked.iter().map(|user| user.as_str()).collect(),
        mine: keyboard.mine,
        running: run.state == RunState::Running,
        fixed: run.tty.is_some_and(|tty| tty.fixed),
        may_type,
        may_take: may_type,
        plays,
        at: run.info.as_ref().map_or(0, |info| info.at),
        ms: if let RunState::Ended { ms, .. } = run.state { ms } else { 0 },
        bytes: run.bytes,
    };
    serde_json::to_string(&state).unwrap_or_default()
}
