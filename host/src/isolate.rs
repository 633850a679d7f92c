//! Chooses how commands are kept from the server's files: the first level that is seen to work on this machine.

use std::path::PathBuf;

use wardroom_protocol::messages::{RunLimits, SANDBOXES};

use crate::process::exec::{PROBE_PASSED, RunSpec};
use crate::process::isolation::{Isolation, Level, find_user};
use crate::process::sandbox::Sandbox;
use crate::shim::Stage;

/// What the administrator wants.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub enum Wanted {
    /// The best that works.
    #[default]
    Auto,
    /// Exactly this level.
    Exactly(Level),
    /// Commands run as this user.
    RunAs(String),
}

/// Returns an isolation that hides these paths, and keeps others from being changed. Blocks for some milliseconds.
///
/// # Errors
/// Why no command can be kept from them, and what to do, for people.
pub fn choose(wanted: &Wanted, hidden: &[PathBuf], read_only: &[PathBuf]) -> Result<Isolation, String> {
    let hidden = outermost(hidden.iter().filter_map(|path| path.canonicalize().ok()).collect());
    let of = |level: Level, user: Option<String>| Isolation {
        level,
        hidden: hidden.clone(),
        read_only: read_only.to_vec(),
        user,
    };
    match wanted {
        Wanted::Exactly(Level::None) => Ok(of(Level::None, None)),
        Wanted::RunAs(name) => {
            if !rustix::process::getuid().is_root() {
                return Err(
                    "only root can run commands as another user: start it as root, or leave --run-as out".to_owned()
                );
            }
            find_user(name)?;
            let isolation = of(Level::User, Some(name.clone()));
            probe(&isolation, Sandbox::default()).map(|()| isolation)
        }
        Wanted::Exactly(level) => {
            let isolation = of(*level, None);
            probe(&isolation, Sandbox::default()).map(|()| isolation)
        }
        Wanted::Auto => {
            let mut why = Vec::new();
            for level in [Level::Namespace, Level::Landlock] {
                let isolation = of(level, None);
                match probe(&isolation, Sandbox::default()) {
                    Ok(()) => return Ok(isolation),
                    Err(reason) => why.push(reason),
                }
            }
            Err(why.join("; "))
        }
    }
}

/// Returns the names of the sandboxes that work here with this isolation; each with the reason in the log if not. Blocks
/// for some milliseconds.
pub fn sandboxes(mut isolation: Isolation) -> Vec<&'static str> {
    if isolation.level == Level::None {
        // Nothing is hidden on this level, so a probe that can read it has not failed.
        isolation.hidden.clear();
    }
    if probe(&isolation, Sandbox::ALL).is_ok() {
        return SANDBOXES.to_vec();
    }
    let works = |name: &&str| {
        let probed = Sandbox::of([&(*name).to_owned()]).and_then(|sandbox| probe(&isolation, sandbox));
        probed.inspect_err(|why| tracing::info!(why, sandbox = *name, "runs cannot have this sandbox here")).is_ok()
    };
    SANDBOXES.into_iter().filter(works).collect()
}

/// Removes what is inside another path of the list: it cannot be found once that is hidden.
fn outermost(mut paths: Vec<PathBuf>) -> Vec<PathBuf> {
    paths.sort();
    // A folder sorts before what is in it.
    paths.dedup_by(|later, earlier| later.starts_with(earlier));
    paths
}

/// Applies an isolation and a sandbox to a process of its own, and sees whether that can read anything hidden.
fn probe(isolation: &Isolation, sandbox: Sandbox) -> Result<(), String> {
    let spec = RunSpec {
        argv: Vec::new(),
        cwd: "/".to_owned(),
        env: Vec::new(),
        tag: 0,
        tty: false,
        merge: false,
        limits: RunLimits::default(),
        isolation: isolation.clone(),
        sandbox,
        is_probe: true,
    };
    let failed = |error: std::io::Error| error.to_string();
    let (mut stage, launch, _) = Stage::start(None).map_err(failed)?.into_parts().map_err(failed)?;
    let answer = launch.send(&spec, None);
    stage.wait();
    match answer {
        Err(answer) if answer == PROBE_PASSED => Ok(()),
        Err(why) => Err(why),
        Ok(()) => Err("the probe ended without an answer".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_outermost_paths_stay() {
        let paths = ["/b/keys/host.key", "/a", "/b", "/b/host", "/bc", "/a"].map(PathBuf::from).to_vec();
        assert_eq!(outermost(paths), ["/a", "/b", "/bc"].map(PathBuf::from));
    }
}
