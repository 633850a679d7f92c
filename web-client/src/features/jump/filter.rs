//! The filters of a search: room, author, kind and time.

use wardroom_client_core::protocol::messages::HitKind;
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

use crate::hooks::use_words;
use crate::services::browser;
use crate::testids;

/// The filters.
#[derive(Clone, Default, PartialEq)]
pub struct Filter {
    /// Only in the open room.
    pub here: bool,
    /// Only by this author, as typed.
    pub by: String,
    /// Only this kind.
    pub kind: Option<HitKind>,
    pub when: TimeRange,
}

/// A range of time.
#[derive(Clone, Default, PartialEq)]
pub enum TimeRange {
    #[default]
    Any,
    /// The last days.
    Days(u64),
    /// From one day to another, inclusive, as `2026-11-24` in the local time zone; an empty day leaves that side open.
    Between(String, String),
}

impl Filter {
    /// The start in Unix milliseconds.
    pub fn since_ms(&self) -> Option<u64> {
        const DAY_MS: u64 = 86_400_000;
        match &self.when {
            TimeRange::Any => None,
            TimeRange::Days(days) => Some(browser::now_ms().saturating_sub(days * DAY_MS)),
            TimeRange::Between(from, _) => browser::day_begins(from, 0),
        }
    }

    /// The end in Unix milliseconds, exclusive.
    pub fn until_ms(&self) -> Option<u64> {
        match &self.when {
            TimeRange::Between(_, to) => browser::day_begins(to, 1),
            TimeRange::Any | TimeRange::Days(_) => None,
        }
    }
}

#[derive(PartialEq, Properties)]
pub struct FiltersProps {
    pub filter: UseStateHandle<Filter>,
}

#[component]
pub fn Filters(props: &FiltersProps) -> Html {
    let words = use_words();
    let filter = &props.filter;
    let select = |apply: fn(&mut Filter, &str)| {
        let filter = filter.clone();
        Callback::from(move |event: Event| {
            let mut next = (*filter).clone();
            apply(&mut next, &event.target_unchecked_into::<HtmlSelectElement>().value());
            filter.set(next);
        })
    };
    let input = |apply: fn(&mut Filter, String)| {
        let filter = filter.clone();
        Callback::from(move |event: InputEvent| {
            let mut next = (*filter).clone();
            apply(&mut next, event.target_unchecked_into::<HtmlInputElement>().value());
            filter.set(next);
        })
    };
    let option = |value: &'static str, label: &'static str, is_chosen: bool| html! { <option {value} selected={is_chosen}>{ label }</option> };
    let kind = |filter: &mut Filter, value: &str| {
        filter.kind = match value {
            "message" => Some(HitKind::Message),
            "run" => Some(HitKind::Run),
            "output" => Some(HitKind::Output),
            "file" => Some(HitKind::File),
            _ => None,
        };
    };
    let when = |filter: &mut Filter, value: &str| {
        filter.when = match value.parse() {
            Ok(days) => TimeRange::Days(days),
            Err(_) if value == "span" => TimeRange::Between(String::new(), String::new()),
            Err(_) => TimeRange::Any,
        };
    };
    let from = input(|filter, value| {
        if let TimeRange::Between(from, _) = &mut filter.when {
            *from = value
        }
    });
    let to = input(|filter, value| {
        if let TimeRange::Between(_, to) = &mut filter.when {
            *to = value
        }
    });
    html! {
        <div class="jump__filters" role="group" aria-label={words.filters}>
            <select class="field field--small" onchange={select(|filter, value| filter.here = value == "here")} aria-label={words.filter_where} data-testid={testids::FILTER_ROOM}>
                { option("all", words.filter_all_rooms, !filter.here) }{ option("here", words.filter_here, filter.here) }</select>
            <select class="field field--small" onchange={select(kind)} aria-label={words.filter_kind} data-testid={testids::FILTER_KIND}>
                { option("", words.filter_all_kinds, filter.kind.is_none()) }{ option("message", words.kind_message, filter.kind == Some(HitKind::Message)) }
                { option("run", words.kind_run, filter.kind == Some(HitKind::Run)) }{ option("output", words.kind_output, filter.kind == Some(HitKind::Output)) }
                { option("file", words.kind_file, filter.kind == Some(HitKind::File)) }</select>
            <select class="field field--small" onchange={select(when)} aria-label={words.filter_when} data-testid={testids::FILTER_WHEN}>
                { option("", words.filter_any_time, filter.when == TimeRange::Any) }{ option("1", words.filter_day, filter.when == TimeRange::Days(1)) }
                { option("7", words.filter_week, filter.when == TimeRange::Days(7)) }{ option("30", words.filter_month, filter.when == TimeRange::Days(30)) }
                { option("span", words.filter_range, matches!(filter.when, TimeRange::Between(..))) }</select>
            if let TimeRange::Between(first, last) = &filter.when {
                <input type="date" class="field field--small" oninput={from} value={first.clone()} max={last.clone()} aria-label={words.filter_from} data-testid={testids::FILTER_FROM} />
                <input type="date" class="field field--small" oninput={to} value={last.clone()} min={first.clone()} aria-label={words.filter_to} data-testid={testids::FILTER_TO} />
            }
            <input class="field field--small" oninput={input(|filter, value| filter.by = value)} value={filter.by.clone()} aria-label={words.filter_by} placeholder={words.filter_by} autocapitalize="none" autocomplete="off" data-testid={testids::FILTER_BY} />
        </div>
    }
}
