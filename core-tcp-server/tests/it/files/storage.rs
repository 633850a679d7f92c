//! Room storage itself: names that are taken, ways out of it, pages of it, and what was put there by hand.

use std::os::unix::fs::symlink;

use serde_json::json;

use super::{Tcp, commit, content, core, digest, download, put, send, staged, storage, upload};

#[tokio::test]
async fn a_name_that_is_taken_three_ways() {
    let core = core().await;
    let mut ann = core.sign_in("ann").await;
    let mut n = 0;
    let mut next = |path: &str, if_exists: &str| {
        n += 1;
        let mut ask = put(path, 4, &format!("u{n}"));
        ask["if_exists"] = if_exists.into();
        ask
    };
    upload(&mut ann, next("a.log", "fail"), b"one1").await;
    ann.refused(next("a.log", "fail"), "conflict").await;
    assert!(staged(&core).is_empty(), "refused before the first byte");
    assert_eq!(upload(&mut ann, next("a.log", "rename"), b"two2").await["path"], "a (2).log");
    assert_eq!(upload(&mut ann, next("a.log", "rename"), b"thre").await["path"], "a (3).log");
    assert_eq!(upload(&mut ann, next("a.log", "replace"), b"four").await["path"], "a.log");
    assert_eq!(std::fs::read(storage(&core).join("a.log")).unwrap(), b"four");
    assert_eq!(std::fs::read(storage(&core).join("a (2).log")).unwrap(), b"two2");
    let stat = ann.ask(json!({"t":"file.stat","in":"room:ops","path":"a.log"})).await;
    assert_eq!(stat["blake3"], digest(b"four"));
    // A folder is never replaced, and a file is no folder.
    upload(&mut ann, next("d/x", "fail"), b"xxxx").await;
    ann.refused(next("d", "replace"), "conflict").await;
    ann.refused(next("a.log/x", "fail"), "conflict").await;
    assert_eq!(upload(&mut ann, next("d", "rename"), b"dddd").await["path"], "d (2)");
}

#[tokio::test]
async fn a_name_taken_meanwhile_costs_no_second_upload() {
    let core = core().await;
    let (mut ann, mut ben) = (core.sign_in("ann").await, core.sign_in("ben").await);
    let bytes = content(100_000, 1);
    let begun = ann.ask(put("a", bytes.len(), "u1")).await;
    let id = begun["upload"].as_str().unwrap();
    send(&mut ann, id, &bytes, 0, bytes.len()).await;
    upload(&mut ben, put("a", 3, "u1"), b"ben").await;
    ann.refused(commit(id, &bytes), "conflict").await;
    let mut again = put("a", bytes.len(), "u1");
    again["if_exists"] = "rename".into();
    let found = ann.ask(again).await;
    assert_eq!((&found["upload"], &found["off"]), (&begun["upload"], &bytes.len().into()));
    assert_eq!(ann.ask(commit(id, &bytes)).await["path"], "a (2)");
    assert_eq!(std::fs::read(storage(&core).join("a")).unwrap(), b"ben");
}

async fn ready(client: &mut Tcp, ask: serde_json::Value, bytes: &[u8]) -> String {
    let begun = client.ask(ask).await;
    let id = begun["upload"].as_str().unwrap().to_owned();
    send(client, &id, bytes, 0, bytes.len()).await;
    id
}

#[tokio::test]
async fn commits_to_one_path_at_the_same_time() {
    let core = core().await;
    let (mut ann, mut ben) = (core.sign_in("ann").await, core.sign_in("ben").await);
    for round in 0..10u64 {
        for if_exists in ["fail", "replace", "rename"] {
            let path = format!("{if_exists}-{round}");
            let (one, two) = (content(5_000, 2 * round), content(5_000, 2 * round + 1));
            let mut ask = put(&path, 5_000, &path);
            ask["if_exists"] = if_exists.into();
            let (first, second) = (ready(&mut ann, ask.clone(), &one).await, ready(&mut ben, ask.clone(), &two).await);
            let (a, b) = tokio::join!(ann.answer(commit(&first, &one)), ben.answer(commit(&second, &two)));
            let on_disk = digest(&std::fs::read(storage(&core).join(&path)).unwrap());
            let stat = ann.ask(json!({"t":"file.stat","in":"room:ops","path":path})).await;
            assert_eq!(stat["blake3"], on_disk, "the digest is that of the file which stands there");
            let oks = [&a, &b].iter().filter(|answer| answer["t"] == "ok").count();
            match if_exists {
                "fail" => {
                    assert_eq!(oks, 1, "{a} {b}");
                    assert!([&a, &b].iter().any(|answer| answer["code"] == "conflict"));
                }
                "replace" => assert_eq!(oks, 2, "{a} {b}"),
                _ => assert!(oks == 2 && a["path"] != b["path"], "{a} {b}"),
            }
        }
    }
}

#[tokio::test]
async fn no_path_leads_out_of_the_room() {
    let core = core().await;
    let mut ann = core.sign_in("ann").await;
    let long = "x".repeat(256);
    for path in [
        "",
        "/",
        ".",
        "..",
        "../x",
        "a/../../x",
        "/etc/passwd",
        "a//b",
        "a/",
        "a\\..\\b",
        "a\u{0}b",
        "a\nb",
        "a\u{1b}[31m",
        "a\u{202e}gnp.exe",
        ".staging/x",
        "x/.staging",
        " a",
        "a ",
        "a.",
        &long,
    ] {
        for t in ["file.put", "file.get", "file.stat", "file.list"] {
            ann.refused(json!({"t":t,"in":"room:ops","path":path,"size":1,"nonce":"n"}), "bad_request").await;
        }
    }
    for place in ["room:../ops", "room:", "ops", "room:.staging", "root:x", "room:ops/.."] {
        ann.refused(json!({"t":"file.get","in":place,"path":"a"}), "bad_request").await;
    }
    // Encoded or not, a name is what it says.
    upload(&mut ann, put("%2e%2e%2fx", 1, "u1"), b"x").await;
    assert!(storage(&core).join("%2e%2e%2fx").exists());
}

#[tokio::test]
async fn links_pipes_and_sockets_are_not_there() {
    let core = core().await;
    let mut ann = core.sign_in("ann").await;
    upload(&mut ann, put("real/file", 4, "u1"), b"real").await;
    let (storage, outside) = (storage(&core), core.data.path().join("outside"));
    std::fs::create_dir(&outside).unwrap();
    std::fs::write(outside.join("secret"), "secret").unwrap();
    symlink(&outside, storage.join("out")).unwrap();
    symlink(outside.join("secret"), storage.join("leak")).unwrap();
    symlink("real", storage.join("within")).unwrap();
    symlink("real/file", storage.join("alias")).unwrap();
    symlink("/proc/self/root/etc", storage.join("magic")).unwrap();
    symlink("nowhere", storage.join("dangling")).unwrap();
    rustix::fs::mkfifoat(rustix::fs::CWD, storage.join("pipe"), 0o644.into()).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(storage.join("socket")).unwrap();
    for path in [
        "out",
        "out/secret",
        "leak",
        "within",
        "within/file",
        "alias",
        "magic",
        "magic/passwd",
        "dangling",
        "pipe",
        "socket",
        "real/file/x",
    ] {
        for t in ["file.get", "file.stat", "file.list"] {
            ann.refused(json!({"t":t,"in":"room:ops","path":path}), "not_found").await;
        }
    }
    let listed = ann.ask(json!({"t":"file.list","in":"room:ops"})).await;
    assert_eq!(listed["entries"].as_array().unwrap().len(), 1, "{listed}");
    for (n, path) in ["out/new", "within/new", "dangling/new", "magic/new", "pipe/new"].into_iter().enumerate() {
        ann.refused(put(path, 1, &format!("n{n}")), "conflict").await;
    }
    // What is not seen is still not overwritten by chance; and where it is meant, the link goes, not what it names.
    let id = ready(&mut ann, put("leak", 1, "l1"), b"x").await;
    ann.refused(commit(&id, b"x"), "conflict").await;
    let mut over = put("leak", 1, "l2");
    over["if_exists"] = "replace".into();
    upload(&mut ann, over, b"x").await;
    assert_eq!(std::fs::read(outside.join("secret")).unwrap(), b"secret");
    assert!(std::fs::symlink_metadata(storage.join("leak")).unwrap().is_file());
    assert_eq!(std::fs::read_dir(&outside).unwrap().count(), 1);
}

#[tokio::test]
async fn a_folder_swapped_for_a_link_before_the_commit_leads_nowhere() {
    let core = core().await;
    let mut ann = core.sign_in("ann").await;
    upload(&mut ann, put("d/first", 1, "u1"), b"x").await;
    let id = ready(&mut ann, put("d/second", 1, "u2"), b"y").await;
    let outside = core.data.path().join("outside");
    std::fs::create_dir(&outside).unwrap();
    std::fs::rename(storage(&core).join("d"), storage(&core).join("moved")).unwrap();
    symlink(&outside, storage(&core).join("d")).unwrap();
    ann.refused(commit(&id, b"y"), "conflict").await;
    assert_eq!(std::fs::read_dir(&outside).unwrap().count(), 0);
    // Put right, the same commit goes through.
    std::fs::remove_file(storage(&core).join("d")).unwrap();
    assert_eq!(ann.ask(commit(&id, b"y")).await["path"], "d/second");
}

#[tokio::test]
async fn a_folder_of_a_thousand_is_read_in_pages() {
    let core = core().await;
    let mut ann = core.sign_in("ann").await;
    assert_eq!(ann.ask(json!({"t":"file.list","in":"room:ops"})).await["entries"], json!([]));
    upload(&mut ann, put("many/f0500", 4, "u1"), b"mine").await;
    let folder = storage(&core).join("many");
    for n in (0..1_000).filter(|n| *n != 500) {
        std::fs::write(folder.join(format!("f{n:04}")), [b'x'; 3]).unwrap();
    }
    for n in 0..300 {
        symlink("x", folder.join(format!("f0100-link{n}"))).unwrap();
    }
    let (mut names, mut after, mut pages) = (Vec::new(), None, 0);
    loop {
        let mut ask = json!({"t":"file.list","in":"room:ops","path":"many"});
        if let Some(after) = &after {
            ask["after"] = serde_json::Value::clone(after);
        }
        let page = ann.ask(ask).await;
        pages += 1;
        for entry in page["entries"].as_array().unwrap() {
            let is_mine = entry["name"] == "f0500";
            assert_eq!(entry["size"], if is_mine { 4 } else { 3 });
            assert_eq!(entry["blake3"].is_string(), is_mine, "only what came through the server has a digest");
            names.push(entry["name"].as_str().unwrap().to_owned());
            after = Some(entry["name"].clone());
        }
        if page["more"] != true {
            break;
        }
    }
    let all: Vec<_> = (0..1_000).map(|n| format!("f{n:04}")).collect();
    assert_eq!((names, pages), (all, 5));
    ann.refused(json!({"t":"file.list","in":"room:ops","path":"nowhere"}), "not_found").await;
    ann.refused(json!({"t":"file.list","in":"room:ops","path":"many/f0001"}), "bad_request").await;
}

#[tokio::test]
async fn a_page_of_the_longest_names_fits_a_line() {
    let core = core().await;
    let mut ann = core.sign_in("ann").await;
    upload(&mut ann, put("d/\"", 1, "u1"), b"x").await;
    for n in 0..200 {
        std::fs::write(storage(&core).join(format!("d/{}{n:03}", "\"".repeat(252))), b"x").unwrap();
    }
    let (mut count, mut after) = (0, json!(""));
    loop {
        // The client's decoder refuses a line over its bound.
        let page = ann.ask(json!({"t":"file.list","in":"room:ops","path":"d","after":after})).await;
        let entries = page["entries"].as_array().unwrap();
        count += entries.len();
        if page["more"] != true {
            break;
        }
        after = entries.last().unwrap()["name"].clone();
    }
    assert_eq!(count, 201);
}

#[tokio::test]
async fn what_is_put_or_changed_by_hand_has_no_digest() {
    let core = core().await;
    let mut ann = core.sign_in("ann").await;
    upload(&mut ann, put("mine", 4, "u1"), b"mine").await;
    std::fs::write(storage(&core).join("hand"), b"made by hand").unwrap();
    let (opened, got) = download(&mut ann, json!({"t":"file.get","in":"room:ops","path":"hand"})).await;
    assert!(opened["blake3"].is_null() && got == b"made by hand");
    std::fs::write(storage(&core).join("mine"), b"your").unwrap();
    let (opened, got) = download(&mut ann, json!({"t":"file.get","in":"room:ops","path":"mine"})).await;
    assert!(opened["blake3"].is_null() && got == b"your", "an old digest is not said of new bytes");
}
