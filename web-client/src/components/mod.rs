//! What several features draw in the same way. No input or output here.

mod avatar;
mod badge;
mod confirm;
mod copy;
mod dialog;
mod exit;
mod file_button;
mod icon;
mod output;
mod run_copy;
mod stop;
mod tabs;

pub use avatar::avatar;
pub use badge::Badge;
pub use confirm::Confirm;
pub use copy::CopyButton;
pub use dialog::Over;
pub use exit::{RunStateWords, exit_words, run_state};
pub use file_button::FileButton;
pub use icon::{Icon, icon};
pub use output::OutputLine;
pub use run_copy::RunCopy;
pub use stop::StopButton;
pub use tabs::Tabs;
