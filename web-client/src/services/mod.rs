//! The browser as plain functions and guards: what listens stops when it is dropped. Nothing here knows rooms or runs.

pub mod browser;
pub mod clipboard;
pub mod drafts;
pub mod first;
pub mod folders;
pub mod frames;
pub mod http;
pub mod listen;
pub mod slices;
pub mod socket;
pub mod storage;
pub mod tabs;
