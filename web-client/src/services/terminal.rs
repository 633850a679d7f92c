//! The terminal: a file of its own (`web-client/terminal`), which is loaded when the first terminal opens. Here it is called
//! and listened to; what it says goes to the engine.

use wasm_bindgen::prelude::*;
use web_sys::Element;

use super::browser;

#[wasm_bindgen]
extern "C" {
    /// From boot.js: a program cannot import by itself.
    #[wasm_bindgen(catch, js_name = wardroomImport)]
    async fn import(address: &str) -> Result<JsValue, JsValue>;

    type Module;
    #[wasm_bindgen(method, catch)]
    fn open(
        this: &Module,
        root: &Element,
        language: &str,
        on: &JsValue,
        free: &JsValue,
    ) -> Result<PageTerminal, JsValue>;

    type PageTerminal;
    #[wasm_bindgen(method)]
    fn screen(this: &PageTerminal, cols: u16, rows: u16, bytes: js_sys::Uint8Array, end: f64);
    #[wasm_bindgen(method)]
    fn output(this: &PageTerminal, bytes: js_sys::Uint8Array, end: f64);
    #[wasm_bindgen(method)]
    fn resize(this: &PageTerminal, cols: u16, rows: u16);
    #[wasm_bindgen(method, js_name = setState)]
    fn set_state(this: &PageTerminal, json: &str);
    #[wasm_bindgen(method)]
    fn times(this: &PageTerminal, from: f64, json: &str);
    #[wasm_bindgen(method)]
    fn taken(this: &PageTerminal);
    #[wasm_bindgen(method)]
    fn dispose(this: &PageTerminal);
}

/// What happens in a terminal.
pub enum TerminalEvent {
    /// Something was typed or pasted.
    Input(Vec<u8>),
    /// Output before this offset is on the screen.
    Drawn(u64),
    /// The holder's panel has room for so many columns and rows.
    Size(u16, u16),
    /// A button of the keyboard: `ask`, `give`, `take` or `release`, and to whom.
    Control(String, Option<String>),
    /// The recording is to be played from this moment on, Unix milliseconds.
    Play(u64),
    /// The times of the output from this byte on are wanted.
    Times(u64),
    /// The panel is to be closed.
    Close,
}

type OnEvent = Closure<dyn FnMut(String, JsValue, JsValue)>;

/// An open terminal. Closed when it is dropped.
pub struct Terminal {
    terminal: PageTerminal,
    /// Called by the terminal while it is open.
    _on: OnEvent,
    _free: Closure<dyn FnMut() -> f64>,
}

impl Terminal {
    /// Opens a terminal in an element. `free` says how many bytes of input are accepted now. `None` if it could not be
    /// loaded.
    pub async fn open(
        root: Element,
        language: &str,
        on: impl Fn(TerminalEvent) + 'static,
        free: impl Fn() -> usize + 'static,
    ) -> Option<Terminal> {
        let place = browser::document().query_selector("meta[name=terminal]").ok()??;
        let name = place.get_attribute("content").filter(|name| !name.is_empty())?;
        let module: Module = import(&(browser::base_address() + &name)).await.ok()?.unchecked_into();
        let on = OnEvent::new(move |kind: String, first: JsValue, second: JsValue| {
            if let Some(event) = event_of(&kind, first, second) {
                on(event);
            }
        });
        let free = Closure::<dyn FnMut() -> f64>::new(move || free() as f64);
        let terminal = module.open(&root, language, on.as_ref(), free.as_ref()).ok()?;
        Some(Terminal { terminal, _on: on, _free: free })
    }

    /// Replaces everything by this screen. Output from `end` on follows.
    pub fn screen(&self, cols: u16, rows: u16, bytes: &[u8], end: u64) {
        // Copied: the terminal reads them later, when this memory may be another's.
        self.terminal.screen(cols, rows, bytes.into(), end as f64);
    }

    /// Output that ends before this offset.
    pub fn output(&self, bytes: &[u8], end: u64) {
        self.terminal.output(bytes.into(), end as f64);
    }

    /// Another size from the next output on.
    pub fn resize(&self, cols: u16, rows: u16) {
        self.terminal.resize(cols, rows);
    }

    /// The state of the run and its keyboard, as `setState` of `main.js` reads it.
    pub fn set_state(&self, json: &str) {
        self.terminal.set_state(json);
    }

    /// The answer to the question for times from a byte on, as it came; empty if there is none.
    pub fn times(&self, from: u64, json: &str) {
        self.terminal.times(from as f64, json);
    }

    /// More input is accepted.
    pub fn taken(&self) {
        self.terminal.taken();
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.terminal.dispose();
    }
}

fn event_of(kind: &str, first: JsValue, second: JsValue) -> Option<TerminalEvent> {
    let number = |value: &JsValue| value.as_f64().unwrap_or_default();
    Some(match kind {
        "input" => TerminalEvent::Input(js_sys::Uint8Array::new(&first).to_vec()),
        "drawn" => TerminalEvent::Drawn(number(&first) as u64),
        "size" => TerminalEvent::Size(number(&first) as u16, number(&second) as u16),
        "control" => TerminalEvent::Control(first.as_string()?, second.as_string()),
        "play" => TerminalEvent::Play(number(&first) as u64),
        "times" => TerminalEvent::Times(number(&first) as u64),
        "close" => TerminalEvent::Close,
        _ => return None,
    })
}
