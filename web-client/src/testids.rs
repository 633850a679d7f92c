//! The hooks by which tests find things in the page; changing one breaks `e2e/`. Each is a `data-testid`. Beside them
//! stand attributes with values:
//!
//! | attribute | on | value |
//! |---|---|---|
//! | `data-seq` | each line of the timeline | its place in the room |
//! | `data-nonce` | a line that is not acknowledged yet | its mark |
//! | `data-kind` | each line | the event's kind |
//! | `data-run` | a run's card | the run's id |
//! | `data-run-n` | the same | its short number |
//! | `data-state` | a run's card; a row of a transfer; the link | how it stands, in one word |
//! | `data-room` | links to rooms, and the timeline | the room's name |
//! | `data-path` | file cards, shelf entries, transfer rows | the path |
//! | `data-theme` | the root element | `light`, `dark`; absent: the system's |
//!
//! States of a run: `running`, `ok`, `failed`. Of a transfer: `waiting`, `hashing`, `sending`, `paused`,
//! `committing`, `done`, `failed`. Of the link: `connecting`, `live`, `catching-up`, `reconnecting`, `out-of-date`,
//! `signed-out`, `stopped`.

/// The form for a name and a password.
pub const LOGIN_FORM: &str = "login-form";
/// The form of the first visit.
pub const INVITE_FORM: &str = "invite-form";
/// The field for the name, in both.
pub const USER_FIELD: &str = "user";
/// The field for the password, in both.
pub const PASSWORD_FIELD: &str = "password";
/// The button that sends either form.
pub const SIGN_GO: &str = "sign-go";
/// What went wrong with either form.
pub const SIGN_WRONG: &str = "sign-wrong";
/// Ends the session.
pub const SIGN_OUT: &str = "sign-out";
/// Who one is.
pub const ME: &str = "me";
/// The state of the link, in words.
pub const LINK_STATE: &str = "link-state";
/// Connects at once.
pub const LINK_NOW: &str = "link-now";
/// The rail of rooms.
pub const ROOMS: &str = "rooms";
/// A room in the rail.
pub const ROOM_LINK: &str = "room-link";
/// Opens the form for a new room.
pub const ROOM_NEW: &str = "room-new";
/// Its field.
pub const ROOM_NEW_NAME: &str = "room-new-name";
/// Its button.
pub const ROOM_MAKE: &str = "room-make";
/// Joins the room that is shown.
pub const ROOM_JOIN: &str = "room-join";
/// Opens the rooms where they are a drawer.
pub const ROOMS_BACK: &str = "rooms-back";
/// Opens the right pane where it is a drawer.
pub const SIDE_OPEN: &str = "side-open";
/// The room's name above the timeline.
pub const ROOM_NAME: &str = "room-name";
/// The timeline: what scrolls.
pub const TIMELINE: &str = "timeline";
/// A line.
pub const LINE: &str = "line";
/// The line at the first unread.
pub const LINE_NEW: &str = "line-new";
/// Sends a failed line again.
pub const LINE_RETRY: &str = "line-retry";
/// Goes to the end of the timeline.
pub const NEWEST: &str = "newest";
/// The three lines of an empty room.
pub const HOW: &str = "how";
/// Where one writes.
pub const COMPOSER: &str = "composer";
/// Sends what is written.
pub const SEND: &str = "send";
/// The input that chooses files.
pub const FILE_INPUT: &str = "file-input";
/// A run.
pub const RUN_CARD: &str = "run-card";
/// How it stands, in words.
pub const RUN_STATE: &str = "run-state";
/// Its last lines of output.
pub const RUN_OUTPUT: &str = "run-output";
/// Stops it.
pub const RUN_STOP: &str = "run-stop";
/// Runs it again.
pub const RUN_AGAIN: &str = "run-again";
/// Copies its output.
pub const RUN_COPY: &str = "run-copy";
/// Opens all of its output.
pub const RUN_OPEN: &str = "run-open";
/// All of its output.
pub const FULL_OUTPUT: &str = "full-output";
/// Closes it.
pub const FULL_CLOSE: &str = "full-close";
/// A file in the timeline.
pub const FILE_CARD: &str = "file-card";
/// The link by which a file is downloaded.
pub const FILE_DOWNLOAD: &str = "file-download";
/// A file on the shelf, in the right pane.
pub const SHELF_ENTRY: &str = "shelf-entry";
/// A file on its way.
pub const TRANSFER: &str = "transfer";
/// Its bar.
pub const TRANSFER_BAR: &str = "transfer-bar";
/// Gives it up.
pub const TRANSFER_CANCEL: &str = "transfer-cancel";
/// Tries it again.
pub const TRANSFER_RETRY: &str = "transfer-retry";
/// The tab *Now*.
pub const TAB_NOW: &str = "tab-now";
/// The tab *Files*.
pub const TAB_FILES: &str = "tab-files";
/// The tab *People*.
pub const TAB_PEOPLE: &str = "tab-people";
/// Somebody in the room.
pub const PERSON: &str = "person";
/// Changes the theme.
pub const THEME: &str = "theme";
/// Changes the language.
pub const LANGUAGE: &str = "language";
/// Words about something that went wrong.
pub const NOTICE: &str = "notice";
