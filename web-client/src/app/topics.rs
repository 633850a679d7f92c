//! Who wants to hear of what. A component subscribes to a topic; once per animation frame the topics that moved are
//! told to their subscribers, so that a burst of frames from the server is one drawing.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use wardroom_client_core::Change;
use yew::Callback;

/// A part of what is shown that moves by itself.
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
    /// The lines of the full view.
    FullLog,
}

/// The subscribers, and the topics that moved since the last frame.
#[derive(Default)]
pub struct Topics {
    subscribers: RefCell<BTreeMap<u64, (Topic, Callback<()>)>>,
    moved: RefCell<BTreeSet<Topic>>,
    next: Cell<u64>,
}

/// Hears of a topic until it is dropped.
pub struct Subscription {
    topics: Rc<Topics>,
    number: u64,
}

impl Topics {
    /// `call` is called after each frame in which the topic moved.
    pub fn subscribe(self: &Rc<Self>, topic: Topic, call: Callback<()>) -> Subscription {
        let number = self.next.get();
        self.next.set(number + 1);
        self.subscribers.borrow_mut().insert(number, (topic, call));
        Subscription { topics: self.clone(), number }
    }

    /// The topic moved. `true` if it is the first since the last frame.
    pub fn moved(&self, topic: Topic) -> bool {
        let mut moved = self.moved.borrow_mut();
        let is_first = moved.is_empty();
        match &topic {
            Topic::Model(Change::Upload(_)) => moved.insert(Topic::Uploads),
            Topic::Model(Change::Run(_)) => moved.insert(Topic::Runs),
            _ => false,
        };
        moved.insert(topic);
        is_first
    }

    /// Tells all that moved.
    pub fn tell(&self) {
        let moved = std::mem::take(&mut *self.moved.borrow_mut());
        // Subscribers may come and go while they are told.
        let told: Vec<Callback<()>> = self
            .subscribers
            .borrow()
            .values()
            .filter(|(topic, _)| moved.contains(topic))
            .map(|(_, call)| call.clone())
            .collect();
        for call in told {
            call.emit(());
        }
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.topics.subscribers.borrow_mut().remove(&self.number);
    }
}
