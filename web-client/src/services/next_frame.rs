//! Animation frames, with which changes are drawn.

use gloo_timers::callback::Timeout;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;

use super::browser;
use crate::limits::HIDDEN_FRAME_MS;

/// Calls once: in the next animation frame, or a little later if the page is hidden and has none. Dropping it cancels
/// the call.
#[derive(Debug)]
pub struct NextFrame {
    frame: Option<i32>,
    _closure: Closure<dyn FnMut()>,
    _timeout: Timeout,
}

impl NextFrame {
    /// `call` may be called twice: the frame may come after the timeout, when the page is shown again.
    pub fn new(call: impl Fn() + Clone + 'static) -> Self {
        let timeout = Timeout::new(HIDDEN_FRAME_MS, call.clone());
        let closure = Closure::<dyn FnMut()>::new(call);
        let frame = browser::window().request_animation_frame(closure.as_ref().unchecked_ref()).ok();
        NextFrame { frame, _closure: closure, _timeout: timeout }
    }
}

impl Drop for NextFrame {
    fn drop(&mut self) {
        if let Some(frame) = self.frame {
            let _ = browser::window().cancel_animation_frame(frame);
        }
    }
}
