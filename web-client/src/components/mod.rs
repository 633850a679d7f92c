//! Components that several features share. No input or output here.

mod avatar;
mod badge;
mod confirm;
mod copy_button;
mod copy_run;
mod file_button;
mod icon;
mod modal;
mod output_line;
mod run_status;
mod stop_button;
mod tabs;

pub use avatar::avatar;
pub use badge::Badge;
pub use confirm::Confirm;
pub use copy_button::CopyButton;
pub use copy_run::CopyRunButton;
pub use file_button::FileButton;
pub use icon::{Icon, icon};
pub use modal::Modal;
pub use output_line::{OutputLine, text_of};
pub use run_status::{RunStatus, exit_words, run_status, status_icon};
pub use stop_button::StopButton;
pub use tabs::Tabs;
