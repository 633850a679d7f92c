//! Files there and back, over crashes of either side.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use crate::test_server::{TestServer, finish, until};

/// Bytes that no compression helps with, the same each time.
fn content(len: usize) -> Vec<u8> {
    let mut state = 1u64;
    let mut bytes = Vec::with_capacity(len + 8);
    while bytes.len() < len {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        bytes.extend_from_slice(&(state ^ (state >> 31)).to_le_bytes());
    }
    bytes.truncate(len);
    bytes
}

/// Bytes that are staged on the server.
fn staged(server: &TestServer) -> u64 {
    let Ok(folder) = fs::read_dir(server.data().join("files/.staging")) else { return 0 };
    folder.filter_map(|entry| entry.ok()?.metadata().ok()).map(|meta| meta.len()).sum()
}

fn same(a: &Path, b: &Path) -> bool {
    fs::read(a).unwrap() == fs::read(b).unwrap()
}

#[test]
fn files_come_back_as_they_went() {
    let server = TestServer::new();
    let folder = server.folder.path();
    for (name, len) in [("empty", 0), ("small.txt", 5), ("frame", 65_536), ("big.bin", 3_000_001)] {
        fs::write(folder.join(name), content(len)).unwrap();
    }
    let put = server.run(&["put", "empty", "small.txt", "frame", "big.bin", "general:some/"]);
    assert_eq!(put.code, 0, "{put:?}");
    let listed = server.run(&["ls", "general:some"]).text();
    let names: Vec<&str> = listed.lines().map(|line| line.rsplit(' ').next().unwrap()).collect();
    assert_eq!(names, ["big.bin", "empty", "frame", "small.txt"]);
    for name in names {
        let get = server.run(&["get", &format!("general:some/{name}"), "-o", "back", "--replace"]);
        assert_eq!(get.code, 0, "{name}: {get:?}");
        assert!(same(&folder.join(name), &folder.join("back")), "{name}");
        let out = server.run(&["get", &format!("general:some/{name}"), "-o", "-"]).out;
        assert!(out == fs::read(folder.join(name)).unwrap(), "{name} to stdout");
    }
    assert!(!folder.join("back.part").exists());
    let web = server.http.clone();
    let get = server.run(&["--server", &format!("ws://{web}"), "get", "general:some/big.bin", "-o", "by-web"]);
    assert_eq!(get.code, 0, "{get:?}");
    assert!(same(&folder.join("big.bin"), &folder.join("by-web")));
}

#[test]
fn what_is_there_is_not_lost_by_accident() {
    let server = TestServer::new();
    let folder = server.folder.path();
    fs::write(folder.join("f"), b"first").unwrap();
    assert_eq!(server.run(&["put", "f", "general"]).code, 0);
    assert_eq!(server.run(&["put", "f", "general"]).code, 0, "the same once more is the same");
    fs::write(folder.join("f"), b"second!").unwrap();
    let refused = server.run(&["put", "f", "general"]);
    assert_eq!(refused.code, 3, "{refused:?}");
    let renamed = server.run(&["put", "--rename", "--json", "f", "general"]);
    assert_eq!(renamed.code, 0, "{renamed:?}");
    assert!(renamed.text().contains("\"path\":\"f (2)\""), "{renamed:?}");
    assert_eq!(server.run(&["put", "--replace", "f", "general"]).code, 0);
    let here = server.run(&["get", "general:f"]);
    assert_eq!(here.code, 1, "a file here is not replaced unless asked for: {here:?}");
    assert_eq!(server.run(&["get", "general:f", "-o", "-"]).text(), "second!");
}

#[test]
fn an_upload_goes_on_after_the_server_was_killed() {
    let mut server = TestServer::new();
    let path = server.folder.path().join("big.bin");
    fs::write(&path, content(150_000_000)).unwrap();
    let mut put = server.client(&["put", "big.bin", "general"]);
    let put = put.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    assert!(until(|| staged(&server) > 5_000_000));
    server.kill();
    let before = staged(&server);
    server.start();
    let put = finish(put);
    assert_eq!(put.code, 0, "{put:?}");
    assert!(before > 0);
    // One whose client was killed goes on as well, with the next call.
    fs::write(&path, content(150_000_001)).unwrap();
    let mut put = server.client(&["put", "big.bin", "general:second.bin"]);
    let mut put = put.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    assert!(until(|| staged(&server) > 5_000_000));
    put.kill().unwrap();
    put.wait().unwrap();
    let again = server.run(&["put", "big.bin", "general:second.bin"]);
    assert_eq!(again.code, 0, "{again:?}");
    let get = server.run(&["get", "general:second.bin", "-o", "back"]);
    assert_eq!(get.code, 0, "{get:?}");
    assert!(same(&path, &server.folder.path().join("back")));
}

#[test]
fn a_download_goes_on_after_a_crash_of_either_side() {
    let mut server = TestServer::new();
    let path = server.folder.path().join("big.bin");
    fs::write(&path, content(150_000_000)).unwrap();
    assert_eq!(server.run(&["put", "big.bin", "general"]).code, 0);
    let part = server.folder.path().join("back.part");
    let part_len = || fs::metadata(&part).map_or(0, |meta| meta.len());
    let mut get = server.client(&["get", "general:big.bin", "-o", "back"]);
    let mut first = get.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    assert!(until(|| part_len() > 5_000_000));
    first.kill().unwrap();
    first.wait().unwrap();
    let second = get.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let left = part_len();
    assert!(until(|| part_len() > left + 5_000_000 || !part.exists()));
    server.kill();
    server.start();
    let second = finish(second);
    assert_eq!(second.code, 0, "{second:?}");
    assert!(same(&path, &server.folder.path().join("back")));
    // What was left of another file is noticed by its digest, and not mixed in.
    fs::write(&part, content(1_000)).unwrap();
    fs::write(&path, vec![7; 200_000]).unwrap();
    assert_eq!(server.run(&["put", "--replace", "big.bin", "general"]).code, 0);
    let third = server.run(&["get", "general:big.bin", "-o", "back", "--replace"]);
    assert_eq!(third.code, 0, "{third:?}");
    assert!(same(&path, &server.folder.path().join("back")));
}

#[test]
fn two_thousand_files_arrive() {
    let server = TestServer::new();
    let folder = server.folder.path().join("many");
    fs::create_dir(&folder).unwrap();
    let names: Vec<String> = (0..2_000).map(|n| format!("many/{n:04}.txt")).collect();
    for name in &names {
        fs::write(server.folder.path().join(name), name).unwrap();
    }
    let mut args: Vec<&str> = vec!["put"];
    args.extend(names.iter().map(String::as_str));
    args.push("general:in/");
    let put = server.run(&args);
    assert_eq!(put.code, 0, "{}", put.err.lines().last().unwrap_or_default());
    let mut stored: Vec<String> = fs::read_dir(server.data().join("files/general/in"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    stored.sort();
    assert_eq!(stored.len(), 2_000);
    assert!(stored.iter().zip(&names).all(|(stored, name)| name.ends_with(stored)));
}
