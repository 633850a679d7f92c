//! What `wardroom output RUN --cast` writes: each line as the format has it, and all of it in the player of asciinema.

use serde_json::{Value, json};

use crate::browser::Browser;
use crate::scripted_recording::{IDLE_MS, MS, Recorded};

/// The commands of a cast file's events, after a look at each line: the format has one object, then arrays of an interval in
/// seconds, a code and text (docs.asciinema.org/manual/asciicast/v3).
fn checked(cast: &str) -> Vec<String> {
    let mut lines = cast.lines();
    let header: Value = serde_json::from_str(lines.next().expect("a header")).unwrap();
    assert_eq!(
        (&header["version"], &header["term"]["cols"], &header["term"]["rows"]),
        (&json!(3), &json!(80), &json!(24))
    );
    assert!(header["timestamp"].is_u64() && header["title"].is_string() && header["command"].is_string(), "{header}");
    let mut codes = Vec::new();
    for line in lines {
        let event: Value = serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
        let fields = event.as_array().unwrap_or_else(|| panic!("no event: {line}"));
        assert_eq!(fields.len(), 3, "{line}");
        assert!(fields[0].as_f64().is_some_and(|interval| interval >= 0.0), "{line}");
        let (code, data) = (fields[1].as_str().unwrap(), fields[2].as_str().unwrap());
        let is_size =
            || data.split_once('x').is_some_and(|(cols, rows)| cols.parse::<u16>().and(rows.parse::<u16>()).is_ok());
        match code {
            "o" => {}
            "r" => assert!(is_size(), "{line}"),
            "x" => assert!(data.parse::<i32>().is_ok(), "{line}"),
            _ => panic!("what is this? {line}"),
        }
        codes.push(code.to_owned());
    }
    assert!(cast.ends_with('\n'));
    codes
}

#[tokio::test]
async fn a_cast_file_is_played_by_the_player_of_asciinema() {
    let recorded = Recorded::start().await;
    let token = recorded.ops.server.add_user("dora", "admin").await;
    let mut ask = recorded.ops.server.connect(&token).await;
    ask.ask(json!({"t":"room.join","room":"ops"})).await;
    let export = crate::command::wardroom(&recorded.ops.server, &token, &["output", "r1", "--cast"]);
    let done = crate::command::done(export).await;
    assert_eq!(done.code, Some(0), "{}", done.err);
    let cast = done.text();
    let mut codes = checked(&cast);
    codes.dedup();
    assert_eq!(codes, ["o", "r", "o", "r", "o", "x"]);

    let path = std::env::var_os("WARDROOM_ASCIINEMA")
        .expect("WARDROOM_ASCIINEMA names asciinema-player.min.js; cargo xtask test e2e sets it");
    let player = std::fs::read_to_string(path).unwrap();
    let page = Browser::start(1440, 900).await;
    page.page.goto("about:blank").await.unwrap();
    let begin = "; document.body.innerHTML = '<div id=place></div>'; \
        window.player = AsciinemaPlayer.create({data: arguments[0]}, document.getElementById('place'), {preload: true}); return true";
    page.page.execute(&format!("{player}{begin}"), vec![json!(cast)]).await.unwrap();
    page.until_true(
        "it has the whole recording",
        &format!("return Math.abs(window.player.getDuration() - {}) < 1", MS / 1_000),
    )
    .await;
    for (ms, text) in [
        (1_500, "true colour"),
        (IDLE_MS + 3_000, "on a larger screen"),
        (IDLE_MS + 25_000, "another screen"),
        (IDLE_MS + 60_000, "the end"),
        (2_500, "second"),
    ] {
        let seek =
            "const done = arguments[1]; window.player.seek(arguments[0]).then(() => done(true), e => done(String(e)))";
        let sought = page.page.execute_async(seek, vec![json!(ms as f64 / 1_000.0)]).await.unwrap();
        assert_eq!(sought, json!(true));
        let has = format!("return document.querySelector('.ap-term-text').textContent.includes({})", json!(text));
        page.until_true(text, &has).await;
    }
    page.end().await;
}
