//! A terminal with a command on it: a pseudo-terminal, and all that was written to it.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Termios, Winsize, tcgetattr, tcsetwinsize};

use crate::test_server::{Done, finish, signal, until};

pub struct Pty {
    master: File,
    /// The command's side, for its modes.
    slave: File,
    child: Option<Child>,
    written: Arc<Mutex<Vec<u8>>>,
    /// The modes before the command came.
    before: Termios,
}

impl Pty {
    pub fn start(mut command: Command, cols: u16, rows: u16) -> Pty {
        let master: OwnedFd = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap().into_string().unwrap();
        let slave = File::options().read(true).write(true).open(name).unwrap();
        tcsetwinsize(&master, size(cols, rows)).unwrap();
        let before = tcgetattr(&slave).unwrap();
        let end = || Stdio::from(slave.try_clone().unwrap());
        command.stdin(end()).stdout(end()).stderr(end()).env("TERM", "xterm-256color").env("LC_ALL", "C.UTF-8");
        let child = Some(command.spawn().unwrap());
        let master = File::from(master);
        let written = Arc::new(Mutex::new(Vec::new()));
        let (mut from, all) = (master.try_clone().unwrap(), Arc::clone(&written));
        std::thread::spawn(move || {
            let mut bytes = [0; 16 * 1024];
            while let Ok(len @ 1..) = from.read(&mut bytes) {
                all.lock().unwrap().extend_from_slice(&bytes[..len]);
            }
        });
        Pty { master, slave, child, written, before }
    }

    pub fn press(&self, keys: &str) {
        (&self.master).write_all(keys.as_bytes()).unwrap();
    }

    pub fn resize(&self, cols: u16, rows: u16) {
        tcsetwinsize(&self.master, size(cols, rows)).unwrap();
        self.signal(rustix::process::Signal::WINCH);
    }

    pub fn signal(&self, number: rustix::process::Signal) {
        signal(self.child.as_ref().unwrap(), number);
    }

    /// All that was written so far.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.written.lock().unwrap()).into_owned()
    }

    pub fn until_seen(&self, words: &str) {
        assert!(until(|| self.text().contains(words)), "{words:?}: not in time; there is {:?}", self.text());
    }

    /// Waits for the end of the command.
    pub fn ended(&mut self) -> Done {
        finish(self.child.take().unwrap())
    }

    pub fn is_raw(&self) -> bool {
        !tcgetattr(&self.slave).unwrap().local_modes.contains(LocalModes::ICANON)
    }

    /// The terminal is as it was before the command came.
    pub fn is_given_back(&self) -> bool {
        let now = tcgetattr(&self.slave).unwrap();
        let same = |modes: &Termios| (modes.input_modes, modes.output_modes, modes.local_modes, modes.control_modes);
        same(&now) == same(&self.before)
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().ok();
            child.wait().ok();
        }
    }
}

fn size(cols: u16, rows: u16) -> Winsize {
    Winsize { ws_col: cols, ws_row: rows, ws_xpixel: 0, ws_ypixel: 0 }
}
