//! The screen of a terminal at an offset of its output: an emulator, what restores its state elsewhere, and how it is
//! drawn in a window of another size. The core keeps one beside the log of each terminal; the command line draws one
//! whose size is not that of the window here. Knows no disk, no watcher and no window system.

mod answers;
mod draw;
mod limits;
mod modes;
mod paint;
mod screen;
#[cfg(test)]
mod tests;

pub use draw::Window;
pub use screen::{Reply, Screen};
