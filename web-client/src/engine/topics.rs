//! Topics to which components subscribe. Subscribers are called once per animation frame, so that a burst of frames
//! from the server causes one redraw.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::rc::Rc;
use wardroom_client_core::SortedMap;

use wardroom_client_core::Change;
use yew::Callback;

/// A part of the page that changes by itself.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Topic {
    /// A part of the client's model.
    Model(Change),
    /// Any upload.
    Uploads,
    /// Any run.
    Runs,
    /// The notices.
    Notices,
    /// The lines of the output view.
    OutputLog,
}

/// The subscribers, and the topics that changed since the last frame.
#[derive(Default)]
pub struct Topics {
    subscribers: RefCell<SortedMap<u64, (Topic, Callback<()>)>>,
    changed: RefCell<BTreeSet<Topic>>,
    next: Cell<u64>,
}

/// Unsubscribes when it is dropped.
pub struct Subscription {
    topics: Rc<Topics>,
    number: u64,
}

impl Topics {
    /// Calls `call` after each frame in which the topic changed.
    pub fn subscribe(self: &Rc<Self>, topic: Topic, call: Callback<()>) -> Subscription {
        let number = self.next.get();
        self.next.set(number + 1);
        self.subscribers.borrow_mut().insert(number, (topic, call));
        Subscription { topics: self.clone(), number }
    }

    /// Marks a topic as changed. Returns `true` if it is the first since the last frame.
    pub fn publish(&self, topic: Topic) -> bool {
        let mut changed = self.changed.borrow_mut();
        let is_first = changed.is_empty();
        match &topic {
            Topic::Model(Change::Upload(_)) => changed.insert(Topic::Uploads),
            Topic::Model(Change::Run(_)) => changed.insert(Topic::Runs),
            _ => false,
        };
        changed.insert(topic);
        is_first
    }

    /// Calls the subscribers of all changed topics.
    pub fn flush(&self) {
        let changed = std::mem::take(&mut *self.changed.borrow_mut());
        // Callbacks may subscribe and unsubscribe.
        let callbacks: Vec<Callback<()>> = self
            .subscribers
            .borrow()
            .values()
            .filter(|(topic, _)| changed.contains(topic))
            .map(|(_, call)| call.clone())
            .collect();
        for call in callbacks {
            call.emit(());
        }
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.topics.subscribers.borrow_mut().remove(&self.number);
    }
}
