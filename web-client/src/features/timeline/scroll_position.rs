//! Keeps the scroll position. At the end the timeline stays at the end; elsewhere the first visible row stays where it
//! is, whatever grows above or below it. Rows that are not drawn are empty space of their height.

use std::ops::Range;
use std::rc::Rc;

use web_sys::{Element, HtmlElement};
use yew::NodeRef;

use crate::limits::{AT_END_PX, LOAD_MORE_PX, ROW_OVERSCAN_AT_END_PX, ROW_OVERSCAN_PX};
use crate::logic::row::{Row, RowPosition};
use crate::logic::window::{Heights, edges, index_of, row_at, rows_to_draw};
use crate::services::browser::is_narrow;

/// The elements of a timeline.
#[derive(Clone, PartialEq)]
pub struct Nodes {
    /// The scrolling element.
    pub scroller: NodeRef,
    /// The space of the rows above.
    pub above: NodeRef,
    /// The drawn rows, one element each.
    pub rows: NodeRef,
    /// The space of the rows below.
    pub below: NodeRef,
}

/// The scroll position, and the rows that are drawn for it.
pub struct ScrollPosition {
    /// The view is at the end.
    pub is_at_end: bool,
    /// The view is waiting for the last lines to load.
    is_going: bool,
    /// The first visible row, and its distance from the top edge.
    anchor: Option<(RowPosition, f64)>,
    /// The anchor while its line is being loaded again.
    suspended: Option<(RowPosition, f64)>,
    heights: Heights,
    rows: Rc<Vec<Row>>,
    edges: Vec<f64>,
    /// The edges match the current rows and heights.
    is_measured: bool,
    range: Range<usize>,
    /// The document matches `range` and `edges`. Yew may handle events between a redraw and its effects.
    is_settled: bool,
    /// The visible height in pixels.
    height: f64,
    /// How the scroller was left, to detect scrolling before its event arrives. `None` after a jump.
    left: Option<ScrollMetrics>,
}

/// The scroll position and the heights of an element, in pixels.
#[derive(Clone, Copy, PartialEq)]
struct ScrollMetrics {
    top: i32,
    height: i32,
    view: i32,
}

impl ScrollMetrics {
    fn of(scroller: &Element) -> ScrollMetrics {
        ScrollMetrics { top: scroller.scroll_top(), height: scroller.scroll_height(), view: scroller.client_height() }
    }

    /// How far the reader scrolled since `left`; negative is up. Browsers send the scroll event with the next frame,
    /// and a redraw may come first. If heights changed, a position at the end does not count: the browser moves it
    /// there itself when the content shrinks.
    fn since(self, left: ScrollMetrics) -> i32 {
        let is_same_size = (self.height, self.view) == (left.height, left.view);
        let is_at_end = self.top + self.view + 1 >= self.height;
        if is_same_size || !is_at_end { self.top - left.top } else { 0 }
    }
}

impl Default for ScrollPosition {
    fn default() -> Self {
        // Until it is measured: that of a phone, or more than that of most screens. If too few rows are drawn at first, the others
        // come with a jump.
        let height_at_first = if is_narrow() { 650.0 } else { 1_400.0 };
        ScrollPosition {
            is_at_end: true,
            is_going: false,
            is_measured: false,
            anchor: None,
            suspended: None,
            heights: Heights::default(),
            rows: Rc::default(),
            edges: vec![0.0],
            range: 0..0,
            is_settled: false,
            height: height_at_first,
            left: None,
        }
    }
}

/// What is needed after scrolling.
#[derive(Clone, Copy, Debug, Default)]
pub struct ScrollNeeds {
    /// Draw other rows.
    pub draw: bool,
    /// Load older lines.
    pub older: bool,
    /// Load newer lines.
    pub newer: bool,
}

impl ScrollPosition {
    /// Goes to a line, a third below the top edge.
    pub fn go_to(&mut self, seq: u64) {
        self.is_at_end = false;
        self.is_going = false;
        self.suspended = None;
        self.anchor = Some((RowPosition::line(seq), self.height / 3.0));
        self.left = None;
    }

    /// The line at the top; `None` at the end.
    pub fn reading(&self) -> Option<u64> {
        self.anchor.filter(|_| !self.is_at_end)?.0.seq()
    }

    /// The anchor's line is being loaded again: scrolling has no meaning until [`ScrollPosition::resume`] or
    /// [`ScrollPosition::cancel_suspend`].
    pub fn suspend(&mut self) {
        self.suspended = self.anchor;
    }

    /// The line that is being loaded again.
    pub fn suspended_at(&self) -> Option<u64> {
        self.suspended?.0.seq()
    }

    /// The line is loaded again: returns to it.
    pub fn resume(&mut self) {
        self.anchor = self.suspended.take().or(self.anchor);
        self.left = None;
    }

    /// The line will not be loaded.
    pub fn cancel_suspend(&mut self) {
        self.suspended = None;
    }

    /// Goes to the end, and waits there for lines that are still loading.
    pub fn go_to_end(&mut self) {
        self.is_at_end = true;
        self.is_going = true;
        self.suspended = None;
    }

    /// Chooses which of these rows are drawn.
    pub fn visible_range(&mut self, rows: &Rc<Vec<Row>>) -> Range<usize> {
        if !Rc::ptr_eq(&self.rows, rows) {
            self.rows = rows.clone();
            self.is_measured = false;
        }
        self.measure();
        let top = match self.anchor {
            Some((at, distance)) if !self.is_at_end => {
                self.edges.get(index_of(rows, at)).copied().unwrap_or_default() - distance
            }
            _ => self.edges.last().copied().unwrap_or_default() - self.height,
        };
        self.range = rows_to_draw(&self.edges, top, self.height, self.overscan());
        self.is_settled = false;
        self.range.clone()
    }

    /// Pixels of rows that are drawn above and below the visible part.
    fn overscan(&self) -> f64 {
        if self.is_at_end { ROW_OVERSCAN_AT_END_PX } else { ROW_OVERSCAN_PX }
    }

    /// After a redraw or a change of height: measures, sets the spaces and restores the position.
    pub fn settle(&mut self, nodes: &Nodes) -> ScrollNeeds {
        let Some((scroller, drawn)) = elements(nodes) else { return ScrollNeeds::default() };
        let scrolled = self.scrolled(&scroller);
        self.is_settled = true;
        self.height = f64::from(scroller.client_height());
        if self.heights.set_width(f64::from(drawn.client_width())) {
            self.is_measured = false;
        }
        let children = drawn.children();
        for (nth, row) in (0..).zip(self.rows.get(self.range.clone()).unwrap_or_default()) {
            if let Some(child) = children.item(nth)
                && self.heights.record(row.at(), child.get_bounding_client_rect().height())
            {
                self.is_measured = false;
            }
        }
        self.measure();
        let end = self.edges.last().copied().unwrap_or_default();
        set_height(&nodes.above, self.edges.get(self.range.start).copied().unwrap_or_default());
        set_height(&nodes.below, end - self.edges.get(self.range.end).copied().unwrap_or(end));
        if self.is_at_end && f64::from(-scrolled) > AT_END_PX {
            // Only the reader scrolls up from the end; do not pull them back.
            return self.on_scroll(nodes, true);
        }
        self.restore(nodes, &scroller, &drawn, f64::from(scrolled));
        self.left = Some(ScrollMetrics::of(&scroller));
        self.wants(&scroller, &drawn)
    }

    /// How far the reader scrolled since the last update, if that has a meaning now.
    fn scrolled(&self, scroller: &Element) -> i32 {
        let is_moved_by_us = self.is_going || self.suspended.is_some();
        self.left.filter(|_| !is_moved_by_us).map_or(0, |left| ScrollMetrics::of(scroller).since(left))
    }

    fn measure(&mut self) {
        if !std::mem::replace(&mut self.is_measured, true) {
            self.edges = edges(&self.rows, &self.heights);
        }
    }

    fn restore(&mut self, nodes: &Nodes, scroller: &Element, drawn: &Element, scrolled: f64) {
        if self.is_at_end {
            scroller.set_scroll_top(scroller.scroll_height());
            return;
        }
        let Some((at, distance)) = &mut self.anchor else { return };
        *distance -= scrolled;
        let (at, distance) = (*at, *distance);
        let index = index_of(&self.rows, at);
        let child = index.checked_sub(self.range.start).and_then(|nth| drawn.children().item(nth as u32));
        let edge = scroller.get_bounding_client_rect().top();
        let now = match &child {
            Some(child) => child.get_bounding_client_rect().top() - edge,
            // The reader scrolled further than rows are drawn.
            None => top_of(&nodes.above, edge) + self.edges.get(index).copied().unwrap_or_default(),
        };
        let moved = (now - distance).round() as i32;
        if moved != 0 {
            scroller.set_scroll_top(scroller.scroll_top() + moved);
        }
        if child.is_none() {
            self.anchor_at_top(nodes, scroller, drawn);
        }
    }

    /// Makes the first visible row the anchor.
    fn anchor_at_top(&mut self, nodes: &Nodes, scroller: &Element, drawn: &Element) {
        let edge = scroller.get_bounding_client_rect().top();
        let begin = top_of(&nodes.above, edge);
        let index = match first_below(drawn, edge) {
            // For drawn rows use their real positions, else the known heights.
            Some(nth) if nth > 0 || self.range.start == 0 => self.range.start + nth as usize,
            _ => row_at(&self.edges, -begin),
        };
        let child = index.checked_sub(self.range.start).and_then(|nth| drawn.children().item(nth as u32));
        let distance = match child {
            Some(child) => child.get_bounding_client_rect().top() - edge,
            None => begin + self.edges.get(index).copied().unwrap_or_default(),
        };
        self.anchor = self.rows.get(index).map(|row| (row.at(), distance));
    }

    /// Reads the position after the reader scrolled.
    pub fn on_scroll(&mut self, nodes: &Nodes, is_at_live_end: bool) -> ScrollNeeds {
        if !self.is_settled {
            // The spaces belong to other rows, so positions would be wrong.
            self.settle(nodes);
        }
        let Some((scroller, drawn)) = elements(nodes) else { return ScrollNeeds::default() };
        self.left = Some(ScrollMetrics::of(&scroller));
        if self.suspended.is_some() || (self.is_going && !is_at_live_end) {
            return ScrollNeeds::default();
        }
        self.is_going = false;
        let rest = f64::from(scroller.scroll_height() - scroller.scroll_top() - scroller.client_height());
        self.is_at_end = rest <= AT_END_PX && is_at_live_end;
        self.anchor_at_top(nodes, &scroller, &drawn);
        self.wants(&scroller, &drawn)
    }

    fn wants(&self, scroller: &Element, drawn: &Element) -> ScrollNeeds {
        let seen = scroller.get_bounding_client_rect();
        let here = drawn.get_bounding_client_rect();
        // Half of the rows beyond the edge are used up: time to draw more.
        let margin = self.overscan() / 2.0;
        let is_short_above = self.range.start > 0 && here.top() > seen.top() - margin;
        let is_short_below = self.range.end < self.rows.len() && here.bottom() < seen.bottom() + margin;
        let top = f64::from(scroller.scroll_top());
        let rest = f64::from(scroller.scroll_height()) - top - seen.height();
        ScrollNeeds {
            draw: is_short_above || is_short_below,
            older: top < LOAD_MORE_PX,
            newer: rest < LOAD_MORE_PX && !self.is_at_end,
        }
    }

    /// A time in the day of the first visible row; `None` if the day's heading is visible.
    pub fn sticky_day(&self, nodes: &Nodes) -> Option<u64> {
        let (at, distance) = self.anchor.filter(|_| !self.is_at_end)?;
        let row = self.rows.get(index_of(&self.rows, at))?;
        let scrolled = nodes.scroller.cast::<Element>()?.scroll_top();
        let is_heading = matches!(row, Row::Day { .. }) && distance > -8.0;
        if is_heading || scrolled <= 0 { None } else { row.time() }
    }

    /// The last line that is completely visible.
    pub fn last_seen(&self, nodes: &Nodes) -> Option<u64> {
        let (scroller, drawn) = elements(nodes)?;
        let edge = scroller.get_bounding_client_rect().bottom();
        let children = drawn.children();
        let rows = self.rows.get(self.range.clone())?;
        let whole = |nth: usize| {
            children.item(nth as u32).is_some_and(|child| child.get_bounding_client_rect().bottom() <= edge + 1.0)
        };
        rows.iter()
            .enumerate()
            .rev()
            .find(|(nth, row)| row.seq().is_some() && whole(*nth))
            .and_then(|(_, row)| row.seq())
    }
}

fn elements(nodes: &Nodes) -> Option<(Element, Element)> {
    Some((nodes.scroller.cast::<Element>()?, nodes.rows.cast::<Element>()?))
}

/// The top of an element below this edge; negative above it.
fn top_of(node: &NodeRef, edge: f64) -> f64 {
    node.cast::<Element>().map_or(0.0, |element| element.get_bounding_client_rect().top() - edge)
}

/// Through the CSSOM, because the content security policy forbids `style` attributes.
fn set_height(space: &NodeRef, px: f64) {
    if let Some(element) = space.cast::<HtmlElement>() {
        let _ = element.style().set_property("height", &format!("{}px", px.round() as i64));
    }
}

/// The first drawn row whose bottom edge is below this position.
fn first_below(drawn: &Element, edge: f64) -> Option<u32> {
    let children = drawn.children();
    let (mut low, mut high) = (0, children.length());
    while low < high {
        let middle = low + (high - low) / 2;
        let is_below =
            children.item(middle).is_some_and(|child| child.get_bounding_client_rect().bottom() > edge + 1.0);
        if is_below { high = middle } else { low = middle + 1 }
    }
    (low < children.length()).then_some(low)
}
