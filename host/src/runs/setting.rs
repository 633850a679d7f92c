//! What all runs of a host share, and the order that it makes of a request.

use wardroom_protocol::messages::HostStart;

use super::environment;
use super::policy::Policy;
use super::run::Run;
use super::shims::Shims;
use crate::process::isolation::Isolation;
use crate::process::sandbox::Sandbox;
use crate::shim::wire::Order;

/// What all runs of a host share.
#[derive(Debug)]
pub struct Setting {
    /// Starts shims.
    pub shims: Shims,
    /// The folder of commands that request none.
    pub work: String,
    /// The id of this boot.
    pub boot: String,
    /// What commands are kept from; or why they cannot be, so that none is run.
    pub isolation: Result<Isolation, String>,
    /// The sandboxes that work on this machine.
    pub sandboxes: Vec<&'static str>,
    /// What runs may use.
    pub policy: Policy,
}

impl Setting {
    /// Returns why this host runs no commands, as text for the room.
    pub fn unsafe_to_run(&self) -> Option<String> {
        let why = self.isolation.as_ref().err()?;
        Some(format!("this host cannot keep commands from the server's files ({why}), and its log says what to do"))
    }

    /// Returns why a run is not started whose record names another isolation: it was recorded before this host came.
    pub fn isolated_otherwise(&self, start: &HostStart) -> Option<String> {
        let recorded = start.isolation.as_deref()?;
        let level = self.isolation.as_ref().ok()?.level.as_str();
        let why =
            format!("its host was started anew and isolates commands by {level} now, not by {recorded}: run it again");
        (level != recorded).then_some(why)
    }

    /// Returns why a run is not started that wants a sandbox which does not work here.
    pub fn without_sandbox(&self, start: &HostStart) -> Option<String> {
        let name = start.sandbox.iter().find(|name| !self.sandboxes.contains(&name.as_str()))?;
        Some(format!("this host cannot set up the sandbox {name}, and its log says why: choose another host"))
    }

    /// Returns the order for a shim.
    pub fn order(&self, run: &Run, start: HostStart) -> Order {
        let isolation = self.isolation.clone().unwrap_or_default();
        let user = environment::RunUser::of(&isolation);
        let env = environment::of(&start, &user);
        let (limits, timeout_s) = (self.policy.limits_of(&start), self.policy.timeout_s(&start));
        let output_bytes_max =
            limits.output_bytes.map_or(start.output_bytes_max, |most| most.min(start.output_bytes_max));
        let argv = if start.argv.is_empty() { vec![user.shell, "-l".to_owned()] } else { start.argv };
        Order {
            run: run.id,
            spool: run.spool.path().to_string_lossy().into_owned(),
            boot: self.boot.clone(),
            argv,
            cwd: start.cwd.unwrap_or_else(|| self.work.clone()),
            env,
            tty: start.tty.map(|tty| tty.size),
            stdin: start.stdin,
            merge: start.merge,
            detach: start.detach,
            timeout_s,
            limits,
            output_bytes_max,
            isolation,
            // Unknown names were refused.
            sandbox: Sandbox::of(&start.sandbox).unwrap_or(Sandbox::ALL),
            secrets: start.secrets,
        }
    }
}
