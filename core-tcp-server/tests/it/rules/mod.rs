//! Rules about who may run commands where: who makes them, what they allow and refuse, and what happens when one goes.

mod made;
mod matrix;
mod runs;
mod taken;
mod told;
mod warned;

use serde_json::{Value, json};

/// A change of a rule, whatever it takes from others; `place` has `room` and `host`.
fn rule(right: &str, user: &str, place: &Value, allow: bool) -> Value {
    let mut ask = json!({"t":"rights.set","right":right,"user":user,"allow":allow,"restrict":allow});
    ask.as_object_mut().unwrap().extend(place.as_object().unwrap().clone());
    ask
}

/// A start of `id`.
fn start(room: &str, host: &str, nonce: &str) -> Value {
    json!({"t":"run.start","room":room,"host":host,"cmd":"id","nonce":nonce})
}
