//! Terminals, with a host that is played: how they start, and what is known of them.

use serde_json::{Value, json};

use tokio::net::TcpStream;

use crate::common::{Client, TestCore};
use crate::fake_host::{FakeHost, rest};

async fn core() -> TestCore {
    let core = TestCore::start().await;
    core.add_users(&[("ann", "operator"), ("bob", "operator"), ("vic", "viewer"), ("adm", "admin")]).await;
    core
}

#[tokio::test]
async fn a_terminal_is_ordered_and_described() {
    let core = core().await;
    let mut host = FakeHost::come(&core, "local", &[]).await;
    let mut ann = core.sign_in("ann").await;
    let tty = json!({"cols": 80, "rows": 24});
    let ask = json!({"t":"run.start","room":"general","tty":tty,"detach":true,"nonce":"n1"});
    let answer = ann.ask(ask.clone()).await;
    assert_eq!(answer["gen"], 1);
    let order = host.start().await;
    assert_eq!((&order["argv"], &order["tty"], &order["merge"]), (&json!([]), &tty, &json!(true)));
    assert_eq!(order["detach"], true);
    let again = ann.ask(ask).await;
    assert_eq!((&again["run"], &again["gen"]), (&answer["run"], &json!(1)), "a retry gets the same answer");
    let run = answer["run"].as_str().unwrap();
    let info = ann.ask(json!({"t":"run.get","run":run})).await;
    assert_eq!((&info["cmd"], &info["tty"]), (&json!("login shell"), &tty));
    ann.ask(json!({"t":"run.watch","run":run})).await;
    let detached = json!({"t":"host.detached","run":run,"exit":{"code":0},"kept":["sleep 99"]});
    host.client.send(detached, &[]).await;
    let told = ann.next_of("run.detached").await;
    assert_eq!((&told["run"], &told["exit"], &told["kept"]), (&json!(run), &json!({"code":0}), &json!(["sleep 99"])));
    let info = ann.ask(json!({"t":"run.get","run":run})).await;
    assert_eq!(info["detached"], json!({"exit":{"code":0},"kept":["sleep 99"]}));
    let mut bob = core.sign_in("bob").await;
    bob.ask(json!({"t":"run.watch","run":run})).await;
    assert_eq!(bob.next_of("run.detached").await["kept"], json!(["sleep 99"]), "also to who comes later");
    let ended = json!(["sleep 99", "x".repeat(500)]);
    let end = json!({"t":"host.ended","run":run,"exit":{"code":0},"bytes":0,"ms":12,"ended":ended});
    host.client.send(end, &[]).await;
    let kept = json!(["sleep 99", "x".repeat(200)]);
    assert_eq!(rest(&mut ann, run, 0).await.end.unwrap()["ended"], kept);
    let info = ann.ask(json!({"t":"run.get","run":run})).await;
    assert_eq!((&info["tty"], &info["ended"], &info["holder"]), (&tty, &kept, &Value::Null));
    ann.ask(json!({"t":"run.watch","run":run})).await;
    assert_eq!(rest(&mut ann, run, 0).await.end.unwrap()["ended"], kept, "also later");
    let reader = ann.ask(json!({"t":"run.start","room":"general","cmd":"cat","stdin":true,"nonce":"n2"})).await;
    assert_eq!(reader["gen"], 1);
    let info = ann.ask(json!({"t":"run.get","run":reader["run"]})).await;
    assert_eq!((&info["stdin"], &info["tty"]), (&json!(true), &Value::Null));
    let deaf = ann.ask(json!({"t":"run.start","room":"general","cmd":"true","nonce":"n3"})).await;
    assert_eq!(deaf["gen"], Value::Null);
}

/// Starts a terminal of 80 by 24; its run.
async fn terminal(client: &mut Client<TcpStream>, host: &mut FakeHost, nonce: &str) -> String {
    let ask = json!({"t":"run.start","room":"general","tty":{"cols":80,"rows":24},"nonce":nonce});
    let run = client.ask(ask).await["run"].as_str().unwrap().to_owned();
    host.start().await;
    run
}

/// The next snapshot: its offset, size, and bytes.
async fn snapshot(client: &mut Client<TcpStream>) -> (u64, (u64, u64), String) {
    let mut bytes = Vec::new();
    loop {
        let (told, frame) = client.next().await;
        if told["t"] != "run.snapshot" {
            continue;
        }
        assert!(frame.body.len() <= 65_536);
        bytes.extend_from_slice(&frame.body);
        if told["more"] != true {
            let size = (told["cols"].as_u64().unwrap(), told["rows"].as_u64().unwrap());
            return (told["off"].as_u64().unwrap(), size, String::from_utf8_lossy(&bytes).into_owned());
        }
    }
}

async fn text(client: &mut Client<TcpStream>, run: &str) -> (u64, Value) {
    let answer = client.ask(json!({"t":"term.text","run":run})).await;
    (answer["off"].as_u64().unwrap(), answer["lines"].clone())
}

#[tokio::test]
async fn a_late_watcher_begins_with_the_screen() {
    let core = core().await;
    let mut host = FakeHost::come(&core, "local", &[]).await;
    let (mut ann, mut vic) = (core.sign_in("ann").await, core.sign_in("vic").await);
    let run = terminal(&mut ann, &mut host, "n1").await;
    let screen = json!({"t":"run.watch","run":run,"screen":true});
    ann.ask(screen.clone()).await;
    let (off, size, bytes) = snapshot(&mut ann).await;
    assert_eq!((off, size), (0, (80, 24)));
    assert!(!bytes.contains("hello"));
    let output = "\x1b]2;shell\x07hello\r\n\x1b[31mworld\x1b[m";
    host.output(&run, 1, 0, output.as_bytes()).await;
    let len = output.len() as u64;
    host.acked(&run, len).await;
    assert_eq!(ann.next_of("run.output").await["off"], 0, "output follows");
    vic.ask(screen.clone()).await;
    let (off, _, bytes) = snapshot(&mut vic).await;
    assert_eq!(off, len);
    assert!(bytes.contains("hello") && bytes.contains("world") && bytes.contains("\x1b]2;shell\x07"), "{bytes:?}");
    let resized = json!({"t":"host.output","run":run,"fd":1,"off":len,"len":3,"cols":100,"rows":30});
    host.client.send(resized, b"abc").await;
    host.acked(&run, len + 3).await;
    let told = vic.next_of("run.output").await;
    assert_eq!((&told["off"], &told["cols"], &told["rows"]), (&json!(len), &json!(100), &json!(30)));
    assert_eq!(text(&mut vic, &run).await, (len + 3, json!(["hello", "worldabc"])));
    host.end_and_forget(&run, len + 3).await;
    assert_eq!(vic.next_of("run.end").await["bytes"], len + 3);
    assert_eq!(text(&mut vic, &run).await, (len + 3, json!(["hello", "worldabc"])), "also of an ended run");
    vic.ask(screen).await;
    let (off, size, bytes) = snapshot(&mut vic).await;
    assert_eq!((off, size), (len + 3, (100, 30)));
    assert!(bytes.contains("hello"));
    assert_eq!(vic.next_of("run.end").await["bytes"], len + 3);
    // From disk, with the size at its place.
    vic.ask(json!({"t":"run.watch","run":run})).await;
    let first = vic.next_of("run.output").await;
    let second = vic.next_of("run.output").await;
    assert_eq!((&first["off"], &first["cols"], &second["off"]), (&json!(0), &Value::Null, &json!(len)));
    assert_eq!((&second["cols"], &second["rows"], &second["len"]), (&json!(100), &json!(30), &json!(3)));
    assert_eq!(vic.ask(json!({"t":"term.text","run":run})).await["title"], "shell");
    let deaf = ann.ask(json!({"t":"run.start","room":"general","cmd":"true","nonce":"n2"})).await["run"].clone();
    ann.refused(json!({"t":"run.watch","run":deaf,"screen":true}), "bad_request").await;
    ann.refused(json!({"t":"term.text","run":deaf}), "bad_request").await;
}

#[tokio::test]
async fn the_smallest_and_the_largest_terminal_work_and_others_are_refused() {
    let core = core().await;
    let mut host = FakeHost::come(&core, "local", &[]).await;
    let mut ann = core.sign_in("ann").await;
    let start = |cols: u64, rows: u64| json!({"t":"run.start","room":"general","tty":{"cols":cols,"rows":rows},"nonce":format!("{cols}x{rows}")});
    for (cols, rows) in [(0, 0), (0, 24), (80, 0), (1_001, 24), (80, 501), (10_000, 10_000)] {
        ann.refused(start(cols, rows), "bad_request").await;
    }
    let output = "word \u{754c}\u{1f469}\u{200d}\u{1f680}\r\n\x1b[?1049h\x1b[2;9r\x1b[999;999H\x1b[3L\x1b[9P\u{754c}\tx\x1b[?1049l\r\nend";
    let len = output.len() as u64;
    for (cols, rows) in [(1, 1), (1, 500), (1_000, 1), (1_000, 500)] {
        let run = ann.ask(start(cols, rows)).await["run"].as_str().unwrap().to_owned();
        host.start().await;
        host.output(&run, 1, 0, output.as_bytes()).await;
        host.acked(&run, len).await;
        ann.ask(json!({"t":"run.watch","run":run,"screen":true})).await;
        let (off, size, _) = snapshot(&mut ann).await;
        assert_eq!((off, size), (len, (cols, rows)));
        let (_, lines) = text(&mut ann, &run).await;
        let last = lines.as_array().unwrap().iter().filter_map(Value::as_str).rfind(|line| !line.is_empty());
        assert_eq!(last, Some(if cols == 1 { "d" } else { "end" }), "{cols}x{rows}: {lines}");
        for (cols, rows) in [(1, 1), (1_000, 500)] {
            ann.ask(json!({"t":"term.resize","run":run,"gen":1,"cols":cols,"rows":rows})).await;
        }
        ann.refused(json!({"t":"term.resize","run":run,"gen":1,"cols":10_000,"rows":10_000}), "bad_request").await;
        host.end_and_forget(&run, len).await;
    }
}

#[tokio::test]
async fn a_watcher_that_lags_gets_the_screen_instead_of_all_output() {
    let core = core().await;
    let mut host = FakeHost::come(&core, "local", &[]).await;
    let (mut ann, mut slow) = (core.sign_in("ann").await, core.sign_in("vic").await);
    let run = terminal(&mut ann, &mut host, "n1").await;
    slow.ask(json!({"t":"run.watch","run":run,"screen":true,"window":1000})).await;
    assert_eq!(snapshot(&mut slow).await.0, 0);
    let line = format!("{}\r\n", "x".repeat(78));
    let chunk = line.repeat(800);
    let mut off = 0;
    for _ in 0..48 {
        host.output(&run, 1, off, chunk.as_bytes()).await;
        off += chunk.len() as u64;
        host.acked(&run, off).await;
    }
    host.output(&run, 1, off, b"the end").await;
    off += 7;
    host.acked(&run, off).await;
    let mut had = 0;
    while had < 1000 {
        let told = slow.next_of("run.output").await;
        had += told["len"].as_u64().unwrap();
    }
    assert_eq!(had, 1000, "no more than the window");
    slow.send(json!({"t":"run.ack","run":run,"off":had}), &[]).await;
    let (at, _, bytes) = snapshot(&mut slow).await;
    assert_eq!(at, off, "it goes on where the screen is");
    host.output(&run, 1, off, "!\r\n\x1b[31m漢字".as_bytes()).await;
    let (told, frame) = loop {
        let (told, frame) = slow.next().await;
        if told["t"] == "run.output" {
            break (told, frame);
        }
    };
    assert_eq!(told["off"], off);
    let (mut all, mut late) = (emulator(), emulator());
    for _ in 0..48 {
        all.feed(chunk.as_str());
    }
    all.feed("the end!\r\n\x1b[31m漢字");
    late.feed(bytes.as_str());
    late.feed(std::str::from_utf8(&frame.body).unwrap());
    let cells = |terminal: &avt::Terminal| -> Vec<Vec<avt::Cell>> {
        terminal.screen().all_lines().map(|line| line.cells().to_vec()).collect()
    };
    assert!(cells(&all) == cells(&late), "its screen and scrollback are those of who has read everything");
    assert_eq!(all.cursor(), late.cursor());
}

/// A watcher's terminal, with the scrollback that the core keeps.
fn emulator() -> avt::Terminal {
    avt::Terminal::with_scrollback(80, 24, Some(2_000)).unwrap()
}

#[tokio::test]
async fn queries_are_answered_once_however_many_watch() {
    let core = core().await;
    let mut host = FakeHost::come(&core, "local", &[]).await;
    let mut ann = core.sign_in("ann").await;
    for watchers in [0, 1, 3] {
        let run = terminal(&mut ann, &mut host, &format!("n{watchers}")).await;
        let mut others = Vec::new();
        for _ in 0..watchers {
            let mut other = core.sign_in("vic").await;
            other.ask(json!({"t":"run.watch","run":run,"screen":true})).await;
            others.push(other);
        }
        host.output(&run, 1, 0, b"ab\x1b[6").await;
        host.acked(&run, 5).await;
        host.output(&run, 1, 5, b"n\x1b[c").await;
        let mut replies = Vec::new();
        loop {
            let (told, frame) = host.client.next().await;
            match told["t"].as_str() {
                Some("host.reply") => {
                    let reply = String::from_utf8_lossy(&frame.body).into_owned();
                    replies.push((told["at"].as_u64().unwrap(), reply));
                }
                Some("host.ack") if told["off"] == 9 => break,
                _ => {}
            }
        }
        assert_eq!(replies, [(6, "\x1b[1;3R".to_owned()), (9, "\x1b[?62;22c".to_owned())], "{watchers} watchers");
        // A host that comes again is told the answers again, which it may not have got; their offsets say so.
        host = FakeHost::come(&core, "local", &[(&run, 9)]).await;
        assert_eq!(host.client.next_of("host.reply").await["at"], 6);
        assert_eq!(host.client.next_of("host.reply").await["at"], 9);
        host.end_and_forget(&run, 9).await;
    }
}

#[tokio::test]
async fn the_screen_outlives_the_core() {
    let core = core().await;
    let mut host = FakeHost::come(&core, "local", &[]).await;
    let mut ann = core.sign_in("ann").await;
    let run = terminal(&mut ann, &mut host, "n1").await;
    let line = format!("{}\r\n", "x".repeat(62));
    let mut off = 0;
    // Enough for a screen on disk, and some more behind it.
    for _ in 0..24 {
        let chunk = line.repeat(1_000);
        host.output(&run, 1, off, chunk.as_bytes()).await;
        off += chunk.len() as u64;
        host.acked(&run, off).await;
    }
    let query = b"\x1b[H\x1b[2Jend\x1b[6n";
    let resized = json!({"t":"host.output","run":run,"fd":1,"off":off,"len":query.len(),"cols":40,"rows":10});
    host.client.send(resized, query).await;
    off += query.len() as u64;
    host.acked(&run, off).await;
    assert!(core.folder().join("runs").join(&run).join("screens").metadata().unwrap().len() > 1_000);
    let core = TestCore::on(core.stop().await).await;
    let mut host = FakeHost::come(&core, "local", &[(&run, off)]).await;
    let reply = host.client.next_of("host.reply").await;
    assert_eq!(reply["at"], off, "asked before the restart: the host has had this answer, or gets it now");
    let mut ann = core.sign_in("ann").await;
    assert_eq!(text(&mut ann, &run).await, (off, json!(["end"])));
    ann.ask(json!({"t":"run.watch","run":run,"screen":true})).await;
    let (at, size, bytes) = snapshot(&mut ann).await;
    assert_eq!((at, size), (off, (40, 10)));
    assert!(bytes.contains("end"));
}
