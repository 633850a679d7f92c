//! The window, the document, the clock and the dice. A page without a window cannot be, so that these do not fail.

use js_sys::Date;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{Document, Window};

use crate::i18n::Lang;
use crate::logic::route::Route;
use crate::text::format::LocalTime;

/// The window.
pub fn window() -> Window {
    web_sys::window().expect("a page has a window")
}

/// The document.
pub fn document() -> Document {
    window().document().expect("a window has a document")
}

/// Unix milliseconds.
pub fn now_ms() -> u64 {
    Date::now() as u64
}

/// 128 random bits.
pub fn random() -> u128 {
    let mut bytes = [0u8; 16];
    let filled = window().crypto().and_then(|c| c.get_random_values_with_u8_array(&mut bytes));
    if filled.is_err() {
        // Only marks are made of it, and no secrets: a weaker source is enough where the browser has no other.
        for byte in &mut bytes {
            *byte = (js_sys::Math::random() * 256.0) as u8;
        }
    }
    u128::from_le_bytes(bytes)
}

/// The address that all others are relative to; it ends with a slash.
pub fn base_address() -> String {
    document().base_uri().ok().flatten().unwrap_or_else(|| window().location().href().unwrap_or_default())
}

/// The path of [`base_address`].
fn base_path() -> String {
    let base = base_address();
    let after_scheme = base.split_once("://").map_or(base.as_str(), |(_, rest)| rest);
    after_scheme.find('/').map_or_else(|| "/".to_owned(), |at| after_scheme.get(at..).unwrap_or("/").to_owned())
}

/// Where the address bar leads.
pub fn route() -> Route {
    Route::parse(&window().location().pathname().unwrap_or_default(), &base_path())
}

/// Writes a place into the address bar, as a new entry of the history or in place of the present one.
pub fn set_route(route: &Route, is_new: bool) {
    let address = format!("{}{}", base_path(), route.path().trim_start_matches("./"));
    let Ok(history) = window().history() else { return };
    let nothing = wasm_bindgen::JsValue::NULL;
    let written = if is_new {
        history.push_state_with_url(&nothing, "", Some(&address))
    } else {
        history.replace_state_with_url(&nothing, "", Some(&address))
    };
    // A browser may forbid it (a sandbox): the page works all the same.
    let _ = written;
}

/// Takes the fragment off the address bar and gives it: a secret in it must not stay in the history.
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

/// A time in the reader's zone.
pub fn local(unix_ms: u64) -> LocalTime {
    /// Zones change their offset at quarters of an hour only; lines that stand together share one.
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

/// A day in the reader's zone and language: `Sunday, 22 November`, with its year where that is another. In the browser's own country's way where that
/// speaks the page's language.
pub fn day_words(unix_ms: u64, lang: Lang) -> String {
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

/// A day in the reader's zone as digits (ISO 8601): `2026-11-22`.
pub fn date_digits(unix_ms: u64) -> String {
    let date = date(unix_ms);
    format!("{:04}-{:02}-{:02}", date.get_full_year(), date.get_month() + 1, date.get_date())
}

/// When a day begins in the reader's zone, or one that comes `later` days after it; `None` for what is no day.
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

/// The reader looks at the page.
pub fn is_visible() -> bool {
    document().visibility_state() == web_sys::VisibilityState::Visible
}

/// The languages that the reader prefers: the first.
pub fn language() -> String {
    window().navigator().language().unwrap_or_default()
}

/// The keys that open the jump dialog, as this system's keyboards name them.
pub fn jump_key() -> &'static str {
    let platform = window().navigator().platform().unwrap_or_default();
    let is_apple = ["Mac", "iPhone", "iPad"].iter().any(|name| platform.starts_with(name));
    if is_apple { "⌘K" } else { "Ctrl K" }
}

/// The page is as narrow as a phone, as in the styles.
pub fn is_narrow() -> bool {
    const NARROW_PX: f64 = 700.0;
    window().inner_width().ok().and_then(|width| width.as_f64()).is_some_and(|width| width <= NARROW_PX)
}

/// The reader looks at the page, and it has the keyboard.
pub fn is_focused() -> bool {
    is_visible() && document().has_focus().unwrap_or(true)
}

/// The icon of the page's tab.
pub fn set_icon(href: &str) {
    let Ok(Some(link)) = document().query_selector("link[rel=icon]") else { return };
    if link.get_attribute("href").as_deref() != Some(href) {
        let _ = link.set_attribute("href", href);
    }
}

/// Whether notifications may be shown; `None` where the browser has none.
pub fn notifications() -> Option<web_sys::NotificationPermission> {
    can_notify().then(web_sys::Notification::permission)
}

/// Asks the reader whether notifications may be shown, where that was never answered; over when there is an answer. Browsers
/// allow it at a press of a button only.
pub async fn request_notify_permission() {
    if notifications() == Some(web_sys::NotificationPermission::Default)
        && let Ok(asked) = web_sys::Notification::request_permission()
    {
        let _ = wasm_bindgen_futures::JsFuture::from(asked).await;
    }
}

/// Shows a notification, if that was allowed; a click on it brings the page up and calls. One of the same tag takes the place
/// of the one before.
pub fn notify(title: &str, text: &str, tag: &str, on_click: impl FnOnce() + 'static) {
    if !can_notify() || web_sys::Notification::permission() != web_sys::NotificationPermission::Granted {
        return;
    }
    let options = web_sys::NotificationOptions::new();
    options.set_body(text);
    options.set_tag(tag);
    // Some phones know the name and forbid the deed.
    let Ok(shown) = web_sys::Notification::new_with_options(title, &options) else { return };
    let clicked = Closure::once_into_js(move || {
        let _ = window().focus();
        on_click();
    });
    shown.set_onclick(clicked.dyn_ref());
}

/// The browser knows notifications at all; phones and servers without TLS may not.
fn can_notify() -> bool {
    js_sys::Reflect::has(&window(), &"Notification".into()).unwrap_or(false)
}

/// The key belongs to an input method, which composes a word: Enter then chooses it, and Escape gives it up. Safari ends the
/// composition before it tells of the key; that it was the input method's is then only said by the old code 229 (UI Events, 7.3.1).
pub fn is_composing(event: &web_sys::KeyboardEvent) -> bool {
    event.is_composing() || event.key_code() == 229
}
