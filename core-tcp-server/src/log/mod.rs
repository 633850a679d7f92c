//! The logs of the architecture: a [`Tail`] holds the end of a timeline in memory, a cursor is a place in it. Who is
//! further behind reads from the store, which is all that knows the rest.

mod tail;

pub use tail::{Tail, TailRead};
