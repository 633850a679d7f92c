//! Room timelines in memory. A [`Tail`] holds the end of a timeline, and a cursor is a position in it. Readers that lag
//! further behind read from the store, which has the rest. A [`Budget`] bounds all tails together.

mod budget;
mod segment;
mod tail;

pub use budget::Budget;
pub use segment::{Form, ReadLimit};
pub use tail::{Tail, TailRead};
