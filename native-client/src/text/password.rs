//! Passwords: typed at the terminal without echo, or read from standard input.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use wardroom_protocol::limits::PASSWORD_BYTES_MAX;

use crate::exit::Failure;

/// Turns the terminal's echo off while it lives.
struct EchoGuard {
    tty: File,
    before: Termios,
}

impl EchoGuard {
    fn new(tty: &File) -> std::io::Result<EchoGuard> {
        let before = tcgetattr(tty)?;
        let mut quiet = before.clone();
        quiet.local_modes.remove(LocalModes::ECHO);
        quiet.local_modes.insert(LocalModes::ECHONL);
        tcsetattr(tty, OptionalActions::Flush, &quiet)?;
        Ok(EchoGuard { tty: tty.try_clone()?, before })
    }
}

impl Drop for EchoGuard {
    fn drop(&mut self) {
        tcsetattr(&self.tty, OptionalActions::Flush, &self.before).ok();
    }
}

/// Asks at the terminal, without echo. Ctrl-C restores the terminal.
///
/// # Errors
/// If there is no terminal, or nothing was typed.
pub async fn ask_secret(prompt: &str) -> Result<String, Failure> {
    let tty = terminal()?;
    let quiet = EchoGuard::new(&tty).map_err(|e| Failure::failed(format!("cannot set up the terminal: {e}")))?;
    let typed = ask_at(tty, prompt.to_owned());
    let line = tokio::select! {
        line = typed => line,
        _ = tokio::signal::ctrl_c() => {
            drop(quiet);
            return Err(Failure::failed("nothing entered"));
        }
    };
    drop(quiet);
    line
}

/// Asks at the terminal, with echo.
///
/// # Errors
/// If there is no terminal, or nothing was typed.
pub async fn ask_plain(prompt: &str) -> Result<String, Failure> {
    ask_at(terminal()?, prompt.to_owned()).await
}

fn terminal() -> Result<File, Failure> {
    let opened = File::options().read(true).write(true).open("/dev/tty");
    opened.map_err(|_| Failure::usage("no terminal to ask for the password; use --password-stdin"))
}

async fn ask_at(tty: File, prompt: String) -> Result<String, Failure> {
    let asked = tokio::task::spawn_blocking(move || {
        let mut tty = tty;
        write!(tty, "{prompt}")?;
        tty.flush()?;
        read_line(&mut BufReader::new(tty))
    });
    let line = asked.await.map_err(|e| Failure::failed(e.to_string()))?;
    line.ok().filter(|line| !line.is_empty()).ok_or_else(|| Failure::failed("nothing entered"))
}

/// Asks twice for a new password.
///
/// # Errors
/// If there is no terminal, nothing was entered, or the two differ.
pub async fn ask_new(prompt: &str) -> Result<String, Failure> {
    let first = ask_secret(prompt).await?;
    if ask_secret("Once more: ").await? == first {
        Ok(first)
    } else {
        Err(Failure::failed("the passwords do not match; try again"))
    }
}

/// Reads two lines from standard input: the current password and the new one.
///
/// # Errors
/// If they cannot be read, or one is empty.
pub fn pair_from_stdin() -> Result<(String, String), Failure> {
    let mut from = BufReader::new(std::io::stdin());
    let mut next = || read_line(&mut from).map_err(|e| Failure::failed(format!("standard input: {e}")));
    let (current, new) = (next()?, next()?);
    if current.is_empty() || new.is_empty() {
        return Err(Failure::usage("standard input needs two lines: the current password and the new one"));
    }
    Ok((current, new))
}

/// Reads the first line of standard input, for programs that sign in.
///
/// # Errors
/// If it cannot be read, or is empty.
pub fn from_stdin() -> Result<String, Failure> {
    let line = read_line(&mut BufReader::new(std::io::stdin()))
        .map_err(|e| Failure::failed(format!("standard input: {e}")))?;
    if line.is_empty() { Err(Failure::usage("no password on standard input")) } else { Ok(line) }
}

fn read_line(from: &mut impl BufRead) -> std::io::Result<String> {
    // One more than the server accepts: the server refuses a longer password; it is not cut here.
    let bound = PASSWORD_BYTES_MAX.saturating_add(2) as u64;
    let mut line = String::new();
    from.take(bound).read_line(&mut line)?;
    let end = line.trim_end_matches(['\r', '\n']).len();
    line.truncate(end);
    Ok(line)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn only_the_line_end_is_cut_off() {
        assert_eq!(read_line(&mut &b" pass word \r\nnext"[..]).unwrap(), " pass word ");
        assert_eq!(read_line(&mut &b"pass"[..]).unwrap(), "pass");
        assert_eq!(read_line(&mut &b""[..]).unwrap(), "");
        assert_eq!(read_line(&mut &vec![b'x'; 5_000][..]).unwrap().len(), PASSWORD_BYTES_MAX + 2);
    }
}
