//! The command line as used elsewhere: names that must not change.

use super::*;
use clap::CommandFactory;

fn parse(line: &str) -> Result<Cli, clap::Error> {
    parse_from(line.split_whitespace())
}

#[test]
fn the_definition_is_sound() {
    Cli::command().debug_assert();
}

#[test]
fn names_that_programs_are_written_against() {
    for line in [
        "wardroom serve",
        "wardroom serve --data d --tcp 127.0.0.1:0 [::1]:0 unix:/x --http 127.0.0.1:0 --base-path /ops --public-url https://h/ops --trusted-proxy 10.0.0.0/8 ::1 unix",
        "wardroom serve --tcp 127.0.0.1:0 --tcp [::1]:0",
        "wardroom core --data d --tcp 127.0.0.1:0",
        "wardroom gateway --core unix:d/core.sock --key-file d/keys/gateway.key --http 127.0.0.1:0",
        "wardroom host --core 10.0.0.5:7000 --token-file t --spool d",
        "wardroom host --core tls://core.example --token-file t --spool d",
        "wardroom host --core https://ops.example/room/ --token-file t --spool d",
        "wardroom admin host add web1 --label role=web --label os=debian --replace",
        "wardroom host --core unix:d/core.sock --key-file d/keys/host.key --name local --spool d/host",
        "wardroom admin --data d user add ann --role viewer --password-stdin",
        "wardroom admin user list --data d",
        "wardroom admin --data d user passwd ann --password-stdin",
        "wardroom admin --data d user disable ann",
        "wardroom admin --data d token add ann",
        "wardroom admin --data d invite --role operator",
        "wardroom login tcp://h:7000 ann --password-stdin",
        "wardroom login http://h:8080/#invite=abc",
        "wardroom logout",
        "wardroom password --password-stdin",
        "wardroom sessions --json",
        "wardroom sessions --end 12",
        "wardroom sessions --end-others",
        "wardroom chat ops",
        "wardroom chat ops --no-wait",
        "wardroom send ops hello there",
        "wardroom send ops -",
        "wardroom send ops -- -x",
        "wardroom run ops --host h --timeout 5 --cwd /tmp --env A=b --env C= --stdin -- sh -c x",
        "wardroom run ops --tty --detach --sandbox read-only --sandbox=no-network -- top",
        "wardroom run ops --merge -- make",
        "wardroom run ops --timeout 5m --limit wall=1h30m --limit memory=1TiB -- make",
        "wardroom shell ops --timeout 2h",
        "wardroom command edit deploy --room ops --timeout 1h30m",
        "wardroom serve --host-lost-after 90 --limit-max memory=1T --limit-max idle=600",
        "wardroom run ops -- wardroom --json",
        "wardroom shell ops",
        "wardroom shell ops --host web1 --cwd /srv --env A=b --timeout 60 --sandbox private-tmp --fixed --detach -- htop -d 5",
        "wardroom attach r4",
        "wardroom attach 4 --control",
        "wardroom runs",
        "wardroom runs ops --state failed --host web1 --user ann --text make --limit 5 --json",
        "wardroom stop r4",
        "wardroom stop 01ARZ3NDEKTSV4RRFFQ69G5FAV --kill",
        "wardroom stop 4 --int",
        "wardroom output r4 --follow --from 100 --stderr",
        "wardroom output r4 --stdout --raw",
        "wardroom output r4 --cast",
        "wardroom hosts --json",
        "wardroom rights --json",
        "wardroom rights --room ops --host db1 --user ann",
        "wardroom rights allow ann run-named --room ops --host db1 --json",
        "wardroom rights deny ann approve --room ops --open",
        "wardroom command add deploy --room ops --host web1 --param version:^[0-9.]+$ --default version=1 --about x --allow member --approve --cwd /srv --env A=b --timeout 60 --sandbox read-only -- ./deploy {version}",
        "wardroom command edit deploy --room ops --allow owner --no-approve",
        "wardroom command edit deploy --room ops -- ./deploy -v {version}",
        "wardroom command list --room ops --json",
        "wardroom command show deploy --room ops",
        "wardroom approve p3 --json",
        "wardroom approve --json",
        "wardroom refuse 3",
        "wardroom command remove deploy --room ops",
        "wardroom command run deploy --room ops 4.2 to=prod --json",
        "wardroom join ops",
        "wardroom leave ops",
        "wardroom who ops --json",
        "wardroom put a b ops:logs/",
        "wardroom put a ops --replace",
        "wardroom get ops:logs/a -o -",
        "wardroom get ops:a -o b",
        "wardroom ls",
        "wardroom ls ops",
        "wardroom ls ops:logs/ --json",
        "wardroom send ops --reply 12 yes",
        "wardroom dm ben hello",
        "wardroom dm ben chen -",
        "wardroom rooms",
        "wardroom export ops --since 2026-11-23 --until 2026-11-24T08:00 --format jsonl -o x --files",
        "wardroom search 10.4.1.74 --room ops --by ann --kind output --since 2026-11-23 --limit 5 --json",
        "wardroom search -- -x",
        "wardroom log ops --follow --after 12",
        "wardroom log ops --before 12 --limit 5",
        "wardroom log ops --last 5 --json",
        "wardroom --server tcp://h:1 --token t log ops",
        "wardroom log ops --server unix:/x --token t",
        "wardroom completions bash",
    ] {
        assert!(parse(line).is_ok(), "{line}: {}", parse(line).err().map(|e| e.to_string()).unwrap_or_default());
    }
}

#[test]
fn nonsense_is_refused() {
    for line in [
        "wardroom",
        "wardroom nonsense",
        "wardroom serve --tcp 7000",
        "wardroom serve --trusted-proxy everybody",
        "wardroom run ops",
        "wardroom run ops --tty --merge -- make",
        "wardroom run ops make",
        "wardroom run OPS -- make",
        "wardroom run ops --env A -- make",
        "wardroom runs --state done",
        "wardroom command add Deploy --room ops -- x",
        "wardroom command add deploy --room ops --allow nobody -- x",
        "wardroom command add deploy --room ops --param version -- x",
        "wardroom command run deploy",
        "wardroom rights allow ann run",
        "wardroom rights allow ann sudo --room ops",
        "wardroom rights deny --room ops",
        "wardroom stop",
        "wardroom stop make",
        "wardroom stop r4 --int --kill",
        "wardroom output r4 --stdout --stderr",
        "wardroom output r4 --cast --follow",
        "wardroom put ops",
        "wardroom put a ops --replace --rename",
        "wardroom put a ops:../x",
        "wardroom dm ben",
        "wardroom search",
        "wardroom search x --kind poem",
        "wardroom export ops --since yesterday",
        "wardroom export ops --format pdf",
        "wardroom log ops --before 5 --follow",
        "wardroom get ops",
        "wardroom get ops:/etc/passwd",
        "wardroom admin user add ann --role king",
        "wardroom --server ftp://h log ops",
        "wardroom admin user list --server tcp://h:1",
        "wardroom --token t admin --data d user list",
        "wardroom run ops --timeout 5x -- make",
        "wardroom serve --host-lost-after 31d",
    ] {
        assert!(parse(line).is_err(), "{line}");
    }
}

#[test]
fn a_command_keeps_its_own_flags() {
    let Ok(Cli { command: Command::Run(run), connect, .. }) = parse("wardroom run ops -- ls --json -la") else {
        panic!("it is a run");
    };
    assert_eq!(run.command, ["ls", "--json", "-la"]);
    assert!(!connect.json);
}

#[test]
fn a_flag_behind_the_words_is_a_flag() {
    let Ok(Cli { command: Command::Send { text, .. }, connect, .. }) = parse("wardroom send ops hello --json") else {
        panic!("it is a send");
    };
    assert!(connect.json && text == ["hello"]);
}

#[test]
fn a_token_is_not_shown() {
    let help = Cli::command().render_long_help().to_string();
    assert!(help.contains("WARDROOM_TOKEN") && !help.contains("WARDROOM_TOKEN="));
}

#[test]
fn no_help_is_broken_by_the_width_of_the_terminal() {
    fn check(command: &clap::Command) {
        let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        for line in help.lines() {
            assert!(line.chars().count() <= 100, "{}: {line}", command.get_name());
        }
        command.get_subcommands().for_each(check);
    }
    check(&Cli::command());
}
