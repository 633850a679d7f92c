//! The browser as plain functions and guards, which clean up when they are dropped. Nothing here knows rooms or runs.

pub mod boot_form;
pub mod browser;
pub mod clipboard;
pub mod drafts;
pub mod dropped_files;
pub mod file_slice;
pub mod first_lines;
pub mod http;
pub mod language;
pub mod listener;
pub mod next_frame;
pub mod socket;
pub mod storage;
pub mod tab;
pub mod terminal;
