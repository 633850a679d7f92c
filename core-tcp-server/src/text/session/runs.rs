//! Commands for runs.

use std::fmt::Write as _;

use wardroom_protocol::RunId;
use wardroom_protocol::limits::{RUN_TIMEOUT_MAX_S, WINDOW_MAX};
use wardroom_protocol::messages::{
    HostList, RunInfo, RunList, RunLose, RunSignal, RunStart, RunWatch, RunsIn, Signal, TermSize, Tty,
};
use wardroom_protocol::slash::RunLine;
use wardroom_protocol::visible::{exact, visible};

use super::{Session, nonce};
use crate::error::Error;
use crate::flow::Flow;
use crate::limits::PROPOSAL_MS;
use crate::runs;
use crate::sender::Item;
use crate::text::draw::left_words;
use crate::text::flows::UnackedFlow;
use crate::text::followed::Begin;
use crate::text::limits::RUNS_SHOWN;
use crate::text::moment::{size_words, span_words};

/// The size of a shell until somebody with a terminal holds its keyboard: the one that programs expect.
const SHELL_SIZE: TermSize = TermSize { cols: 80, rows: 24 };

impl Session {
    pub(super) async fn start_run(&mut self, line: RunLine) -> Result<(), Error> {
        let RunLine { cmd, hosts, label, sandbox } = line;
        let start = RunStart { cmd: Some(cmd), hosts, label, sandbox, ..self.new_run()? };
        self.start(start).await.map(drop)
    }

    /// Starts a login shell, which is shown here and typed into elsewhere.
    pub(super) async fn start_shell(&mut self, host: Option<String>) -> Result<(), Error> {
        let tty = Tty { size: SHELL_SIZE, fixed: false };
        let start = RunStart { host, tty: Some(tty), timeout_s: Some(RUN_TIMEOUT_MAX_S), ..self.new_run()? };
        if let Some(n) = self.start(start).await? {
            self.tell(&format!(
                "r{n} is a shell: its screen is shown here; type into it on the page, or with wardroom attach r{n}"
            ));
        }
        Ok(())
    }

    /// Starts a run and follows it, or says that it waits for an approval. Returns its number, if it runs.
    pub(super) async fn start(&mut self, start: RunStart) -> Result<Option<u64>, Error> {
        let started = runs::start(&self.state, &self.member, start).await?;
        if let Some(n) = started.proposal {
            let minutes = PROPOSAL_MS / 60_000;
            self.tell(&format!(
                "p{n} waits for somebody else to type /approve p{n}, for {minutes} minutes; /refuse p{n} withdraws it"
            ));
            return Ok(None);
        }
        for lane in started.runs.iter().filter(|lane| lane.run != started.run) {
            self.follow(lane.run, lane.n, true).await;
        }
        self.follow(started.run, started.n, true).await;
        Ok(Some(started.n))
    }

    /// Returns the start of a run in the current room, without a command.
    pub(super) fn new_run(&self) -> Result<RunStart, Error> {
        Ok(RunStart::new(self.current()?.name.clone(), nonce()))
    }

    pub(super) async fn watch_run(&mut self, n: u64) -> Result<(), Error> {
        let info = runs::find_by_n(&self.state, &self.member, n).await?;
        self.follow(info.run, info.n, true).await;
        Ok(())
    }

    pub(super) async fn unwatch_run(&mut self, n: u64) -> Result<(), Error> {
        let info = runs::find_by_n(&self.state, &self.member, n).await?;
        self.stop_flow(info.run);
        self.followed.forget(info.run);
        self.tell(&format!("r{n} goes on, unseen: /watch r{n} shows it again"));
        Ok(())
    }

    /// Watches the runs that started in the room.
    pub(super) async fn follow_noticed(&mut self) {
        while let Some((run, n)) = self.followed.unwatched() {
            self.follow(run, n, false).await;
        }
    }

    pub(super) async fn follow(&mut self, run: RunId, n: u64, is_own: bool) {
        match self.followed.begin(run, n, is_own) {
            Begin::New => {}
            Begin::Already => return,
            Begin::Full => return self.tell(&format!("you follow 32 runs already: /unwatch one, then /watch r{n}")),
        }
        match self.flow_of(run).await {
            Ok(flow) => self.sender.push(Item::Flow(UnackedFlow::over(flow))),
            Err(error) => {
                self.followed.forget(run);
                self.tell(&format!("the output of r{n} cannot be shown: {}", error.msg));
            }
        }
    }

    /// Returns the output of a run from its start on, or the changes of its screen.
    async fn flow_of(&self, run: RunId) -> Result<Box<dyn Flow>, Error> {
        if runs::get(&self.state, &self.member, run).await?.tty.is_some() {
            return runs::watch_text(&self.state, &self.member, &self.sender, run).await;
        }
        let watch = RunWatch { run, from: 0, window: Some(WINDOW_MAX), screen: false, at: None };
        runs::watch(&self.state, &self.member, &self.sender, watch).await
    }

    pub(super) async fn stop_run(&mut self, n: Option<u64>) -> Result<(), Error> {
        let info = match n {
            Some(n) => runs::find_by_n(&self.state, &self.member, n).await?,
            None => self.last_run().await?,
        };
        if let Some(exit) = info.exit {
            self.tell(&format!("r{} is over: {}", info.n, exit.words()));
            return Ok(());
        }
        runs::signal(&self.state, &self.member, RunSignal { run: info.run, signal: Signal::Term }).await?;
        self.tell(&format!("stopping r{}", info.n));
        Ok(())
    }

    pub(super) async fn lose_run(&mut self, n: u64) -> Result<(), Error> {
        let info = runs::find_by_n(&self.state, &self.member, n).await?;
        runs::lose(&self.state, &self.member, RunLose { run: info.run }).await
    }

    /// Returns the user's last open run; another user's only if it is the only one.
    async fn last_run(&self) -> Result<RunInfo, Error> {
        let room = Some(self.current()?.name.clone());
        let list = RunList { room, state: Some(RunsIn::Running), limit: Some(100), ..RunList::default() };
        let mut under_way = runs::list(&self.state, &self.member, list).await?.runs;
        let own = under_way.iter().position(|info| info.by == self.member.user.name);
        match (own, under_way.len()) {
            (Some(at), _) => Ok(under_way.swap_remove(at)),
            (None, 1) => Ok(under_way.swap_remove(0)),
            (None, 0) => Err(Error::not_found("no running commands")),
            _ => Err(Error::bad_request("several runs of others are under way: say which, as in /stop r4")),
        }
    }

    pub(super) async fn list_runs(&self, list: RunList) -> Result<(), Error> {
        let room = self.current()?.name.clone();
        let is_narrowed = list != RunList::default();
        let list = RunList { room: Some(room.clone()), limit: Some(RUNS_SHOWN), ..list };
        let infos = runs::list(&self.state, &self.member, list).await?.runs;
        if infos.is_empty() {
            let words = if is_narrowed { "no such runs in" } else { "no runs yet in" };
            self.tell(&format!("{words} {room}"));
            return Ok(());
        }
        let mut out = format!("# The last runs in {room}:\n");
        for info in infos.iter().rev() {
            let how = match (&info.exit, info.ms) {
                (None, _) => "runs".to_owned(),
                (Some(exit), Some(ms)) => format!("{} after {}", exit.words(), span_words(ms)),
                (Some(exit), None) => exit.words(),
            };
            let how = how + &left_words(&info.ended);
            let (cmd, host) = (exact(&info.cmd), visible(&info.host));
            let _ = writeln!(out, "#   r{:<5} {:<28} {} on {host}: {cmd}", info.n, visible(&how), info.by);
        }
        self.tell_lines(out);
        Ok(())
    }

    pub(super) async fn list_hosts(&self) -> Result<(), Error> {
        let mut out = String::from("# Hosts:\n");
        let listed = runs::list_hosts(&self.state, &self.member, &HostList::default()).await?;
        for info in &listed.hosts {
            let state = if info.connected { "connected" } else { "offline" };
            let _ = write!(out, "#   {:<20} {state}, {} running", visible(&info.host), info.runs);
            if let Some(load) = info.status.and_then(|status| status.load) {
                let _ = write!(out, ", load {load:.2}");
            }
            if let Some(free) = info.status.and_then(|status| status.free_bytes) {
                let _ = write!(out, ", {} free", size_words(free));
            }
            for (key, value) in &info.labels {
                let _ = write!(out, ", {}={}", visible(key), visible(value));
            }
            out.push('\n');
        }
        if listed.more {
            out.push_str("# there are more: wardroom hosts lists them all\n");
        }
        self.tell_lines(out);
        Ok(())
    }
}
