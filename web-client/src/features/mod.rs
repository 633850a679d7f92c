//! One module per thing that people see. None uses another's inside; what they share is in `components` and `hooks`.

pub mod composer;
pub mod dialogs;
pub mod drop_zone;
pub mod file_card;
pub mod full;
pub mod jump;
pub mod link_state;
pub mod notices;
pub mod notify_ask;
pub mod rail;
pub mod room_bar;
pub mod room_settings;
pub mod run_card;
pub mod shelf;
pub mod side;
pub mod sign;
pub mod timeline;
pub mod transfers;
pub mod typing;
pub mod user_menu;
