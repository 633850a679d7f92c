//! One module per part of the screen. They use each other's root components only; what they share is in `components`
//! and `hooks`.

pub mod change_password;
pub mod composer;
pub mod connection_status;
pub mod dialogs;
pub mod drop_zone;
pub mod file_card;
pub mod jump;
pub mod notices;
pub mod notify_prompt;
pub mod output_view;
pub mod panel;
pub mod room_bar;
pub mod room_files;
pub mod room_settings;
pub mod run_card;
pub mod sessions;
pub mod sidebar;
pub mod sign_in;
pub mod timeline;
pub mod transfers;
pub mod typing;
pub mod user_menu;
