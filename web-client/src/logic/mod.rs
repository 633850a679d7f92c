//! The page's decisions, without a DOM: how lines are grouped, what the composer's text means, where an address leads,
//! how fast a transfer is, which part of a log is drawn. Tested on the host.

pub mod avatar;
pub mod complete;
pub mod composer;
pub mod fold;
pub mod highlight;
pub mod intent;
pub mod notify_level;
pub mod output_find;
pub mod output_log;
pub mod route;
pub mod row;
pub mod rows;
pub mod run_options;
pub mod snippet;
pub mod speed;
pub mod unread_divider;
pub mod window;
