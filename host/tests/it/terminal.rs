//! Runs with a terminal, with one pipe for both streams, and with processes that are kept.

use wardroom_protocol::RunId;
use wardroom_protocol::messages::{HostReply, HostResize, HostStart, Signal, TermSize, Tty};

use crate::fake_core::{Link, Said, WIDE, shell};
use crate::host_process::{all, attach, survivors};

const SIZE: TermSize = TermSize { cols: 80, rows: 24 };

fn on_terminal(cmd: &str) -> HostStart {
    HostStart { tty: Some(Tty { size: SIZE, fixed: false }), ..shell(cmd) }
}

/// Reads output from an offset until it contains a word. Returns the whole text so far, and the next offset.
async fn until(link: &mut Link, run: RunId, off: &mut u64, word: &str) -> String {
    let mut text = String::new();
    while !text.contains(word) {
        match link.next().await {
            Said::Output(output, bytes) if output.run == run => {
                assert_eq!((output.off, output.fd), (*off, 1));
                *off += output.len;
                text.push_str(&String::from_utf8_lossy(&bytes));
                link.ack(run, *off).await;
            }
            Said::Ended(ended) => panic!("ended before {word:?}: {ended:?} after {text:?}"),
            _ => {}
        }
    }
    text
}

#[tokio::test]
async fn a_terminal_is_one_and_ends_with_its_last_program() {
    let (_place, _core, _host, mut link) = all().await;
    let cmd = "tty -s && test -t 1 && test -t 2 && stty size && echo $TERM && ps -o sid= -p $$ | tr -d ' ' && echo $$; exit 3";
    let start = on_terminal(cmd);
    let whole = link.run(&start).await;
    let lines: Vec<_> = whole.text(1).lines().map(str::to_owned).collect();
    assert_eq!(lines[..2], ["24 80", "xterm-256color"]);
    assert_eq!(lines[2], lines[3], "a session of its own");
    assert_eq!((whole.exit().as_str(), whole.text(2).as_str()), (r#"{"code":3}"#, ""));
}

#[tokio::test]
async fn without_a_command_a_terminal_has_a_login_shell() {
    let (_place, _core, _host, mut link) = all().await;
    let start = HostStart { argv: Vec::new(), ..on_terminal("") };
    link.send(&start).await;
    link.input(start.run, b"case $- in *i*) echo inter''active;; esac; exit 4\r").await;
    let whole = link.whole(start.run, 0).await;
    assert!(whole.text(1).contains("interactive"), "{}", whole.text(1));
    assert_eq!(whole.exit(), r#"{"code":4}"#);
}

#[tokio::test]
async fn what_is_typed_reaches_the_program_in_front() {
    let (_place, _core, _host, mut link) = all().await;
    // Not as a child of the shell: until that has become `sleep`, it may take the signal and lose it.
    let start = on_terminal("cat; echo after; exec sleep 1000");
    link.send(&start).await;
    let mut off = 0;
    link.input(start.run, b"hello\r").await;
    until(&mut link, start.run, &mut off, "hello\r\nhello\r\n").await;
    // Ctrl-D ends cat, a member's INT ends sleep as Ctrl-C would.
    link.input(start.run, b"\x04").await;
    until(&mut link, start.run, &mut off, "after\r\n").await;
    link.signal(start.run, Signal::Int).await;
    assert_eq!(link.whole(start.run, off).await.exit(), r#"{"stopped_by":"ann","signal":"INT"}"#);
}

#[tokio::test]
async fn a_size_is_told_with_the_first_byte_that_has_it() {
    let (place, core, mut host, mut link) = all().await;
    let start = on_terminal("trap 'stty size' WINCH; echo up; while :; do sleep 0.05; done");
    link.send(&start).await;
    let mut off = 0;
    until(&mut link, start.run, &mut off, "up\r\n").await;
    let wide = TermSize { cols: 132, rows: 50 };
    link.send(&HostResize { run: start.run, size: wide }).await;
    let Said::Output(output, bytes) = link.next().await else { panic!() };
    assert_eq!((output.off, output.size, &bytes[..]), (off, Some(wide), &b"50 132\r\n"[..]));
    // The next host knows it too.
    host.kill();
    drop(link);
    let _host = place.host(&core);
    let mut link = core.accept().await;
    link.welcome(&[(start.run, 0)], WIDE).await;
    let mut sizes = Vec::new();
    while sizes.len() < 2 {
        if let Said::Output(output, _) = link.next().await {
            sizes.push((output.off, output.size));
        }
    }
    assert_eq!(sizes, [(0, None), (off, Some(wide))]);
    link.signal(start.run, Signal::Kill).await;
}

#[tokio::test]
async fn a_query_is_answered_once_over_a_kill_of_the_host() {
    let (place, core, mut host, mut link) = all().await;
    let start = on_terminal("stty -echo -icanon; echo up; dd bs=1 count=6 2>/dev/null | od -An -c; exit 0");
    link.send(&start).await;
    let mut off = 0;
    until(&mut link, start.run, &mut off, "up\r\n").await;
    link.body(&HostReply { run: start.run, at: 4, len: 3 }, b"abc").await;
    link.flush().await;
    host.kill();
    drop(link);
    let _host = place.host(&core);
    let mut link = core.accept().await;
    link.welcome(&[(start.run, off)], WIDE).await;
    link.body(&HostReply { run: start.run, at: 4, len: 3 }, b"abc").await;
    link.body(&HostReply { run: start.run, at: 5, len: 3 }, b"def").await;
    let whole = link.whole(start.run, off).await;
    assert_eq!(whole.text(1).split_whitespace().collect::<String>(), "abcdef");
}

#[tokio::test]
async fn a_shell_that_ignores_term_is_hung_up() {
    let (_place, _core, _host, mut link) = all().await;
    let start = HostStart { argv: vec!["bash".into(), "--norc".into(), "-i".into()], ..on_terminal("") };
    link.send(&start).await;
    let mut off = 0;
    link.input(start.run, b"sleep 1000 & echo u''p\r").await;
    until(&mut link, start.run, &mut off, "up\r\n").await;
    link.signal(start.run, Signal::Term).await;
    let whole = link.whole(start.run, off).await;
    assert_eq!(whole.exit(), r#"{"stopped_by":"ann","signal":"TERM"}"#);
    assert!(whole.ended.ms < 3_000 + 2_000, "it need not be killed: {} ms", whole.ended.ms);
    assert_eq!(survivors(start.run, "no such word"), Vec::<String>::new());
}

#[tokio::test]
async fn a_large_paste_reaches_a_slow_reader_whole() {
    let (place, _core, _host, mut link) = all().await;
    let start = on_terminal("stty raw -echo; echo up; sleep 0.3; head -c 200000 > pasted");
    link.send(&start).await;
    let mut off = 0;
    until(&mut link, start.run, &mut off, "up").await;
    let paste: Vec<u8> = (0..200_000u32).map(|i| b'a' + (i % 23) as u8).collect();
    link.input(start.run, &paste).await;
    assert_eq!(link.whole(start.run, off).await.exit(), r#"{"code":0}"#);
    assert!(std::fs::read(place.path().join("pasted")).unwrap() == paste);
}

#[tokio::test]
async fn merged_streams_keep_their_order() {
    let (_place, _core, _host, mut link) = all().await;
    let cmd = "for i in 1 2 3 4 5 6 7 8 9; do echo out $i; echo err $i >&2; done";
    let whole = link.run(&HostStart { merge: true, ..shell(cmd) }).await;
    let wanted: String = (1..=9).map(|i| format!("out {i}\nerr {i}\n")).collect();
    assert_eq!((whole.text(1), whole.text(2)), (wanted, String::new()));
}

#[tokio::test]
async fn a_process_that_is_kept_ends_with_the_run() {
    let (_place, _core, _host, mut link) = all().await;
    let start =
        HostStart { detach: true, ..shell("(sleep 0.5; echo late) & (sleep 2.5 >/dev/null 2>&1; exit 9) & exit 5") };
    let whole = link.run(&start).await;
    assert_eq!((whole.text(1).as_str(), whole.exit().as_str()), ("late\n", r#"{"code":5}"#));
    assert!(whole.ended.ended.is_empty() && whole.ended.ms >= 2_400, "{:?}", whole.ended);
    let kept = HostStart { detach: true, ..shell("setsid sleep 1000 & echo up") };
    link.send(&kept).await;
    link.line(kept.run, "up\n").await;
    link.signal(kept.run, Signal::Term).await;
    assert_eq!(link.whole(kept.run, 3).await.exit(), r#"{"stopped_by":"ann","signal":"TERM"}"#);
    assert_eq!(survivors(kept.run, "no such word"), Vec::<String>::new());
}

#[tokio::test]
async fn what_is_kept_is_told_again_after_a_kill_of_the_host() {
    let (place, core, mut host, mut link) = all().await;
    let n = format!("99{}.5", std::process::id());
    let start = HostStart { detach: true, ..shell(&format!("sleep {n} >/dev/null 2>&1 & echo up; exit 7")) };
    link.send(&start).await;
    let mut told = Vec::new();
    for _ in 0..2 {
        // A process that was just forked is told with the command line of its shell first.
        let detached = loop {
            if let Said::Detached(detached) = link.next().await
                && detached.detached.kept == [format!("sleep {n}")]
            {
                break detached;
            }
        };
        told.push((detached.run, serde_json::to_string(&detached.detached).unwrap()));
        let repeated = link.flush().await.into_iter().any(|said| matches!(said, Said::Detached(_)));
        assert!(!repeated, "only what has changed");
        if told.len() == 1 {
            host.kill();
            host = place.host(&core);
            link = core.welcomed().await;
        }
    }
    let expected = format!(r#"{{"exit":{{"code":7}},"kept":["sleep {n}"]}}"#);
    assert_eq!(told, [(start.run, expected.clone()), (start.run, expected)]);
    link.signal(start.run, Signal::Kill).await;
    link.whole(start.run, 3).await;
}

#[tokio::test]
async fn what_is_left_behind_is_named() {
    let (_place, _core, _host, mut link) = all().await;
    let n = format!("89{}.5", std::process::id());
    let start =
        shell(&format!("sleep {n} >/dev/null 2>&1 & setsid sh -c 'sleep {n}; :' >/dev/null 2>&1 & sleep 0.2; exit 0"));
    let whole = link.run(&start).await;
    let mut ended = whole.ended.ended.clone();
    ended.sort();
    assert_eq!(ended, [format!("sh -c sleep {n}; :"), format!("sleep {n}"), format!("sleep {n}")]);
    assert_eq!(whole.exit(), r#"{"code":0}"#);
}

#[tokio::test]
async fn a_shim_answers_what_it_does_not_know() {
    use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
    let (place, _core, _host, mut link) = all().await;
    let start = shell("echo up; sleep 1000");
    link.started(&start).await;
    let socket = place.spool_of(start.run).join("shim");
    let (read, mut write) = tokio::net::UnixStream::connect(socket).await.unwrap().into_split();
    let requests = "{\"t\":\"freeze\",\"new\":1}\n{\"t\":\"stop\",\"why\":\"enough\",\"new\":2}\n";
    write.write_all(attach(&place.spool_of(start.run)).as_bytes()).await.unwrap();
    write.write_all(requests.as_bytes()).await.unwrap();
    let mut lines = BufReader::new(read).lines();
    let mut said = Vec::new();
    while let Ok(Some(line)) = tokio::time::timeout(crate::fake_core::PATIENCE, lines.next_line()).await.unwrap() {
        said.push(serde_json::from_str::<serde_json::Value>(&line).unwrap());
    }
    assert_eq!((said[0]["t"].as_str(), said[0]["v"].as_u64()), (Some("state"), Some(1)));
    assert!(said.iter().any(|notice| notice["t"] == "unknown" && notice["got"] == "freeze"), "{said:?}");
    assert_eq!(said.last().unwrap()["end"]["exit"]["lost"], "enough");
    // The host's own connection was replaced; it finds the end in the spool.
    assert_eq!(link.whole(start.run, 0).await.exit(), r#"{"lost":"enough"}"#);
}

#[tokio::test]
async fn a_shim_obeys_nobody_without_its_key() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let (place, _core, _host, mut link) = all().await;
    let start = HostStart { stdin: true, ..shell("echo up; read a; echo $a; exit 4") };
    link.send(&start).await;
    link.line(start.run, "up\n").await;
    for stranger in ["{\"t\":\"attach\",\"key\":\"\"}\n", "{\"t\":\"attach\"}\n", ""] {
        let mut stream = tokio::net::UnixStream::connect(place.spool_of(start.run).join("shim")).await.unwrap();
        let stop = format!("{stranger}{{\"t\":\"stop\",\"why\":\"a stranger\"}}\n");
        // It may be thrown out before it has said all.
        let _ = stream.write_all(stop.as_bytes()).await;
        let mut said = Vec::new();
        let read = tokio::time::timeout(crate::fake_core::PATIENCE, stream.read_to_end(&mut said)).await;
        assert!(read.is_ok() && said.is_empty());
    }
    link.input(start.run, b"still here\n").await;
    let whole = link.whole(start.run, 3).await;
    assert_eq!((whole.text(1).as_str(), whole.exit().as_str()), ("still here\n", r#"{"code":4}"#));
}
