//! Commands in the page that read standard input, and those that leave processes behind on purpose.

use crate::browser::{Browser, page_of};
use crate::in_the_page::{ENTER, Ops};

async fn start(page: &Browser, cmd: &str, option: &str) {
    page.fill("composer", &format!("$ {cmd}")).await;
    page.click(option).await;
    page.click("send").await;
}

async fn type_line(page: &Browser, line: &str) {
    page.test_id("input-line").await.send_keys(&format!("{line}{ENTER}")).await.unwrap();
}

#[tokio::test]
async fn lines_are_typed_passed_on_and_ended() {
    let ops = Ops::start().await;
    let (ann, ben) = (Browser::start(1440, 900).await, Browser::start(390, 844).await);
    for (page, user) in [(&ann, "ann"), (&ben, "ben")] {
        page.sign_in(&format!("{}r/ops", page_of(&ops.server)), user).await;
    }
    start(&ann, "while read line; do echo \"got $line.\"; done; echo the end", "run-stdin").await;
    type_line(&ann, "one").await;
    ann.until("got one.").await;
    ann.shoot("input").await;

    // On the phone somebody else asks, and types once the keyboard is given up.
    ben.until("got one.").await;
    ben.click("input-ask").await;
    ben.shoot_at("input-asked-phone", "dark").await;
    ann.find(".run-input button:nth-of-type(3)").await.click().await.unwrap();
    type_line(&ben, "two").await;
    ann.until("got two.").await;
    ben.click("input-end").await;
    for page in [&ann, &ben] {
        page.until("the end").await;
        page.find("[data-testid=run-card][data-state=ok]").await;
    }
    ann.end().await;
    ben.end().await;
}

#[tokio::test]
async fn what_a_command_leaves_running_is_named_under_it() {
    let ops = Ops::start().await;
    let page = Browser::start(1440, 900).await;
    page.sign_in(&format!("{}r/ops", page_of(&ops.server)), "ann").await;
    start(&page, "sleep 4711 & echo started; exit 3", "run-detach").await;
    page.until("Still running: sleep 4711").await;
    page.until("exit 3").await;
    page.shoot("detached").await;
    // It is there for who comes later, too.
    page.page.refresh().await.unwrap();
    page.until("Still running: sleep 4711").await;
    page.click("run-stop").await;
    page.find("[data-testid=run-card][data-state=failed]").await;
    page.until_true("nothing goes on", "return !document.querySelector('[data-testid=run-kept]')").await;
    page.end().await;
}
