//! English: terminals, the input of commands, and the output view.

use super::words::RunWords;

pub(super) static WORDS: RunWords = RunWords {
    terminal_open: "Open terminal",
    terminal_new: "New terminal",
    terminal_failed: "The terminal could not be loaded. Check your connection, close it and try again.",
    input_of: "{} has the keyboard.",
    input_free: "Nobody has the keyboard.",
    input_ask: "Ask for keyboard",
    input_take: "Take keyboard",
    input_give: "Give to {}",
    input_line: "Line of input",
    input_end: "End input",
    input_end_hint: "The command gets no more input (Ctrl-D)",
    run_options: "Options of this command",
    run_tty: "Terminal",
    run_tty_hint: "For programs such as vim, top or a shell",
    run_stdin: "Input",
    run_stdin_hint: "Lets you type input for the command",
    run_merge: "One stream",
    run_merge_hint: "stdout and stderr share one pipe, so that their order is kept",
    run_detach: "Keep background processes",
    run_detach_hint: "Processes that outlive the command keep running",
    run_host: "Host",
    output_find: "Find in output",
    output_next: "Next",
    output_previous: "Previous",
    output_error: "Next error",
    output_streams: "Streams",
    output_both: "stdout and stderr",
    output_missing: "Not found",
};
