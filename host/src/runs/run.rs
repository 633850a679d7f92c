//! One run, as all who deal with it share it: the link (which reads how far it is, and passes on what the core wants of
//! it) and its own task in [`super::drive`] (which makes it go on).

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
    /// Where its output lies.
    pub spool: Spool,
    /// How far its output is; the pump writes it.
    pub flow: watch::Sender<Flow>,
    /// Who wants it to end.
    pub stop: watch::Sender<Option<StopBy>>,
    /// Why input that was sent to it is lost: it must not run on with a gap.
    pub input_lost: watch::Sender<Option<Rejected>>,
    // Never held across an await.
    life: Mutex<RunState>,
}

#[derive(Debug, Default)]
struct RunState {
    /// Its first process, from the moment when the core may be told.
    pid: Option<u32>,
    /// Its first process, while it may be signalled.
    leader: Option<Arc<Leader>>,
    input: Option<Arc<Input>>,
    interrupt: Option<(UserName, Signal, Instant)>,
    ended: Option<Arc<HostEnded>>,
    /// The core wants to hear no more of it.
    is_forgotten: bool,
}

/// What the core is to be told of a run.
#[derive(Clone, Debug)]
pub struct RunReport {
    /// Its first process, if it has one.
    pub pid: Option<u32>,
    /// Bytes of output that can be sent.
    pub bytes: u64,
    /// How it ended. `bytes` is final then.
    pub ended: Option<Arc<HostEnded>>,
}

impl Run {
    /// A run that has no process yet. What is sent to its input waits for one.
    pub fn new(id: RunId, spool: Spool, input: Option<Arc<Input>>) -> Run {
        let (flow, stop, input_lost) = Default::default();
        let life = Mutex::new(RunState { input, ..RunState::default() });
        Run { id, spool, flow, stop, input_lost, life }
    }

    /// A run that was over before this host started.
    pub fn over(id: RunId, spool: Spool, ended: HostEnded) -> Run {
        let run = Run::new(id, spool, None);
        run.flow.send_modify(|flow| flow.bytes = ended.bytes);
        run.life().ended = Some(Arc::new(ended));
        run
    }

    fn life(&self) -> MutexGuard<'_, RunState> {
        self.life.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How it stands now.
    pub fn standing(&self) -> RunReport {
        let (pid, ended) = {
            let life = self.life();
            (life.pid, life.ended.clone())
        };
        // Read after the two: no output can be told before the start, and it is final if there is an end.
        let may_be_told = pid.is_some() || ended.is_some();
        let bytes = if may_be_told { self.flow.borrow().bytes } else { 0 };
        RunReport { pid, ended, bytes }
    }

    /// True when it is over.
    pub fn is_over(&self) -> bool {
        self.life().ended.is_some()
    }

    /// It has a process. An interrupt that came too early is passed on.
    pub fn started(&self, leader: Arc<Leader>) {
        let mut life = self.life();
        life.pid = Some(leader.pid);
        if let Some((_, signal, at)) = &mut life.interrupt {
            *at = Instant::now();
            leader.signal_group(system_signal(*signal));
        }
        life.leader = Some(leader);
    }

    /// Its processes may not be signalled any more; with the last holder of the leader, its zombie goes.
    pub fn release_leader(&self) {
        let leader = self.life().leader.take();
        drop(leader);
    }

    /// It is over.
    pub fn ended(&self, ended: HostEnded) {
        let mut life = self.life();
        life.input = None;
        life.ended = Some(Arc::new(ended));
    }

    /// True if the core wants to hear no more of it.
    pub fn is_forgotten(&self) -> bool {
        self.life().is_forgotten
    }

    /// The core wants to hear no more of it; gives whether it is over.
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

    /// Wants it to end. The first who does counts, but a member's KILL outdoes a TERM.
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

    /// The last INT or HUP, told from the end of the first process.
    pub fn interrupt(&self, ended: Instant) -> Option<Interrupt> {
        let life = self.life();
        let (by, signal, at) = life.interrupt.as_ref()?;
        // One that came after the end had no effect on it.
        ended.checked_duration_since(*at)?;
        Some(Interrupt { by: by.clone(), signal: *signal })
    }

    /// Its standard input, if it has one and is not over.
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
