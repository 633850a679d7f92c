//! Staying where one reads. At the end one stays at the end; elsewhere the first line in sight stays where it is, no
//! matter what grows above or below it.

use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Element, ResizeObserver};
use yew::NodeRef;

use crate::limits::{AT_END_PX, WANT_OLDER_PX};

/// Where one reads.
#[derive(Debug)]
pub struct Place {
    /// At the end.
    pub is_at_end: bool,
    /// The first line in sight, and its distance from the upper edge.
    anchor: Option<(Element, f64)>,
}

impl Default for Place {
    fn default() -> Self {
        Place { is_at_end: true, anchor: None }
    }
}

impl Place {
    /// Looks where one is: after the reader has scrolled.
    pub fn look(&mut self, scroller: &Element, lines: &Element) {
        let rest = f64::from(scroller.scroll_height() - scroller.scroll_top() - scroller.client_height());
        self.is_at_end = rest <= AT_END_PX;
        let edge = scroller.get_bounding_client_rect().top();
        self.anchor = first_below(lines, edge).map(|line| {
            let distance = line.get_bounding_client_rect().top() - edge;
            (line, distance)
        });
    }

    /// Goes back there: after something has changed its height.
    pub fn keep(&self, scroller: &Element) {
        if self.is_at_end {
            scroller.set_scroll_top(scroller.scroll_height());
            return;
        }
        let Some((line, distance)) = self.anchor.as_ref().filter(|(line, _)| line.is_connected()) else { return };
        let now = line.get_bounding_client_rect().top() - scroller.get_bounding_client_rect().top();
        let moved = (now - distance).round() as i32;
        if moved != 0 {
            scroller.set_scroll_top(scroller.scroll_top() + moved);
        }
    }
}

/// The upper edge is near enough that older lines are wanted.
pub fn wants_older(scroller: &Element) -> bool {
    f64::from(scroller.scroll_top()) < WANT_OLDER_PX
}

/// The first child that ends below `edge`, by halving: children stand one below the other.
fn first_below(lines: &Element, edge: f64) -> Option<Element> {
    let children = lines.children();
    let (mut low, mut high) = (0, children.length());
    while low < high {
        let middle = low + (high - low) / 2;
        let is_below =
            children.item(middle).is_some_and(|child| child.get_bounding_client_rect().bottom() > edge + 1.0);
        if is_below { high = middle } else { low = middle + 1 }
    }
    children.item(low)
}

/// Calls when one of the elements changes its size, until it is dropped.
#[derive(Debug)]
pub struct Sizes {
    observer: ResizeObserver,
    _closure: Closure<dyn FnMut(JsValue)>,
}

impl Sizes {
    /// Watches the elements that are there.
    pub fn new(nodes: &[&NodeRef], mut call: impl FnMut() + 'static) -> Option<Sizes> {
        let closure = Closure::<dyn FnMut(JsValue)>::new(move |_| call());
        let observer = ResizeObserver::new(closure.as_ref().unchecked_ref()).ok()?;
        for node in nodes {
            observer.observe(&node.cast::<Element>()?);
        }
        Some(Sizes { observer, _closure: closure })
    }
}

impl Drop for Sizes {
    fn drop(&mut self) {
        self.observer.disconnect();
    }
}
