//! Secrets: in no file of the host, in no frame to the core, wherever they are cut.

use std::path::Path;

use wardroom_protocol::messages::{HostStart, Secrets, TermSize, Tty};

use crate::fake_core::{FakeCore, Said, shell};
use crate::host_process::{Place, all};

const SECRET: &str = "hunter2-correct-horse";
const KEY: &str = "-----BEGIN KEY-----\nMIIEvQIBADANBgkq\n-----END KEY-----";

fn with_secrets(cmd: &str) -> HostStart {
    let secrets = [("TOKEN", SECRET), ("KEY", KEY)].map(|(name, value)| (name.to_owned(), value.to_owned()));
    HostStart { secrets: Secrets(secrets.into()), ..shell(cmd) }
}

/// The files below a folder that contain this text.
fn found_in(folder: &Path, text: &str) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            found.extend(found_in(&path, text));
        } else if kind.is_file()
            && std::fs::read(&path).unwrap().windows(text.len()).any(|window| window == text.as_bytes())
        {
            found.push(path);
        }
    }
    found
}

#[tokio::test]
async fn a_secret_reaches_the_command_and_nobody_else() {
    let (place, _core, _host, mut link) = all().await;
    // On each stream, next to other text, cut between two writes with a pause, encoded, and as an argument of a process
    // that is left behind.
    let cmd = "test ${#TOKEN} = 21 && echo right; echo \"<$TOKEN>\"; echo \"$TOKEN$TOKEN\" >&2
        printf %s \"${TOKEN%correct-horse}\"; sleep 0.3; printf '%s\\n' \"${TOKEN#hunter2-}\"
        printf %s \"$KEY\" | while read -r line; do echo \"  $line\"; done; echo \"$KEY\"
        printf %s \"$TOKEN\" | base64
        sh -c 'echo up; sleep 1000; :' \"$TOKEN\" >/dev/null 2>&1 &
        exit 3";
    let start = with_secrets(cmd);
    link.send(&start).await;
    let mut text = [String::new(), String::new()];
    let ended = loop {
        match link.next().await {
            Said::Output(output, bytes) => {
                text[usize::from(output.fd) - 1].push_str(std::str::from_utf8(&bytes).unwrap());
                link.ack(start.run, output.off + output.len).await;
            }
            Said::Ended(ended) => break ended,
            Said::Err(refusal) => panic!("{}", refusal.msg),
            _ => {}
        }
    };
    let wanted = "right\n<***>\n***\n  ***\n  ***\n***\naHVudGVyMi1jb3JyZWN0LWhvcnNl\n";
    assert_eq!(text, [wanted, "******\n"]);
    let ended = ended.ended.join("\n");
    assert!(ended.contains("***") && !ended.contains("hunter"), "{ended}");
    // The spool is still there, since the core has not said that it has the end.
    assert!(place.spool_of(start.run).join("end.json").exists());
    for text in [SECRET, "MIIEvQIBADANBgkq", "hunter2"] {
        assert_eq!(found_in(place.path(), text), Vec::<std::path::PathBuf>::new());
    }
}

#[tokio::test]
async fn a_terminal_shows_no_secret_either() {
    let (place, _core, _host, mut link) = all().await;
    let tty = Some(Tty { size: TermSize { cols: 80, rows: 24 }, fixed: false });
    let start = HostStart {
        tty,
        ..with_secrets("echo \"$KEY\"; echo \"a $TOKEN b\"; read line; echo \"got $line\"; sleep 0.1")
    };
    link.send(&start).await;
    link.line(start.run, "***\r\na *** b\r\n").await;
    // What is typed is echoed by the terminal.
    link.input(start.run, format!("{SECRET}\n").as_bytes()).await;
    link.line(start.run, "***\r\ngot ***\r\n").await;
    assert_eq!(found_in(place.path(), SECRET), Vec::<std::path::PathBuf>::new());
}

#[tokio::test]
async fn a_host_that_is_killed_leaves_the_masking_to_the_shim() {
    let place = Place::new();
    let core = FakeCore::tcp().await;
    let mut host = place.host(&core);
    let mut link = core.welcomed().await;
    let start = HostStart { stdin: true, ..with_secrets("echo up; read _; echo \"$TOKEN\"; sleep 0.1") };
    link.send(&start).await;
    link.line(start.run, "up\n").await;
    host.kill();
    drop(link);
    let _host = place.host(&core);
    let mut link = core.welcomed().await;
    link.input(start.run, b"\n").await;
    link.line(start.run, "up\n***\n").await;
    assert_eq!(found_in(place.path(), SECRET), Vec::<std::path::PathBuf>::new());
}

#[tokio::test]
async fn what_is_masked_counts_as_it_is_shown() {
    let (_place, _core, _host, mut link) = all().await;
    // 10 lines of 4 bytes, from 220 bytes.
    let cmd = "for n in 1 2 3 4 5 6 7 8 9 10; do echo \"$TOKEN\"; done";
    let whole = link.run(&HostStart { output_bytes_max: 40, ..with_secrets(cmd) }).await;
    assert_eq!((whole.exit().as_str(), whole.ended.bytes, whole.ended.truncated), (r#"{"code":0}"#, 40, false));
    let whole = link.run(&HostStart { output_bytes_max: 39, ..with_secrets(cmd) }).await;
    assert_eq!((whole.exit().as_str(), whole.ended.bytes), (r#"{"limit":"output"}"#, 39));
}
