//! What several features draw in the same way. No input or output here.

mod copy;
mod dialog;
mod exit;
mod file_button;
mod icon;
mod output;

pub use copy::CopyButton;
pub use dialog::Over;
pub use exit::{RunStateWords, exit_words, run_state};
pub use file_button::FileButton;
pub use icon::{Icon, icon};
pub use output::OutputLine;
