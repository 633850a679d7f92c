//! The whole output of a run, whatever its length: only what is near the reader is loaded, and only what is seen is drawn.

mod find;
mod lines;
mod options;

use wardroom_client_core::protocol::RunId;
use wardroom_client_core::{Change, Run, RunState};
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;
use yew::prelude::*;

use self::lines::Lines;
use crate::components::{CopyRunButton, Icon, StopButton, icon, run_status, status_icon};
use crate::engine::{Engine, Topic};
use crate::features::rights::use_rights;
use crate::hooks::{PtrEq, use_tick, use_topic, use_ui, use_words};
use crate::i18n::fill;
use crate::logic::route::run_path;
use crate::services::browser;
use crate::testids;
use crate::ui::UiAction;

#[derive(PartialEq, Properties)]
pub struct OutputViewProps {
    pub run: RunId,
    /// The byte to show and mark; else the end.
    pub at: Option<u64>,
}

#[component]
pub fn OutputView(props: &OutputViewProps) -> Html {
    let words = use_words();
    let (id, at) = (props.run, props.at);
    let engine = use_topic(Topic::Model(Change::Run(id)));
    let ui = use_ui();
    let close_ref = use_node_ref();
    use_effect_with((engine.clone(), id), {
        let close_ref = close_ref.clone();
        move |(engine, id)| {
            let engine = engine.clone();
            engine.show_output(Some(*id), at);
            let came_from =
                browser::document().active_element().and_then(|element| element.dyn_into::<HtmlElement>().ok());
            if let Some(button) = close_ref.cast::<HtmlElement>() {
                let _ = button.focus();
            }
            move || {
                engine.show_output(None, None);
                // Return the focus to the button that opened it.
                if let Some(element) = came_from.filter(|element| element.is_connected()) {
                    let _ = element.focus();
                }
            }
        }
    });
    // Another byte of the same output.
    let shown = use_mut_ref(|| at);
    use_effect_with(at, {
        let engine = engine.clone();
        move |at| {
            if let Some(next) = at.filter(|_| shown.replace(*at) != *at) {
                engine.go_to_byte(id, next);
            }
        }
    });
    let run = engine.read(|client| client.runs().get(&id).cloned());
    let is_running = run.as_ref().is_some_and(|run| run.state == RunState::Running);
    use_tick(is_running.then_some(1_000));
    let close = Callback::from(move |_| ui.dispatch(UiAction::Output(None)));
    let info = run.as_ref().and_then(|run| run.info.clone());
    let rights = use_rights(&info.as_ref().map_or_else(Engine::company_room, |info| info.room.clone()));
    let may_end = info.is_some_and(|info| rights.may_end(&info.by));
    html! {
        <section class="output-view" role="dialog" aria-label={fill(words.output_of, &[&number_of(run.as_deref())])}>
            <header class="output-view__head">
                { for run.as_deref().map(|run| head(run, &engine, words)) }
                <span class="output-view__actions">
                    if let Some(run) = run.clone() { <CopyRunButton run={PtrEq(run)} /> }
                    <a class="text-button" href={run_path(id)} download={format!("r{}.log", number_of(run.as_deref()))} data-testid={testids::RUN_DOWNLOAD}>{ icon(Icon::Download) }<span class="text-button__label">{ words.download }</span></a>
                    if is_running && may_end { <StopButton run={id} /> }
                    <button class="button" ref={close_ref} onclick={close} data-testid={testids::OUTPUT_CLOSE}>{ icon(Icon::Close) }{ words.close_output }</button>
                </span>
            </header>
            <Lines run={id} />
        </section>
    }
}

fn number_of(run: Option<&Run>) -> String {
    run.and_then(|run| run.info.as_ref()).map(|info| info.n.to_string()).unwrap_or_default()
}

fn head(run: &Run, engine: &Engine, words: &crate::i18n::Words) -> Html {
    let status = run_status(run, engine.server_now_ms(), words);
    let (cmd, meta) = run.info.as_ref().map_or_else(Default::default, |info| {
        let isolation = info.isolation.as_ref().map(|level| format!(" · {}", fill(words.runs.isolation, &[level])));
        let sandbox: String =
            info.sandbox.iter().map(|name| format!(" · {}", crate::text::sanitize::sanitized(name))).collect();
        let meta = format!("{} · {}{}{sandbox}", info.host, info.by, isolation.unwrap_or_default());
        (crate::text::sanitize::sanitized(&info.cmd).into_owned(), meta)
    });
    html! {
        <>
            <span class={classes!("state", "chip", status.class)}>{ status_icon(&status) }{ status.words }</span>
            <span class="card__number">{ format!("r{}", number_of(Some(run))) }</span>
            <span class="card__title" title={cmd.clone()}>{ cmd }</span>
            <span class="card__meta card__meta--far" title={meta.clone()}>{ meta }</span>
        </>
    }
}
