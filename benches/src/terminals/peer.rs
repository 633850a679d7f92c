//! A contender, whichever it is.

use std::time::Duration;

use anyhow::Result;

use super::openssh::OpenSsh;
use super::script;
use super::sshx::Sshx;
use super::viewer::Viewer;
use super::wardroom::Wardroom;
use super::wetty::Wetty;

/// What a viewer may take until it shows something: 200 of them connect on two cores.
const READY_WAIT: Duration = Duration::from_secs(30);

/// A contender.
pub struct Peer {
    /// For the table.
    pub name: &'static str,
    /// Its server.
    pub server: Kind,
}

/// Its server.
pub enum Kind {
    /// Ours.
    Wardroom(Wardroom),
    /// With tmux, or alone.
    OpenSsh(OpenSsh),
    /// In a browser.
    Wetty(Wetty),
    /// In browsers that share it.
    Sshx(Sshx),
}

impl Peer {
    /// Starts a terminal. The one before it is stopped.
    pub async fn start(&mut self, script: &str) -> Result<()> {
        match &mut self.server {
            Kind::Wardroom(wardroom) => wardroom.start(script).await,
            Kind::OpenSsh(ssh) => ssh.start(script),
            Kind::Wetty(wetty) => wetty.start(script).await,
            Kind::Sshx(sshx) => sshx.start(script).await,
        }
    }

    /// One more viewer, which reads so many bytes a second at most. The first one has the keyboard; it waits until the
    /// script can be typed to. `seen_bytes` is how much of the output others have.
    pub async fn viewer(&mut self, seen_bytes: u64, pace: Option<u64>) -> Result<Viewer> {
        match &mut self.server {
            Kind::Wardroom(wardroom) => wardroom.viewer(seen_bytes, pace).await,
            Kind::OpenSsh(ssh) => ssh.viewer(pace),
            Kind::Wetty(wetty) => wetty.viewer(pace).await,
            Kind::Sshx(sshx) => sshx.viewer(pace).await,
        }
    }

    /// Starts a terminal, and has one look at it who may type.
    pub async fn typist(&mut self, script: &str) -> Result<Viewer> {
        self.start(script).await?;
        let viewer = self.viewer(0, None).await?;
        viewer.look_for(script::READY);
        viewer.found(READY_WAIT).await?;
        Ok(viewer)
    }

    /// The processes of its server.
    pub fn processes(&self) -> Result<Vec<u32>> {
        match &self.server {
            Kind::Wardroom(wardroom) => wardroom.processes(),
            Kind::OpenSsh(ssh) => ssh.processes(),
            Kind::Wetty(wetty) => wetty.processes(),
            Kind::Sshx(sshx) => sshx.processes(),
        }
    }
}
