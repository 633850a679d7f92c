//! The search in the open output view. The server looks through the output, a part at a time.

use wardroom_client_core::protocol::messages::{RunFind, RunFindOk};
use wardroom_protocol::RunId;
use wasm_bindgen_futures::spawn_local;

use super::Engine;
use super::open_output::Finding;
use crate::logic::output_find::Wanted;

impl Engine {
    /// Looks for something after the marked line, or after `from`; or before it.
    pub fn find_in_output(&self, run: RunId, wanted: &Wanted, is_back: bool, from: u64) {
        let texts = wanted.texts();
        let started = self.change_output(run, |open| {
            open.search += 1;
            open.finding = if texts.is_empty() { Finding::Done } else { Finding::At(from) };
            let line = open.target.and_then(|(at, _)| open.log.lines().get(open.log.line_of(at)?));
            let marked = line.map(|line| if is_back { line.off } else { line.end });
            (open.search, open.streams.fd(), marked)
        });
        let Some((search, fd, marked)) = started.filter(|_| !texts.is_empty()) else { return };
        let (engine, from) = (self.clone(), marked.unwrap_or(from));
        spawn_local(async move {
            let ask = RunFind { run, texts, fd, from: Some(from), back: is_back };
            let mut found = engine.find_all(search, ask.clone()).await;
            if found == Ok(None) {
                // From the other end on.
                found = engine.find_all(search, RunFind { from: None, ..ask }).await;
            }
            let is_current = engine.read_output(run, |open| open.search == search);
            if is_current != Some(true) {
                return;
            }
            let finding = if found == Ok(None) { Finding::Missing } else { Finding::Done };
            engine.change_output(run, |open| {
                open.finding = finding;
                open.has_failed |= found.is_err();
            });
            if let Ok(Some(at)) = found {
                engine.go_to_byte(run, at);
            }
        });
    }

    /// Looks as long as it takes, unless another search begins.
    pub(super) async fn find_all(&self, search: u32, mut ask: RunFind) -> Result<Option<u64>, ()> {
        loop {
            let found: RunFindOk = self.ask(ask.clone()).await.ok_or(())?;
            let Some(next) = found.next.filter(|_| found.at.is_none()) else { return Ok(found.at) };
            ask.from = Some(next);
            let goes_on = self.change_output(ask.run, |open| {
                let goes_on = search == 0 || open.search == search;
                if search > 0 && goes_on {
                    open.finding = Finding::At(next);
                }
                goes_on
            });
            if goes_on != Some(true) {
                return Err(());
            }
        }
    }
}
