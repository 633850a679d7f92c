//! What a crash leaves at each step of a commit, prepared on disk as it would be found, and what the next start makes
//! of it.

use std::path::Path;
use std::time::{Duration, SystemTime};

use rusqlite::{Connection, params};
use serde_json::json;
use tempfile::TempDir;

use super::{commit, content, core, digest, put, send, staged, storage};
use crate::common::TestCore;

const LEN: usize = 100_000;

/// A core that stopped while an upload was under way: its folder, and the upload.
async fn stopped_after(cut: usize) -> (TempDir, String, Vec<u8>) {
    let core = core().await;
    let mut ann = core.sign_in("ann").await;
    let bytes = content(LEN, 1);
    let begun = ann.ask(put("d/a", LEN, "u1")).await;
    let id = begun["upload"].as_str().unwrap().to_owned();
    send(&mut ann, &id, &bytes, 0, cut).await;
    (core.stop().await, id, bytes)
}

fn database(folder: &Path) -> Connection {
    Connection::open(folder.join("data/wardroom.db")).unwrap()
}

fn note_placed(folder: &Path, id: &str, bytes: &[u8]) {
    let sql = "UPDATE uploads SET blake3 = ?2, placed = 'd/a' WHERE id = ?1";
    assert_eq!(database(folder).execute(sql, params![id, digest(bytes)]).unwrap(), 1);
}

/// The events of files in the room.
async fn added(core: &TestCore) -> Vec<serde_json::Value> {
    let mut ann = core.sign_in("ann").await;
    let history = ann.ask(json!({"t":"room.history","room":"ops"})).await;
    history["events"].as_array().unwrap().iter().filter(|e| e["kind"] == "file.added").cloned().collect()
}

#[tokio::test]
async fn after_the_staged_file_before_its_row() {
    let (folder, id, _) = stopped_after(10).await;
    database(folder.path()).execute("DELETE FROM uploads", []).unwrap();
    std::fs::write(folder.path().join("data/files/.staging/note.txt"), "not ours").unwrap();
    let core = TestCore::on(folder).await;
    assert_eq!(staged(&core), ["note.txt"], "what no upload has is removed; what is not ours is not");
    core.sign_in("ann").await.refused(json!({"t":"file.resume","upload":id}), "not_found").await;
}

#[tokio::test]
async fn with_a_row_and_no_file() {
    let (folder, id, bytes) = stopped_after(10).await;
    std::fs::remove_file(folder.path().join("data/files/.staging").join(&id)).unwrap();
    let core = TestCore::on(folder).await;
    let mut ann = core.sign_in("ann").await;
    ann.refused(json!({"t":"file.resume","upload":id}), "not_found").await;
    ann.refused(commit(&id, &bytes), "not_found").await;
    assert_eq!(ann.ask(put("d/a", LEN, "u1")).await["off"], 0, "its mark is free again");
}

#[tokio::test]
async fn a_row_that_outlived_its_upload_gives_its_mark_back() {
    let core = core().await;
    let mut ann = core.sign_in("ann").await;
    let bytes = content(LEN, 1);
    let first = ann.ask(put("d/a", LEN, "u1")).await["upload"].clone();
    send(&mut ann, first.as_str().unwrap(), &bytes, 0, 10).await;
    // As on a disk whose last byte is taken by others in the very moment in which the upload gives back its own.
    let conn = database(core.data.path());
    conn.execute_batch("CREATE TRIGGER full BEFORE DELETE ON uploads BEGIN SELECT RAISE(ABORT, 'full'); END").unwrap();
    ann.ask(json!({"t":"file.abort","upload":first})).await;
    assert_eq!(staged(&core), [""; 0], "its bytes are gone all the same");
    conn.execute_batch("DROP TRIGGER full").unwrap();
    let second = ann.ask(put("d/a", LEN, "u1")).await;
    assert_ne!(second["upload"], first);
    assert_eq!(second["off"], 0, "from the beginning");
    let id = second["upload"].as_str().unwrap();
    send(&mut ann, id, &bytes, 0, LEN).await;
    ann.ask(commit(id, &bytes)).await;
    assert!(std::fs::read(storage(&core).join("d/a")).unwrap() == bytes);
}

#[tokio::test]
async fn fewer_bytes_than_were_acknowledged_are_sent_again() {
    let (folder, id, bytes) = stopped_after(90_000).await;
    let file = std::fs::OpenOptions::new().write(true).open(folder.path().join("data/files/.staging").join(&id));
    file.unwrap().set_len(40_000).unwrap();
    let core = TestCore::on(folder).await;
    let mut ann = core.sign_in("ann").await;
    assert_eq!(ann.ask(json!({"t":"file.resume","upload":id})).await["off"], 40_000);
    send(&mut ann, &id, &bytes, 40_000, LEN).await;
    ann.ask(commit(&id, &bytes)).await;
    assert!(std::fs::read(storage(&core).join("d/a")).unwrap() == bytes);
}

#[tokio::test]
async fn more_bytes_than_the_file_has_are_no_upload() {
    let (folder, id, _) = stopped_after(LEN).await;
    let file = std::fs::OpenOptions::new().write(true).open(folder.path().join("data/files/.staging").join(&id));
    file.unwrap().set_len(LEN as u64 + 1).unwrap();
    let core = TestCore::on(folder).await;
    core.sign_in("ann").await.refused(json!({"t":"file.resume","upload":id}), "not_found").await;
    assert!(staged(&core).is_empty());
}

#[tokio::test]
async fn before_the_rename_the_commit_is_undone_and_can_be_asked_again() {
    let (folder, id, bytes) = stopped_after(LEN).await;
    note_placed(folder.path(), &id, &bytes);
    let core = TestCore::on(folder).await;
    assert!(added(&core).await.is_empty() && !storage(&core).join("d/a").exists());
    let mut ann = core.sign_in("ann").await;
    assert_eq!(ann.ask(json!({"t":"file.resume","upload":id})).await["off"], LEN);
    ann.ask(commit(&id, &bytes)).await;
    assert_eq!(added(&core).await.len(), 1);
}

#[tokio::test]
async fn before_the_rename_a_file_of_others_there_is_not_taken_for_ours() {
    let (folder, id, bytes) = stopped_after(LEN).await;
    note_placed(folder.path(), &id, &bytes);
    let place = folder.path().join("data/files/ops/d");
    std::fs::create_dir_all(&place).unwrap();
    std::fs::write(place.join("a"), vec![b'x'; LEN]).unwrap();
    let core = TestCore::on(folder).await;
    assert!(added(&core).await.is_empty());
    core.sign_in("ann").await.refused(commit(&id, &bytes), "conflict").await;
    assert!(std::fs::read(storage(&core).join("d/a")).unwrap() == vec![b'x'; LEN]);
}

#[tokio::test]
async fn after_the_rename_the_room_is_told_once() {
    for by_link in [false, true] {
        let (folder, id, bytes) = stopped_after(LEN).await;
        note_placed(folder.path(), &id, &bytes);
        let storage = folder.path().join("data/files");
        std::fs::create_dir_all(storage.join("ops/d")).unwrap();
        let staged_file = storage.join(".staging").join(&id);
        // A link, where the file system has no rename that keeps: then both names may be there.
        if by_link {
            std::fs::hard_link(staged_file, storage.join("ops/d/a")).unwrap();
        } else {
            std::fs::rename(staged_file, storage.join("ops/d/a")).unwrap();
        }
        let core = TestCore::on(folder).await;
        let events = added(&core).await;
        assert_eq!(events.len(), 1);
        assert_eq!((&events[0]["by"], &events[0]["path"]), (&"ann".into(), &"d/a".into()));
        assert_eq!((&events[0]["blake3"], &events[0]["size"]), (&digest(&bytes).into(), &LEN.into()));
        let mut ann = core.sign_in("ann").await;
        let stat = ann.ask(json!({"t":"file.stat","in":"room:ops","path":"d/a"})).await;
        assert_eq!(stat["blake3"], digest(&bytes));
        assert_eq!(ann.ask(commit(&id, &bytes)).await["seq"], events[0]["seq"]);
        let found = ann.ask(put("d/a", LEN, "u1")).await;
        assert_eq!((&found["upload"], &found["off"]), (&id.as_str().into(), &LEN.into()));
        assert!(staged(&core).is_empty());
        let core = TestCore::on(core.stop().await).await;
        assert_eq!(added(&core).await.len(), 1);
    }
}

#[tokio::test]
async fn what_nobody_wants_for_a_week_is_removed() {
    let (folder, id, _) = stopped_after(10).await;
    let week_ago = SystemTime::now() - Duration::from_secs(8 * 24 * 3_600);
    let ms = i64::try_from(week_ago.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_millis()).unwrap();
    database(folder.path()).execute("UPDATE uploads SET at = ?1", [ms]).unwrap();
    // Begun long ago, but somebody was at it a moment ago.
    let core = TestCore::on(folder).await;
    core.sign_in("ann").await.ask(json!({"t":"file.resume","upload":id})).await;
    let folder = core.stop().await;
    let file = std::fs::File::open(folder.path().join("data/files/.staging").join(&id)).unwrap();
    file.set_modified(week_ago).unwrap();
    let core = TestCore::on(folder).await;
    core.sign_in("ann").await.refused(json!({"t":"file.resume","upload":id}), "not_found").await;
    assert!(staged(&core).is_empty());
}

#[tokio::test]
async fn a_data_folder_with_the_old_name_of_room_storage_is_migrated() {
    let (folder, id, bytes) = stopped_after(10).await;
    let data = folder.path().join("data");
    std::fs::create_dir_all(data.join("files/ops")).unwrap();
    std::fs::write(data.join("files/ops/old.txt"), "kept").unwrap();
    std::fs::rename(data.join("files"), data.join("shelves")).unwrap();
    let core = TestCore::on(folder).await;
    assert!(!core.folder().join("shelves").exists());
    assert_eq!(std::fs::read(storage(&core).join("old.txt")).unwrap(), b"kept");
    let mut ann = core.sign_in("ann").await;
    ann.ask(json!({"t":"file.resume","upload":id})).await;
    send(&mut ann, &id, &bytes, 10, LEN).await;
    ann.ask(commit(&id, &bytes)).await;
    assert_eq!(std::fs::read(storage(&core).join("d/a")).unwrap(), bytes, "an unfinished upload goes on");
}
