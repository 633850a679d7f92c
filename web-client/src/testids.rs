//! The values of `data-testid`, by which the tests in `e2e/` find elements. Some elements have further attributes:
//!
//! | attribute | on | value |
//! |---|---|---|
//! | `data-seq` | each line of the timeline | its position in the room |
//! | `data-nonce` | an unconfirmed line | its nonce |
//! | `data-kind` | each line | the event's kind |
//! | `data-run` | a run's card | the run's id |
//! | `data-run-n` | a run's card | the run's short number |
//! | `data-state` | a run's card; a transfer; the connection | its state, see below |
//! | `data-room` | links to rooms; the timeline | the room's name |
//! | `data-path` | file cards, file entries, transfers | the path |
//! | `data-theme` | the root element | `light` or `dark`; absent for the system's |
//!
//! States of a run: `running`, `ok`, `failed`. Of a transfer: `waiting`, `hashing`, `sending`, `paused`,
//! `committing`, `done`, `failed`. Of the connection: `connecting`, `live`, `catching-up`, `reconnecting`, `out-of-date`,
//! `signed-out`, `stopped`.

mod commands;

pub use commands::*;

/// The sign-in form.
pub const LOGIN_FORM: &str = "login-form";
/// The form for a new account.
pub const INVITE_FORM: &str = "invite-form";
/// The name field of both forms.
pub const USER_FIELD: &str = "user";
/// The password field of both forms.
pub const PASSWORD_FIELD: &str = "password";
/// The submit button of both forms.
pub const SIGN_IN_SUBMIT: &str = "sign-in-submit";
/// The error of both forms.
pub const SIGN_IN_ERROR: &str = "sign-in-error";
/// The button that signs out.
pub const SIGN_OUT: &str = "sign-out";
/// The field of the user's own status.
pub const STATUS: &str = "status";
/// The menu item that opens the password dialog.
pub const PASSWORD_OPEN: &str = "password-open";
/// Its field for the current password.
pub const PASSWORD_CURRENT: &str = "password-current";
/// Its field for the new password.
pub const PASSWORD_NEW: &str = "password-new";
/// Its button.
pub const PASSWORD_CHANGE: &str = "password-change";
/// What it says when the password is changed.
pub const PASSWORD_CHANGED: &str = "password-changed";
/// What it says when that failed.
pub const PASSWORD_ERROR: &str = "password-error";
/// The menu item that opens the sessions dialog.
pub const SESSIONS_OPEN: &str = "sessions-open";
/// A session in it, with `data-session`.
pub const SESSION: &str = "session";
/// The button that ends it.
pub const SESSION_END: &str = "session-end";
/// The button that ends all others.
pub const SESSIONS_END_OTHERS: &str = "sessions-end-others";
/// The button of the user menu.
pub const USER_MENU: &str = "user-menu";
/// The state of the connection.
pub const CONNECTION: &str = "connection";
/// The button that reconnects at once.
pub const RECONNECT: &str = "reconnect";
/// The sidebar.
pub const SIDEBAR: &str = "sidebar";
/// A room in the sidebar.
pub const ROOM_LINK: &str = "room-link";
/// Opens the dialog for a new room.
pub const ROOM_NEW: &str = "room-new";
/// Its name field.
pub const ROOM_NEW_NAME: &str = "room-new-name";
/// Its submit button.
pub const ROOM_CREATE: &str = "room-create";
/// Joins the open room.
pub const ROOM_JOIN: &str = "room-join";
/// Opens the sidebar where it is a drawer.
pub const SIDEBAR_OPEN: &str = "sidebar-open";
/// Opens the panel where it is a drawer.
pub const PANEL_OPEN: &str = "panel-open";
/// The room's name above the timeline.
pub const ROOM_NAME: &str = "room-name";
/// The scrolling timeline.
pub const TIMELINE: &str = "timeline";
/// A line.
pub const LINE: &str = "line";
/// The divider above the first unread line.
pub const UNREAD_DIVIDER: &str = "unread-divider";
/// Sends a failed line again.
pub const LINE_RETRY: &str = "line-retry";
/// Discards a failed line.
pub const LINE_DISCARD: &str = "line-discard";
/// The number of queued uploads.
pub const UPLOADS_QUEUED: &str = "uploads-queued";
/// Shown on a line that was not confirmed yet.
pub const LINE_PENDING: &str = "line-pending";
/// Jumps to the end of the timeline.
pub const JUMP_TO_LATEST: &str = "jump-to-latest";
/// The introduction in an empty room.
pub const WELCOME: &str = "welcome";
/// The text field of the composer.
pub const COMPOSER: &str = "composer";
/// The send button.
pub const SEND: &str = "send";
/// The input that chooses files.
pub const FILE_INPUT: &str = "file-input";
/// The card of a run.
pub const RUN_CARD: &str = "run-card";
/// Its status in words.
pub const RUN_STATE: &str = "run-state";
/// Its last lines of output.
pub const RUN_OUTPUT: &str = "run-output";
/// Its stop button.
pub const RUN_STOP: &str = "run-stop";
/// Puts its command into the composer.
pub const RUN_AGAIN: &str = "run-again";
/// Copies its output.
pub const RUN_COPY: &str = "run-copy";
/// Downloads its output.
pub const RUN_DOWNLOAD: &str = "run-download";
/// Opens its output.
pub const RUN_OPEN: &str = "run-open";
/// The open terminal; what is in it has ids that begin with `terminal-`.
pub const TERMINAL: &str = "terminal";
/// Opens the terminal of a run.
pub const TERMINAL_OPEN: &str = "terminal-open";
/// Plays the recording of a terminal.
pub const RUN_PLAY: &str = "run-play";
/// Starts a shell in a terminal.
pub const TERMINAL_NEW: &str = "terminal-new";
/// The last screen of a terminal, on its card.
pub const TERMINAL_PREVIEW: &str = "terminal-preview";
/// The field for standard input.
pub const INPUT_LINE: &str = "input-line";
/// Its button.
pub const INPUT_SEND: &str = "input-send";
/// Ends the input.
pub const INPUT_END: &str = "input-end";
/// Asks for the keyboard of a run without a terminal.
pub const INPUT_ASK: &str = "input-ask";
/// The option of a command to get a terminal.
pub const RUN_TTY: &str = "run-tty";
/// The option to read input.
pub const RUN_STDIN: &str = "run-stdin";
/// The option to have one stream.
pub const RUN_MERGE: &str = "run-merge";
/// The option to keep processes.
pub const RUN_DETACH: &str = "run-detach";
/// What goes on after a command has ended.
pub const RUN_KEPT: &str = "run-kept";
/// The host of a command.
pub const RUN_HOST: &str = "run-host";
/// One host in the card of a command on several.
pub const RUN_LANE: &str = "run-lane";
/// A host in the panel.
pub const HOST: &str = "host";
/// The output view.
pub const OUTPUT_LOG: &str = "output-log";
/// The search in the output.
pub const OUTPUT_FIND: &str = "output-find";
/// Goes to the next error in the output.
pub const OUTPUT_ERROR: &str = "output-error";
/// Goes to the error before.
pub const OUTPUT_ERROR_BACK: &str = "output-error-back";
/// Wraps long lines, or not.
pub const OUTPUT_WRAP: &str = "output-wrap";
/// Shows when lines were written, or not.
pub const OUTPUT_TIMES: &str = "output-times";
/// How far a search in the output is, or that it found nothing.
pub const OUTPUT_FINDING: &str = "output-finding";
/// The scroll bar of an output that is not loaded as a whole.
pub const OUTPUT_BAR: &str = "output-bar";
/// Goes to the end of the output and stays there.
pub const OUTPUT_FOLLOW: &str = "output-follow";
/// Which streams of the output are shown.
pub const OUTPUT_STREAMS: &str = "output-streams";
/// Closes the output view.
pub const OUTPUT_CLOSE: &str = "output-close";
/// A file in the timeline.
pub const FILE_CARD: &str = "file-card";
/// Its download link.
pub const FILE_DOWNLOAD: &str = "file-download";
/// A file in the panel.
pub const FILE_ENTRY: &str = "file-entry";
/// A transfer.
pub const TRANSFER: &str = "transfer";
/// Its progress bar.
pub const TRANSFER_BAR: &str = "transfer-bar";
/// Cancels it.
pub const TRANSFER_CANCEL: &str = "transfer-cancel";
/// Tries it again.
pub const TRANSFER_RETRY: &str = "transfer-retry";
/// The tab *Activity*.
pub const TAB_ACTIVITY: &str = "tab-activity";
/// The tab *Files*.
pub const TAB_FILES: &str = "tab-files";
/// The tab *People*.
pub const TAB_PEOPLE: &str = "tab-people";
/// A member in the panel.
pub const PERSON: &str = "person";
/// Changes the theme.
pub const THEME: &str = "theme";
/// Changes the language.
pub const LANGUAGE: &str = "language";
/// A notice.
pub const NOTICE: &str = "notice";
/// The actions on a line.
pub const LINE_ACTIONS: &str = "line-actions";
/// Opens the actions on a line, on phones.
pub const LINE_MORE: &str = "line-more";
/// A group of alerts.
pub const ALERT: &str = "alert";
/// Folded joins and settings.
pub const FOLD: &str = "fold";
/// The heading of a day.
pub const DAY: &str = "day";
/// The day of the visible lines, while its heading is not visible.
pub const STICKY_DATE: &str = "sticky-date";
/// The date field for going to a day.
pub const DAY_FIELD: &str = "day-field";
/// Its submit button.
pub const DAY_SUBMIT: &str = "day-submit";
/// Opens the emoji picker.
pub const REACT_MORE: &str = "react-more";
/// The search field of the emoji picker.
pub const EMOJI_FIELD: &str = "emoji-field";
/// An emoji in the picker.
pub const EMOJI_OPTION: &str = "emoji-option";
/// Opens the quick reactions.
pub const REACT: &str = "react";
/// A quick reaction.
pub const REACT_EMOJI: &str = "react-emoji";
/// A reaction below a line.
pub const REACTION: &str = "reaction";
/// Replies to a line.
pub const REPLY: &str = "reply";
/// Edits a message.
pub const EDIT: &str = "edit";
/// Deletes a message.
pub const DELETE: &str = "delete";
/// Copies the link of a line.
pub const COPY_LINK: &str = "copy-link";
/// The quote in a reply.
pub const QUOTE: &str = "quote";
/// The banner of a reply or an edit.
pub const BANNER: &str = "banner";
/// The suggestions above the composer.
pub const SUGGESTIONS: &str = "suggestions";
/// A suggestion.
pub const SUGGESTION: &str = "suggestion";
/// The preview of a long paste.
pub const PASTE: &str = "paste";
/// Attaches it as a file.
pub const PASTE_ATTACH: &str = "paste-attach";
/// Inserts it into the message.
pub const PASTE_SEND: &str = "paste-send";
/// A dialog.
pub const DIALOG: &str = "dialog";
/// Closes it.
pub const DIALOG_CLOSE: &str = "dialog-close";
/// Confirms.
pub const CONFIRM_YES: &str = "confirm-yes";
/// Cancels a confirmation.
pub const CONFIRM_NO: &str = "confirm-no";
/// The new room's title.
pub const ROOM_NEW_TITLE: &str = "room-new-title";
/// Makes it private.
pub const ROOM_NEW_PRIVATE: &str = "room-new-private";
/// The room's settings.
pub const ROOM_SETTINGS: &str = "room-settings";
/// Opens them.
pub const ROOM_SETTINGS_OPEN: &str = "room-settings-open";
/// The room's title.
pub const SET_TITLE: &str = "set-title";
/// Its topic.
pub const SET_TOPIC: &str = "set-topic";
/// The days for which it is kept.
pub const SET_RETENTION: &str = "set-retention";
/// What to be notified of.
pub const NOTIFY_LEVEL: &str = "notify-level";
/// A member in the settings.
pub const MEMBER: &str = "member";
/// The name of a new member.
pub const INVITE_NAME: &str = "invite-name";
/// Adds the member.
pub const INVITE_MEMBER: &str = "invite-member";
/// A webhook.
pub const WEBHOOK: &str = "webhook";
/// The bot name of a new webhook.
pub const WEBHOOK_NAME: &str = "webhook-name";
/// The key of its signatures.
pub const WEBHOOK_SECRET: &str = "webhook-secret";
/// The checkbox that lets it mention people.
pub const WEBHOOK_MENTIONS: &str = "webhook-mentions";
/// The button that creates it.
pub const WEBHOOK_ADD: &str = "webhook-add";
/// Its URL.
pub const WEBHOOK_URL: &str = "webhook-url";
/// Leaves the room.
pub const LEAVE: &str = "leave";
/// Archives or unarchives the room.
pub const ARCHIVE: &str = "archive";
/// Opens the dialog for a direct message.
pub const DM_NEW: &str = "dm-new";
/// The search field in it.
pub const DM_FIND: &str = "dm-find";
/// A person in it.
pub const DM_PERSON: &str = "dm-person";
/// Starts the direct message.
pub const DM_START: &str = "dm-start";
/// Opens the jump dialog.
pub const JUMP: &str = "jump";
/// Its field.
pub const JUMP_FIELD: &str = "jump-field";
/// A room, person, run or action in it.
pub const JUMP_DESTINATION: &str = "jump-destination";
/// A search hit in it.
pub const SEARCH_HIT: &str = "search-hit";
/// Loads more hits.
pub const SEARCH_MORE: &str = "search-more";
/// The room filter.
pub const FILTER_ROOM: &str = "filter-room";
/// The kind filter.
pub const FILTER_KIND: &str = "filter-kind";
/// The time filter.
pub const FILTER_WHEN: &str = "filter-when";
/// The first day of the time filter.
pub const FILTER_FROM: &str = "filter-from";
/// The last day of the time filter.
pub const FILTER_TO: &str = "filter-to";
/// The author filter.
pub const FILTER_BY: &str = "filter-by";
/// Who is typing.
pub const TYPING: &str = "typing";
/// A tab of the room's settings, before its name: `general`, `members`, `commands`, `rights`, `hooks`.
pub const SETTINGS_TAB: &str = "settings-tab";
/// The list of slash commands.
pub const COMMANDS: &str = "commands";
/// Removes finished transfers.
pub const TRANSFERS_CLEAR: &str = "transfers-clear";
/// Saves a form.
pub const SAVE: &str = "save";
/// Cancels a form.
pub const CANCEL: &str = "cancel";
/// Why a form was not saved.
pub const FORM_ERROR: &str = "form-error";
/// Asks the browser to allow notifications.
pub const NOTIFY_ENABLE: &str = "notify-enable";
/// Whether the browser shows notifications, in words.
pub const NOTIFY_STATE: &str = "notify-state";
