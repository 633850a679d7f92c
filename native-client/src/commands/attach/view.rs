//! A terminal that somebody else holds, or whose size is not that of the window here. Its output would wrap and scroll
//! elsewhere in this window, and could do to it what the program likes, so its screen is kept here and drawn.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;
use wardroom_protocol::messages::TermSize;
use wardroom_screen::{Screen, Window};

use super::raw::PLAIN;

/// How often it is drawn: as fast as an eye follows.
const EVERY: Duration = Duration::from_millis(30);

/// The screen, and what is drawn of it.
pub(super) struct View {
    screen: Option<Screen>,
    window: Window,
    own: TermSize,
    due: Option<Instant>,
}

impl View {
    /// Makes an empty view in a window of this size. It shows something once it has a screen.
    pub(super) fn new(own: TermSize) -> View {
        View { screen: None, window: Window::new(own.cols, own.rows), own, due: None }
    }

    /// The size of the window in which it draws.
    pub(super) fn own(&self) -> TermSize {
        self.own
    }

    /// Replaces the screen by a picture of it.
    pub(super) fn show(&mut self, size: TermSize, off: u64, picture: &[u8]) {
        self.screen = catch_unwind(|| Screen::restored(size, off, picture)).ok();
        self.touch();
    }

    /// Adds output.
    pub(super) fn feed(&mut self, bytes: &Bytes) {
        self.change(|screen| screen.feed(bytes, &mut Vec::new()));
    }

    /// Changes the size of the terminal.
    pub(super) fn resize(&mut self, size: TermSize) {
        self.change(|screen| screen.resize(size));
    }

    /// A fault of the emulator must not end what is attached: the screen begins anew.
    fn change(&mut self, change: impl FnOnce(&mut Screen)) {
        let Some(screen) = &mut self.screen else { return };
        if catch_unwind(AssertUnwindSafe(|| change(screen))).is_err() {
            self.screen = Some(Screen::new(screen.size(), screen.off()));
        }
        self.touch();
    }

    /// Draws all of it again: a note of ours covers something.
    pub(super) fn draw_all(&mut self) {
        self.window = Window::new(self.own.cols, self.own.rows);
        self.touch();
    }

    fn touch(&mut self) {
        self.due.get_or_insert_with(|| Instant::now() + EVERY);
    }

    /// Waits until it is to be drawn; for ever without a change.
    pub(super) async fn due(view: Option<&View>) {
        until(view.and_then(|view| view.due)).await;
    }

    /// Returns the bytes that draw what has changed, if that is due.
    pub(super) fn draw(&mut self) -> Option<Vec<u8>> {
        self.due.take()?;
        let screen = self.screen.as_ref()?;
        let (size, own) = (screen.size(), self.own);
        let mut out = match self.window.new_modes(screen) {
            Some(modes) => [PLAIN, &modes].concat(),
            None => Vec::new(),
        };
        let words =
            format!(" wardroom: {}x{} in your window of {}x{}; ~? helps ", size.cols, size.rows, own.cols, own.rows);
        out.extend(self.window.draw(screen, (size != own).then_some(words.as_str())));
        Some(out)
    }
}

/// Returns true unless its output goes to the window here as it is: that of the holder, once the sizes are the same.
pub(super) fn is_drawn(is_holder: bool, size: Option<TermSize>, own: TermSize) -> bool {
    !is_holder || size.is_some_and(|size| size != own)
}

/// Waits until then; for ever without a time.
pub(super) async fn until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}
