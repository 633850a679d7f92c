//! The open tabs of this browser. A tab stores its own data under its id; when it is closed, another tab may take it
//! over. Each load has a new id, so that a duplicated tab has its own.

use gloo_timers::future::TimeoutFuture;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

use wasm_bindgen::JsCast;
use web_sys::{BroadcastChannel, MessageEvent};

use super::browser;
use super::listener::Listener;
use crate::limits::TAB_ANSWER_MS;

const CHANNEL: &str = "wardroom.tabs";

/// This tab, which answers other tabs until it is dropped.
pub struct Tab {
    id: String,
    channel: Option<BroadcastChannel>,
    alive: Rc<RefCell<BTreeSet<String>>>,
    _listener: Option<Listener>,
}

impl Tab {
    /// Starts answering.
    pub fn open() -> Tab {
        let id = format!("{:08x}", browser::random() as u32);
        let alive: Rc<RefCell<BTreeSet<String>>> = Rc::default();
        let channel = BroadcastChannel::new(CHANNEL).ok();
        let listener = channel.as_ref().map(|channel| {
            let (id, alive, answering) = (id.clone(), alive.clone(), channel.clone());
            Listener::new(channel, "message", move |event| {
                let told = event.unchecked_ref::<MessageEvent>().data().as_string().unwrap_or_default();
                match told.split_once(' ') {
                    Some(("who", wanted)) if wanted == id => {
                        // If the channel is closed, nobody is waiting for the answer.
                        let _ = answering.post_message(&format!("here {id}").into());
                    }
                    Some(("here", other)) => drop(alive.borrow_mut().insert(other.to_owned())),
                    _ => {}
                }
            })
        });
        Tab { id, channel, alive, _listener: listener }
    }

    pub fn id(&self) -> &str {
        &self.id
    }

    /// Asks these tabs to answer; returns those that did not, after a moment.
    pub fn find_closed(&self, ids: Vec<String>) -> impl Future<Output = Vec<String>> + use<> {
        self.alive.borrow_mut().clear();
        for id in &ids {
            if let Some(channel) = &self.channel {
                let _ = channel.post_message(&format!("who {id}").into());
            }
        }
        let alive = self.alive.clone();
        async move {
            if !ids.is_empty() {
                TimeoutFuture::new(TAB_ANSWER_MS).await;
            }
            let alive = alive.borrow();
            ids.into_iter().filter(|id| !alive.contains(id)).collect()
        }
    }
}
