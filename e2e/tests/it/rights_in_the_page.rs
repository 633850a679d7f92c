//! Rights in the page: a rule is made and removed in the settings of a room, with a warning before, and the member whom it names
//! sees at once what they may do.

use serde_json::{Value, json};

use crate::browser::{Browser, page_of};
use crate::in_the_page::{Ops, post};
use crate::terminal_in_the_page::ScriptedHost;

/// The button that asks for the keyboard of the terminal that is open.
const ASK: &str = "document.querySelector('[data-testid=terminal-ask]')";
const CARDS: &str = "return document.querySelectorAll('[data-testid=run-card]').length";

async fn choose(page: &Browser, field: &str, value: &str) {
    page.find(&format!("[data-testid={field}] option[value={value}]")).await.click().await.unwrap();
}

async fn open_rights(page: &Browser) {
    page.click("room-settings-open").await;
    page.click("settings-tab-rights").await;
}

/// Waits until a card of a run has a button, or has none.
async fn until_button(page: &Browser, run: &str, button: &str, is_there: bool) {
    let script = format!(
        "const card = document.querySelector('[data-testid=run-card][data-run=\"{run}\"]'); \
         return !!card && !!card.querySelector('[data-testid={button}]') === {is_there}"
    );
    page.until_true(&format!("{button} of {run}: {is_there}"), &script).await;
}

async fn rules(ops: &mut Ops) -> Value {
    ops.ann.ask(json!({"t":"rights.list","room":"ops"})).await["rules"].clone()
}

#[tokio::test]
async fn a_member_gets_what_a_rule_gives_and_loses_it_with_the_rule() {
    let mut ops = Ops::start().await;
    let start = json!({"t":"run.start","room":"ops","cmd":"cat","stdin":true,"nonce":"b1"});
    let of_ben = ops.ben.ask(start).await["run"].as_str().unwrap().to_owned();
    let shell = ops.ben.ask(json!({"t":"run.start","room":"ops","tty":{"cols":80,"rows":24},"nonce":"b2"})).await;
    let shell = shell["run"].as_str().unwrap().to_owned();
    let (admin, member) = (Browser::start(1440, 900).await, Browser::start(1440, 900).await);
    member.sign_in(&page_of(&ops.server), "chen").await;
    member.open_room("ops").await;
    for button in ["run-stop", "input-ask"] {
        until_button(&member, &of_ben, button, false).await;
    }
    member.fill("composer", "$ cat").await;
    member.find(".composer__hint--error[role=alert]").await;
    let terminal = format!("[data-testid=run-card][data-run=\"{shell}\"] [data-testid=terminal-open]");
    member.find(&terminal).await.click().await.unwrap();
    member.find("[data-testid=terminal-holder]").await;
    member.until_true("no keyboard", &format!("return !({ASK})")).await;

    admin.sign_in(&page_of(&ops.server), "ann").await;
    admin.open_room("ops").await;
    open_rights(&admin).await;
    choose(&admin, "rule-user", "chen").await;
    choose(&admin, "rule-right", "run").await;
    choose(&admin, "rule-host", "local").await;
    admin.click("rule-add").await;
    // Nothing is made before the answer, and the harmless one has the focus.
    admin.find("[data-testid=confirm-no]:focus").await;
    let asked = "return [...document.querySelectorAll('[data-testid=dialog]')].at(-1).textContent";
    let asked = admin.page.execute(asked, vec![]).await.unwrap();
    let lead = "local: after this, only chen and admins may run commands here. Losing it (1): ben.";
    assert!(asked.as_str().unwrap().contains(lead), "{asked}");
    for theme in ["dark", "light"] {
        admin.shoot_at("rights-warning", theme).await;
    }
    admin.click("confirm-no").await;
    assert_eq!(rules(&mut ops).await, json!([]));
    admin.click("rule-add").await;
    admin.click("confirm-yes").await;
    let rule = admin.test_id("rule").await.text().await.unwrap();
    for theme in ["dark", "light"] {
        admin.shoot_at("rights", theme).await;
    }
    assert!(rule.contains("chen") && rule.contains("run commands · local"), "{rule}");
    assert_eq!(rules(&mut ops).await[0]["user"], "chen");

    // The member's page knows, without being loaded again: it runs, types, and asks for a keyboard.
    member.find("[data-testid=run-tty]").await;
    member.click("run-stdin").await;
    member.click("send").await;
    member.until_true("it runs", &format!("{CARDS} === 3")).await;
    let runs = ops.chen.ask(json!({"t":"run.list","room":"ops"})).await["runs"].clone();
    let own =
        runs.as_array().unwrap().iter().find(|run| run["by"] == "chen").unwrap()["run"].as_str().unwrap().to_owned();
    member.fill("input-line", "typed by chen").await;
    member.click("input-send").await;
    member.until("typed by chen").await;
    until_button(&member, &of_ben, "input-ask", true).await;
    until_button(&member, &of_ben, "run-stop", false).await;
    member.until_true("the keyboard of a terminal", &format!("return !!({ASK})")).await;
    member.shoot("rights-member").await;

    // Without the rule, the right is gone as it came; what they started is still theirs to stop.
    admin.click("rule-remove").await;
    let last =
        "return [...document.querySelectorAll('[data-testid=dialog]')].at(-1).textContent.includes('the last one')";
    admin.until_true("what follows is said", last).await;
    admin.click("confirm-yes").await;
    admin.until_true("it is gone", "return !document.querySelector('[data-testid=rule]')").await;
    assert_eq!(rules(&mut ops).await, json!([]));
    until_button(&member, &of_ben, "input-ask", false).await;
    member.until_true("no keyboard any more", &format!("return !({ASK})")).await;
    member.find(&format!("[data-run=\"{own}\"] [data-testid=run-stop]")).await.click().await.unwrap();
    member.until("stopped by chen").await;
    admin.end().await;
    member.end().await;
}

#[tokio::test]
async fn a_member_runs_on_the_host_that_a_rule_names() {
    let mut ops = Ops::start().await;
    let mut web1 = ScriptedHost::connect(&ops).await;
    let rule =
        json!({"t":"rights.set","right":"run","user":"chen","room":"ops","host":"web1","allow":true,"restrict":true});
    ops.ann.ask(rule).await;
    let page = Browser::start(1440, 900).await;
    page.sign_in(&page_of(&ops.server), "chen").await;
    page.open_room("ops").await;
    page.fill("composer", "$ uptime").await;
    let hosts =
        "return [...document.querySelectorAll('[data-testid=run-host] option')].map(o => o.value).join() === 'web1'";
    page.until_true("only that host", hosts).await;
    // The label beside the list stays on one line, however long the names of the hosts are.
    page.page.set_window_size(500, 900).await.unwrap();
    let is_whole = "const list = document.querySelector('[data-testid=run-host]'), label = list.parentElement; \
        list.options[0].textContent = 'web1-'.repeat(20); \
        const text = document.createRange(); text.selectNode(label.firstChild); \
        return innerWidth === 500 && text.getClientRects().length === 1";
    page.until_true("a whole label", is_whole).await;
    page.shoot_at("run-options-narrow", "light").await;
    page.page.set_window_size(1440, 900).await.unwrap();
    page.click("send").await;
    assert_eq!(web1.started().await["by"], "chen");
    // A long reason leaves the command its place in the panel, and is there as a whole when one points at it.
    let why = "this host has no such folder, and its log says which one it looked for";
    let ended = json!({"t":"host.ended","run":web1.run,"exit":{"failed":why},"bytes":0,"ms":1});
    web1.wire.send(&ended, &[]).await.unwrap();
    page.click("tab-activity").await;
    let has_place = format!(
        "const item = [...document.querySelectorAll('.item')].find(item => item.title === 'uptime'); \
         const end = item?.querySelector('.state'); \
         return !!end?.title.includes('{why}') && end.scrollWidth > end.clientWidth \
            && item.querySelector('.item__name').clientWidth > 80"
    );
    page.until_true("the command beside its end", &has_place).await;
    for theme in ["light", "dark"] {
        page.shoot_at("panel-long-end", theme).await;
    }
    page.end().await;
}

#[tokio::test]
async fn an_owner_makes_the_rules_that_owners_make() {
    let mut ops = Ops::start().await;
    post(&mut ops.chen, "c1", "hello", None).await;
    ops.ann.ask(json!({"t":"room.role","room":"ops","user":"ben","role":"owner"})).await;
    let place = json!({"t":"rights.set","right":"run","user":"ben","host":"local","allow":true,"restrict":true});
    ops.ann.ask(place).await;
    let page = Browser::start(390, 844).await;
    page.sign_in(&page_of(&ops.server), "ben").await;
    page.click("sidebar-open").await;
    page.open_room("ops").await;
    // The same tab as by the button.
    page.say("/rights").await;
    // The rule about the host is seen, and is not theirs to remove; nor is there a choice of hosts.
    let rule = page.test_id("rule").await.text().await.unwrap();
    assert!(rule.contains("local, all rooms"), "{rule}");
    let none =
        "return !document.querySelector('[data-testid=rule-host], [data-testid=rule-remove], option[value=run]')";
    page.until_true("only what owners may", none).await;
    choose(&page, "rule-user", "chen").await;
    choose(&page, "rule-right", "approve").await;
    page.click("rule-add").await;
    // It would take the right from its maker, who is told what to do first.
    page.find("[data-testid=dialog] [role=alert]").await;
    choose(&page, "rule-user", "ben").await;
    page.click("rule-add").await;
    page.until_true("it is made", "return document.querySelectorAll('[data-testid=rule]').length === 2").await;
    for theme in ["light", "dark"] {
        page.shoot_at("rights-phone", theme).await;
    }
    let chinese = "localStorage.setItem('wardroom.language', 'zh-CN'); location.reload()";
    page.page.execute(chinese, vec![]).await.unwrap();
    page.until_true("the page says so", "return document.documentElement.lang === 'zh-CN'").await;
    open_rights(&page).await;
    page.test_id("rule").await;
    page.shoot("rights-phone-chinese").await;
    let is_wider = "return document.documentElement.scrollWidth > innerWidth";
    assert_eq!(page.page.execute(is_wider, vec![]).await.unwrap(), json!(false));
    page.end().await;
}
