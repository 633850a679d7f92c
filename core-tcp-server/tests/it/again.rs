//! Requests that are repeated after a lost answer: what they make is made once.

use serde_json::json;

use crate::common::TestCore;

async fn core() -> TestCore {
    let core = TestCore::start().await;
    core.add_users(&[("ann", "member"), ("ben", "member"), ("root", "admin")]).await;
    core
}

#[tokio::test]
async fn a_room_is_made_once() {
    let core = core().await;
    let create = json!({"t":"room.create","room":"ops","title":"Ops","nonce":"r1"});
    let first = core.sign_in("ann").await.ask(create.clone()).await;
    let again = core.sign_in("ann").await.ask(create.clone()).await;
    assert_eq!(first["seq"], again["seq"]);
    let mut ann = core.sign_in("ann").await;
    let page = ann.ask(json!({"t":"room.history","room":"ops"})).await;
    assert_eq!(page["events"].as_array().unwrap().len(), 1, "{page}");
    // Somebody else's request, or another one, is no retry.
    core.sign_in("ben").await.refused(create, "conflict").await;
    ann.refused(json!({"t":"room.create","room":"ops","nonce":"r2"}), "conflict").await;
    ann.refused(json!({"t":"room.create","room":"ops"}), "conflict").await;
    // A direct message is the same by its members.
    let dm = json!({"t":"dm.open","users":["ben"]});
    let first = ann.ask(dm.clone()).await;
    assert_eq!(first["room"], ann.ask(dm).await["room"]);
}

#[tokio::test]
async fn a_webhook_is_made_once_and_its_token_told_again() {
    let core = core().await;
    let mut ann = core.sign_in("ann").await;
    ann.ask(json!({"t":"room.create","room":"ops"})).await;
    let add = json!({"t":"hook.add","room":"ops","bot":"alerts","nonce":"h1"});
    let first = ann.ask(add.clone()).await;
    let again = core.sign_in("ann").await.ask(add).await;
    assert_eq!((&first["hook"], &first["token"]), (&again["hook"], &again["token"]));
    let listed = ann.ask(json!({"t":"hook.list","room":"ops"})).await;
    assert_eq!(listed["hooks"].as_array().unwrap().len(), 1, "{listed}");
    for other in [
        json!({"t":"hook.add","room":"ops","bot":"alerts","nonce":"h2"}),
        json!({"t":"hook.add","room":"ops","bot":"others","nonce":"h1"}),
        json!({"t":"hook.add","room":"ops","bot":"alerts","mentions":true,"nonce":"h1"}),
        json!({"t":"hook.add","room":"ops","bot":"alerts","secret":"a signing secret","nonce":"h1"}),
        json!({"t":"hook.add","room":"ops","bot":"alerts"}),
    ] {
        assert_ne!(ann.ask(other).await["token"], first["token"]);
    }
    // Nobody gets another's token by their nonce.
    let mut root = core.sign_in("root").await;
    let theirs = root.ask(json!({"t":"hook.add","room":"ops","bot":"alerts","nonce":"h1"})).await;
    assert_ne!(theirs["token"], first["token"]);
}

#[tokio::test]
async fn tokens_and_invites_are_made_once() {
    let core = core().await;
    let mut root = core.sign_in("root").await;
    let add = json!({"t":"token.add","user":"ann","label":"ci","nonce":"t1"});
    let first = root.ask(add.clone()).await;
    assert_eq!(first["token"], core.sign_in("root").await.ask(add).await["token"]);
    assert_ne!(first["token"], root.ask(json!({"t":"token.add","user":"ben","nonce":"t1"})).await["token"]);
    let mut program = core.connect().await;
    let welcome = program.hello(json!({"token":first["token"]})).await;
    assert_eq!(welcome["you"]["user"], "ann");
    let invite = json!({"t":"invite.add","role":"member","nonce":"i1"});
    let first = root.ask(invite.clone()).await;
    let again = root.ask(invite).await;
    assert_eq!((&first["invite"], &first["until"]), (&again["invite"], &again["until"]));
    assert_ne!(first["invite"], root.ask(json!({"t":"invite.add","role":"member"})).await["invite"]);
}
