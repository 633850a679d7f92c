//! The loop of a shim: one `poll`, then everything that it showed.

use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use rustix::event::PollFlags;
use rustix::process::Signal as System;
use wardroom_protocol::messages::{Exit, HostEnded, Signal};

use super::command::signal_group;
use super::exit::{Interrupt, StopCause, exit};
use super::link::Link;
use super::output::OutputState;
use super::pace::Pace;
use super::phase::{Life, Phase, has_others};
use super::signals::Signals;
use super::start::{Command, Started, set_size};
use super::told::Told;
use super::wait::{Source, wait};
use super::watchdog::Watchdog;
use super::wire::{Ended, Request, Resized, SendSignal, Unknown};
use crate::limits::{END_RETRY_MS, STRANGERS_MAX};

/// A shim with its run.
pub struct Shim {
    started: StartedRun,
    command: Option<Command>,
    life: Life,
    watchdog: Watchdog,
    link: Option<Link>,
    /// Connections that have not shown the key yet.
    strangers: Vec<Link>,
    signals: Signals,
    /// The last INT or HUP of a member while the first process ran.
    interrupt: Option<Interrupt>,
    told: Told,
    pace: Pace,
    is_forgotten: bool,
}

/// What stays of [`Started`].
struct StartedRun {
    run: wardroom_protocol::RunId,
    spool: crate::spool::Spool,
    listener: std::os::unix::net::UnixListener,
    key: String,
    began: Instant,
    failed: Option<String>,
}

impl Shim {
    /// Takes over a run.
    pub fn new(started: Started, signals: Signals) -> Shim {
        let Started { order, spool, listener, key, host, began, mut command } = started;
        let patterns = command.as_ref().map(|command| command.output.patterns().clone()).unwrap_or_default();
        let deadline = began + Duration::from_secs(order.timeout_s);
        let cgroup = command.as_mut().ok().and_then(|command| command.leader.take_cgroup());
        let life = Life::new(deadline, order.detach, order.tty.is_some(), patterns);
        let (command, failed) = match command {
            Ok(command) => (Some(command), None),
            Err(why) => (None, Some(why)),
        };
        let run = StartedRun { run: order.run, spool, listener, key, began, failed };
        Shim {
            started: run,
            command,
            life,
            watchdog: Watchdog::new(order.limits, began, cgroup),
            link: Link::new(host).ok(),
            strangers: Vec::new(),
            signals,
            interrupt: None,
            told: Told::default(),
            pace: Pace::default(),
            is_forgotten: false,
        }
    }

    /// Sees the run through, until its end is kept.
    pub fn run(mut self) {
        self.greet();
        while self.command.is_some() && !matches!(self.life.phase, Phase::Over) {
            self.turn();
        }
        self.end();
    }

    fn turn(&mut self) {
        let limits = self.watchdog.patience().filter(|_| self.life.can_be_stopped());
        let now = Instant::now();
        let bytes = self.command.as_ref().map_or(0, |command| command.output.state().bytes);
        let may_read = self.pace.may_read(bytes, now) || !matches!(self.life.phase, Phase::Running);
        let patience = [self.life.patience(), limits, self.pace.patience(now)];
        let ready = self.wait(may_read, patience.into_iter().flatten().min());
        for source in ready {
            self.handle(source);
        }
        if let Some(command) = &mut self.command {
            self.life.step(&mut command.leader, command.output.is_closed());
        }
        self.check_limits();
        self.report();
    }

    fn handle(&mut self, source: Source) {
        match (source, &mut self.command) {
            (Source::Signals, command) => {
                self.signals.clear();
                // Orphans that have ended are reaped while the run goes on.
                if let Some(command) = command {
                    has_others(&mut command.leader);
                }
            }
            (Source::Listener, _) => self.accept(),
            (Source::Link, _) => self.read_link(),
            (Source::Stranger(index), _) => self.meet(index),
            (Source::Output(fd), Some(command)) => drop(command.output.take(fd)),
            (Source::Input, Some(command)) => command.input.write(),
            (Source::Leader | Source::Output(_) | Source::Input, _) => {}
        }
    }

    /// Waits, and returns what can be read or written.
    fn wait(&self, may_read: bool, at_most: Option<Duration>) -> Vec<Source> {
        let mut sources = vec![(Source::Signals, self.signals.child(), PollFlags::IN)];
        sources.push((Source::Listener, self.started.listener.as_fd(), PollFlags::IN));
        if let Some(link) = &self.link {
            let flags = if link.has_backlog() { PollFlags::IN | PollFlags::OUT } else { PollFlags::IN };
            sources.push((Source::Link, link.stream.as_fd(), flags));
        }
        let strangers = self.strangers.iter().enumerate();
        sources.extend(strangers.map(|(index, link)| (Source::Stranger(index), link.stream.as_fd(), PollFlags::IN)));
        if let Some(command) = &self.command {
            // Once the leader has ended, its descriptor would end every wait.
            if matches!(self.life.phase, Phase::Running) {
                sources.push((Source::Leader, command.leader.pidfd.as_fd(), PollFlags::IN));
            }
            let outputs = command.output.sources().iter().filter(|_| may_read);
            sources.extend(outputs.map(|(fd, source)| (Source::Output(*fd), source.as_fd(), PollFlags::IN)));
            sources.extend(command.input.wanted().map(|sink| (Source::Input, sink, PollFlags::OUT)));
        }
        wait(&sources, at_most)
    }

    fn accept(&mut self) {
        if let Ok((stream, _)) = self.started.listener.accept()
            && let Ok(link) = Link::new(stream)
        {
            if self.strangers.len() >= STRANGERS_MAX {
                self.strangers.remove(0);
            }
            self.strangers.push(link);
        }
    }

    /// Lets a connection in that shows the key, with what it asks for.
    fn meet(&mut self, index: usize) {
        let Some(stranger) = self.strangers.get_mut(index) else { return };
        let (requests, is_open) = stranger.receive();
        let mut requests = requests.into_iter();
        match requests.next() {
            None if is_open => {}
            Some(Request::Attach(attach)) if attach.key == self.started.key => {
                // The host that had the other connection is gone, or it would not have connected again.
                self.link = Some(self.strangers.remove(index));
                self.greet();
                self.carry_out_all(requests, is_open);
            }
            _ => drop(self.strangers.remove(index)),
        }
    }

    /// Tells a host that has just connected how far the run is.
    fn greet(&mut self) {
        let Some(link) = &mut self.link else { return };
        // It says itself how far its core follows.
        (self.told, self.pace) = (Told::greet(link, self.command.as_ref()), Pace::default());
        self.flush();
    }

    fn read_link(&mut self) {
        let Some(link) = &mut self.link else { return };
        let (requests, is_open) = link.receive();
        self.carry_out_all(requests.into_iter(), is_open);
    }

    fn carry_out_all(&mut self, requests: impl Iterator<Item = Request>, is_open: bool) {
        for request in requests {
            if !self.carry_out(request) {
                return self.hang_up();
            }
        }
        if !is_open {
            self.hang_up();
        }
    }

    /// Carries out a request. Returns false if the host must connect again.
    fn carry_out(&mut self, request: Request) -> bool {
        let Some(command) = &mut self.command else { return true };
        match request {
            Request::Input(input, bytes) => return command.input.receive(input.off, bytes),
            Request::Eof(eof) => command.input.end(eof.off),
            Request::Reply(reply, bytes) => command.input.reply(reply.at, bytes),
            Request::Resize(resize) => {
                let Some(terminal) = &command.terminal else { return true };
                // What was written for the old size comes before the new one.
                command.output.take_the_rest();
                if set_size(terminal, resize.size).is_ok() {
                    let off = command.output.resized(resize.size);
                    if let Some(link) = &mut self.link {
                        link.push(&Resized { off, size: resize.size });
                    }
                }
            }
            Request::Signal(SendSignal { signal, by }) => self.signal(signal, by),
            Request::Stop(stop) => self.life.stop(StopCause::Host(stop.why)),
            Request::Passed(passed) if command.terminal.is_some() => self.pace.passed(passed.off),
            Request::Forget(_) => self.is_forgotten = true,
            Request::Attach(_) | Request::Passed(_) => {}
            Request::Unknown(got) => {
                if let Some(link) = &mut self.link {
                    link.push(&Unknown { got });
                }
            }
        }
        true
    }

    fn signal(&mut self, signal: Signal, by: wardroom_protocol::UserName) {
        let system = match signal {
            Signal::Int => System::INT,
            Signal::Hup => System::HUP,
            Signal::Term | Signal::Kill => return self.life.stop(StopCause::Member(by, signal)),
        };
        let Some(command) = &self.command else { return };
        // Noted first: it may end the command at once.
        if command.leader.status().is_none() {
            self.interrupt = Some(Interrupt { by, signal });
        }
        // The program in front, as if its user had pressed Ctrl-C.
        let in_front = command.terminal.as_ref().and_then(|terminal| rustix::termios::tcgetpgrp(terminal).ok());
        match in_front {
            Some(group) => signal_group(group, system),
            None => command.leader.signal_group(system),
        }
    }

    fn check_limits(&mut self) {
        let Some(command) = &self.command else { return };
        let state = command.output.state();
        if self.life.cause.is_none() && state.failure.is_some() {
            self.life.stop(StopCause::Spool);
        } else if self.life.cause.is_none() && state.is_over_limit {
            self.life.stop(StopCause::Limit("output"));
        } else if self.life.can_be_stopped()
            && let Some(limit) = self.watchdog.check((state.bytes, command.input.written()))
        {
            self.life.stop(StopCause::Limit(limit));
        }
    }

    /// Tells the host what is new, unless it still has to read what it was told before.
    fn report(&mut self) {
        self.flush();
        let (Some(link), Some(command)) = (&mut self.link, &self.command) else { return };
        if !link.has_backlog() {
            self.told.progress(link, command);
            if matches!(self.life.phase, Phase::Detached) {
                let (status, state) = (command.leader.status(), command.output.state());
                let exit = || exit(None, self.interrupt.as_ref(), status, state, &self.watchdog);
                self.told.detached(link, &self.life.kept, exit);
            }
        }
        self.flush();
    }

    fn flush(&mut self) {
        if self.link.as_mut().is_some_and(|link| !link.flush()) {
            self.hang_up();
        }
    }

    fn hang_up(&mut self) {
        (self.link, self.pace) = (None, Pace::default());
    }

    /// Keeps the end, and tells the host.
    fn end(mut self) {
        let ended = self.ended();
        let mut is_told = false;
        while !self.started.spool.try_write_end(&ended) && !self.is_forgotten {
            // The spool's disk is full. The host is told, and this is tried again until either has it.
            if let (Some(link), false) = (&mut self.link, is_told) {
                link.push(&Ended { end: ended.clone() });
                is_told = true;
            }
            let had_link = self.link.is_some();
            for source in self.wait(true, Some(Duration::from_millis(END_RETRY_MS))) {
                self.handle(source);
            }
            is_told &= had_link && self.link.is_some();
            self.flush();
        }
        if let Some(mut link) = self.link.take() {
            if !is_told {
                link.push(&Ended { end: ended });
            }
            link.finish();
        }
    }

    fn ended(&mut self) -> HostEnded {
        let ms = u64::try_from(self.started.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let run = self.started.run;
        let Some(mut command) = self.command.take() else {
            let failed = self.started.failed.take().unwrap_or_default();
            let exit = Exit::Failed { failed };
            return HostEnded { run, exit, bytes: 0, ms, truncated: false, left: 0, ended: Vec::new() };
        };
        if !command.output.is_closed() {
            // A process outside the run holds a pipe. What the pipe contains now is the run's; the rest is not.
            command.output.take_the_rest();
            command.output.close();
        }
        let state: OutputState = command.output.state().clone();
        let (cause, interrupt, watchdog) = (self.life.cause.as_ref(), self.interrupt.as_ref(), &self.watchdog);
        let exit = exit(cause, interrupt, command.leader.status(), &state, watchdog);
        let truncated = state.is_over_limit || state.failure.is_some();
        let ended = std::mem::take(&mut self.life.ended);
        HostEnded { run, exit, bytes: state.bytes, ms, truncated, left: self.life.left, ended }
    }
}
