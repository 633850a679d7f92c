//! Programs that fill the screen, on one terminal that somebody watches in the page and somebody else with `wardroom
//! attach` (in a tmux of their own): both see the same rows, and both type. And a phone beside a large window.

use std::path::Path;

use serde_json::json;

use crate::browser::{Browser, page_of, retry};
use crate::in_the_page::Ops;
use crate::terminal_in_the_page::{ROWS, read_rows};
use crate::test_server::{TestServer, binary};
use crate::tmux::{Tmux, trimmed};

/// A program, and how it is used.
struct Program {
    name: &'static str,
    /// How it is started, in a folder with the file `notes`.
    cmd: &'static str,
    /// What it shows then.
    shows: &'static str,
    /// What the one in the page types, and what comes of it.
    page_types: (&'static str, &'static str),
    /// What the other one types, as keys of tmux, and what comes of it.
    other_types: (&'static [&'static str], &'static str),
    /// What ends it, as keys of tmux.
    ends: &'static [&'static str],
}

const ALL: [Program; 5] = [
    Program {
        name: "vim",
        cmd: "vim -u NONE -i NONE notes",
        shows: "line 7",
        page_types: ("ofrom the page", "from the page"),
        other_types: (&[" and from tmux"], "from the page and from tmux"),
        ends: &["Escape", ":q!", "Enter"],
    },
    Program {
        name: "less",
        cmd: "less notes",
        shows: "line 7",
        page_types: ("G", "line 300"),
        other_types: (&["g"], "line 1"),
        ends: &["q"],
    },
    Program {
        name: "dialog",
        cmd: "dialog --menu 'Restart which one?' 15 50 4 web1 'first web server' web2 second db1 数据库",
        shows: "Restart which one?",
        page_types: ("w", "web2"),
        other_types: (&["d"], "数据库"),
        ends: &["Enter"],
    },
    Program {
        name: "htop",
        cmd: "HTOPRC=/dev/null htop -d 100",
        shows: "Load average",
        page_types: ("u", "Show processes of"),
        other_types: (&["Enter"], "Load average"),
        ends: &["q"],
    },
    Program {
        name: "tmux",
        cmd: "tmux -f /dev/null -S inner new-session \"PS1='> ' sh\"",
        shows: "[0] 0:sh*",
        page_types: ("echo left $((6*7))\n", "left 42"),
        other_types: (&["C-b", "%"], "│"),
        ends: &["C-b", "&", "y"],
    },
];

/// A window of tmux in which somebody runs `wardroom`.
fn window(server: &TestServer, token: &str, (cols, rows): (u16, u16), args: &str) -> Tmux {
    let vars = [("WARDROOM_TOKEN", token), ("WARDROOM_SERVER", &server.tcp)];
    // It stays when the command has ended.
    Tmux::start(cols, rows, &vars, &format!("{} {args}; echo exit $?; sleep 1000", binary().display()))
}

async fn rows_of(page: &Browser) -> Vec<String> {
    let rows = page.page.execute(&format!("return {ROWS}"), vec![]).await.unwrap();
    trimmed(&rows.as_str().unwrap_or_default().replace('\u{a0}', " "))
}

/// What the other one sees, without the row that says whose size the terminal has.
fn rows_in(window: &Tmux) -> Vec<String> {
    let rows = window.rows().into_iter().filter(|row| !row.contains("in your window of"));
    trimmed(&rows.collect::<Vec<_>>().join("\n"))
}

async fn both_show(page: &Browser, other: &Tmux, text: &str) {
    let mut last = (Vec::new(), Vec::new());
    for _ in 0..600 {
        last = (rows_of(page).await, rows_in(other));
        if last.0 == last.1 && last.0.iter().any(|row| row.contains(text)) {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    page.shoot("programs-differ").await;
    panic!("{text:?}: the page shows\n{}\nand tmux\n{}", last.0.join("\n"), last.1.join("\n"));
}

async fn type_in(page: &Browser, keys: &str) {
    page.find(".xterm-helper-textarea").await.send_keys(keys).await.unwrap();
}

async fn use_together(page: &Browser, ops: &mut Ops, token: &str, program: &Program, work: &Path) {
    page.fill("composer", &format!("$ cd {} && {}", work.display(), program.cmd)).await;
    page.click("run-tty").await;
    page.click("send").await;
    read_rows(page).await;
    page.until_true(program.shows, &format!("return {ROWS}.includes({})", json!(program.shows))).await;
    let runs = ops.ben.ask(json!({"t":"run.list","room":"ops","state":"running"})).await;
    let other = window(&ops.server, token, (220, 70), &format!("attach r{}", runs["runs"][0]["n"]));
    both_show(page, &other, program.shows).await;

    type_in(page, program.page_types.0).await;
    both_show(page, &other, program.page_types.1).await;
    page.shoot(&format!("program-{}", program.name)).await;

    other.type_text("~k");
    page.click("terminal-give").await;
    page.until_true("the other has it", "return document.querySelector('.tty').dataset.mine !== 'true'").await;
    program.other_types.0.iter().for_each(|key| other.press(key));
    both_show(page, &other, program.other_types.1).await;
    page.shoot(&format!("program-{}-other", program.name)).await;
    for key in program.ends {
        other.press(key);
    }
    other.until("exit 0").await;
    page.click("terminal-close").await;
}

#[tokio::test]
async fn the_page_and_a_terminal_show_and_drive_the_same_programs() {
    let mut ops = Ops::start().await;
    let token = ops.server.add_user("dora", "operator").await;
    ops.server.connect(&token).await.ask(json!({"t":"room.join","room":"ops"})).await;
    let work = tempfile::tempdir().unwrap();
    let notes: String = (1..=300).map(|n| format!("line {n}\n")).collect();
    std::fs::write(work.path().join("notes"), notes).unwrap();
    let page = Browser::start(1440, 900).await;
    page.sign_in(&format!("{}r/ops", page_of(&ops.server)), "ann").await;
    for program in &ALL {
        use_together(&page, &mut ops, &token, program, work.path()).await;
    }
    page.end().await;
}

#[tokio::test]
async fn a_phone_and_a_large_window_share_a_terminal() {
    let ops = Ops::start().await;
    let token = ops.server.add_user("dora", "operator").await;
    ops.server.connect(&token).await.ask(json!({"t":"room.join","room":"ops"})).await;
    let grid = "for i in $(seq 49); do printf '%03d %s %03d\\n' $i \"$(head -c 190 /dev/zero | tr '\\0' .)\" $i; done; stty size; exec sh";
    let large = window(&ops.server, &token, (200, 50), &format!("shell ops -- sh -c {}", quoted(grid)));
    large.until("50 200").await;
    let page = Browser::start(390, 844).await;
    page.sign_in(&format!("{}r/ops", page_of(&ops.server)), "ann").await;
    page.click("terminal-open").await;
    read_rows(&page).await;
    retry("the phone shows the whole screen", async || (rows_of(&page).await == large.rows()).then_some(())).await;
    page.shoot_at("phone-beside-large", "light").await;

    // The phone takes the keyboard, and the terminal its size.
    large.press("Enter");
    large.type_text("~K");
    page.click("terminal-ask").await;
    page.until_true("the phone has it", "return document.querySelector('.tty').dataset.mine === 'true'").await;
    type_in(&page, "clear; stty size | sed s/^/now:/\n").await;
    let small = retry("another size", async || {
        let rows = rows_of(&page).await;
        rows.iter().find_map(|row| {
            let (rows, cols) = row.strip_prefix("now:")?.split_once(' ')?;
            Some((rows.parse().ok()?, cols.parse().ok()?))
        })
    })
    .await;
    let (rows, cols): (u16, u16) = small;
    assert!((15..=45).contains(&rows) && (30..=60).contains(&cols), "{rows}x{cols}");
    retry("the large window shows the small screen", async || {
        let seen = rows_of(&page).await;
        (rows_in(&large) == seen).then_some(())
    })
    .await;
    page.shoot_at("phone-holds", "dark").await;
    page.end().await;
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}
