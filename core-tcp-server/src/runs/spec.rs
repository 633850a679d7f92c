//! Turns a member's request into an order for a host. All errors in a request are found here, before anything is
//! written.

use wardroom_protocol::argv::quoted;
use wardroom_protocol::frame::{Number, encode};
use wardroom_protocol::limits::{
    ARGV_MAX, CMD_BYTES_MAX, ENV_BYTES_MAX, ENV_VARS_MAX, INTEGER_MAX, LINE_BYTES_MAX, PATH_BYTES_MAX,
    RUN_TIMEOUT_DEFAULT_S, RUN_TIMEOUT_MAX_S, SECRET_BYTES_MIN, SECRETS_MAX, TERM_COLS_MAX, TERM_ROWS_MAX,
};
use wardroom_protocol::messages::limit_as_written;
use wardroom_protocol::messages::{HostStart, RunLimits, RunStart, TermSize, fault_of_sandbox};
use wardroom_protocol::{RunId, UserName};

use crate::error::Error;
use crate::limits::{
    HOST_NAME_BYTES_MAX, RUN_MEMORY_BYTES_MIN, RUN_OPEN_FILES_MAX, RUN_OPEN_FILES_MIN, RUN_OUTPUT_BYTES_MAX,
};

/// How the login shell of the host's user is shown, which only the host knows.
const LOGIN_SHELL: &str = "login shell";
/// Bytes of an event's line, apart from the command, the folder and the names of secrets.
const EVENT_BYTES: usize = 1_024;

/// What to run, and where.
pub(super) struct RunSpec {
    /// The name of the host.
    pub host: String,
    /// The command as people read it.
    pub shown: String,
    /// The order for the host.
    pub start: HostStart,
}

/// Checks a request, for one of its hosts.
///
/// # Errors
/// `bad_request` and `too_large`, each with the rule that was broken.
pub(super) fn check(request: &RunStart, host: &str, run: RunId, by: &UserName) -> Result<RunSpec, Error> {
    if !is_host_name(host) {
        return Err(Error::bad_request("a host's name is 1 to 63 of letters, digits, . _ - and begins with no sign"));
    }
    let (argv, shown) = words(request)?;
    check_folder(request.cwd.as_deref())?;
    check_env(request)?;
    check_secrets(request, &shown)?;
    check_terminal(request)?;
    let timeout_s = request.timeout_s.unwrap_or(RUN_TIMEOUT_DEFAULT_S);
    if timeout_s == 0 || timeout_s > RUN_TIMEOUT_MAX_S {
        return Err(Error::bad_request("a run may take from 1 second to a day"));
    }
    check_limits(&request.limits)?;
    if let Some(fault) = fault_of_sandbox(&request.sandbox) {
        return Err(Error::bad_request(fault));
    }
    let start = HostStart {
        run,
        argv,
        cwd: request.cwd.clone(),
        env: request.env.clone(),
        secrets: request.secrets.clone(),
        timeout_s,
        limits: *request.limits,
        sandbox: request.sandbox.clone(),
        output_bytes_max: request.limits.output_bytes.unwrap_or(RUN_OUTPUT_BYTES_MAX),
        stdin: request.stdin,
        tty: request.tty,
        // A terminal has one stream.
        merge: request.merge || request.tty.is_some(),
        detach: request.detach,
        // Known once the host is.
        isolation: None,
        by: by.clone(),
        room: request.room.as_str().to_owned(),
    };
    // The order and the event are one line each; escapes may make a short command a long line.
    let shown_bytes = serde_json::to_string(&shown).map_or(0, |json| json.len());
    // Each with its quotes and a comma.
    let secrets_bytes: usize = request.secrets.0.keys().map(|name| name.len() + 3).sum();
    let event_bytes = shown_bytes + request.cwd.as_ref().map_or(0, String::len) + secrets_bytes + EVENT_BYTES;
    if encode(Number::None, &start).len() > LINE_BYTES_MAX || event_bytes > LINE_BYTES_MAX {
        return Err(Error::too_large("the command and its environment do not fit a line: put them into a script"));
    }
    Ok(RunSpec { host: host.to_owned(), shown, start })
}

/// Returns true for a valid host name.
pub(super) fn is_host_name(name: &str) -> bool {
    let is_inner = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    name.len() <= HOST_NAME_BYTES_MAX
        && name.bytes().next().is_some_and(|first| first.is_ascii_alphanumeric())
        && name.bytes().all(is_inner)
}

/// Returns the program with its arguments, and the text for people.
fn words(request: &RunStart) -> Result<(Vec<String>, String), Error> {
    let (argv, shown) = match (&request.cmd, &request.argv) {
        (None, None) if request.tty.is_some() => (Vec::new(), LOGIN_SHELL.to_owned()),
        (Some(_), Some(_)) | (None, None) => return Err(Error::bad_request("run.start takes cmd or argv")),
        (Some(cmd), None) => {
            if cmd.trim().is_empty() {
                return Err(Error::bad_request("a command is not empty"));
            }
            (vec!["/bin/sh".to_owned(), "-c".to_owned(), cmd.clone()], cmd.clone())
        }
        (None, Some(argv)) => {
            if argv.first().is_none_or(String::is_empty) {
                return Err(Error::bad_request("argv begins with a program"));
            }
            if argv.len() > ARGV_MAX {
                return Err(Error::too_large("argv has at most 256 words"));
            }
            (argv.clone(), quoted(argv))
        }
    };
    if argv.iter().map(String::len).sum::<usize>() > CMD_BYTES_MAX + "/bin/sh-c".len() {
        return Err(Error::too_large("a command has at most 16,384 bytes: put it into a script"));
    }
    if argv.iter().any(|word| word.contains('\0')) {
        return Err(Error::bad_request("a command has no NUL in it"));
    }
    Ok((argv, shown))
}

fn check_limits(limits: &RunLimits) -> Result<(), Error> {
    for (name, value) in limits.named() {
        // What a command needs to start at all, and what is no limit any more.
        let (least, most) = match name {
            "memory" => (RUN_MEMORY_BYTES_MIN, INTEGER_MAX),
            "files" => (RUN_OPEN_FILES_MIN, RUN_OPEN_FILES_MAX),
            "cpu" | "idle" => (1, RUN_TIMEOUT_MAX_S),
            "output" => (1, RUN_OUTPUT_BYTES_MAX),
            _ => (1, INTEGER_MAX),
        };
        if value.is_some_and(|value| !(least..=most).contains(&value)) {
            let words = |value| limit_as_written(name, value);
            let range = match most {
                INTEGER_MAX => format!("{} or more", words(least)),
                _ => format!("{} to {}", words(least), words(most)),
            };
            return Err(Error::bad_request(format!("the limit {name} is {range}")));
        }
    }
    Ok(())
}

fn check_terminal(request: &RunStart) -> Result<(), Error> {
    let Some(tty) = request.tty else { return Ok(()) };
    if request.stdin {
        return Err(Error::bad_request("a terminal is a run's input too: use tty without stdin"));
    }
    check_size(tty.size)
}

/// Checks the size of a terminal.
///
/// # Errors
/// `bad_request`
pub(super) fn check_size(size: TermSize) -> Result<(), Error> {
    if (1..=TERM_COLS_MAX).contains(&size.cols) && (1..=TERM_ROWS_MAX).contains(&size.rows) {
        return Ok(());
    }
    Err(Error::bad_request("a terminal has 1 to 1,000 cols and 1 to 500 rows"))
}

fn check_folder(cwd: Option<&str>) -> Result<(), Error> {
    let Some(cwd) = cwd else { return Ok(()) };
    if !cwd.starts_with('/') || cwd.contains('\0') || cwd.len() > PATH_BYTES_MAX {
        return Err(Error::bad_request("cwd is an absolute path of at most 1,024 bytes"));
    }
    Ok(())
}

fn check_env(request: &RunStart) -> Result<(), Error> {
    if request.env.len() > ENV_VARS_MAX {
        return Err(Error::too_large("env has at most 64 variables"));
    }
    for (name, value) in request.env.iter().chain(&request.secrets.0) {
        if !is_variable(name) {
            return Err(Error::bad_request("a variable's name is of letters, digits and _, and begins with no digit"));
        }
        if name.len() + value.len() > ENV_BYTES_MAX {
            return Err(Error::too_large("a variable has at most 4,096 bytes with its name"));
        }
        if value.contains('\0') {
            return Err(Error::bad_request("a variable has no NUL in it"));
        }
    }
    Ok(())
}

fn check_secrets(request: &RunStart, shown: &str) -> Result<(), Error> {
    if request.secrets.0.len() > SECRETS_MAX {
        return Err(Error::too_large("secrets has at most 16 variables"));
    }
    for (name, value) in &request.secrets.0 {
        if request.env.contains_key(name) {
            return Err(Error::bad_request(format!("{name} is in both env and secrets: leave it out of env")));
        }
        // What is masked has no blanks around it.
        let value = value.trim();
        if value.len() < SECRET_BYTES_MIN {
            return Err(Error::bad_request(format!(
                "the secret {name} is shorter than 8 bytes: to mask it would hide other output too"
            )));
        }
        let is_in = |text: &String| text.contains(value);
        if shown.contains(value) || request.argv.iter().flatten().any(is_in) || request.cwd.iter().any(is_in) {
            return Err(Error::bad_request(format!(
                "the command contains the value of the secret {name}, and everyone in the room reads commands: \
                 write ${name} there, for a shell"
            )));
        }
    }
    Ok(())
}

fn is_variable(name: &str) -> bool {
    name.bytes().next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use std::collections::BTreeMap;
    use wardroom_protocol::Code;

    fn checked(fields: Value) -> Result<RunSpec, Code> {
        let mut request = json!({"room": "ops", "nonce": "n"});
        request.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        let request: RunStart = serde_json::from_value(request).unwrap();
        let (run, by) = (RunId::from_parts(1, 2), UserName::parse("ann").unwrap());
        check(&request, request.host.as_deref().unwrap_or("local"), run, &by).map_err(|error| error.code)
    }

    #[test]
    fn a_command_is_for_the_shell_and_argv_for_none() {
        let order = checked(json!({"cmd": "make test | tee log"})).unwrap();
        assert_eq!(order.start.argv, ["/bin/sh", "-c", "make test | tee log"]);
        assert_eq!((order.shown.as_str(), order.host.as_str()), ("make test | tee log", "local"));
        assert_eq!(order.start.timeout_s, RUN_TIMEOUT_DEFAULT_S);
        let order = checked(json!({"argv": ["ls", "-l", "it's here", ""], "host": "build-1"})).unwrap();
        assert_eq!(order.start.argv, ["ls", "-l", "it's here", ""]);
        assert_eq!((order.shown.as_str(), order.host.as_str()), (r"ls -l 'it'\''s here' ''", "build-1"));
    }

    #[test]
    fn a_terminal_needs_no_command() {
        let order = checked(json!({"tty": {"cols": 1000, "rows": 500}})).unwrap();
        assert_eq!((order.start.argv.len(), order.shown.as_str()), (0, "login shell"));
        assert!(order.start.merge && !order.start.stdin, "its output is one stream");
        let order =
            checked(json!({"tty": {"cols": 1, "rows": 1, "fixed": true}, "cmd": "vim", "detach": true})).unwrap();
        assert_eq!((order.start.argv.len(), order.shown.as_str()), (3, "vim"));
        assert!(order.start.tty.unwrap().fixed && order.start.detach);
        let order = checked(json!({"cmd": "make", "limits": {"output_bytes": 100, "idle_s": 9}})).unwrap();
        assert_eq!((order.start.output_bytes_max, order.start.limits.idle_s), (100, Some(9)));
        let order = checked(json!({"cmd": "make", "merge": true})).unwrap();
        assert!(order.start.merge && order.start.tty.is_none());
    }

    #[test]
    fn what_is_wrong_is_refused() {
        for bad in [
            json!({}),
            json!({"cmd": "a", "argv": ["a"]}),
            json!({"cmd": "  \n"}),
            json!({"cmd": "a\0b"}),
            json!({"argv": []}),
            json!({"argv": ["", "x"]}),
            json!({"argv": ["a", "b\0"]}),
            json!({"cmd": "a", "cwd": "srv"}),
            json!({"cmd": "a", "cwd": "/a\0"}),
            json!({"cmd": "a", "cwd": format!("/{}", "x".repeat(PATH_BYTES_MAX))}),
            json!({"cmd": "a", "timeout_s": 0}),
            json!({"cmd": "a", "timeout_s": RUN_TIMEOUT_MAX_S + 1}),
            json!({"cmd": "a", "env": {"1A": "x"}}),
            json!({"cmd": "a", "env": {"": "x"}}),
            json!({"cmd": "a", "env": {"A=B": "x"}}),
            json!({"cmd": "a", "env": {"A": "x\0"}}),
            json!({"cmd": "a", "secrets": {"1A": "hunter22"}}),
            json!({"cmd": "a", "secrets": {"A": "hunter2"}}),
            json!({"cmd": "a", "secrets": {"A": "   hunter2   "}}),
            json!({"cmd": "a", "secrets": {"A": "hunter22\0"}}),
            json!({"cmd": "a", "secrets": {"A": "hunter22"}, "env": {"A": "x"}}),
            json!({"cmd": "echo hunter22", "secrets": {"A": "hunter22\n"}}),
            json!({"argv": ["echo", "it's 22"], "secrets": {"A": "it's 22"}}),
            json!({"argv": ["echo", "it's hunter"], "secrets": {"A": "it's hunter"}}),
            json!({"cmd": "a", "cwd": "/srv/hunter22", "secrets": {"A": "hunter22"}}),
            json!({"cmd": "a", "sandbox": ["offline"]}),
            json!({"cmd": "a", "sandbox": ["read-only", "read-only"]}),
            json!({"cmd": "a", "limits": {"memory_bytes": 1_000}}),
            json!({"cmd": "a", "limits": {"processes": 0}}),
            json!({"cmd": "a", "limits": {"open_files": 3}}),
            json!({"cmd": "a", "limits": {"cpu_s": 0}}),
            json!({"cmd": "a", "limits": {"idle_s": RUN_TIMEOUT_MAX_S + 1}}),
            json!({"cmd": "a", "limits": {"output_bytes": RUN_OUTPUT_BYTES_MAX + 1}}),
            json!({"cmd": "a", "host": ""}),
            json!({"tty": {"cols": 80, "rows": 24}, "stdin": true}),
            json!({"tty": {"cols": 0, "rows": 24}}),
            json!({"tty": {"cols": 80, "rows": 0}}),
            json!({"tty": {"cols": 1001, "rows": 24}}),
            json!({"tty": {"cols": 80, "rows": 501}}),
            json!({"tty": {"cols": 80, "rows": 24}, "cmd": "a", "argv": ["a"]}),
            json!({"tty": {"cols": 80, "rows": 24}, "cmd": " "}),
            json!({"cmd": "a", "host": "../x"}),
            json!({"cmd": "a", "host": "x".repeat(64)}),
        ] {
            assert_eq!(checked(bad.clone()).err(), Some(Code::BadRequest), "{bad}");
        }
    }

    #[test]
    fn what_is_too_much_is_too_large() {
        let words: Vec<String> = (0..257).map(|n| n.to_string()).collect();
        let env: BTreeMap<String, &str> = (0..65).map(|n| (format!("V{n}"), "")).collect();
        for bad in [
            json!({"cmd": "x".repeat(CMD_BYTES_MAX + 1)}),
            json!({"argv": words}),
            json!({"cmd": "a", "env": env}),
            json!({"cmd": "a", "secrets": (0..17).map(|n| (format!("V{n}"), "hunter22")).collect::<BTreeMap<_, _>>()}),
            json!({"cmd": "a", "secrets": {"A": "x".repeat(ENV_BYTES_MAX)}}),
            json!({"cmd": "a", "env": {"A": "x".repeat(ENV_BYTES_MAX)}}),
            json!({"cmd": "\u{1}".repeat(CMD_BYTES_MAX)}),
            json!({"argv": ["echo", "\u{1}".repeat(CMD_BYTES_MAX - 10)]}),
        ] {
            assert_eq!(checked(bad).err(), Some(Code::TooLarge));
        }
        assert!(checked(json!({"cmd": "x".repeat(CMD_BYTES_MAX)})).is_ok());
        assert!(checked(json!({"argv": ["echo", "'".repeat(12_000)]})).is_ok());
    }
}
