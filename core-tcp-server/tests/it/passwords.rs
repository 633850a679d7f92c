//! Guessing passwords, what it costs others, and sign-ins that something comes in between of.

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::net::UnixStream;
use tokio::task::JoinSet;

use crate::common::{Client, PASSWORD, TestCore, read_key};

/// A connection as a gateway makes one, on behalf of this client.
async fn via(core: &TestCore, client: &str, session: Option<&Value>) -> Client<UnixStream> {
    let stream = UnixStream::connect(core.folder().join("core.sock")).await.unwrap();
    let mut gateway = Client::over(stream);
    let key = read_key(&core.folder(), "gateway.key");
    gateway.send(json!({"t":"via","key":key,"client":client,"session":session}), &[]).await;
    gateway
}

/// Says hello, and gives the code of the refusal; `welcome` for none.
async fn code_of(client: &mut Client<UnixStream>, auth: Value, remember: Option<&str>) -> String {
    client.send(json!({"t":"hello","v":1,"auth":auth,"remember":remember}), &[]).await;
    let (answer, _) = client.next().await;
    answer["code"].as_str().unwrap_or("welcome").to_owned()
}

async fn guess(core: &TestCore, address: &str, user: &str) -> String {
    let mut client = via(core, address, None).await;
    code_of(&mut client, json!({"user":user,"password":"wrong horse"}), None).await
}

async fn token_from(core: &TestCore, address: &str, user: &str) -> Value {
    let auth = json!({"user":user,"password":PASSWORD});
    loop {
        let mut client = via(core, address, None).await;
        client.send(json!({"t":"hello","v":1,"auth":auth,"remember":"test"}), &[]).await;
        let (answer, _) = client.next().await;
        // A machine with too much to do may ask for another try, as programs do by themselves; nothing else.
        if answer["code"] != "busy" {
            assert_eq!(answer["t"], "welcome", "{answer}");
            return answer["token"].clone();
        }
    }
}

/// As many wrong passwords at once; how many were evaluated.
async fn guess_at_once(core: &Arc<TestCore>, count: usize, address: fn(usize) -> String) -> usize {
    let mut guesses = JoinSet::new();
    for n in 0..count {
        let core = Arc::clone(core);
        guesses.spawn(async move { guess(&core, &address(n), "ann").await });
    }
    let codes = guesses.join_all().await;
    let odd: Vec<_> =
        codes.iter().filter(|c| !["unauthorized", "rate_limited", "busy"].contains(&c.as_str())).collect();
    assert!(odd.is_empty(), "{odd:?}");
    codes.iter().filter(|code| *code == "unauthorized").count()
}

async fn core_of_ann() -> Arc<TestCore> {
    let core = TestCore::start().await;
    core.add_users(&[("ann", "operator"), ("ben", "member")]).await;
    Arc::new(core)
}

#[tokio::test]
async fn of_a_thousand_guesses_at_once_few_are_evaluated() {
    let core = core_of_ann().await;
    let token = token_from(&core, "203.0.113.9:1", "ann").await;
    let guessing = guess_at_once(&core, 1_000, |n| format!("203.0.113.9:{n}"));
    // Somebody with a token comes from the same address meanwhile, over and over.
    let coming = async {
        for _ in 0..20 {
            // As in token_from.
            loop {
                let mut client = via(&core, "203.0.113.9:7", None).await;
                match code_of(&mut client, json!({"token": token}), None).await.as_str() {
                    "busy" => {}
                    code => break assert_eq!(code, "welcome"),
                }
            }
            let mut browser = via(&core, "203.0.113.9:8", Some(&token)).await;
            assert_eq!(code_of(&mut browser, Value::Null, None).await, "welcome");
        }
    };
    let (evaluated, ()) = tokio::join!(guessing, coming);
    assert!((1..=20).contains(&evaluated), "{evaluated}");
    while guess(&core, "203.0.113.9:3", "ann").await != "rate_limited" {}
    let mut after = via(&core, "203.0.113.9:2", None).await;
    assert_eq!(code_of(&mut after, json!({"token": token}), None).await, "welcome", "tokens are not throttled");
}

#[tokio::test]
async fn an_account_that_is_guessed_at_from_everywhere_lets_its_owner_in() {
    let core = core_of_ann().await;
    token_from(&core, "198.51.100.7:1", "ann").await;
    let evaluated = guess_at_once(&core, 300, |n| format!("203.0.113.{}:1", n % 250)).await;
    assert!((1..=20).contains(&evaluated), "{evaluated}");
    // One account, however it is typed.
    while guess(&core, "192.0.2.1:1", "Ann ").await != "rate_limited" {}
    token_from(&core, "198.51.100.7:2", "ann").await;
}

/// The known addresses outlast whatever ends the sessions that were begun there.
#[tokio::test]
async fn an_owner_whose_sessions_ended_is_not_locked_out_by_guesses() {
    let core = core_of_ann().await;
    let mut admin = core.system().await;
    // Signed in from elsewhere first, then from here, where the sessions at the other places are ended in each way.
    for port in 0..3 {
        token_from(&core, &format!("198.51.100.{port}:1"), "ann").await;
    }
    token_from(&core, "[2001:db8:1:2::7]:1", "ann").await;
    let mut here = via(&core, "192.0.2.7:1", None).await;
    here.send(json!({"t":"hello","v":1,"auth":{"user":"ann","password":PASSWORD},"remember":"here"}), &[]).await;
    here.next_of("welcome").await;
    let newest = here.ask(json!({"t":"session.list"})).await["sessions"][1]["session"].clone();
    assert_eq!(here.ask(json!({"t":"session.end","session":newest})).await["t"], "ok");
    assert_eq!(here.ask(json!({"t":"session.end","others":true})).await["t"], "ok");
    // Once without a session, as `nc` does.
    let mut unremembered = via(&core, "198.51.100.9:1", None).await;
    assert_eq!(code_of(&mut unremembered, json!({"user":"ann","password":PASSWORD}), None).await, "welcome");
    let reset = admin.ask(json!({"t":"user.passwd","user":"ann","password":PASSWORD})).await;
    assert_eq!(reset["t"], "ok");
    while guess(&core, "203.0.113.1:1", "ann").await != "rate_limited" {}
    while guess(&core, "203.0.113.2:1", "ann").await != "rate_limited" {}
    let mut stranger = via(&core, "203.0.113.3:1", None).await;
    let code = code_of(&mut stranger, json!({"user":"ann","password":PASSWORD}), None).await;
    assert_eq!(code, "rate_limited", "the account's attempts are used up");
    for port in 0..3 {
        token_from(&core, &format!("198.51.100.{port}:2"), "ann").await;
    }
    token_from(&core, "198.51.100.9:2", "ann").await;
    // Another host of the same IPv6 network.
    token_from(&core, "[2001:db8:1:2:a:b:c:d]:1", "ann").await;
}

#[tokio::test]
async fn guessing_at_others_from_the_same_address_does_not_lock_out_who_is_known_there() {
    let core = core_of_ann().await;
    token_from(&core, "203.0.113.9:1", "ann").await;
    while guess(&core, "203.0.113.9:2", "ben").await != "rate_limited" {}
    token_from(&core, "203.0.113.9:3", "ann").await;
}

/// Both are known at the address: guesses at the one do not use up the attempts of the other.
#[tokio::test]
async fn guessing_at_somebody_who_is_known_at_the_same_address_does_not_lock_out_the_other() {
    let core = core_of_ann().await;
    token_from(&core, "203.0.113.9:1", "ann").await;
    token_from(&core, "203.0.113.9:1", "ben").await;
    while guess(&core, "203.0.113.9:2", "ben").await != "rate_limited" {}
    token_from(&core, "203.0.113.9:3", "ann").await;
}

#[tokio::test]
async fn right_passwords_at_once_are_all_let_in() {
    let core = core_of_ann().await;
    let mut all = JoinSet::new();
    for n in 0..40 {
        let core = Arc::clone(&core);
        all.spawn(async move { token_from(&core, &format!("203.0.113.9:{n}"), "ben").await });
    }
    assert_eq!(all.join_all().await.len(), 40);
}

#[tokio::test]
async fn a_password_that_is_changed_while_it_is_checked_opens_nothing() {
    let core = core_of_ann().await;
    let mut admin = core.system().await;
    for (round, remember) in [None, Some("laptop")].into_iter().cycle().take(20).enumerate() {
        let (old, new) = (format!("the {round}. password"), format!("the {}. password", round + 1));
        admin.ask(json!({"t":"user.passwd","user":"ann","password":old})).await;
        let mut clients = Vec::new();
        for port in 0..6 {
            let mut client = via(&core, &format!("203.0.113.{round}:{port}"), None).await;
            let auth = json!({"user":"ann","password":old});
            client.send(json!({"t":"hello","v":1,"auth":auth,"remember":remember}), &[]).await;
            clients.push(client);
        }
        admin.ask(json!({"t":"user.passwd","user":"ann","password":new})).await;
        // Whatever they were told, they are sent away; a token that was given is void.
        for mut client in clients {
            let mut token = Value::Null;
            while let Some((said, _)) = client.read().await {
                if said["t"] == "welcome" {
                    token = said["token"].clone();
                }
            }
            if token.is_string() {
                let mut again = via(&core, "198.51.100.7:1", None).await;
                assert_eq!(code_of(&mut again, json!({"token": token}), None).await, "unauthorized");
            }
        }
    }
}

#[tokio::test]
async fn an_invite_whose_taker_leaves_makes_all_of_an_account_or_nothing() {
    let core = core_of_ann().await;
    let mut admin = core.system().await;
    for n in 0..10 {
        let invite = admin.ask(json!({"t":"invite.add","role":"member"})).await["invite"].clone();
        let auth = json!({"invite":invite,"user":format!("eve{n}"),"password":PASSWORD});
        let mut leaver = via(&core, "203.0.113.9:1", None).await;
        leaver.send(json!({"t":"hello","v":1,"auth":auth}), &[]).await;
        drop(leaver);
        // Once more, as a client that got no answer does: the account is there or the invite is.
        let mut again = via(&core, "203.0.113.9:2", None).await;
        let code = code_of(&mut again, auth, None).await;
        if code != "welcome" {
            assert_eq!(code, "unauthorized");
            let mut made = via(&core, "203.0.113.9:3", None).await;
            made.hello(json!({"user":format!("eve{n}"),"password":PASSWORD})).await;
            made.ask(json!({"t":"room.post","room":"general","text":"hello","nonce":format!("n{n}")})).await;
        }
    }
}

#[tokio::test]
async fn a_name_is_known_in_whatever_case_it_is_typed() {
    let core = core_of_ann().await;
    for typed in ["Ann", "ANN", "ann ", " Ann"] {
        core.connect().await.hello(json!({"user":typed,"password":PASSWORD})).await;
    }
}
