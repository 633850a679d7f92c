//! Uploads: whole, cut, taken over, refused.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

use serde_json::json;

use super::{CHUNK, commit, content, core, digest, download, put, send, staged, storage, upload};
use crate::common::TestCore;

#[tokio::test]
async fn a_file_goes_up_is_told_to_the_room_and_comes_down_the_same() {
    let core = core().await;
    let (mut ann, mut ben) = (core.sign_in("ann").await, core.sign_in("ben").await);
    ben.ask(json!({"t":"room.open","room":"ops","last":0})).await;
    let bytes = content(3 * (1 << 20) + 17, 1);
    let mut begin = put("logs/app.log", bytes.len(), "u1");
    begin["mtime"] = 1_500_000_000_123u64.into();
    let done = upload(&mut ann, begin, &bytes).await;
    assert_eq!(done["path"], "logs/app.log");
    let event = ben.next_of("event").await;
    assert_eq!(
        (&event["seq"], &event["kind"], &event["path"], &event["by"]),
        (&done["seq"], &"file.added".into(), &"logs/app.log".into(), &"ann".into())
    );
    assert_eq!((&event["size"], &event["blake3"]), (&bytes.len().into(), &digest(&bytes).into()));
    let stat = ben.ask(json!({"t":"file.stat","in":"room:ops","path":"logs/app.log"})).await;
    assert_eq!((&stat["blake3"], &stat["mtime"]), (&digest(&bytes).into(), &1_500_000_000_123u64.into()));
    let (opened, got) = download(&mut ben, json!({"t":"file.get","in":"room:ops","path":"logs/app.log"})).await;
    assert_eq!((&opened["blake3"], &opened["size"]), (&digest(&bytes).into(), &bytes.len().into()));
    assert!(got == bytes, "what comes down is what went up");
    let meta = std::fs::metadata(storage(&core).join("logs/app.log")).unwrap();
    assert_eq!(meta.permissions().mode() & 0o137, 0, "nothing for others, nothing to execute");
    assert_eq!(meta.mtime(), 1_500_000_000);
    assert_eq!(std::fs::metadata(storage(&core).join("logs")).unwrap().permissions().mode() & 0o027, 0);
    assert!(staged(&core).is_empty());
}

#[tokio::test]
async fn an_empty_file_is_a_file() {
    let core = core().await;
    let mut ann = core.sign_in("ann").await;
    assert_eq!(upload(&mut ann, put("empty", 0, "u1"), b"").await["path"], "empty");
    let (opened, got) = download(&mut ann, json!({"t":"file.get","in":"room:ops","path":"empty"})).await;
    assert_eq!((&opened["size"], got.len()), (&0.into(), 0));
}

#[tokio::test]
async fn an_upload_that_is_cut_anywhere_goes_on_from_another_connection() {
    let core = core().await;
    let bytes = content(5 * CHUNK + 100, 2);
    let cuts = [0, 1, 4_095, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK + 7, bytes.len() - 1, bytes.len()];
    for (n, cut) in cuts.into_iter().enumerate() {
        let mut first = core.sign_in("ben").await;
        let begun = first.ask(put(&format!("cut-{cut}"), bytes.len(), &format!("u{n}"))).await;
        let id = begun["upload"].as_str().unwrap();
        send(&mut first, id, &bytes, 0, cut).await;
        if n % 2 == 0 {
            drop(first);
            let mut second = core.sign_in("ben").await;
            let resumed = second.ask(json!({"t":"file.resume","upload":id})).await;
            assert_eq!((&resumed["off"], &resumed["window"]), (&cut.into(), &begun["window"]));
            send(&mut second, id, &bytes, cut, bytes.len()).await;
            second.ask(commit(id, &bytes)).await;
        } else {
            // The same by its nonce: a client that never heard the answer.
            let mut second = core.sign_in("ben").await;
            let again = second.ask(put(&format!("cut-{cut}"), bytes.len(), &format!("u{n}"))).await;
            assert_eq!((&again["upload"], &again["off"]), (&begun["upload"], &cut.into()));
            first.send(json!({"t":"file.chunk","upload":id,"off":cut,"len":0}), &[]).await;
            let lost = first.next_of("err").await;
            assert_eq!((&lost["code"], &lost["upload"]), (&"conflict".into(), &id.into()));
            assert!(lost["off"].is_null(), "the older connection is not asked to go on: {lost}");
            send(&mut second, id, &bytes, cut, bytes.len()).await;
            second.ask(commit(id, &bytes)).await;
        }
        assert!(std::fs::read(storage(&core).join(format!("cut-{cut}"))).unwrap() == bytes, "cut at {cut}");
    }
}

#[tokio::test]
async fn an_upload_outlives_the_core() {
    let mut core = core().await;
    let bytes = content((2 << 20) + 5, 3);
    let mut ann = core.sign_in("ann").await;
    let begun = ann.ask(put("big", bytes.len(), "u1")).await;
    let id = begun["upload"].as_str().unwrap();
    for cut in [100_000, 1_000_000, bytes.len()] {
        let resumed = ann.ask(json!({"t":"file.resume","upload":id})).await;
        let from = usize::try_from(resumed["off"].as_u64().unwrap()).unwrap();
        send(&mut ann, id, &bytes, from, cut).await;
        core = TestCore::on(core.stop().await).await;
        ann = core.sign_in("ann").await;
    }
    // Nobody went on with it here: the digest is built from what was staged.
    let done = ann.ask(commit(id, &bytes)).await;
    assert_eq!(done["path"], "big");
    assert!(std::fs::read(storage(&core).join("big")).unwrap() == bytes);
    let core = TestCore::on(core.stop().await).await;
    let mut ann = core.sign_in("ann").await;
    let again = ann.ask(commit(id, &bytes)).await;
    assert_eq!((&again["path"], &again["seq"]), (&done["path"], &done["seq"]), "asked again, the answer is the same");
}

#[tokio::test]
async fn a_wrong_offset_is_answered_once_per_gap() {
    let core = core().await;
    let mut ann = core.sign_in("ann").await;
    let bytes = content(4 * CHUNK, 4);
    let begun = ann.ask(put("a", bytes.len(), "u1")).await;
    let id = begun["upload"].as_str().unwrap();
    send(&mut ann, id, &bytes, 0, CHUNK).await;
    for off in [2 * CHUNK, 3 * CHUNK, 0] {
        ann.send(json!({"t":"file.chunk","upload":id,"off":off,"len":CHUNK}), &bytes[off..off + CHUNK]).await;
    }
    ann.ask(json!({"t":"room.list"})).await;
    let errs: Vec<_> = ann.told.drain(..).filter(|(told, _)| told["t"] == "err").collect();
    assert_eq!(errs.len(), 1, "{errs:?}");
    let (err, _) = &errs[0];
    assert_eq!((&err["code"], &err["upload"], &err["off"]), (&"conflict".into(), &id.into(), &CHUNK.into()));
    let missing = ann.refused(commit(id, &bytes), "conflict").await;
    assert_eq!(missing["off"], CHUNK, "a commit says what is missing, and the upload stays");
    send(&mut ann, id, &bytes, CHUNK, bytes.len()).await;
    ann.ask(commit(id, &bytes)).await;
}

#[tokio::test]
async fn more_than_was_announced_is_refused_and_not_kept() {
    let core = core().await;
    let mut ann = core.sign_in("ann").await;
    let bytes = content(1_000, 5);
    let begun = ann.ask(put("a", 1_000, "u1")).await;
    let id = begun["upload"].as_str().unwrap();
    ann.send(json!({"t":"file.chunk","upload":id,"off":0,"len":1_001}), &[0; 1_001]).await;
    let err = ann.next_of("err").await;
    assert_eq!((&err["code"], &err["off"]), (&"too_large".into(), &0.into()));
    send(&mut ann, id, &bytes, 0, 1_000).await;
    ann.send(json!({"t":"file.chunk","upload":id,"off":1_000,"len":1}), b"x").await;
    assert_eq!(ann.next_of("err").await["code"], "too_large");
    ann.ask(commit(id, &bytes)).await;
    assert!(std::fs::read(storage(&core).join("a")).unwrap() == bytes);
    ann.refused(put("b", 65 << 30, "u2"), "too_large").await;
}

#[tokio::test]
async fn a_wrong_digest_removes_what_was_staged() {
    let core = core().await;
    let mut ann = core.sign_in("ann").await;
    let (bytes, other) = (content(100_000, 6), content(100_000, 7));
    let begun = ann.ask(put("a", bytes.len(), "u1")).await;
    let id = begun["upload"].as_str().unwrap();
    ann.refused(json!({"t":"file.commit","upload":id,"blake3":"abc"}), "bad_request").await;
    send(&mut ann, id, &bytes, 0, bytes.len()).await;
    ann.refused(commit(id, &other), "conflict").await;
    assert!(staged(&core).is_empty() && !storage(&core).join("a").exists());
    ann.refused(commit(id, &bytes), "not_found").await;
    ann.refused(json!({"t":"file.resume","upload":id}), "not_found").await;
    let again = ann.ask(put("a", bytes.len(), "u1")).await;
    assert_eq!(again["off"], 0, "the mark is free again");
    assert_ne!(again["upload"], begun["upload"]);
}

#[tokio::test]
async fn another_file_of_the_same_name_and_size_is_another_upload() {
    let core = core().await;
    let (mut ann, mut ben) = (core.sign_in("ann").await, core.sign_in("ben").await);
    let (one, two) = (content(200_000, 8), content(200_000, 9));
    let first = ann.ask(put("a", 200_000, "u1")).await;
    let id = first["upload"].as_str().unwrap();
    send(&mut ann, id, &one, 0, 70_000).await;
    let same_nonce = ben.ask(put("a", 200_000, "u1")).await;
    assert_ne!(same_nonce["upload"], first["upload"], "a nonce is its user's own");
    assert_eq!(same_nonce["off"], 0);
    let other_nonce = ann.ask(put("a", 200_000, "u2")).await;
    assert_eq!(other_nonce["off"], 0);
    ann.refused(put("a", 200_001, "u1"), "conflict").await;
    ann.refused(put("b", 200_000, "u1"), "conflict").await;
    ben.refused(json!({"t":"file.resume","upload":id}), "not_found").await;
    ben.refused(json!({"t":"file.abort","upload":id}), "not_found").await;
    ben.refused(commit(id, &one), "not_found").await;
    ben.send(json!({"t":"file.chunk","upload":id,"off":70_000,"len":1}), b"x").await;
    assert_eq!(ben.next_of("err").await["code"], "not_found");
    let id = other_nonce["upload"].as_str().unwrap();
    send(&mut ann, id, &two, 0, two.len()).await;
    ann.ask(commit(id, &two)).await;
    assert!(std::fs::read(storage(&core).join("a")).unwrap() == two);
}

#[tokio::test]
async fn an_upload_that_is_given_up_leaves_nothing() {
    let core = core().await;
    let mut ann = core.sign_in("ann").await;
    let bytes = content(CHUNK, 10);
    let begun = ann.ask(put("a", bytes.len(), "u1")).await;
    let id = begun["upload"].as_str().unwrap();
    send(&mut ann, id, &bytes, 0, 100).await;
    assert_eq!(staged(&core), [id]);
    ann.ask(json!({"t":"file.abort","upload":id})).await;
    assert!(staged(&core).is_empty());
    ann.refused(json!({"t":"file.abort","upload":id}), "not_found").await;
    ann.send(json!({"t":"file.chunk","upload":id,"off":100,"len":1}), b"x").await;
    assert_eq!(ann.next_of("err").await["code"], "not_found");
    assert_eq!(ann.ask(put("a", bytes.len(), "u1")).await["off"], 0);
}

#[tokio::test]
async fn who_may_put_where() {
    let core = core().await;
    let (mut ben, mut eve, mut vic) = (core.sign_in("ben").await, core.sign_in("eve").await, core.sign_in("vic").await);
    vic.refused(put("a", 1, "u1"), "forbidden").await;
    eve.refused(put("a", 1, "u1"), "forbidden").await;
    for t in ["file.put", "file.get", "file.stat", "file.list"] {
        let ask = json!({"t":t,"in":"room:secret","path":"a","size":1,"nonce":"u1"});
        ben.refused(ask.clone(), "not_found").await;
        let mut nowhere = ask;
        nowhere["in"] = "room:nowhere".into();
        ben.refused(nowhere, "not_found").await;
    }
    upload(&mut ben, put("a", 1, "u1"), b"x").await;
    // Who may read the room may read its files.
    for reader in [&mut eve, &mut vic] {
        let (_, got) = download(reader, json!({"t":"file.get","in":"room:ops","path":"a"})).await;
        assert_eq!(got, b"x");
    }
    // Whoever left meanwhile may not commit.
    let begun = ben.ask(put("b", 1, "u2")).await;
    let id = begun["upload"].as_str().unwrap();
    send(&mut ben, id, b"x", 0, 1).await;
    ben.ask(json!({"t":"room.leave","room":"ops"})).await;
    ben.refused(commit(id, b"x"), "forbidden").await;
    assert!(!storage(&core).join("b").exists());
}

#[tokio::test]
async fn one_user_has_so_many_uploads_and_no_more() {
    let core = core().await;
    let mut ann = core.sign_in("ann").await;
    let mut first = None;
    for n in 0..64 {
        let begun = ann.ask(put(&format!("f{n}"), 10, &format!("u{n}"))).await;
        first.get_or_insert(begun);
    }
    ann.refused(put("more", 10, "more"), "too_large").await;
    core.sign_in("ben").await.ask(put("more", 10, "more")).await;
    ann.ask(json!({"t":"file.abort","upload":first.unwrap()["upload"]})).await;
    let last = ann.ask(put("more", 10, "more")).await["upload"].clone();
    // Once the connection that sent them is gone they give way, the oldest first; they never lock her out.
    drop(ann);
    let mut ann = core.sign_in("ann").await;
    ann.ask(json!({"t":"file.resume","upload":last})).await;
    for n in 0..63 {
        let begun = async {
            while ann.answer(put(&format!("g{n}"), 10, &format!("v{n}"))).await["t"] != "ok" {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(crate::common::DEADLINE, begun).await.unwrap();
    }
    // What she goes on with stays.
    ann.ask(json!({"t":"file.resume","upload":last})).await;
    ann.refused(put("h", 10, "w"), "too_large").await;
}
