//! A client at a terminal of its own, as a person runs it: `ssh`, `wardroom attach`.

use std::fs::File;
use std::os::fd::OwnedFd;
use std::process::Stdio;

use anyhow::{Context as _, Result, bail, ensure};
use rustix::fs::OFlags;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::unix::pipe::{Receiver, Sender};
use tokio::process::Command;

use super::viewer::{Sent, Viewer};

/// Columns of every terminal here.
pub const COLS: u16 = 80;
/// Rows of every terminal here.
pub const ROWS: u16 = 24;

/// Starts a program on a new terminal. It is killed with the viewer.
pub fn start(mut command: Command, pace: Option<u64>) -> Result<Viewer> {
    let master: OwnedFd = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
    grantpt(&master)?;
    unlockpt(&master)?;
    let name = ptsname(&master, Vec::new())?.into_string()?;
    let slave = File::options().read(true).write(true).open(&name)?;
    tcsetwinsize(&master, Winsize { ws_col: COLS, ws_row: ROWS, ws_xpixel: 0, ws_ypixel: 0 })?;
    command.stdin(Stdio::from(slave.try_clone()?)).stdout(Stdio::from(slave.try_clone()?)).stderr(Stdio::from(slave));
    command.env("TERM", "xterm-256color").env("LC_ALL", "C.UTF-8");
    let child = command.kill_on_drop(true).spawn().with_context(|| format!("cannot start {:?}", command.as_std()))?;
    // Its copies of the terminal would keep it open.
    drop(command);
    rustix::fs::fcntl_setfl(&master, rustix::fs::fcntl_getfl(&master)? | OFlags::NONBLOCK)?;
    // Tokio reads a terminal as it reads a pipe.
    let mut from = Receiver::from_file_unchecked(File::from(master.try_clone()?))?;
    let mut to = Sender::from_file_unchecked(File::from(master))?;
    let (mut viewer, shared, mut sent) = Viewer::new(pace);
    viewer.spawn(async move {
        let mut buf = vec![0; shared.read_bytes()];
        loop {
            let count = from.read(&mut buf).await.context("the program at a terminal has ended")?;
            ensure!(count > 0, "the program at a terminal has ended");
            shared.take(buf.get(..count).unwrap_or_default());
            shared.until_it_reads(count).await;
        }
    });
    viewer.spawn(async move {
        // With this task, the program ends.
        let _child = child;
        while let Some(sent) = sent.recv().await {
            let Sent::Keys(keys) = sent else { bail!("a terminal has no protocol") };
            to.write_all(&keys).await?;
        }
        Ok(())
    });
    Ok(viewer)
}
