//! The logs of the architecture: a [`Tail`] holds the end of a timeline in memory, a cursor is a place in it. Who is
//! further behind reads from the store, which is all that knows the rest. A [`Budget`] bounds all tails together.

mod budget;
mod segment;
mod tail;

pub use budget::Budget;
pub use segment::{Form, ReadLimit};
pub use tail::{Tail, TailRead};
