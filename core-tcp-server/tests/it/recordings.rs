//! Recordings of terminals: a watch that begins at a moment of the past.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use tokio::net::TcpStream;

use crate::common::{Client, DEADLINE, TestCore};
use crate::fake_host::FakeHost;

fn now_ms() -> u64 {
    u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap()
}

/// Waits until output is no longer recorded under the time of what was printed before.
async fn a_moment_later() -> u64 {
    let begin = now_ms();
    let waited = tokio::time::timeout(DEADLINE, async {
        while now_ms() < begin + 30 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    waited.await.expect("the clock goes on");
    begin + 15
}

/// What a watcher of a recording gets.
#[derive(Default)]
struct Played {
    off: u64,
    size: (u64, u64),
    screen: Vec<u8>,
    /// The bytes from `off` on.
    bytes: Vec<u8>,
    /// Changes of the size, with their offsets.
    sizes: Vec<(u64, u64, u64)>,
}

impl Played {
    /// The characters of the screen when all is read.
    fn text(&self) -> Vec<String> {
        let cols = |n: u64| usize::try_from(n).unwrap();
        // With the scrollback that the core keeps, which a larger screen shows.
        let (first, second) = (cols(self.size.0), cols(self.size.1));
        let mut terminal = avt::Terminal::with_scrollback(first, second, Some(2_000)).unwrap();
        terminal.feed(String::from_utf8_lossy(&self.screen).as_ref());
        let mut at = 0;
        for (off, c, r) in &self.sizes {
            let next = usize::try_from(off - self.off).unwrap();
            terminal.feed(String::from_utf8_lossy(&self.bytes[at..next]).as_ref());
            terminal.resize(cols(*c), cols(*r));
            at = next;
        }
        terminal.feed(String::from_utf8_lossy(&self.bytes[at..]).as_ref());
        terminal.screen().visible_lines().map(|line| line.text().trim_end().to_owned()).collect()
    }
}

async fn play(client: &mut Client<TcpStream>, run: &str, at: u64, window: u64) -> Played {
    client.ask(json!({"t":"run.watch","run":run,"screen":true,"at":at,"window":window})).await;
    let mut played = Played::default();
    let mut has_screen = false;
    loop {
        let (told, frame) = client.next().await;
        let field = |name: &str| told[name].as_u64();
        match told["t"].as_str().unwrap() {
            "run.snapshot" => {
                assert!(!has_screen, "one screen, however far behind the watcher is");
                played.screen.extend_from_slice(&frame.body);
                has_screen = told["more"] != true;
                played.off = field("off").unwrap();
                played.size = (field("cols").unwrap(), field("rows").unwrap());
            }
            "run.output" => {
                let next = played.off + played.bytes.len() as u64;
                assert_eq!(field("off"), Some(next), "no byte is left out");
                if let (Some(cols), Some(rows)) = (field("cols"), field("rows")) {
                    played.sizes.push((next, cols, rows));
                }
                played.bytes.extend_from_slice(&frame.body);
                let off = played.off + played.bytes.len() as u64;
                client.send(json!({"t":"run.ack","run":run,"off":off}), &[]).await;
            }
            "run.end" => return played,
            _ => {}
        }
    }
}

#[tokio::test]
async fn a_recording_is_played_from_any_moment() {
    let core = TestCore::start().await;
    core.add_users(&[("ann", "operator"), ("vic", "viewer")]).await;
    let mut host = FakeHost::come(&core, "local", &[]).await;
    let (mut ann, mut vic) = (core.sign_in("ann").await, core.sign_in("vic").await);
    let start = json!({"t":"run.start","room":"general","tty":{"cols":80,"rows":24},"nonce":"n1"});
    let run = ann.ask(start).await["run"].as_str().unwrap().to_owned();
    host.start().await;
    let before = now_ms() - 1;
    let line = format!("\x1b[3{}m{}\x1b[m\r\n", 2, "x".repeat(60));
    let long = line.repeat(800);
    let mut all = b"first\r\n".to_vec();
    host.output(&run, 1, 0, &all).await;
    host.acked(&run, all.len() as u64).await;
    let after_first = a_moment_later().await;
    // More than two screens' worth on disk.
    while all.len() < 2_500_000 {
        host.output(&run, 1, all.len() as u64, long.as_bytes()).await;
        all.extend_from_slice(long.as_bytes());
        host.acked(&run, all.len() as u64).await;
    }
    host.output(&run, 1, all.len() as u64, b"second\r\n").await;
    all.extend_from_slice(b"second\r\n");
    host.acked(&run, all.len() as u64).await;
    let after_second = a_moment_later().await;
    let resized = json!({"t":"host.output","run":run,"fd":1,"off":all.len(),"len":7,"cols":100,"rows":30});
    host.client.send(resized, b"third\r\n").await;
    let resized_at = all.len() as u64;
    all.extend_from_slice(b"third\r\n");
    host.acked(&run, all.len() as u64).await;

    // Also of a run that goes on.
    ann.ask(json!({"t":"run.watch","run":run,"screen":true,"at":after_first,"window":1000})).await;
    assert_eq!(ann.next_of("run.snapshot").await["off"], 0);
    host.end_and_forget(&run, all.len() as u64).await;

    let from_start = play(&mut vic, &run, before, 70_000).await;
    assert_eq!((from_start.off, from_start.size), (0, (80, 24)));
    assert_eq!(from_start.screen, b"", "an empty screen");
    assert!(from_start.bytes == all);
    assert_eq!(from_start.sizes, [(resized_at, 100, 30)]);
    assert_eq!(play(&mut vic, &run, after_first, 262_144).await.off, 0, "no screen is that old");

    let late = play(&mut vic, &run, after_second, 262_144).await;
    assert!(late.off > 2_000_000 && late.off <= resized_at, "the nearest screen: {}", late.off);
    assert!(late.bytes == all[usize::try_from(late.off).unwrap()..]);
    assert_eq!(late.sizes, [(resized_at, 100, 30)]);
    assert_eq!(late.text(), from_start.text(), "the same screen, whichever moment it began at");

    let end = play(&mut vic, &run, now_ms(), 262_144).await;
    assert_eq!((end.off, end.size, end.bytes.len()), (all.len() as u64, (100, 30), 0));
    assert_eq!(end.text(), from_start.text());
}

#[tokio::test]
async fn only_terminals_have_recordings_and_only_those_who_read_the_room_see_them() {
    let core = TestCore::start().await;
    core.add_users(&[("ann", "operator"), ("vic", "viewer")]).await;
    let mut host = FakeHost::come(&core, "local", &[]).await;
    let (mut ann, mut vic) = (core.sign_in("ann").await, core.sign_in("vic").await);
    ann.ask(json!({"t":"room.create","room":"secret","private":true})).await;
    let start = json!({"t":"run.start","room":"secret","tty":{"cols":80,"rows":24},"nonce":"n1"});
    let run: Value = ann.ask(start).await["run"].clone();
    host.start().await;
    vic.refused(json!({"t":"run.watch","run":run,"screen":true,"at":1}), "not_found").await;
    ann.refused(json!({"t":"run.watch","run":run,"at":1}), "bad_request").await;
    let deaf = ann.ask(json!({"t":"run.start","room":"secret","cmd":"true","nonce":"n2"})).await["run"].clone();
    ann.refused(json!({"t":"run.watch","run":deaf,"screen":true,"at":1}), "bad_request").await;
}
