//! Commands, what they print, and files: found as messages are.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Tcp, core, search, texts};
use crate::common::{DEADLINE, TestCore};
use crate::fake_host::{FakeHost, start};

#[tokio::test]
async fn commands_their_output_and_files() {
    let core = core().await;
    let mut host = FakeHost::come(&core, "local", &[]).await;
    let mut ann = core.sign_in("ann").await;
    let run = start(&mut ann, "make deploy TARGET=db17", "n1").await;
    host.start().await;
    let mut output = "compiling a unit\n".repeat(4_000).into_bytes();
    let off = output.len();
    output.extend_from_slice(b"\x1b[31mconnect\x1b[0m to 10.4.1.74: \x1b[1mrefused\x1b[0m\r\n");
    output.extend_from_slice("\tat com.example.Main.run(Main.java:7)\n".repeat(300).as_bytes());
    host.output(&run, 1, 0, &output).await;
    host.end_and_forget(&run, output.len() as u64).await;
    let hit = search(&mut ann, json!({"q":"target=DB17"})).await["hits"][0].clone();
    assert_eq!(
        (&hit["kind"], &hit["run"], &hit["n"], &hit["off"]),
        (&json!("run"), &json!(run), &json!(1), &Value::Null)
    );
    let found = search(&mut ann, json!({"q":"10.4.1.74 refused"})).await;
    let hits = found["hits"].as_array().unwrap();
    assert_eq!(hits.len(), 1);
    assert_eq!((&hits[0]["kind"], &hits[0]["text"]), (&json!("output"), &json!("connect to 10.4.1.74: refused")));
    assert_eq!((&hits[0]["off"], &hits[0]["run"], &hits[0]["seq"]), (&json!(off), &json!(run), &hit["seq"]));
    assert_eq!(hits[0]["marks"], json!([[11, 9], [22, 7]]));
    assert_eq!(
        texts(&mut ann, json!({"q":"Main.java:7","kind":"output","limit":1})).await[0].trim(),
        "at com.example.Main.run(Main.java:7)"
    );
    assert_eq!(texts(&mut ann, json!({"q":"[31m"})).await.len(), 0, "colours are not text");
    assert_eq!(texts(&mut ann, json!({"q":"unit 10.4.1.74"})).await.len(), 0, "words of different lines");
    let put = json!({"t":"file.put","in":"room:general","path":"logs/app-2026.log","size":3,"nonce":"u1"});
    let upload = ann.ask(put).await["upload"].clone();
    ann.send(json!({"t":"file.chunk","upload":upload,"off":0,"len":3}), b"abc").await;
    let digest = blake3::hash(b"abc").to_hex().to_string();
    ann.ask(json!({"t":"file.commit","upload":upload,"blake3":digest})).await;
    let hit = search(&mut ann, json!({"q":"app-2026"})).await["hits"][0].clone();
    assert_eq!((&hit["kind"], &hit["text"]), (&json!("file"), &json!("logs/app-2026.log")));
}

/// A run's output, as far as its host has sent it.
struct Printed {
    run: String,
    bytes: Vec<u8>,
}

impl Printed {
    async fn more(&mut self, host: &mut FakeHost, text: &str) {
        host.output(&self.run, 1, self.bytes.len() as u64, text.as_bytes()).await;
        self.bytes.extend_from_slice(text.as_bytes());
    }
}

/// The one hit in output that there is going to be.
async fn one_in_output(client: &mut Tcp, q: &str) -> Value {
    let asked = async {
        loop {
            let answer = search(client, json!({"q":q,"kind":"output"})).await;
            match answer["hits"].as_array().unwrap().as_slice() {
                [] => tokio::time::sleep(Duration::from_millis(20)).await,
                [hit] => return hit.clone(),
                hits => panic!("{q} was found {} times", hits.len()),
            }
        }
    };
    tokio::time::timeout(DEADLINE, asked).await.expect("what was printed is found")
}

#[tokio::test]
async fn output_is_found_while_its_run_goes_on_and_once() {
    let core = core().await;
    let mut host = FakeHost::come(&core, "local", &[]).await;
    let mut ann = core.sign_in("ann").await;
    let run = start(&mut ann, "journalctl -f", "n1").await;
    host.start().await;
    let mut printed = Printed { run: run.clone(), bytes: Vec::new() };
    let line = |n: usize| format!("request {n:05} from 10.4.1.74\n");
    printed.more(&mut host, &(0..3).map(line).collect::<String>()).await;
    let hit = one_in_output(&mut ann, "00002 10.4.1.74").await;
    assert_eq!((&hit["off"], &hit["run"], &hit["n"]), (&json!(2 * line(0).len()), &json!(run), &json!(1)));
    // More than a piece of the index, and a line of which the rest comes later.
    printed.more(&mut host, &((3..1_000).map(line).collect::<String>() + "request 01000 is ")).await;
    one_in_output(&mut ann, "00999").await;
    assert!(texts(&mut ann, json!({"q":"01000"})).await.is_empty(), "that line is not whole");
    let sent = printed.bytes.len() as u64;
    host.acked(&run, sent).await;
    let core = TestCore::on(core.stop().await).await;
    let mut ann = core.sign_in("ann").await;
    let mut host = FakeHost::come(&core, "local", &[(&run, sent)]).await;
    printed.more(&mut host, "one line\nthe last").await;
    one_in_output(&mut ann, "01000 is one line").await;
    host.end_and_forget(&run, printed.bytes.len() as u64).await;
    one_in_output(&mut ann, "the last").await;
    for n in [0, 2, 3, 500, 999] {
        one_in_output(&mut ann, &format!("request {n:05}")).await;
    }
    let hit = one_in_output(&mut ann, "request").await;
    assert_eq!(hit["lines"], 1_000, "as many as are counted");
    assert_eq!(one_in_output(&mut ann, "\"request 009\"").await["lines"], 100, "each line once");
}

#[tokio::test]
async fn a_run_is_one_hit_however_many_of_its_lines_match() {
    let core = core().await;
    let mut host = FakeHost::come(&core, "local", &[]).await;
    let mut ann = core.sign_in("ann").await;
    let first = super::post(&mut ann, "general", "the needle was seen before").await;
    let run = start(&mut ann, "journalctl -f", "n1").await;
    host.start().await;
    let mut printed = Printed { run: run.clone(), bytes: Vec::new() };
    let line = |n: usize| format!("line {n:03} has a needle\n");
    printed.more(&mut host, &(0..300).map(line).collect::<String>()).await;
    assert_eq!(one_in_output(&mut ann, "needle").await["lines"], 300);
    let second = super::post(&mut ann, "general", "a needle between").await;
    search(&mut ann, json!({"q":"needle between"})).await;
    printed.more(&mut host, &(300..500).map(line).collect::<String>()).await;
    one_in_output(&mut ann, "line 499").await;
    // The run first, since it has the newest line, then the messages: not buried, and counted.
    let found = search(&mut ann, json!({"q":"needle"})).await;
    let shown = |found: &Value| -> Vec<(Value, Value)> {
        found["hits"].as_array().unwrap().iter().map(|hit| (hit["kind"].clone(), hit["seq"].clone())).collect()
    };
    let seq = found["hits"][0]["seq"].clone();
    let expected = [(json!("output"), seq), (json!("message"), json!(second)), (json!("message"), json!(first))];
    assert_eq!(shown(&found), expected);
    assert_eq!((&found["hits"][0]["lines"], &found["total"], &found["next"]), (&json!(500), &json!(3), &Value::Null));
    // Page by page the same, though lines of the run stand on both sides of a page's end.
    let (mut pages, mut before) = (Vec::new(), Value::Null);
    for left in (1..=3).rev() {
        let page = search(&mut ann, json!({"q":"needle","limit":1,"before":before})).await;
        assert_eq!(page["total"], left);
        pages.extend(shown(&page));
        before = page["next"].clone();
    }
    assert_eq!(pages, expected);
    assert_eq!(before, Value::Null);
}

#[tokio::test]
async fn what_a_terminal_shows_is_found() {
    let core = core().await;
    let mut host = FakeHost::come(&core, "local", &[]).await;
    let mut ann = core.sign_in("ann").await;
    let ask = json!({"t":"run.start","room":"general","tty":{"cols":80,"rows":24},"nonce":"t1"});
    let run = ann.ask(ask).await["run"].as_str().unwrap().to_owned();
    host.start().await;
    let output = "\x1b]0;a title\x07\x1b[?2004h\x1b[1;32mann\x1b[m$ make\r\n\x1b[?2004l\x1b[31merr\x1b[1mor\x1b[m: disk full\r\n\
                  \x1b[?1049h\x1b[Hload average\x1b[1;40Huptime 17 days\x1b[2;1H";
    host.output(&run, 1, 0, output.as_bytes()).await;
    host.end_and_forget(&run, output.len() as u64).await;
    assert_eq!(one_in_output(&mut ann, "error disk").await["text"], "error: disk full");
    assert_eq!(one_in_output(&mut ann, "ann$ make").await["run"], run);
    assert_eq!(one_in_output(&mut ann, "average uptime").await["text"], "load average uptime 17 days");
    let answer = ann.ask(json!({"t":"search","q":"2004h","kind":"output"})).await;
    assert_eq!(answer["hits"], json!([]), "no sequences");
}
