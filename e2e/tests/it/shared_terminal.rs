//! A shared terminal of the real programs, whatever is killed meanwhile: every key is typed once and in order, and the
//! screen is what it was.

use std::time::Duration;

use serde_json::{Value, json};

use crate::browser::retry;
use crate::test_server::TestServer;
use crate::wire::Wire;

/// Types under the first lease, and again what was not acknowledged when a connection breaks.
struct Typist {
    wire: Wire,
    run: Value,
    /// The command has everything before this.
    acked: usize,
}

impl Typist {
    async fn send(&mut self, typed: &[u8]) -> Option<()> {
        let input = json!({"t":"run.input","run":self.run,"gen":1,"off":self.acked,"len":typed.len()});
        self.wire.send(&input, typed).await.ok()
    }

    /// Waits until the command has everything before `end`; `None` if it must be sent again.
    async fn acked(&mut self, end: usize) -> Option<()> {
        while self.acked < end {
            let (told, _) = self.wire.next().await?;
            match told["t"].as_str() {
                Some("run.input_ack") => self.acked = usize::try_from(told["off"].as_u64().unwrap()).unwrap(),
                Some("err") => {
                    assert_eq!(told["code"], "busy", "only a host that is away is a reason: {told}");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    return None;
                }
                _ => {}
            }
        }
        Some(())
    }
}

async fn lines(wire: &mut Wire, run: &Value) -> Vec<String> {
    let text = wire.ask(json!({"t":"term.text","run":run})).await;
    serde_json::from_value(text["lines"].clone()).unwrap()
}

#[tokio::test]
async fn every_key_is_typed_once_whatever_is_killed() {
    let mut server = TestServer::start();
    let token = server.add_user("ann", "operator").await;
    let mut wire = server.connect(&token).await;
    let typed: Vec<u8> = (0..12_000u32).map(|n| b'a' + u8::try_from(n * n % 25).unwrap()).collect();
    let file = server.folder.path().join("typed");
    let cmd = format!(
        "stty raw -echo; printf '\\033]2;a title\\007\\033[7mready\\033[m'; head -c {} >{}",
        typed.len(),
        file.display()
    );
    let start = json!({"t":"run.start","room":"general","tty":{"cols":80,"rows":24},"cmd":cmd,"nonce":"t1"});
    let started =
        retry("the host", async || wire.try_ask(start.clone()).await.filter(|answer| answer["t"] == "ok")).await;
    let run = started["run"].clone();
    retry("its terminal", async || (lines(&mut wire, &run).await == ["ready"]).then_some(())).await;
    let mut ann = Typist { wire, run, acked: 0 };
    let mut nth = 0usize;
    while ann.acked < typed.len() {
        nth += 1;
        let end = typed.len().min(ann.acked + 1 + nth * 37 % 400);
        let begin = ann.acked;
        let is_sent = ann.send(&typed[begin..end]).await.is_some();
        match nth % 16 {
            3 => server.restart_core(),
            7 => server.restart_host(),
            11 => {
                server.restart_core();
                server.restart_host();
            }
            // The connection alone, with the keys on their way.
            1 | 5 | 13 => ann.wire = Wire::signed_in(&server.tcp, &token).await,
            _ if is_sent && ann.acked(end).await.is_some() => continue,
            _ => {}
        }
        ann.wire = Wire::signed_in(&server.tcp, &token).await;
    }
    let run = ann.run.clone();
    let ended = retry("its end", async || {
        let info = ann.wire.ask(json!({"t":"run.get","run":run})).await;
        (!info["exit"].is_null()).then_some(info)
    });
    assert_eq!(ended.await["exit"], json!({"code":0}));
    assert!(std::fs::read(file).unwrap() == typed, "every key once, in order");
    assert_eq!(lines(&mut ann.wire, &run).await, ["ready"], "the last screen");
    let text = ann.wire.ask(json!({"t":"term.text","run":run})).await;
    assert_eq!(text["title"], "a title");
}
