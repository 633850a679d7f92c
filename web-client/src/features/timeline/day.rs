//! Day headings in the timeline, and going to another day.

use wardroom_client_core::protocol::messages::{Answer, RoomHistory, RoomPage};
use wardroom_client_core::protocol::{Event, RoomName};
use web_sys::HtmlInputElement;
use yew::prelude::*;

use crate::components::Modal;
use crate::hooks::{use_engine, use_ui, use_words};
use crate::i18n::Lang;
use crate::services::browser;
use crate::testids;
use crate::ui::UiAction;

/// The label of a day: `Today · Sunday, 22 November`.
pub fn day_label(at: u64, today: i64, lang: Lang) -> String {
    let words = lang.words();
    let date = browser::day_words(at, lang);
    match today - browser::local(at).day {
        0 => format!("{} · {date}", words.today),
        1 => format!("{} · {date}", words.yesterday),
        _ => date.to_string(),
    }
}

#[derive(PartialEq, Properties)]
pub struct DayLineProps {
    /// A time in that day.
    pub at: u64,
    /// The current day.
    pub today: i64,
    pub lang: Lang,
    /// Opens the dialog to choose a day.
    pub on_open: Callback<u64>,
}

/// The heading of a day.
#[component]
pub fn DayLine(props: &DayLineProps) -> Html {
    let at = props.at;
    let onclick = props.on_open.reform(move |_: MouseEvent| at);
    html! {
        <div class="day" role="heading" aria-level="2" data-testid={testids::DAY}>
            <button class="day__go" {onclick} title={props.lang.words().go_to_day}>{ day_label(at, props.today, props.lang) }</button>
        </div>
    }
}

#[derive(PartialEq, Properties)]
pub struct GoToDayProps {
    pub room: RoomName,
    /// A time in the day that is shown.
    pub at: u64,
    pub on_close: Callback<()>,
}

/// Asks for a day, and goes to its first line.
#[component]
pub fn GoToDay(props: &GoToDayProps) -> Html {
    let words = use_words();
    let engine = use_engine();
    let ui = use_ui();
    let field = use_node_ref();
    let is_empty = use_state_eq(|| false);
    let onsubmit = {
        let (field, room, close, is_empty) =
            (field.clone(), props.room.clone(), props.on_close.clone(), is_empty.setter());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            let day = field.cast::<HtmlInputElement>().and_then(|field| browser::day_begins(&field.value(), 0));
            let Some(at) = day else { return };
            let ask = RoomHistory {
                room: room.clone(),
                before: None,
                after: None,
                around: None,
                at: Some(at),
                limit: Some(1),
            };
            let (ui, room, close, is_empty) = (ui.dispatcher(), room.clone(), close.clone(), is_empty.clone());
            engine.request(
                ask,
                Callback::from(move |answer: Result<Answer, _>| {
                    let page = answer.ok().and_then(|answer| answer.fields::<RoomPage>().ok());
                    let first = page.and_then(|page| Event::parse(page.events.first()?.get().as_bytes()).ok());
                    match first {
                        Some(event) => {
                            close.emit(());
                            ui.dispatch(UiAction::JumpToLine(room.clone(), event.seq, None));
                        }
                        None => is_empty.set(true),
                    }
                }),
            );
        })
    };
    html! {
        <Modal title={words.go_to_day} on_close={props.on_close.clone()}>
            <form class="form" {onsubmit}>
                <label class="form__label">{ words.day }
                    <input class="field" ref={field} type="date" required={true} value={browser::date_digits(props.at)} max={browser::date_digits(browser::now_ms())} data-testid={testids::DAY_FIELD} />
                </label>
                if *is_empty { <p class="error" role="alert">{ words.day_none }</p> }
                <div class="form__actions"><button class="button button--primary" data-testid={testids::DAY_SUBMIT}>{ words.go }</button></div>
            </form>
        </Modal>
    }
}
