//! Sizes of elements, as they change.

use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Element, ResizeObserver};
use yew::NodeRef;

/// Calls back when one of the elements changes its size, until it is dropped.
#[derive(Debug)]
pub struct SizeObserver {
    observer: ResizeObserver,
    _closure: Closure<dyn FnMut(JsValue)>,
}

impl SizeObserver {
    pub fn new(nodes: &[&NodeRef], mut call: impl FnMut() + 'static) -> Option<SizeObserver> {
        let closure = Closure::<dyn FnMut(JsValue)>::new(move |_| call());
        let observer = ResizeObserver::new(closure.as_ref().unchecked_ref()).ok()?;
        for node in nodes {
            observer.observe(&node.cast::<Element>()?);
        }
        Some(SizeObserver { observer, _closure: closure })
    }
}

impl Drop for SizeObserver {
    fn drop(&mut self) {
        self.observer.disconnect();
    }
}
