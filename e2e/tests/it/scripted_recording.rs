//! The recording of a terminal that a scripted host makes: the times of its output are set afterwards, so that nobody has to
//! wait for them.

use std::os::unix::fs::FileExt as _;

use serde_json::json;

use crate::held_against_tmux::{Recording, rows_of};
use crate::in_the_page::Ops;
use crate::terminal_in_the_page::ScriptedHost;

/// Milliseconds without output: more than a test waits, if they were not skipped.
pub const IDLE_MS: u64 = 600_000;
/// How long all of it took.
pub const MS: u64 = IDLE_MS + 65_000;

/// A piece of output: when it came, the size from it on, and its bytes.
pub type Piece = (u64, Option<(u16, u16)>, Vec<u8>);

/// What somebody did at a terminal of 80 by 24.
fn session() -> Vec<Piece> {
    let bytes = |text: &str| text.as_bytes().to_vec();
    let flood: String = (0..30_000)
        .map(|n| format!("\x1b[3{}mline {n} of a flood, 你好 {}\x1b[m\r\n", n % 8, "=".repeat(n % 30)))
        .collect();
    vec![
        (1_000, None, bytes("\x1b[2J\x1b[H\x1b[1;31mred\x1b[m \x1b[38;2;10;200;30mtrue colour\x1b[m 中文\r\n")),
        // Questions, and a program that writes to the clipboard: in a recording they mean nothing.
        (2_000, None, bytes("$ \x1b[c\x1b[6n\x1b]11;?\x07\x1b]52;c;c2VjcmV0\x07second")),
        (
            2_000 + IDLE_MS,
            Some((100, 30)),
            bytes("\x1b[2J\x1b[Hafter the pause, on a larger screen\r\n\x1b[28;90Hcorner"),
        ),
        (10_000 + IDLE_MS, None, bytes("\x1b[H\x1b[2J").into_iter().chain(flood.into_bytes()).collect()),
        (20_000 + IDLE_MS, None, bytes("\x1b[?1049h\x1b[2J\x1b[5;5Hanother screen")),
        (30_000 + IDLE_MS, Some((80, 24)), bytes("\x1b[?1049l\x1b[2J\x1b[Hthe end\r\n")),
    ]
}

/// A room with the recording of [`session`].
pub struct Recorded {
    pub ops: Ops,
    pub run: String,
    pieces: Vec<Piece>,
}

impl Recorded {
    /// Starts a server with it.
    pub async fn start() -> Self {
        let mut ops = Ops::start().await;
        let mut host = ScriptedHost::connect(&ops).await;
        let tty = json!({"cols": 80, "rows": 24});
        let start = json!({"t":"run.start","room":"ops","cmd":"deploy by hand","host":"web1","tty":tty,"nonce":"r1"});
        let run = ops.ann.ask(start).await["run"].as_str().unwrap().to_owned();
        host.started().await;
        let pieces = session();
        let mut begins = Vec::new();
        for (_, size, bytes) in &pieces {
            begins.push(host.printed as u64);
            let mut size = *size;
            for part in bytes.chunks(60_000) {
                let mut output = json!({"t":"host.output","run":run,"fd":1,"off":host.printed,"len":part.len()});
                if let Some((cols, rows)) = size.take() {
                    (output["cols"], output["rows"]) = (json!(cols), json!(rows));
                }
                host.wire.send(&output, part).await.unwrap();
                host.printed += part.len();
                while host.wire.next_of("host.ack").await["off"] != json!(host.printed) {}
            }
        }
        let end = json!({"t":"host.ended","run":run,"exit":{"code":0},"bytes":host.printed,"ms":MS});
        host.wire.send(&end, &[]).await.unwrap();
        host.wire.next_of("host.forget").await;
        let at = ops.ann.ask(json!({"t":"run.get","run":run})).await["at"].as_u64().unwrap();
        set_times(&ops, &run, pieces.iter().zip(&begins).map(|((ms, _, _), off)| (*off, at + ms)));
        Self { ops, run, pieces }
    }

    /// What tmux shows of the output up to a moment.
    pub fn expected(&self, ms: u64) -> impl Fn() -> Vec<String> + use<> {
        let mut recording = Recording { parts: vec![(80, 24, Vec::new())] };
        for (_, size, bytes) in self.pieces.iter().take_while(|(at, _, _)| *at <= ms) {
            let size = size.map_or(json!({}), |(cols, rows)| json!({"cols": cols, "rows": rows}));
            recording.add(&size, bytes);
        }
        rows_of(&recording)
    }
}

/// Writes the index of a run's output again, with these offsets and times: 16 bytes each, little endian, the descriptor in
/// the upper bits of the offset.
fn set_times(ops: &Ops, run: &str, times: impl Iterator<Item = (u64, u64)>) {
    let path = ops.server.data.join("runs").join(run).join("index");
    let index = std::fs::OpenOptions::new().write(true).open(path).unwrap();
    index.set_len(0).unwrap();
    for (nth, (off, at)) in times.enumerate() {
        let record = [(1 << 56 | off).to_le_bytes(), at.to_le_bytes()].concat();
        index.write_all_at(&record, nth as u64 * 16).unwrap();
    }
}
