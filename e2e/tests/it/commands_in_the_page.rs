//! Named commands and approvals in the page: a command is defined, run by a form and by its name, and approved by a click.

use serde_json::{Value, json};

use crate::browser::{Browser, page_of};
use crate::in_the_page::{ENTER, Ops};

/// Ctrl-A.
const SELECT_ALL: &str = "\u{e009}a\u{e000}";
const TAB: &str = "\u{e004}";

/// The fields of the first parameter: pattern, description, default.
async fn fill_param(page: &Browser, nth: usize, text: &str) {
    let fields = page.page.find_all(fantoccini::Locator::Css("[data-testid=command-param]")).await.unwrap();
    fields[nth].send_keys(&format!("{SELECT_ALL}{text}")).await.unwrap();
}

async fn defined(ops: &mut Ops) -> Value {
    ops.ben.ask(json!({"t":"command.list","room":"ops"})).await["commands"].clone()
}

#[tokio::test]
async fn a_command_is_defined_and_run_in_the_page() {
    let mut ops = Ops::start().await;
    let page = Browser::start(1440, 900).await;
    page.sign_in(&page_of(&ops.server), "ann").await;
    page.open_room("ops").await;
    page.click("room-settings-open").await;
    page.click("settings-tab-commands").await;
    page.click("command-add").await;
    page.fill("command-name", "Not a name").await;
    page.click("save").await;
    page.find("[data-testid=dialog] [role=alert]").await;
    page.test_id("command-name").await.clear().await.unwrap();
    page.fill("command-name", "deploy").await;
    page.fill("command-about", "puts a release into service").await;
    page.fill("command-argv", "printf\ndeploying %s to %s;\n{version}\n{to}").await;
    let both = "return document.querySelectorAll('[data-testid=command-param]').length === 6";
    page.until_true("both parameters", both).await;
    fill_param(&page, 0, "[0-9.]+").await;
    fill_param(&page, 3, "prod|test").await;
    fill_param(&page, 5, "test").await;
    page.find("[data-testid=command-allow] option[value=member]").await.click().await.unwrap();
    page.shoot("command-definition").await;
    page.click("save").await;
    page.find("[data-testid=command-item]").await;
    let spec = defined(&mut ops).await[0]["command"].clone();
    assert_eq!(spec["argv"], json!(["printf", "deploying %s to %s;", "{version}", "{to}"]));
    let params = json!([{"name":"version","pattern":"[0-9.]+"},{"name":"to","pattern":"prod|test","default":"test"}]);
    assert_eq!((&spec["params"], &spec["allow"]), (&params, &json!("member")));
    // Changed: the form has all of it again, and what is not changed stays.
    page.click("command-edit").await;
    page.fill("command-about", " at once").await;
    page.click("save").await;
    page.find("[data-testid=command-item]").await;
    ops.ben
        .ask_until(json!({"t":"command.list","room":"ops"}), |list| {
            list["commands"][0]["command"]["about"] == "puts a release into service at once"
        })
        .await;
    assert_eq!(defined(&mut ops).await[0]["command"]["params"], params);
    page.click("dialog-close").await;

    // By the form: what would run is seen, a wrong value is refused in words, and the keyboard is enough.
    page.click("tab-activity").await;
    page.click("command-button").await;
    let value = page.test_id("command-value").await;
    value.send_keys("4.2; reboot").await.unwrap();
    page.until_true(
        "what would run",
        "return document.querySelector('[data-testid=command-preview]').textContent === \"printf 'deploying %s to %s;' '4.2; reboot' test\"",
    )
    .await;
    page.shoot("command-form").await;
    value.send_keys(ENTER).await.unwrap();
    page.find("[data-testid=dialog] [data-testid=form-error]").await;
    value.clear().await.unwrap();
    value.send_keys("4.2").await.unwrap();
    value.send_keys(ENTER).await.unwrap();
    page.until("deploying 4.2 to test;").await;

    // By its name: completed, explained, and run.
    let composer = page.test_id("composer").await;
    composer.send_keys("/dep").await.unwrap();
    page.find("[data-testid=suggestion]").await;
    composer.send_keys(TAB).await.unwrap();
    composer.send_keys("4.3 prod").await.unwrap();
    page.until_true(
        "its arguments",
        "return document.querySelector('.composer__usage')?.textContent.includes('/deploy VERSION [TO]')",
    )
    .await;
    page.shoot("command-typed").await;
    composer.send_keys(ENTER).await.unwrap();
    page.until("deploying 4.3 to prod;").await;

    page.click("room-settings-open").await;
    page.click("settings-tab-commands").await;
    page.click("command-remove").await;
    page.click("confirm-yes").await;
    ops.ben.ask_until(json!({"t":"command.list","room":"ops"}), |list| list["commands"] == json!([])).await;
    page.end().await;
}

#[tokio::test]
async fn a_run_is_approved_refused_and_withdrawn_by_clicks() {
    let mut ops = Ops::start().await;
    let page = Browser::start(1440, 900).await;
    page.sign_in(&page_of(&ops.server), "ann").await;
    page.open_room("ops").await;
    page.click("room-settings-open").await;
    page.click("set-approve").await;
    page.click("save").await;
    page.until("turned on approval").await;
    // Somebody else's: all that will run is there, and one click starts it.
    let limits = json!({"memory_bytes":1_073_741_824});
    let start = json!({"t":"run.start","room":"ops","cmd":"echo the-${LANG:-d}one","cwd":"/tmp","limits":limits,
        "timeout_s":600,"detach":true,"nonce":"p1"});
    ops.ben.ask(start).await;
    let card = page.test_id("proposal-card").await;
    let text = card.text().await.unwrap();
    let how = ["timeout=10m", "memory=1G", "Keep background processes"];
    for part in ["echo the-${LANG:-d}one", "p1", "local", "/tmp", "proposed by ben"].into_iter().chain(how) {
        assert!(text.contains(part), "{part}: {text}");
    }
    page.shoot("proposal").await;
    page.shoot_at("proposal-dark", "dark").await;
    page.click("proposal-approve").await;
    page.until_true("it runs", "return !!document.querySelector('[data-testid=run-card]')").await;
    page.until_true("it is decided", "return !document.querySelector('[data-testid=proposal-approve]')").await;
    let text = card.text().await.unwrap();
    assert!(text.contains("proposed by ben · approved by ann"), "{text}");
    let text = page.test_id("run-card").await.text().await.unwrap();
    assert!(text.contains("memory=1G") && text.contains("approved by ann"), "{text}");
    for theme in ["light", "dark"] {
        page.shoot_at("approved", theme).await;
    }
    page.page.set_window_size(500, 900).await.unwrap();
    page.shoot_at("approved-narrow", "light").await;
    page.page.set_window_size(1440, 900).await.unwrap();
    // One's own can only be withdrawn.
    page.say("$ echo mine").await;
    page.until_true("it waits", "return document.querySelectorAll('[data-testid=proposal-card]').length === 2").await;
    page.until_true("nobody approves their own", "return !document.querySelector('[data-testid=proposal-approve]')")
        .await;
    page.click("proposal-refuse").await;
    page.until_true("it is withdrawn", "return !document.querySelector('[data-testid=proposal-refuse]')").await;
    // And somebody else's refused.
    ops.ben.ask(json!({"t":"run.start","room":"ops","cmd":"echo other","nonce":"p3"})).await;
    page.test_id("proposal-approve").await;
    page.click("proposal-refuse").await;
    page.until_true("it is refused", "return !document.querySelector('[data-testid=proposal-refuse]')").await;
    let runs = ops.ben.ask(json!({"t":"run.list","room":"ops"})).await;
    assert_eq!(runs["runs"].as_array().unwrap().len(), 1, "{runs}");
    page.end().await;
}

#[tokio::test]
async fn a_card_says_how_its_run_runs() {
    let mut ops = Ops::start().await;
    let page = Browser::start(1440, 900).await;
    page.sign_in(&page_of(&ops.server), "ann").await;
    page.open_room("ops").await;
    let start = json!({"t":"run.start","room":"ops","cmd":"echo done","limits":{"cpu_s":60},
        "secrets":{"TOKEN":"correct horse"},"nonce":"s1"});
    ops.ben.ask(start).await;
    let text = page.test_id("run-card").await.text().await.unwrap();
    assert!(text.contains("cpu=1m · $TOKEN") && !text.contains("correct horse"), "{text}");
    page.end().await;
}

#[tokio::test]
async fn commands_that_do_not_fit_in_one_answer_are_all_there() {
    let mut ops = Ops::start().await;
    for n in 0..40 {
        let command = json!({"name":format!("job{n}"),"argv":["echo", "x".repeat(3_000)]});
        ops.ann.ask(json!({"t":"command.add","room":"ops","command":command})).await;
    }
    assert_eq!(ops.ben.ask(json!({"t":"command.list","room":"ops"})).await["more"], true);
    let page = Browser::start(1440, 900).await;
    page.sign_in(&page_of(&ops.server), "ann").await;
    page.open_room("ops").await;
    let all = "return document.querySelectorAll('[data-testid=command-button]').length === 40";
    page.until_true("all commands", all).await;
    page.open_room("general").await;
    let none = "return document.querySelectorAll('[data-testid=command-button]').length === 0";
    page.until_true("another room has none of them", none).await;
    page.end().await;
}
