//! The window, the document, the clock and random numbers. A page always has a window, so these do not fail.

use std::cell::RefCell;

use js_sys::Date;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{Document, Window};
use yew::AttrValue;

use crate::i18n::Lang;
use crate::logic::route::Route;
use crate::text::format::LocalTime;

pub fn window() -> Window {
    web_sys::window().expect("a page has a window")
}

pub fn document() -> Document {
    window().document().expect("a window has a document")
}

/// The current time in Unix milliseconds.
pub fn now_ms() -> u64 {
    Date::now() as u64
}

/// 128 random bits.
pub fn random() -> u128 {
    let mut bytes = [0u8; 16];
    let filled = window().crypto().and_then(|c| c.get_random_values_with_u8_array(&mut bytes));
    if filled.is_err() {
        // Only nonces and ids are made of it, no secrets: a weaker source will do if there is no other.
        for byte in &mut bytes {
            *byte = (js_sys::Math::random() * 256.0) as u8;
        }
    }
    u128::from_le_bytes(bytes)
}

/// The base URL; it ends with a slash.
pub fn base_address() -> String {
    document().base_uri().ok().flatten().unwrap_or_else(|| window().location().href().unwrap_or_default())
}

/// The path of [`base_address`].
fn base_path() -> String {
    let base = base_address();
    let after_scheme = base.split_once("://").map_or(base.as_str(), |(_, rest)| rest);
    after_scheme.find('/').map_or_else(|| "/".to_owned(), |at| after_scheme.get(at..).unwrap_or("/").to_owned())
}

/// Where the address bar points.
pub fn route() -> Route {
    Route::parse(&window().location().pathname().unwrap_or_default(), &base_path())
}

/// Sets the address bar, as a new history entry or in place of the current one.
pub fn set_route(route: &Route, is_new: bool) {
    let address = format!("{}{}", base_path(), route.path().trim_start_matches("./"));
    let Ok(history) = window().history() else { return };
    let nothing = wasm_bindgen::JsValue::NULL;
    let written = if is_new {
        history.push_state_with_url(&nothing, "", Some(&address))
    } else {
        history.replace_state_with_url(&nothing, "", Some(&address))
    };
    // A sandbox may forbid it: the page works without.
    let _ = written;
}

/// Removes the fragment from the address bar and returns it: a secret in it must not stay in the history.
pub fn take_fragment() -> String {
    let location = window().location();
    let fragment = location.hash().unwrap_or_default();
    if !fragment.is_empty() {
        let address = location.pathname().unwrap_or_default() + &location.search().unwrap_or_default();
        if let Ok(history) = window().history() {
            let _ = history.replace_state_with_url(&wasm_bindgen::JsValue::NULL, "", Some(&address));
        }
    }
    fragment
}

/// A time in the local time zone.
pub fn local(unix_ms: u64) -> LocalTime {
    /// Offsets change only at quarters of an hour, so neighbouring lines share one.
    const QUARTER_MS: u64 = 900_000;
    thread_local!(static LAST: std::cell::Cell<(u64, i32)> = const { std::cell::Cell::new((u64::MAX, 0)) });
    let quarter = unix_ms / QUARTER_MS;
    let (known, mut minutes_east) = LAST.get();
    if known != quarter {
        minutes_east = -(date(unix_ms).get_timezone_offset() as i32);
        LAST.set((quarter, minutes_east));
    }
    LocalTime::new(unix_ms, minutes_east)
}

/// A moment in the local time zone, to the millisecond: `14:03:07.041`.
pub fn clock(unix_ms: u64) -> String {
    format!("{}:{:02}.{:03}", local(unix_ms).hh_mm(), unix_ms / 1_000 % 60, unix_ms % 1_000)
}

/// A day in the local time zone and the page's language: `Sunday, 22 November`, with the year if it is not the current
/// one. Formatted for the browser's own region if that has the page's language. Each line has its day as a tooltip, so
/// the words of the last day are kept: the browser takes half a millisecond to find them.
pub fn day_words(unix_ms: u64, lang: Lang) -> AttrValue {
    thread_local!(static LAST: RefCell<Option<(i64, Lang, AttrValue)>> = const { RefCell::new(None) });
    let day = local(unix_ms).day;
    LAST.with_borrow_mut(|last| match last {
        Some((last_day, last_lang, words)) if (*last_day, *last_lang) == (day, lang) => words.clone(),
        _ => {
            let words = AttrValue::from(format_day(unix_ms, lang));
            *last = Some((day, lang, words.clone()));
            words
        }
    })
}

fn format_day(unix_ms: u64, lang: Lang) -> String {
    let own = language();
    let tag = if Lang::of_tag(&own) == lang && !own.is_empty() { own.as_str() } else { lang.tag() };
    let date = date(unix_ms);
    let is_this_year = date.get_full_year() == Date::new_0().get_full_year();
    let options = js_sys::Object::new();
    for (key, value) in [("weekday", "long"), ("day", "numeric"), ("month", "long"), ("year", "numeric")] {
        if key != "year" || !is_this_year {
            let _ = js_sys::Reflect::set(&options, &key.into(), &value.into());
        }
    }
    date.to_locale_date_string(tag, &options).into()
}

/// A local day in digits (ISO 8601): `2026-11-22`.
pub fn date_digits(unix_ms: u64) -> String {
    let date = date(unix_ms);
    format!("{:04}-{:02}-{:02}", date.get_full_year(), date.get_month() + 1, date.get_date())
}

/// When a local day, or the one `later` days after it, begins; `None` if it is no day.
pub fn day_begins(digits: &str, later: i32) -> Option<u64> {
    let mut parts = digits.splitn(3, '-').map(str::parse::<i32>);
    let (Some(Ok(year)), Some(Ok(month)), Some(Ok(day))) = (parts.next(), parts.next(), parts.next()) else {
        return None;
    };
    let begins = Date::new_with_year_month_day(u32::try_from(year).ok()?, month - 1, day + later).get_time();
    begins.is_finite().then_some(begins.max(0.0) as u64)
}

fn date(unix_ms: u64) -> Date {
    Date::new(&wasm_bindgen::JsValue::from_f64(unix_ms as f64))
}

/// True if the page is visible.
pub fn is_visible() -> bool {
    document().visibility_state() == web_sys::VisibilityState::Visible
}

/// The preferred language.
pub fn language() -> String {
    window().navigator().language().unwrap_or_default()
}

/// The shortcut of the jump dialog, as this system labels its keys.
pub fn jump_key() -> &'static str {
    let platform = window().navigator().platform().unwrap_or_default();
    let is_apple = ["Mac", "iPhone", "iPad"].iter().any(|name| platform.starts_with(name));
    if is_apple { "⌘K" } else { "Ctrl K" }
}

/// True if the page is as narrow as a phone; the same limit as in the style sheet.
pub fn is_narrow() -> bool {
    // Asking for the width would lay out the page first.
    window().match_media("(max-width: 700px)").ok().flatten().is_some_and(|query| query.matches())
}

/// True if the page is visible and has the keyboard focus.
pub fn is_focused() -> bool {
    is_visible() && document().has_focus().unwrap_or(true)
}

/// Sets the icon of the browser's tab.
pub fn set_icon(href: &str) {
    let Ok(Some(link)) = document().query_selector("link[rel=icon]") else { return };
    if link.get_attribute("href").as_deref() != Some(href) {
        let _ = link.set_attribute("href", href);
    }
}

/// The permission to show notifications; `None` if the browser has none.
pub fn notifications() -> Option<web_sys::NotificationPermission> {
    can_notify().then(web_sys::Notification::permission)
}

/// Asks for permission to show notifications, unless that was answered. Browsers allow this only on a click.
pub async fn request_notify_permission() {
    if notifications() == Some(web_sys::NotificationPermission::Default)
        && let Ok(asked) = web_sys::Notification::request_permission()
    {
        let _ = wasm_bindgen_futures::JsFuture::from(asked).await;
    }
}

/// Shows a notification if that is allowed; a click focuses the page and calls back. It replaces an earlier one with
/// the same tag.
pub fn notify(title: &str, text: &str, tag: &str, on_click: impl FnOnce() + 'static) {
    if !can_notify() || web_sys::Notification::permission() != web_sys::NotificationPermission::Granted {
        return;
    }
    let options = web_sys::NotificationOptions::new();
    options.set_body(text);
    options.set_tag(tag);
    // Some phones have the class but forbid its use.
    let Ok(shown) = web_sys::Notification::new_with_options(title, &options) else { return };
    let clicked = Closure::once_into_js(move || {
        let _ = window().focus();
        on_click();
    });
    shown.set_onclick(clicked.dyn_ref());
}

/// False on some phones and without TLS.
fn can_notify() -> bool {
    js_sys::Reflect::has(&window(), &"Notification".into()).unwrap_or(false)
}

/// True if an input method handles the key: Enter then accepts a word, Escape rejects it. Safari ends the composition
/// before it sends the key, and only code 229 tells (UI Events, 7.3.1).
pub fn is_composing(event: &web_sys::KeyboardEvent) -> bool {
    event.is_composing() || event.key_code() == 229
}
