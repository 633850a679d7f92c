//! Runs as people see them, over a host that does what the test says.

use serde_json::{Value, json};
use tokio::net::UnixStream;

use super::{Person, core};
use crate::common::{Client, PASSWORD, TestCore, read_key};

/// A host that runs nothing.
struct Host {
    client: Client<UnixStream>,
    /// Bytes that may be sent beyond the last ack.
    window: usize,
}

impl Host {
    async fn come(core: &TestCore) -> Self {
        let mut client = core.connect_here().await;
        let key = read_key(&core.folder(), "host.key");
        client.send(json!({"t":"host.hello","v":1,"key":key,"host":"local","runs":[]}), &[]).await;
        let welcome = client.next_of("host.welcome").await;
        let window = usize::try_from(welcome["window"].as_u64().unwrap()).unwrap();
        Self { client, window }
    }

    /// The next run that is to be started.
    async fn started(&mut self) -> Run {
        let start = self.client.next_of("host.start").await;
        self.client.send(json!({"t":"host.started","run":start["run"],"pid":1}), &[]).await;
        Run { id: start["run"].clone(), off: 0, acked: 0, argv: start["argv"].clone() }
    }

    async fn output(&mut self, run: &mut Run, fd: u8, bytes: &[u8]) {
        while run.off + bytes.len() > run.acked + self.window {
            let ack = self.client.next_of("host.ack").await;
            run.acked = usize::try_from(ack["off"].as_u64().unwrap()).unwrap();
        }
        let line = json!({"t":"host.output","run":run.id,"fd":fd,"off":run.off,"len":bytes.len()});
        self.client.send(line, bytes).await;
        run.off += bytes.len();
    }

    async fn end(&mut self, run: Run, exit: Value) {
        let ended = json!({"t":"host.ended","run":run.id,"exit":exit,"bytes":run.off,"ms":240});
        self.client.send(ended, &[]).await;
    }
}

/// The next line is this one, at whatever time.
async fn next_is(person: &mut Person, words: &str) {
    let line = person.until("\n").await;
    assert_eq!(line.split_once(' ').map(|(_, said)| said), Some(format!("{}\n", words.trim_start()).as_str()));
}

struct Run {
    id: Value,
    off: usize,
    acked: usize,
    argv: Value,
}

#[tokio::test]
async fn a_run_is_seen_live_by_all_in_the_room() {
    let core = core().await;
    let mut host = Host::come(&core).await;
    let (mut ann, mut ben) = (Person::sign_in(&core, "ann").await, Person::sign_in(&core, "ben").await);
    ann.send("/run echo out; echo err >&2; exit 3\n").await;
    let mut run = host.started().await;
    assert_eq!(run.argv, json!(["/bin/sh", "-c", "echo out; echo err >&2; exit 3"]));
    for person in [&mut ann, &mut ben] {
        person.until("[r1] started by ann on local: echo out; echo err >&2; exit 3\n").await;
    }
    host.output(&mut run, 1, b"\x1b[01;31mout\x1b[0m\x1b[2J\n").await;
    for person in [&mut ann, &mut ben] {
        next_is(person, " [r1] | out␛[2J").await;
    }
    host.output(&mut run, 2, b"err\nno end").await;
    for person in [&mut ann, &mut ben] {
        next_is(person, " [r1] ! err").await;
        // Shown when it gets old.
        next_is(person, " [r1] ! no end").await;
    }
    host.output(&mut run, 2, b" yet\n").await;
    host.end(run, json!({"code":3})).await;
    for person in [&mut ann, &mut ben] {
        next_is(person, " [r1] !+  yet").await;
        next_is(person, " [r1] exit 3 after 0.2 s").await;
    }
    // Its end is told once: the room's line of it is not shown as well.
    ben.send("done\n").await;
    for person in [&mut ann, &mut ben] {
        next_is(person, " ben: done").await;
    }
    ann.send("/runs\n/watch r1\n/stop\n/watch r2\n").await;
    let shown = ann.until("exit 3 after 0.2 s           ann on local: echo out; echo err >&2; exit 3\n").await;
    assert!(shown.contains("# The last runs in general:\n#   r1 "), "{shown}");
    let again = ann.until("# there is no such run\n").await;
    assert!(again.contains("[r1] | out␛[2J\n"), "{again}");
    assert!(again.contains("# no running commands\n"), "{again}");
}

#[tokio::test]
async fn a_start_says_how_it_runs_and_who_approved_it() {
    let core = core().await;
    core.add_users(&[("cat", "operator")]).await;
    let mut host = Host::come(&core).await;
    let (mut ann, mut cat) = (Person::sign_in(&core, "ann").await, Person::sign_in(&core, "cat").await);
    let ask = json!({"t":"run.start","room":"general","cmd":"make","limits":{"memory_bytes":1_073_741_824},
        "secrets":{"TOKEN":"correct horse"},"nonce":"n1"});
    core.sign_in("ann").await.ask(ask).await;
    host.started().await;
    cat.until("[r1] started by ann on local: make (memory=1G; secret TOKEN)\n").await;
    core.system().await.ask(json!({"t":"room.set","room":"general","approve":true})).await;
    ann.send("/run make\n").await;
    cat.until("ann proposed p1 on local: make (").await;
    cat.send("/approve p1\n").await;
    host.started().await;
    ann.until("[r2] started by ann on local: make (p1, approved by cat)\n").await;
}

#[tokio::test]
async fn runs_are_narrowed_and_hosts_are_listed() {
    let core = core().await;
    let mut host = Host::come(&core).await;
    let mut ann = Person::sign_in(&core, "ann").await;
    for (cmd, code) in [("make one", 0), ("make two", 2)] {
        ann.send(&format!("/run {cmd}\n")).await;
        let run = host.started().await;
        host.end(run, json!({"code":code})).await;
        ann.until(&format!("exit {code} after")).await;
    }
    ann.send("/runs failed by:ann host:local MAKE\n/runs nothing like it\n/hosts\n").await;
    let shown = ann.until("ann on local: make two\n").await;
    assert!(!shown.contains("make one"), "{shown}");
    ann.until("# no such runs in general\n").await;
    let hosts = ann.until("0 running\n").await;
    assert!(hosts.contains("local") && hosts.contains("connected"), "{hosts}");
}

#[tokio::test]
async fn a_stop_reaches_the_host() {
    let core = core().await;
    let mut host = Host::come(&core).await;
    let (mut ann, mut ben) = (Person::sign_in(&core, "ann").await, Person::sign_in(&core, "ben").await);
    ann.send("/run sleep 600\n").await;
    let run = host.started().await;
    ben.until("[r1] started by ann").await;
    ben.send("/stop r1\n").await;
    ben.until("# a run is stopped by who started it, or by an operator: ask one of them in general").await;
    ann.send("/stop\n").await;
    ann.until("# stopping r1\n").await;
    let signal = host.client.next_of("host.signal").await;
    assert_eq!((&signal["signal"], &signal["by"]), (&json!("TERM"), &json!("ann")));
    host.end(run, json!({"stopped_by":"ann","signal":"TERM"})).await;
    ben.until("[r1] stopped by ann (TERM) after 0.2 s\n").await;
    ann.until("[r1] stopped by ann (TERM) after 0.2 s\n").await;
    ann.send("/stop r1\n").await;
    ann.until("# r1 is over: stopped by ann (TERM)\n").await;
}

#[tokio::test]
async fn a_half_close_waits_for_the_end_of_what_was_run() {
    let core = core().await;
    let mut host = Host::come(&core).await;
    let mut ann = Person::connect(&core).await;
    ann.send(&format!("login ann\n{PASSWORD}\n/run make\n")).await;
    ann.half_close().await;
    let mut run = host.started().await;
    ann.until("[r1] started by ann").await;
    // More than is kept in memory, in lines of 64 bytes.
    let line = [b'x'; 63];
    let block: Vec<u8> = (0..512).flat_map(|_| line.iter().copied().chain([b'\n'])).collect();
    for _ in 0..64 {
        host.output(&mut run, 1, &block).await;
    }
    host.end(run, json!({"code":0})).await;
    let shown = ann.rest().await;
    assert_eq!(shown.matches(&String::from_utf8(line.to_vec()).unwrap()).count(), 512 * 64);
    assert!(shown.ends_with("[r1] exit 0 after 0.2 s\n"), "{}", shown.lines().last().unwrap());
}

#[tokio::test]
async fn another_room_shows_only_what_was_asked_for() {
    let core = core().await;
    let mut host = Host::come(&core).await;
    let (mut ann, mut ben) = (Person::sign_in(&core, "ann").await, Person::sign_in(&core, "ben").await);
    ann.send("/run make\n").await;
    let mut run = host.started().await;
    for person in [&mut ann, &mut ben] {
        person.until("[r1] started by ann").await;
    }
    for (person, room) in [(&mut ann, "a"), (&mut ben, "b")] {
        person.send(&format!("/create {room}\n/who\n")).await;
        person.until("are here:\n").await;
    }
    host.output(&mut run, 1, b"out\n").await;
    ann.until("[r1] | out\n").await;
    ann.send("/unwatch r1\n").await;
    ann.until("# r1 goes on, unseen").await;
    host.output(&mut run, 1, b"more\n").await;
    host.end(run, json!({"code":0})).await;
    for person in [&mut ann, &mut ben] {
        person.send("here\n/quit\n").await;
        let shown = person.rest().await;
        assert!(shown.contains(": here\n") && !shown.contains("[r1]"), "{shown}");
    }
}

#[tokio::test]
async fn without_a_host_one_is_told() {
    let core = core().await;
    let mut ann = Person::sign_in(&core, "ann").await;
    ann.send("/run make\n/who\n").await;
    let shown = ann.until("are here:\n").await;
    assert!(shown.contains("host"), "{shown}");
}

#[tokio::test]
async fn a_shell_is_shown_line_by_line() {
    let core = core().await;
    let mut host = Host::come(&core).await;
    let (mut ann, mut ben) = (Person::sign_in(&core, "ann").await, Person::sign_in(&core, "ben").await);
    ann.send("/shell\n").await;
    let mut run = host.started().await;
    assert_eq!(run.argv, json!([]), "a login shell");
    ann.until("# r1 is a shell: its screen is shown here").await;
    ben.until("[r1] started by ann on local: login shell\n").await;
    host.output(&mut run, 1, b"\x1b[?2004h\x1b[1;32mann@local\x1b[m:~$ ").await;
    for person in [&mut ann, &mut ben] {
        person.until(" [r1] | ann@local:~$\n").await;
    }
    host.output(&mut run, 1, b"make\r\n\x1b[?2004lcc x.c\r\n 10 %\r 99 %\r100 %\x1b[K\r\nann@local:~$ ").await;
    for person in [&mut ann, &mut ben] {
        let shown = person.until(" [r1] | 100 %\n").await;
        assert!(shown.contains(" [r1] | ann@local:~$ make\n") && shown.contains(" [r1] | cc x.c\n"), "{shown}");
        assert!(!shown.contains("99 %") && !shown.contains('\x1b'), "the screen, not the bytes: {shown}");
    }
    host.output(&mut run, 1, b"exit\r\n").await;
    host.end(run, json!({"code":0})).await;
    for person in [&mut ann, &mut ben] {
        let shown = person.until(" [r1] exit 0 after 0.2 s\n").await;
        assert!(shown.contains(" [r1] | ann@local:~$ exit\n"), "{shown}");
    }
    // Later, its last screen.
    ben.send("/watch r1\n").await;
    let shown = ben.until(" [r1] exit 0 after 0.2 s\n").await;
    assert!(shown.contains(" [r1] | cc x.c\n"), "{shown}");
    ann.send("/shell nowhere\n").await;
    ann.until("# there is no host nowhere").await;
}
