//! A million events in 200 rooms: what the search index costs, how fast a page of history and a search are, and how much
//! memory the core takes.

use std::path::Path;
use std::time::Instant;

use anyhow::{Context as _, Result};
use rusqlite::{Connection, params};
use serde_json::json;
use tokio::net::TcpStream;

use crate::client::{self, Client};
use crate::output;
use crate::search::{report, searches, timed, wait_for_index};
use crate::server::Server;
use crate::texts::{Random, text};

const EVENTS: u64 = 1_000_000;
const ROOMS: u64 = 200;
const USERS: u64 = 50;
const SEED: u64 = 20_261_123;
/// 1 November 2025; the events are spread over a year from there.
const FROM_MS: u64 = 1_761_955_200_000;
const STEP_MS: u64 = 31_536;
const PAGES: usize = 3_000;

/// All figures.
pub async fn measure(binary: &str) -> Result<()> {
    let server = Server::start(binary, "core")?;
    let token = client::operator(&server).await?;
    let empty = server.resident_bytes()?;
    let folder = server.stop()?;
    let start = Instant::now();
    let sizes = fill(&folder.path().join("data/wardroom.db"))?;
    let made = std::fs::metadata(folder.path().join("data/wardroom.db"))?.len();
    println!(
        "big: {EVENTS} events in {ROOMS} rooms, seed {SEED}, made in {:.0} s; wardroom.db has {:.0} MB",
        start.elapsed().as_secs_f64(),
        made as f64 / 1e6
    );
    let start = Instant::now();
    let server = Server::start_on(folder, binary, "core")?;
    println!("big: started in {:.0} ms", start.elapsed().as_secs_f64() * 1e3);
    let mut member = client::connect(&server, &token).await?;
    index(&server, &mut member, empty).await?;
    let mut random = Random(SEED + 1);
    let mut took = Vec::new();
    for _ in 0..PAGES {
        let room = usize::try_from(random.below(ROOMS - 1))?;
        let size = sizes.get(room).copied().unwrap_or(0);
        if size == 0 || room % 20 == 9 {
            continue;
        }
        let seq = 1 + random.below(size);
        let ask = json!({"t":"room.history","room":format!("room-{room}"),"around":seq,"limit":50});
        took.push(timed(&mut member, ask).await?.0);
    }
    report("room.history, 50 events around any place", took, 20.0);
    let took = searches(&mut member, &mut random, None).await?;
    report("search, twenty sorts of questions", took, 100.0);
    let resident = server.resident_bytes()?;
    println!("big: resident memory of the core after all of it {:.0} MB (wanted: 120)", resident as f64 / 1e6);
    output::measure(server.stop()?, binary, &token, SEED + 2).await
}

async fn index(server: &Server, member: &mut Client<TcpStream>, empty: u64) -> Result<()> {
    let (start, cpu) = (Instant::now(), server.cpu_s()?);
    let most = wait_for_index(server, member).await?;
    let (took, cpu) = (start.elapsed().as_secs_f64(), server.cpu_s()? - cpu);
    let size = std::fs::metadata(server.data.join("search.db"))?.len();
    println!(
        "big: indexed in {took:.0} s, {cpu:.0} CPU s ({:.0} µs an event); search.db has {:.0} MB; \
         resident memory meanwhile at most {:.0} MB, {:.0} MB when it was empty",
        cpu * 1e6 / EVENTS as f64,
        size as f64 / 1e6,
        most as f64 / 1e6,
        empty as f64 / 1e6
    );
    Ok(())
}

/// Writes the rows as the core would have. Gives how many events each room has.
pub(crate) fn fill(path: &Path) -> Result<Vec<u64>> {
    let mut conn = Connection::open(path).context("wardroom.db")?;
    conn.execute_batch("PRAGMA synchronous=OFF; PRAGMA cache_size=-65536;")?;
    let tx = conn.transaction()?;
    for user in 0..USERS {
        tx.execute(
            "INSERT INTO users(id, name, shown, role, password, created) VALUES(?1, ?2, ?2, 'operator', '!', 0)",
            params![1_000 + user, format!("user-{user}")],
        )?;
    }
    for room in 0..ROOMS - 1 {
        // Every tenth is private, and every other one of these the measuring member's.
        let is_private = room % 10 == 9;
        tx.execute(
            "INSERT INTO rooms(id, name, title, private, created) VALUES(?1, ?2, '', ?3, 0)",
            params![100 + room, format!("room-{room}"), is_private],
        )?;
        for user in (0..USERS).map(|user| 1_000 + user).chain((room % 20 != 9).then_some(bench_user(&tx)?)) {
            tx.execute("INSERT INTO members(room, user, read) VALUES(?1, ?2, 0)", params![100 + room, user])?;
        }
    }
    let mut random = Random(SEED);
    let mut sizes = vec![0u64; usize::try_from(ROOMS - 1)?];
    {
        let mut insert = tx.prepare(
            "INSERT INTO events(room, seq, at, by, kind, fields, nonce) VALUES(?1, ?2, ?3, ?4, 'message', ?5, ?6)",
        )?;
        for n in 0..EVENTS {
            // A few rooms are busy, most are not.
            let room = random.below(ROOMS - 1).min(random.below(ROOMS - 1)).min(random.below(ROOMS - 1));
            let size = sizes.get_mut(usize::try_from(room)?).context("a room")?;
            *size += 1;
            let at = FROM_MS + n * STEP_MS + random.below(STEP_MS);
            let fields = json!({"text": text(&mut random)}).to_string();
            let nonce = format!("{at:012x}{:016x}", random.below(u64::MAX));
            insert.execute(params![100 + room, *size, at, 1_000 + random.below(USERS), fields, nonce])?;
        }
    }
    // Read up to a little before the end, as people do.
    tx.execute(
        "UPDATE members SET read = max(0, (SELECT coalesce(max(seq), 0) FROM events WHERE room = members.room) - 20)",
        [],
    )?;
    tx.commit()?;
    Ok(sizes)
}

fn bench_user(conn: &Connection) -> rusqlite::Result<u64> {
    conn.query_row("SELECT id FROM users WHERE name = 'bench'", [], |row| row.get(0))
}
