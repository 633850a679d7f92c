//! What runs in the terminals: the same for every contender.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::texts::Random;

/// Echoes each key by a program, so that it takes the way of all input and output.
pub const ECHO: &str = "stty raw -echo; echo READY; exec cat";
/// What a script says when it can be typed to.
pub const READY: &[u8] = b"READY";
/// Bytes of the log that is shown. It is repeated.
const LOG_BYTES: usize = 4 << 20;

/// Runs what is typed, `cat MEGABYTES` or `yes`, and says `MARK-0-` after the first, `MARK-1-` after the second. Ctrl-C
/// ends only the command.
pub fn commands(log: &Path) -> String {
    let log = log.display();
    format!(
        "stty -echo; trap : INT; n=0; echo READY
while read -r what mb; do
  case $what in
    cat) while [ \"$mb\" -gt 0 ]; do cat {log}; mb=$((mb - 4)); done ;;
    yes) yes ;;
  esac
  echo; echo \"MARK-$n-\"; n=$((n + 1))
done"
    )
}

/// What a script says after its n-th command.
pub fn mark(n: usize) -> Vec<u8> {
    format!("MARK-{n}-").into_bytes()
}

/// Writes a coloured log of 4 MiB.
pub fn write_log(folder: &Path) -> Result<PathBuf> {
    let (mut log, mut random) = (String::with_capacity(LOG_BYTES), Random(9));
    for n in 0.. {
        let line = line(&mut random, n);
        if log.len() + line.len() > LOG_BYTES {
            break;
        }
        log.push_str(&line);
    }
    while log.len() < LOG_BYTES {
        log.push('\n');
    }
    let path = folder.join("log");
    std::fs::write(&path, log)?;
    Ok(path)
}

fn line(random: &mut Random, n: u64) -> String {
    let level = random.of(&["32mINFO ", "32mINFO ", "36mDEBUG", "33mWARN ", "31mERROR"]);
    let path = random.of(&["/api/rooms", "/api/runs/41/output", "/login", "/static/app.js", "/健康"]);
    let (ms, id, minute, second) = (random.below(900), random.below(1 << 40), n / 60 % 60, n % 60);
    format!(
        "\x1b[2m2026-11-26T22:{minute:02}:{second:02}.{ms:03}Z\x1b[0m \x1b[{level}\x1b[0m \x1b[1mhttp\x1b[0m \
         request={id:010x} GET {path} \x1b[3mstatus\x1b[0m=200 ms={ms}\n"
    )
}
