//! `docs/protocol.md` held against the code: every type, kind, code and limit stands there, and every example is read
//! and written again, with no field that the code does not know.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::Path;

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use wardroom_protocol::messages::{self, Answer, Exit};
use wardroom_protocol::{Code, Event, EventBody, Frame, Request, Role, ServerMessage, limits};

use crate::again;

fn page() -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/protocol.md")).unwrap()
}

/// An example: who sends it, and the frame.
struct Example {
    place: String,
    sender: char,
    value: Value,
    frame: Frame,
}

impl Example {
    fn t(&self) -> &str {
        self.value["t"].as_str().unwrap_or_else(|| panic!("{}: no t", self.place))
    }
}

/// The examples of all blocks marked `frames`, block by block.
fn blocks() -> Vec<Vec<Example>> {
    let page = page();
    let mut blocks: Vec<Vec<Example>> = Vec::new();
    let mut is_within = false;
    for (at, line) in page.lines().enumerate() {
        let place = format!("docs/protocol.md:{}", at + 1);
        if line.starts_with("```") {
            is_within = line == "```frames";
            if is_within {
                blocks.push(Vec::new());
            }
        } else if is_within {
            let block = blocks.last_mut().unwrap();
            if let Some(count) = line.strip_prefix("  <").and_then(|rest| rest.strip_suffix(" bytes>")) {
                let count: usize = count.parse().unwrap();
                block.last_mut().unwrap().frame.body = vec![0; count].into();
                continue;
            }
            let (sender, json) = line.split_once(' ').unwrap_or_else(|| panic!("{place}: no example"));
            let value = serde_json::from_str(json).unwrap_or_else(|e| panic!("{place}: {e}"));
            let frame = Frame { line: Bytes::copy_from_slice(json.as_bytes()), body: Bytes::new() };
            block.push(Example { place, sender: sender.chars().next().unwrap(), value, frame });
        }
    }
    blocks
}

/// Fails unless all that is in `part` is in `whole`: a field of an example that is not written again is one that the
/// code does not know.
fn assert_within(part: &Value, whole: &Value, place: &str) {
    match (part, whole) {
        (Value::Object(part), Value::Object(whole)) => {
            for (name, value) in part {
                let again = whole.get(name).unwrap_or_else(|| panic!("{place}: the code does not know {name}"));
                assert_within(value, again, place);
            }
        }
        (Value::Array(part), Value::Array(whole)) => {
            assert_eq!(part.len(), whole.len(), "{place}");
            part.iter().zip(whole).for_each(|(part, whole)| assert_within(part, whole, place));
        }
        _ => assert_eq!(part, whole, "{place}"),
    }
}

#[test]
fn every_example_is_a_frame_that_the_code_reads_and_writes() {
    for block in blocks() {
        let mut asked: BTreeMap<u64, String> = BTreeMap::new();
        for example in block {
            let len = example.value["len"].as_u64().unwrap_or(0);
            assert_eq!(len, example.frame.body.len() as u64, "{}: len and raw bytes differ", example.place);
            let written = match example.sender {
                'S' => again::server(&example.frame),
                'C' | 'G' | 'H' => again::request(&example.frame),
                other => panic!("{}: nobody is called {other}", example.place),
            };
            let written = written.unwrap_or_else(|e| panic!("{}: {e}", example.place));
            let line = written.split(|b| *b == b'\n').next().unwrap();
            let again: Value = serde_json::from_slice(line).unwrap();
            assert_within(&example.value, &again, &example.place);
            match (example.t(), example.value["id"].as_u64(), example.value["re"].as_u64()) {
                ("ok", _, Some(re)) => check_answer(&example, asked.get(&re).map(String::as_str)),
                (t, Some(id), _) => drop(asked.insert(id, t.to_owned())),
                _ => {}
            }
        }
    }
}

/// An `ok` has the fields of the answer to its request.
fn check_answer(example: &Example, request: Option<&str>) {
    fn fields<T: DeserializeOwned + Serialize>(example: &Example) {
        let answer = Answer { re: 0, line: example.frame.line.clone() };
        let fields: T = answer.fields().unwrap_or_else(|e| panic!("{}: {e}", example.place));
        let mut again = serde_json::to_value(fields).unwrap();
        again["t"] = example.value["t"].clone();
        again["re"] = example.value["re"].clone();
        assert_within(&example.value, &again, &example.place);
    }
    match request {
        // In the section about answers, an example stands alone.
        None => fields::<messages::PostAck>(example),
        Some("room.list") => fields::<messages::RoomListed>(example),
        Some("dm.open") => fields::<messages::DmOpened>(example),
        Some("search") => fields::<messages::SearchFound>(example),
        Some("hook.add") => fields::<messages::HookAdded>(example),
        Some("hook.list") => fields::<messages::HookListed>(example),
        Some(
            "room.create" | "room.join" | "room.leave" | "room.edit" | "room.delete" | "room.react" | "room.set"
            | "room.invite" | "room.remove" | "room.role" | "hook.part" | "hook.post",
        ) => fields::<messages::PostAck>(example),
        Some("room.post") => fields::<messages::Posted>(example),
        Some("room.open") => fields::<messages::RoomOpened>(example),
        Some("room.members") => fields::<messages::RoomMembersListed>(example),
        Some("room.history") => {
            fields::<messages::RoomPage>(example);
            for event in example.value["events"].as_array().unwrap() {
                Event::parse(event.to_string().as_bytes()).unwrap();
            }
        }
        Some("run.start" | "run.approve") => fields::<messages::RunStartOk>(example),
        Some("proposal.list") => {
            fields::<messages::ProposalListed>(example);
            for event in example.value["proposals"].as_array().unwrap() {
                Event::parse(event.to_string().as_bytes()).unwrap();
            }
        }
        Some("command.add") => fields::<messages::CommandAdded>(example),
        Some("rights.set") => fields::<messages::RightsSetOk>(example),
        Some("rights.list") => fields::<messages::RightsListed>(example),
        Some("command.list") => fields::<messages::CommandListed>(example),
        Some("term.control") => fields::<messages::TermControlOk>(example),
        Some("term.text") => fields::<messages::TermTextOk>(example),
        Some("run.list") => fields::<messages::RunListed>(example),
        Some("run.times") => fields::<messages::RunTimesOk>(example),
        Some("run.find") => fields::<messages::RunFindOk>(example),
        Some("run.lines") => fields::<messages::RunLinesOk>(example),
        Some("host.add") => fields::<messages::HostAdded>(example),
        Some("host.list") => fields::<messages::HostListed>(example),
        Some("run.get") => fields::<messages::RunInfo>(example),
        Some("file.put" | "file.resume") => fields::<messages::FilePutOk>(example),
        Some("file.commit") => fields::<messages::FileCommitOk>(example),
        Some("file.list") => fields::<messages::FileListed>(example),
        Some("file.stat") => fields::<messages::FileInfo>(example),
        Some("file.get") => fields::<messages::FileGetOk>(example),
        Some("user.list") => fields::<messages::UserListed>(example),
        Some("token.add") => fields::<messages::TokenAdded>(example),
        Some("invite.add") => fields::<messages::InviteAdded>(example),
        Some("session.list") => fields::<messages::SessionListed>(example),
        // All others are answered with nothing but `ok`.
        Some(_) => fields::<messages::SessionEnd>(example),
    }
}

#[test]
fn every_message_has_an_example_and_every_request_an_answer() {
    let (mut requests, mut told, mut unanswered) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for block in blocks() {
        let answered: BTreeSet<u64> = block.iter().filter_map(|example| example.value["re"].as_u64()).collect();
        for example in &block {
            let t = example.t().to_owned();
            if let (false, Some(id)) = (example.sender == 'S', example.value["id"].as_u64())
                && !answered.contains(&id)
            {
                unanswered.insert(example.place.clone());
            }
            if example.sender == 'S' {
                told.insert(t)
            } else {
                requests.insert(t)
            };
        }
    }
    let missing = |types: &[&'static str], shown: &BTreeSet<String>| -> Vec<&str> {
        types.iter().copied().filter(|t| !shown.contains(*t)).collect()
    };
    assert_eq!(missing(Request::TYPES, &requests), [""; 0], "requests without an example");
    assert_eq!(missing(ServerMessage::TYPES, &told), [""; 0], "server's messages without an example");
    // The first example of the page shows a frame, not a conversation.
    unanswered.pop_first();
    assert_eq!(unanswered, BTreeSet::new(), "examples without their answer");
}

#[test]
fn every_kind_and_every_exit_is_described() {
    let page = page();
    let kinds = [
        "message",
        "join",
        "leave",
        "run.started",
        "run.ended",
        "file.added",
        "edit",
        "delete",
        "reaction",
        "repeat",
        "invited",
        "removed",
        "role",
        "title",
        "topic",
        "archived",
        "retention",
        "command",
        "command.removed",
        "approve",
        "run.proposed",
        "run.refused",
        "right",
    ];
    let shown: BTreeSet<String> =
        blocks().iter().flatten().filter_map(|example| example.value["kind"].as_str().map(str::to_owned)).collect();
    for kind in kinds {
        let is_known = !matches!(EventBody::parse(kind, b"{}"), EventBody::Other { .. }) || shown.contains(kind);
        assert!(is_known && shown.contains(kind) && page.contains(&format!("`{kind}`")), "{kind}");
    }
    let exits: Vec<&str> = page.lines().filter_map(|line| line.strip_prefix("| `{\"")?.split('`').next()).collect();
    let mut forms = HashSet::new();
    for exit in exits {
        let parsed: Exit = serde_json::from_str(&format!("{{\"{exit}")).unwrap_or_else(|e| panic!("{exit}: {e}"));
        assert_eq!(serde_json::to_string(&parsed).unwrap(), format!("{{\"{exit}"));
        forms.insert(std::mem::discriminant(&parsed));
    }
    assert_eq!(forms.len(), 7, "each form of an exit once");
}

#[test]
fn the_table_of_codes_is_that_of_the_code() {
    const CODES: [Code; 13] = [
        Code::BadFrame,
        Code::UnknownType,
        Code::BadRequest,
        Code::Unauthorized,
        Code::Forbidden,
        Code::NotFound,
        Code::Conflict,
        Code::TooLarge,
        Code::RateLimited,
        Code::Busy,
        Code::Reset,
        Code::Incompatible,
        Code::Internal,
    ];
    let page = page();
    for code in CODES {
        let row =
            page.lines().find(|line| line.starts_with(&format!("| `{code}` |"))).unwrap_or_else(|| panic!("{code}"));
        let ends = format!("| {} | {} |", code.http_status(), code.close_code());
        assert!(row.ends_with(&ends), "{row}: it is {ends}");
    }
    let rows = page.split("\n## Codes").nth(1).unwrap().split("\n## ").next().unwrap();
    assert_eq!(rows.lines().filter(|line| line.starts_with("| `")).count(), CODES.len(), "no code too many");
    for role in [Role::Viewer, Role::Member, Role::Operator, Role::Admin] {
        assert!(page.contains(&format!("`{role}`")), "{role}");
    }
}

#[test]
fn the_table_of_limits_is_that_of_the_code() {
    let expected: [(&str, u64); 50] = [
        ("bytes of a line, LF included", limits::LINE_BYTES_MAX as u64),
        ("raw bytes of a frame", limits::BODY_BYTES_MAX as u64),
        ("bytes of a message's text", limits::TEXT_BYTES_MAX as u64),
        ("bytes before the welcome", limits::HELLO_BYTES_MAX as u64),
        ("milliseconds before the welcome", limits::HELLO_TIMEOUT_MS),
        ("milliseconds that the server waits for the first byte", limits::FIRST_BYTE_WAIT_MS),
        ("milliseconds of silence before the server pings", limits::PING_AFTER_MS),
        ("milliseconds of silence after which a connection is dead", limits::DEAD_AFTER_MS),
        ("characters of a room's name", limits::ROOM_NAME_MAX as u64),
        ("bytes of a room's name", limits::ROOM_NAME_BYTES_MAX as u64),
        ("bytes of a room's topic", limits::TOPIC_BYTES_MAX as u64),
        ("members of a direct message", limits::DM_USERS_MAX as u64),
        ("different reactions to a line", limits::REACTIONS_MAX as u64),
        ("bytes of a reaction", limits::EMOJI_BYTES_MAX as u64),
        ("characters of a search, at least", limits::QUERY_CHARS_MIN as u64),
        ("bytes of a search, at most", limits::QUERY_BYTES_MAX as u64),
        ("hits of a page of a search", limits::HITS_MAX.into()),
        ("texts of a `run.find`", limits::FIND_TEXTS_MAX as u64),
        ("days of retention, at most", limits::RETENTION_DAYS_MAX.into()),
        ("unread lines that are counted exactly", limits::UNREAD_MAX),
        ("bytes of a file", limits::FILE_BYTES_MAX),
        ("characters of a user's name", limits::USER_NAME_MAX as u64),
        ("characters of a title or a shown name", limits::TITLE_CHARS_MAX as u64),
        ("bytes of a webhook's body", limits::HOOK_BYTES_MAX as u64),
        ("bytes of a nonce", limits::NONCE_BYTES_MAX as u64),
        ("bytes of a password, at most", limits::PASSWORD_BYTES_MAX as u64),
        ("characters of a password, at least", limits::PASSWORD_CHARS_MIN as u64),
        ("events of a page of history", limits::HISTORY_LIMIT_MAX.into()),
        ("bytes of a command", limits::CMD_BYTES_MAX as u64),
        ("words of an `argv`", limits::ARGV_MAX as u64),
        ("characters of a named command's or parameter's name", limits::COMMAND_NAME_MAX as u64),
        ("named commands of a room", limits::COMMANDS_MAX as u64),
        ("parameters of a named command", limits::COMMAND_PARAMS_MAX as u64),
        ("bytes of its definition as JSON", limits::COMMAND_BYTES_MAX as u64),
        ("bytes of a parameter's pattern", limits::PATTERN_BYTES_MAX as u64),
        ("bytes of a parameter's value", limits::PARAM_BYTES_MAX as u64),
        ("hosts of a `run.start`", limits::RUN_HOSTS_MAX as u64),
        ("variables in `env`", limits::ENV_VARS_MAX as u64),
        ("variables in `secrets`", limits::SECRETS_MAX as u64),
        ("bytes of a secret, at least", limits::SECRET_BYTES_MIN as u64),
        ("bytes of a variable's name and value", limits::ENV_BYTES_MAX as u64),
        ("seconds of a run, if it does not say", limits::RUN_TIMEOUT_DEFAULT_S),
        ("seconds of a run, at most", limits::RUN_TIMEOUT_MAX_S),
        ("bytes of a window, if it does not say", limits::WINDOW_DEFAULT),
        ("the same with the screen of a terminal", limits::SCREEN_WINDOW_DEFAULT),
        ("bytes of a window, at most", limits::WINDOW_MAX),
        ("bytes of a path", limits::PATH_BYTES_MAX as u64),
        ("bytes of one component of a path", limits::PATH_PART_BYTES_MAX as u64),
        ("components of a path", limits::PATH_DEPTH_MAX as u64),
        ("entries of a page of a folder", limits::LIST_ENTRIES_MAX as u64),
    ];
    let page = page();
    let section = page.split("\n## Limits").nth(1).unwrap().split("\n## ").next().unwrap();
    let mut rows: BTreeMap<&str, u64> = BTreeMap::new();
    for row in section.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |")) {
        let (what, number) = row.split_once(" | ").unwrap();
        if let Ok(number) = number.replace(',', "").parse() {
            rows.insert(what, number);
        }
    }
    assert_eq!(rows, BTreeMap::from(expected));
}
