//! What ends a right ends every stream to a browser within a second: the events of a room, the output of a run, the download
//! of an output. The core's own tests have the same for TCP, `nc`, and the gateway's WebSockets and files.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::client::{Browser, Web, both, within};
use crate::test_server::PASSWORD;
use crate::wire::Wire;

/// What ends, or narrows, the rights of a member.
const CAUSES: [&str; 6] = ["removed", "session ended", "disabled", "password changed", "reader", "viewer"];
/// Bytes of output: more than all buffers between a server and a client that does not read.
const OUTPUT_BYTES: u64 = 60_000_000;

/// A room with a run that goes on, and a member of it who watches.
struct Stage {
    web: Web,
    admin: Wire,
    owner: Wire,
}

impl Stage {
    async fn start(web: Web) -> Self {
        let (admin, mut owner) = (web.admin().await, Wire::signed_in(&web.tcp, &web.token).await);
        owner.ask(json!({"t":"room.create","room":"ops","private":true})).await;
        Self { web, admin, owner }
    }

    /// A member of the room with a session of their own. Returns its token.
    async fn add(&mut self, user: &str) -> Value {
        self.admin.ask(json!({"t":"user.add","user":user,"role":"operator","password":PASSWORD})).await;
        self.owner.ask(json!({"t":"room.invite","room":"ops","user":user})).await;
        let mut browser = self.web.browser().await;
        let auth = json!({"user":user,"password":PASSWORD});
        browser.send(&json!({"t":"hello","v":1,"auth":auth,"remember":"e2e"})).await;
        browser.next_of("welcome").await["token"].clone()
    }

    async fn run(&mut self, cmd: &str) -> Value {
        let start = json!({"t":"run.start","room":"ops","cmd":cmd,"nonce":"run"});
        self.owner.ask(start).await["run"].clone()
    }

    /// Ends the run, whose shim would outlive the server.
    async fn stop(&mut self, run: &Value) {
        self.owner.ask(json!({"t":"run.signal","run":run,"signal":"KILL"})).await;
        self.owner.ask_until(json!({"t":"run.get","run":run}), |info| !info["exit"].is_null()).await;
    }

    async fn strike(&mut self, cause: &str, user: &str, token: &Value) {
        match cause {
            "removed" => drop(self.owner.ask(json!({"t":"room.remove","room":"ops","user":user})).await),
            "session ended" => {
                let mut own = Wire::signed_in(&self.web.tcp, token.as_str().unwrap()).await;
                own.ask(json!({"t":"session.end"})).await;
            }
            "disabled" => drop(self.admin.ask(json!({"t":"user.disable","user":user,"disabled":true})).await),
            "password changed" => {
                drop(self.admin.ask(json!({"t":"user.passwd","user":user,"password":"battery staple"})).await);
            }
            "reader" => drop(self.owner.ask(json!({"t":"room.role","room":"ops","user":user,"role":"reader"})).await),
            "viewer" => drop(self.admin.ask(json!({"t":"user.role","user":user,"role":"viewer"})).await),
            other => panic!("{other}"),
        }
    }
}

/// A reader and a viewer may still read.
fn may_still_read(cause: &str) -> bool {
    matches!(cause, "reader" | "viewer")
}

async fn watch(web: &Web, token: &Value, run: &Value) -> Browser {
    let mut browser = web.browser().await;
    browser.send(&json!({"t":"hello","v":1,"auth":{"token":token}})).await;
    browser.next_of("welcome").await;
    browser.ask(json!({"t":"room.open","room":"ops","last":0})).await;
    browser.ask(json!({"t":"run.watch","run":run})).await;
    browser
}

/// Reads for this long. Returns whether output came, and whether this text did.
async fn hears(browser: &mut Browser, time: Duration, text: &str) -> (bool, bool) {
    use futures_util::StreamExt as _;
    let (start, mut is_output, mut is_text) = (Instant::now(), false, false);
    while let Some(left) = time.checked_sub(start.elapsed()) {
        let Ok(Some(Ok(message))) = tokio::time::timeout(left, browser.socket.next()).await else { break };
        let message = String::from_utf8_lossy(&message.into_data()).into_owned();
        is_output |= message.contains("run.output");
        is_text |= message.contains(text);
    }
    (is_output, is_text)
}

#[tokio::test]
async fn streams_end_with_the_right_to_them() {
    for web in both().await {
        let mut stage = Stage::start(web).await;
        let run = stage.run("while sleep 0.05; do echo tick; done").await;
        for (n, cause) in CAUSES.into_iter().enumerate() {
            let user = format!("user{n}");
            let token = stage.add(&user).await;
            let mut browser = watch(&stage.web, &token, &run).await;
            let (is_output, _) = hears(&mut browser, Duration::from_millis(500), "nothing").await;
            assert!(is_output, "{}, {cause}: the run is heard", browser.way);
            stage.strike(cause, &user, &token).await;
            // What was on its way by then may arrive.
            hears(&mut browser, Duration::from_secs(1), "nothing").await;
            let text = format!("sesame {n}");
            stage.owner.ask(json!({"t":"room.post","room":"ops","text":text,"nonce":format!("n{n}")})).await;
            let heard = hears(&mut browser, Duration::from_millis(500), &text).await;
            let is_reading = may_still_read(cause);
            assert_eq!(heard, (is_reading, is_reading), "{}, {cause}", browser.way);
        }
        stage.stop(&run).await;
    }
}

#[tokio::test]
async fn a_download_of_output_ends_with_the_right_to_it() {
    for web in both().await {
        let mut stage = Stage::start(web).await;
        stage.owner.ask(json!({"t":"room.open","room":"ops"})).await;
        let run = stage.run(&format!("yes 0123456789abcde | head -c {OUTPUT_BYTES}")).await;
        while stage.owner.next_of("event").await["kind"] != "run.ended" {}
        stage.owner.ask(json!({"t":"room.close","room":"ops"})).await;
        for (n, cause) in CAUSES.into_iter().enumerate() {
            let user = format!("user{n}");
            let token = stage.add(&user).await;
            let mut stream = TcpStream::connect(&stage.web.http).await.unwrap();
            let request = format!(
                "GET /files/run/{} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nConnection: close\r\n\r\n",
                run.as_str().unwrap(),
                stage.web.http,
                token.as_str().unwrap(),
            );
            stream.write_all(request.as_bytes()).await.unwrap();
            let mut head = vec![0; 12];
            within(stream.read_exact(&mut head)).await.unwrap();
            assert_eq!(head, b"HTTP/1.1 200");
            stage.strike(cause, &user, &token).await;
            let (mut count, mut block) = (0, vec![0; 1 << 20]);
            while let Ok(read @ 1..) = within(stream.read(&mut block)).await {
                count += read as u64;
            }
            assert_eq!(count >= OUTPUT_BYTES, may_still_read(cause), "{}, {cause}: {count} bytes", stage.web.way);
        }
    }
}
