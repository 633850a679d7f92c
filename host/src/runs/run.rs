//! The state of one run, shared by the link (which reads its progress, and passes on requests of the core) and its own
//! task in [`super::drive`] (which drives it).

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::watch;
use wardroom_protocol::messages::{HostEnded, Signal};
use wardroom_protocol::{RunId, UserName};

use super::exit::{Interrupt, StopBy};
use super::input::{Input, Rejected};
use crate::process::children::Leader;
use crate::spool::Spool;
use crate::spool::pump::Flow;

/// A run that this host holds.
#[derive(Debug)]
pub struct Run {
    /// Its id.
    pub id: RunId,
    /// Its spool.
    pub spool: Spool,
    /// The progress of its output; written by the pump.
    pub flow: watch::Sender<Flow>,
    /// Who has stopped it.
    pub stop: watch::Sender<Option<StopBy>>,
    /// Why input sent to it was lost: it must not continue with a gap.
    pub input_lost: watch::Sender<Option<Rejected>>,
    // Never held across an await.
    life: Mutex<RunState>,
}

#[derive(Debug, Default)]
struct RunState {
    /// Its first process, as soon as the core may be told.
    pid: Option<u32>,
    /// Its first process, while it may be signalled.
    leader: Option<Arc<Leader>>,
    input: Option<Arc<Input>>,
    interrupt: Option<(UserName, Signal, Instant)>,
    ended: Option<Arc<HostEnded>>,
    /// The core is done with it.
    is_forgotten: bool,
}

/// The state of a run for the core.
#[derive(Clone, Debug)]
pub struct RunReport {
    /// Its first process, if it has one.
    pub pid: Option<u32>,
    /// Bytes of output that can be sent.
    pub bytes: u64,
    /// How it ended. Then `bytes` is final.
    pub ended: Option<Arc<HostEnded>>,
}

impl Run {
    /// Makes a run that has no process yet. Input waits until it has one.
    pub fn new(id: RunId, spool: Spool, input: Option<Arc<Input>>) -> Run {
        let (flow, stop, input_lost) = Default::default();
        let life = Mutex::new(RunState { input, ..RunState::default() });
        Run { id, spool, flow, stop, input_lost, life }
    }

    /// Makes a run that was over before this host started.
    pub fn over(id: RunId, spool: Spool, ended: HostEnded) -> Run {
        let run = Run::new(id, spool, None);
        run.flow.send_modify(|flow| flow.bytes = ended.bytes);
        run.life().ended = Some(Arc::new(ended));
        run
    }

    fn life(&self) -> MutexGuard<'_, RunState> {
        self.life.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns its current state.
    pub fn standing(&self) -> RunReport {
        let (pid, ended) = {
            let life = self.life();
            (life.pid, life.ended.clone())
        };
        // Read after the two: no output can be sent before the start, and it is final if there is an end.
        let may_be_told = pid.is_some() || ended.is_some();
        let bytes = if may_be_told { self.flow.borrow().bytes } else { 0 };
        RunReport { pid, ended, bytes }
    }

    /// Returns true if it is over.
    pub fn is_over(&self) -> bool {
        self.life().ended.is_some()
    }

    /// Notes that it has a process. Passes on an interrupt that arrived too early.
    pub fn started(&self, leader: Arc<Leader>) {
        let mut life = self.life();
        life.pid = Some(leader.pid);
        if let Some((_, signal, at)) = &mut life.interrupt {
            *at = Instant::now();
            leader.signal_group(system_signal(*signal));
        }
        life.leader = Some(leader);
    }

    /// Forbids further signals to its processes; the last holder of the leader releases its zombie.
    pub fn release_leader(&self) {
        let leader = self.life().leader.take();
        drop(leader);
    }

    /// Notes that it is over.
    pub fn ended(&self, ended: HostEnded) {
        let mut life = self.life();
        life.input = None;
        life.ended = Some(Arc::new(ended));
    }

    /// Returns true if the core is done with it.
    pub fn is_forgotten(&self) -> bool {
        self.life().is_forgotten
    }

    /// Notes that the core is done with it; returns whether it is over.
    pub fn forgotten(&self) -> bool {
        let mut life = self.life();
        life.is_forgotten = true;
        life.ended.is_some()
    }

    /// Passes a member's signal on: INT and HUP to the process group, TERM and KILL as a stop.
    pub fn signal(&self, signal: Signal, by: UserName) {
        if matches!(signal, Signal::Term | Signal::Kill) {
            return self.stop(StopBy::Member(by, signal));
        }
        let mut life = self.life();
        life.interrupt = Some((by, signal, Instant::now()));
        if let Some(leader) = &life.leader {
            leader.signal_group(system_signal(signal));
        }
    }

    /// Requests its end. The first request counts, but a member's KILL overrides a TERM.
    pub fn stop(&self, by: StopBy) {
        self.stop.send_if_modified(|stop| {
            let is_harder = match (&*stop, &by) {
                (None, _) => true,
                (Some(StopBy::Member(_, Signal::Term)), StopBy::Member(_, Signal::Kill)) => true,
                (Some(_), _) => false,
            };
            if is_harder {
                *stop = Some(by);
            }
            is_harder
        });
    }

    /// Returns the last INT or HUP before the end of the first process.
    pub fn interrupt(&self, ended: Instant) -> Option<Interrupt> {
        let life = self.life();
        let (by, signal, at) = life.interrupt.as_ref()?;
        // An interrupt after the end had no effect.
        ended.checked_duration_since(*at)?;
        Some(Interrupt { by: by.clone(), signal: *signal })
    }

    /// Returns its standard input, if it has one and is not over.
    pub fn input(&self) -> Option<Arc<Input>> {
        self.life().input.clone()
    }
}

fn system_signal(signal: Signal) -> rustix::process::Signal {
    use rustix::process::Signal as System;
    match signal {
        Signal::Int => System::INT,
        Signal::Term => System::TERM,
        Signal::Kill => System::KILL,
        Signal::Hup => System::HUP,
    }
}
