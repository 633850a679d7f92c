//! The tabs of this browser: which of them live. What a tab keeps for itself is kept under its mark; once it is gone, another may take
//! it over. A mark is made anew with each load, so that a duplicated tab has its own.

use gloo_timers::future::TimeoutFuture;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

use wasm_bindgen::JsCast;
use web_sys::{BroadcastChannel, MessageEvent};

use super::browser;
use super::listen::Listener;
use crate::limits::TAB_ANSWER_MS;

const CHANNEL: &str = "wardroom.tabs";

/// This tab, as long as it answers others. Dropped, it is taken for gone.
pub struct Tab {
    mark: String,
    channel: Option<BroadcastChannel>,
    living: Rc<RefCell<BTreeSet<String>>>,
    _listener: Option<Listener>,
}

impl Tab {
    /// Begins to answer.
    pub fn open() -> Tab {
        let mark = format!("{:08x}", browser::random() as u32);
        let living: Rc<RefCell<BTreeSet<String>>> = Rc::default();
        let channel = BroadcastChannel::new(CHANNEL).ok();
        let listener = channel.as_ref().map(|channel| {
            let (mark, living, answering) = (mark.clone(), living.clone(), channel.clone());
            Listener::new(channel, "message", move |event| {
                let told = event.unchecked_ref::<MessageEvent>().data().as_string().unwrap_or_default();
                match told.split_once(' ') {
                    Some(("who", wanted)) if wanted == mark => {
                        // A channel that is closed has nobody to tell.
                        let _ = answering.post_message(&format!("here {mark}").into());
                    }
                    Some(("here", other)) => drop(living.borrow_mut().insert(other.to_owned())),
                    _ => {}
                }
            })
        });
        Tab { mark, channel, living, _listener: listener }
    }

    /// Its mark.
    pub fn mark(&self) -> &str {
        &self.mark
    }

    /// Asks which of these tabs live; gives those that do not answer, after a moment.
    pub fn ask(&self, marks: Vec<String>) -> impl Future<Output = Vec<String>> + use<> {
        self.living.borrow_mut().clear();
        for mark in &marks {
            if let Some(channel) = &self.channel {
                let _ = channel.post_message(&format!("who {mark}").into());
            }
        }
        let living = self.living.clone();
        async move {
            if !marks.is_empty() {
                TimeoutFuture::new(TAB_ANSWER_MS).await;
            }
            let living = living.borrow();
            marks.into_iter().filter(|mark| !living.contains(mark)).collect()
        }
    }
}
