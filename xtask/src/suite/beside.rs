//! A command that runs beside a step, where that step leaves a core idle. Its output goes to a file, and is shown when its own step
//! comes.

use std::fs::File;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::{command, workspace};

/// The command, until its end. Dropped before, it is stopped.
pub struct Beside {
    child: Child,
    says: String,
    log: PathBuf,
}

impl Beside {
    /// Starts it; `name` names the file of its output under `target/xtask`.
    pub fn start(name: &str, command: &mut Command) -> Result<Beside> {
        let folder = workspace::target().join("xtask");
        std::fs::create_dir_all(&folder)?;
        let log = folder.join(format!("{name}.log"));
        let file = File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
        command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file);
        let says = command::shown(command);
        println!("$ {says}   (beside this step; its output comes in its own)");
        Ok(Beside { child: command::spawn(command)?, says, log })
    }

    /// Waits for its end, and shows what it said.
    pub fn end(mut self, limit: Duration) -> Result<()> {
        println!("$ {}", self.says);
        let ended = command::wait(&mut self.child, limit);
        print!("{}", std::fs::read_to_string(&self.log).unwrap_or_default());
        let status = ended.with_context(|| format!("{} was stopped", self.says))?;
        if status.success() { Ok(()) } else { bail!("{} failed: {status}", self.says) }
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        // Of one that has ended this is an error, and no harm.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
