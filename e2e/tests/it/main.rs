//! Wardroom as its people use it. Each test starts the real binary on a folder and on ports of its own.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "tests, which print their seeds and what they measured")]

mod attention;
mod browser;
mod chat_at_terminal;
mod clock_step;
mod command;
mod conversation;
mod cut;
mod first_screen;
mod full_disk;
mod in_the_page;
mod intent_in_the_page;
mod isolation;
mod kill;
mod lighthouse;
mod looks;
mod offline_in_the_page;
mod output_in_the_page;
mod own_account;
mod proxies;
mod proxy;
mod rooms_in_the_page;
mod search_in_the_page;
mod shared_terminal;
mod slow_reader;
mod small_disk;
mod terminal;
mod terminal_in_the_page;
mod test_server;
mod text_in_the_page;
mod timeline_in_the_page;
mod tls;
mod together;
mod websocket;
mod wire;
