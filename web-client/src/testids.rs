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
//! | `data-path` | file cards, file entries, transfer rows | the path |
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
pub const SIGN_IN_SUBMIT: &str = "sign-in-submit";
/// What went wrong with either form.
pub const SIGN_IN_ERROR: &str = "sign-in-error";
/// Ends the session.
pub const SIGN_OUT: &str = "sign-out";
/// Who one is.
pub const USER_MENU: &str = "user-menu";
/// The state of the link, in words.
pub const CONNECTION: &str = "connection";
/// Connects at once.
pub const RECONNECT: &str = "reconnect";
/// The sidebar.
pub const SIDEBAR: &str = "sidebar";
/// A room in the sidebar.
pub const ROOM_LINK: &str = "room-link";
/// Opens the form for a new room.
pub const ROOM_NEW: &str = "room-new";
/// Its field.
pub const ROOM_NEW_NAME: &str = "room-new-name";
/// Its button.
pub const ROOM_CREATE: &str = "room-create";
/// Joins the room that is shown.
pub const ROOM_JOIN: &str = "room-join";
/// Opens the rooms where they are a drawer.
pub const SIDEBAR_OPEN: &str = "sidebar-open";
/// Opens the right pane where it is a drawer.
pub const PANEL_OPEN: &str = "panel-open";
/// The room's name above the timeline.
pub const ROOM_NAME: &str = "room-name";
/// The timeline: what scrolls.
pub const TIMELINE: &str = "timeline";
/// A line.
pub const LINE: &str = "line";
/// The line at the first unread.
pub const UNREAD_DIVIDER: &str = "unread-divider";
/// Sends a failed line again.
pub const LINE_RETRY: &str = "line-retry";
/// Gives it up.
pub const LINE_DISCARD: &str = "line-discard";
/// Files that wait for a place in the list of uploads.
pub const UPLOADS_QUEUED: &str = "uploads-queued";
/// It was not answered yet.
pub const LINE_PENDING: &str = "line-pending";
/// Goes to the end of the timeline.
pub const JUMP_TO_LATEST: &str = "jump-to-latest";
/// The three lines of an empty room.
pub const WELCOME: &str = "welcome";
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
/// Writes it into the composer again.
pub const RUN_AGAIN: &str = "run-again";
/// Copies its output.
pub const RUN_COPY: &str = "run-copy";
/// Downloads all of its output.
pub const RUN_DOWNLOAD: &str = "run-download";
/// Opens all of its output.
pub const RUN_OPEN: &str = "run-open";
/// All of its output.
pub const OUTPUT_LOG: &str = "output-log";
/// Closes it.
pub const OUTPUT_CLOSE: &str = "output-close";
/// A file in the timeline.
pub const FILE_CARD: &str = "file-card";
/// The link by which a file is downloaded.
pub const FILE_DOWNLOAD: &str = "file-download";
/// A file in the list of the right pane.
pub const FILE_ENTRY: &str = "file-entry";
/// A file on its way.
pub const TRANSFER: &str = "transfer";
/// Its bar.
pub const TRANSFER_BAR: &str = "transfer-bar";
/// Gives it up.
pub const TRANSFER_CANCEL: &str = "transfer-cancel";
/// Tries it again.
pub const TRANSFER_RETRY: &str = "transfer-retry";
/// The tab *Now*.
pub const TAB_ACTIVITY: &str = "tab-activity";
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
/// What can be done with a line.
pub const LINE_ACTIONS: &str = "line-actions";
/// Opens what can be done with a line, on a phone.
pub const LINE_MORE: &str = "line-more";
/// A group of alerts.
pub const ALERT: &str = "alert";
/// Joins and settings in one line.
pub const FOLD: &str = "fold";
/// The heading of a day.
pub const DAY: &str = "day";
/// The day of what is in sight, where its heading is not.
pub const STICKY_DATE: &str = "sticky-date";
/// The field for the day to go to.
pub const DAY_FIELD: &str = "day-field";
/// Goes there.
pub const DAY_SUBMIT: &str = "day-submit";
/// Opens all emoji.
pub const REACT_MORE: &str = "react-more";
/// Finds an emoji.
pub const EMOJI_FIELD: &str = "emoji-field";
/// An emoji that was found.
pub const EMOJI_OPTION: &str = "emoji-option";
/// Opens the reactions to give.
pub const REACT: &str = "react";
/// A reaction to give.
pub const REACT_EMOJI: &str = "react-emoji";
/// A reaction that was given.
pub const REACTION: &str = "reaction";
/// Answers a line.
pub const REPLY: &str = "reply";
/// Says a message otherwise.
pub const EDIT: &str = "edit";
/// Takes a message back.
pub const DELETE: &str = "delete";
/// Copies the address of a line.
pub const COPY_LINK: &str = "copy-link";
/// What a message answers.
pub const QUOTE: &str = "quote";
/// What the composer answers or says otherwise.
pub const BANNER: &str = "banner";
/// The list of suggestions above the composer.
pub const SUGGESTIONS: &str = "suggestions";
/// An entry of it.
pub const SUGGESTION: &str = "suggestion";
/// The offer to make a file of a big text.
pub const PASTE: &str = "paste";
/// Makes it.
pub const PASTE_ATTACH: &str = "paste-attach";
/// Writes it all the same.
pub const PASTE_SEND: &str = "paste-send";
/// A dialog.
pub const DIALOG: &str = "dialog";
/// Closes it.
pub const DIALOG_CLOSE: &str = "dialog-close";
/// The answer that does what a dialog asks about.
pub const CONFIRM_YES: &str = "confirm-yes";
/// The answer that leaves everything as it is.
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
/// What of it is notified.
pub const NOTIFY_LEVEL: &str = "notify-level";
/// A member in the settings.
pub const MEMBER: &str = "member";
/// Whom to make a member.
pub const INVITE_NAME: &str = "invite-name";
/// Makes them one.
pub const INVITE_MEMBER: &str = "invite-member";
/// A webhook.
pub const WEBHOOK: &str = "webhook";
/// The name by which a new one posts.
pub const WEBHOOK_NAME: &str = "webhook-name";
/// Makes it.
pub const WEBHOOK_ADD: &str = "webhook-add";
/// Its address.
pub const WEBHOOK_URL: &str = "webhook-url";
/// Leaves the room.
pub const LEAVE: &str = "leave";
/// Archives it, or takes it back.
pub const ARCHIVE: &str = "archive";
/// Opens the dialog for a direct message.
pub const DM_NEW: &str = "dm-new";
/// Finds people there.
pub const DM_FIND: &str = "dm-find";
/// Somebody there.
pub const DM_PERSON: &str = "dm-person";
/// Begins the message.
pub const DM_START: &str = "dm-start";
/// Opens the dialog for everything.
pub const JUMP: &str = "jump";
/// Its field.
pub const JUMP_FIELD: &str = "jump-field";
/// A room, a person or an action in it.
pub const JUMP_DESTINATION: &str = "jump-destination";
/// A hit of a search.
pub const SEARCH_HIT: &str = "search-hit";
/// Shows more of them.
pub const SEARCH_MORE: &str = "search-more";
/// Narrows a search to this room.
pub const FILTER_ROOM: &str = "filter-room";
/// To a kind.
pub const FILTER_KIND: &str = "filter-kind";
/// To a time.
pub const FILTER_WHEN: &str = "filter-when";
/// From a day on.
pub const FILTER_FROM: &str = "filter-from";
/// To a day.
pub const FILTER_TO: &str = "filter-to";
/// To an author.
pub const FILTER_BY: &str = "filter-by";
/// Who is writing.
pub const TYPING: &str = "typing";
/// A tab of the room's settings, before its name: `general`, `members`, `hooks`.
pub const SETTINGS_TAB: &str = "settings-tab";
/// The commands that are explained.
pub const COMMANDS: &str = "commands";
/// Takes finished transfers off the list.
pub const TRANSFERS_CLEAR: &str = "transfers-clear";
/// Keeps what was changed in a form.
pub const SAVE: &str = "save";
/// Leaves a form without a change.
pub const CANCEL: &str = "cancel";
/// Why a form was not saved.
pub const FORM_ERROR: &str = "form-error";
/// Asks the browser to allow notifications.
pub const NOTIFY_ENABLE: &str = "notify-enable";
/// Whether the browser shows notifications, in words.
pub const NOTIFY_STATE: &str = "notify-state";
