//! People with `nc`: the room that they look at, the output that they follow, a download, an upload.

use super::{BIG, Cause, Fate, Ground, SECRET, fates};
use crate::text::Person;

/// The room, the output of a run and the list of members.
async fn reads(ground: &mut Ground, cause: Cause, user: &str, token: &str) {
    let mut person = Person::sign_in(&ground.core, user).await;
    person.send("/join ops\n").await;
    person.until("# This is ops").await;
    person.send("/watch r1\n").await;
    ground.talk_all("ready").await;
    person.until("olga: ready\n").await;
    person.until("[r1] | ready\n").await;
    ground.strike(cause, user, token).await;
    ground.talk_all(SECRET).await;
    match fates(cause).0 {
        Fate::Refused(_) => {
            person.send("/who\n/log 5\nlost words\n/quit\n").await;
            let shown = person.rest().await;
            assert!(!shown.contains(SECRET), "{shown}");
            assert!(shown.contains("# the output of r1 broke off: you are not a member of ops any more\n"), "{shown}");
            assert_eq!(shown.matches("# you are not in ops any more: ").count(), 3, "{shown}");
            assert!(shown.contains("# olga removed you from ops\n"), "{shown}");
        }
        Fate::Closed => {
            let shown = person.rest().await;
            assert!(!shown.contains(SECRET), "{shown}");
            assert!(shown.contains("ended: sign in again\n"), "{shown}");
        }
        Fate::GoesOn => {
            person.until(&format!("olga: {SECRET}\n")).await;
            person.send("/who\nmore\n").await;
            let shown =
                person.until(if cause == Cause::Viewer { "# a viewer only reads" } else { "# you only read" }).await;
            assert!(shown.contains(" in ops are here:\n"), "{shown}");
        }
    }
}

/// A file whose bytes are on their way.
async fn gets(ground: &mut Ground, cause: Cause, user: &str, token: &str) {
    let mut person = Person::sign_in(&ground.core, user).await;
    person.send("/join ops\n/get big\n").await;
    person.until("# get big ").await;
    person.until("\n").await;
    ground.strike(cause, user, token).await;
    match fates(cause).0 {
        Fate::GoesOn => {
            person.send("/quit\n").await;
            let rest = person.rest().await;
            assert!(rest.len() as u64 > BIG && rest.contains("# got big"), "{cause:?}: {} bytes", rest.len());
        }
        Fate::Refused(_) => {
            let rest = person.rest().await;
            assert!((rest.len() as u64) < BIG, "{cause:?}");
            let end = "\n# the file broke off: you are not a member of ops any more\n";
            assert!(rest.ends_with(end), "{cause:?}: {}", &rest[rest.len().saturating_sub(200)..]);
        }
        Fate::Closed => assert!((person.rest().await.len() as u64) < BIG, "{cause:?}"),
    }
}

/// A file of which half has come.
async fn puts(ground: &mut Ground, cause: Cause, user: &str, token: &str) {
    let mut person = Person::sign_in(&ground.core, user).await;
    person.send(&format!("/join ops\n/put {user} 10\n")).await;
    person.until(&format!("# send 10 bytes of {user}\n")).await;
    person.send("first").await;
    ground.strike(cause, user, token).await;
    if fates(cause).1 == Fate::Closed {
        let shown = person.rest().await;
        assert!(shown.contains("ended: sign in again\n"), "{shown}");
    } else {
        person.send("secon/quit\n").await;
        let shown = person.rest().await;
        let why = match cause {
            Cause::Removed => "# there is no room ops\n",
            Cause::Reader => "# you only read in ops: ",
            _ => "# a viewer only reads: ",
        };
        assert!(shown.contains(why) && !shown.contains("# put "), "{cause:?}: {shown}");
    }
    assert!(!ground.files().await.contains(&user.to_owned()), "{cause:?}");
}

/// `nc` has no session to end.
async fn with_nc(cause: Cause) {
    let mut ground = Ground::start().await;
    for user in ["rita", "gus", "pete"] {
        let token = ground.add(user).await;
        match user {
            "rita" => reads(&mut ground, cause, user, &token).await,
            "gus" => gets(&mut ground, cause, user, &token).await,
            _ => puts(&mut ground, cause, user, &token).await,
        }
    }
}

#[tokio::test]
async fn who_is_removed() {
    with_nc(Cause::Removed).await;
}

#[tokio::test]
async fn whose_account_is_closed() {
    with_nc(Cause::Disabled).await;
}

#[tokio::test]
async fn whose_password_is_changed() {
    with_nc(Cause::PasswordChanged).await;
}

#[tokio::test]
async fn who_becomes_a_reader() {
    with_nc(Cause::Reader).await;
}

#[tokio::test]
async fn who_becomes_a_viewer() {
    with_nc(Cause::Viewer).await;
}
