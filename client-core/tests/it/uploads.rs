//! An upload arrives complete, with the right digest, from whatever offset it continues.

use proptest::prelude::*;
use serde_json::{Value, json};
use wardroom_client_core::protocol::Code;
use wardroom_client_core::{Command, Effect, Operation, UploadState};

use super::server::UPLOAD;
use super::world::{World, nonce};

fn content(len: usize) -> Vec<u8> {
    (0..len).map(|at| (at / 251 + at % 251) as u8).collect()
}

fn assert_done(world: &World) {
    assert!(world.server.staged == world.file, "{} of {} bytes", world.server.staged.len(), world.file.len());
    assert_eq!(world.server.committed.as_deref(), Some(blake3::hash(&world.file).to_hex().as_str()));
    let upload = world.client.upload(&nonce(0)).unwrap();
    assert_eq!(upload.state, UploadState::Done { seq: 1 });
    assert_eq!(upload.acked, upload.size);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 50, ..ProptestConfig::default() })]

    #[test]
    fn it_arrives_over_random_disconnects(seed in any::<u64>(), len in 0usize..2_500_000, forgets in any::<bool>()) {
        let mut world = World::new(seed);
        world.server.forgets_uploads = forgets;
        world.upload(content(len));
        for _ in 0..200 {
            match world.random(40) {
                0 => world.cut(),
                1 => world.wait(),
                2..=5 => { world.open_socket(); }
                6..=15 => { world.read_slice(); }
                16..=27 => { world.client_to_server(); }
                _ => { world.server_to_client(); }
            }
        }
        world.come_to_rest();
        assert_done(&world);
    }
}

#[test]
fn it_goes_on_from_every_offset_that_an_earlier_client_left() {
    let file = content(200_000);
    for off in [0, 1, 65_535, 65_536, 65_537, 131_072, 199_999, 200_000] {
        let mut world = World::new(1);
        world.server.upload_size = Some(file.len() as u64);
        world.server.staged = file[..off].to_vec();
        world.upload(file.clone());
        world.come_to_rest();
        assert_done(&world);
        assert_eq!(world.bytes_read, file.len() as u64, "each byte is read once, for the digest or to be sent");
    }
}

#[test]
fn the_server_may_name_another_offset_in_the_midst() {
    for lost in [1, 65_536, 100_000] {
        let mut world = World::new(1);
        world.upload(content(1_000_000));
        // The server has some chunks, but their acknowledgements are in flight.
        while world.open_socket() || world.read_slice() || world.server.staged.len() < 250_000 && step(&mut world) {}
        let keep = world.server.staged.len().saturating_sub(lost);
        world.server.lose_staged_beyond(keep);
        world.come_to_rest();
        assert_done(&world);
    }
}

fn step(world: &mut World) -> bool {
    world.client_to_server() || world.server_to_client()
}

#[test]
fn an_empty_file_is_a_file() {
    let mut world = World::new(1);
    world.upload(Vec::new());
    world.come_to_rest();
    assert_done(&world);
}

#[test]
fn a_file_that_shrinks_fails_and_says_so() {
    let mut world = World::new(1);
    world.upload(content(300_000));
    world.file.truncate(100_000);
    world.come_to_rest();
    let upload = world.client.upload(&nonce(0)).unwrap().clone();
    let UploadState::Failed(error) = &upload.state else { panic!("{:?}", upload.state) };
    assert!(error.message.contains("shorter"), "{error}");
    assert!(world.server.committed.is_none());
    // Tried again without its bytes it fails again; with its bytes it arrives.
    world.file = content(300_000);
    world.command(Command::RetryUpload { nonce: nonce(0) });
    world.come_to_rest();
    assert_done(&world);
}

#[test]
fn a_pause_is_a_pause() {
    let mut world = World::new(1);
    world.upload(content(2_000_000));
    world.open_socket();
    while world.server.staged.len() < 500_000 && (step(&mut world) || world.read_slice()) {}
    world.command(Command::PauseUpload { nonce: nonce(0), paused: true });
    world.come_to_rest();
    let at = world.server.staged.len();
    assert!(at < 2_000_000);
    assert_eq!(world.client.upload(&nonce(0)).unwrap().state, UploadState::Paused);
    world.cut();
    world.come_to_rest();
    assert_eq!(world.server.staged.len(), at, "a reconnect does not end the pause");
    world.command(Command::PauseUpload { nonce: nonce(0), paused: false });
    world.come_to_rest();
    assert_done(&world);
}

#[test]
fn a_cancelled_upload_leaves_the_list() {
    let mut world = World::new(1);
    world.upload(content(2_000_000));
    world.open_socket();
    while world.server.staged.len() < 500_000 && (step(&mut world) || world.read_slice()) {}
    world.command(Command::CancelUpload { nonce: nonce(0) });
    world.come_to_rest();
    assert_eq!(world.client.uploads().count(), 0);
    assert!(world.server.committed.is_none());
}

#[test]
fn a_server_that_has_more_than_there_is_is_not_believed() {
    let mut world = World::new(1);
    world.server.upload_size = Some(10);
    world.server.staged = content(10);
    world.upload(content(5));
    world.come_to_rest();
    assert!(matches!(world.client.upload(&nonce(0)).unwrap().state, UploadState::Failed(_)));
    let failed = Operation::Upload(nonce(0));
    assert!(world.seen.iter().any(|effect| match effect {
        Effect::Failed { operation, error } => *operation == failed && error.code != Some(Code::Conflict),
        _ => false,
    }));
}

#[test]
fn a_late_slice_is_not_taken_for_a_shorter_file() {
    let mut world = World::new(1);
    world.upload(content(1_000_000));
    world.open_socket();
    // The first slice (as long as the window) is requested, but read only after the connection broke.
    while world.slices.is_empty() {
        assert!(step(&mut world));
    }
    let (mark, off, len) = world.slices.pop_front().unwrap();
    world.cut();
    world.wait();
    world.open_socket();
    world.server.staged = world.file[..1].to_vec();
    while world.slices.is_empty() && step(&mut world) {}
    // The same offset is requested again, but fewer bytes: the late answer to the first request is dropped.
    world.slices.push_front((mark, off, len));
    world.come_to_rest();
    assert_done(&world);
}

#[test]
fn uploads_that_are_done_make_room_and_a_full_list_says_so() {
    use wardroom_client_core::NewUpload;
    use wardroom_client_core::limits::UPLOADS_MAX;
    use wardroom_client_core::protocol::messages::{IfExists, Place};
    let new = |n: u64| {
        Command::Upload(NewUpload {
            place: Place::Room(super::world::room()),
            path: format!("{n}.bin").parse().unwrap(),
            size: 0,
            mtime: None,
            if_exists: IfExists::Fail,
            nonce: nonce(n),
        })
    };
    let mut world = World::new(1);
    let max = UPLOADS_MAX as u64;
    for n in 0..max {
        world.command(new(n));
    }
    assert_eq!(world.client.uploads_free(), 0);
    world.command(new(max));
    assert!(matches!(
        world.seen.last(),
        Some(Effect::Failed { operation: Operation::Upload(of), .. }) if *of == nonce(max)
    ));
    world.come_to_rest();
    assert_eq!(world.client.uploads_free(), UPLOADS_MAX, "all are done");
    world.command(new(max));
    assert!(world.client.upload(&nonce(max)).is_some() && world.client.upload(&nonce(0)).is_none());
}

impl super::server::Server {
    pub fn begin_upload(&mut self, id: &Value, request: &Value) {
        if request["t"] == "file.resume" && self.upload_size.is_none() {
            return self.say(&json!({ "t": "err", "re": id, "code": "not_found", "msg": "no such upload" }));
        }
        self.upload_size = self.upload_size.or(request["size"].as_u64());
        self.conn.holds_upload = true;
        let off = self.staged.len();
        self.say(&json!({ "t": "ok", "re": id, "upload": UPLOAD, "off": off, "window": 300_000 }));
    }

    pub fn chunk(&mut self, request: &Value, body: &[u8]) {
        let right = self.staged.len() as u64;
        assert!(self.conn.holds_upload, "a chunk before the upload was begun or resumed");
        if request["off"].as_u64() != Some(right) {
            let answer = json!({ "t": "err", "code": "conflict", "msg": "not there", "upload": UPLOAD, "off": right });
            return self.say(&answer);
        }
        assert!(right + body.len() as u64 <= self.upload_size.unwrap());
        self.staged.extend_from_slice(body);
        let off = self.staged.len();
        self.say(&json!({ "t": "file.ack", "upload": UPLOAD, "off": off }));
    }

    pub fn commit(&mut self, id: &Value, request: &Value) {
        assert_eq!(self.staged.len() as u64, self.upload_size.unwrap());
        self.committed = request["blake3"].as_str().map(str::to_owned);
        self.say(&json!({ "t": "ok", "re": id, "path": "f.bin", "seq": 1 }));
    }

    /// What a crash of the server's machine leaves of an upload: less than was staged, but never less than was
    /// acknowledged. So call this only if nothing was acknowledged beyond `len`.
    pub fn lose_staged_beyond(&mut self, len: usize) {
        self.staged.truncate(len);
    }
}
