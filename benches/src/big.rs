//! A million events in 200 rooms: what the search index costs, how fast a page of history and a search are, and how much
//! memory the core takes.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use rusqlite::{Connection, params};
use serde_json::{Value, json};
use tokio::net::TcpStream;

use crate::client::{self, Client};
use crate::output;
use crate::server::Server;
use crate::texts::{Random, query, text};

const EVENTS: u64 = 1_000_000;
const ROOMS: u64 = 200;
const USERS: u64 = 50;
const SEED: u64 = 20_261_123;
/// 1 November 2025; the events are spread over a year from there.
const FROM_MS: u64 = 1_761_955_200_000;
const STEP_MS: u64 = 31_536;
const PAGES: usize = 3_000;
const SEARCHES: usize = 1_000;

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

/// Milliseconds of each of many searches, of one kind of hits or of all.
pub(crate) async fn searches(
    member: &mut Client<TcpStream>,
    random: &mut Random,
    kind: Option<&str>,
) -> Result<Vec<f64>> {
    let (mut took, mut slowest, mut hits) = (Vec::new(), (0.0, Value::Null), 0);
    for _ in 0..SEARCHES {
        let mut ask = query(random);
        ask["t"] = "search".into();
        if let Some(kind) = kind {
            ask["kind"] = kind.into();
        }
        let (ms, answer) = timed(member, ask.clone()).await?;
        hits += answer["hits"].as_array().map_or(0, Vec::len);
        if ms > slowest.0 {
            slowest = (ms, ask);
        }
        took.push(ms);
    }
    println!("big: {SEARCHES} searches, {hits} hits; the slowest took {:.0} ms: {}", slowest.0, slowest.1);
    Ok(took)
}

/// Waits until everything can be found. Gives the resident bytes of the server meanwhile, at most.
pub(crate) async fn wait_for_index(server: &Server, member: &mut Client<TcpStream>) -> Result<u64> {
    let (start, mut most) = (Instant::now(), 0);
    loop {
        // While the index is not there yet, this is refused.
        let asked = member.ask(json!({"t":"search","q":"no such words anywhere"})).await;
        if asked.is_ok_and(|answer| answer["behind"] == 0) {
            return Ok(most);
        }
        ensure!(start.elapsed() < Duration::from_secs(1_200), "the index does not get there");
        most = most.max(server.resident_bytes()?);
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
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

async fn timed(member: &mut Client<TcpStream>, ask: Value) -> Result<(f64, Value)> {
    let start = Instant::now();
    let answer = member.ask(ask).await?;
    Ok((start.elapsed().as_secs_f64() * 1e3, answer))
}

pub(crate) fn report(what: &str, mut took: Vec<f64>, wanted: f64) {
    took.sort_by(f64::total_cmp);
    let at = |part: usize| took.get(took.len() * part / 1_000).copied().unwrap_or_default();
    println!(
        "big: {what}: {:.1} ms median, {:.1} ms p99, {:.1} ms at most ({} of them; wanted p99 {wanted:.0})",
        at(500),
        at(990),
        took.last().copied().unwrap_or_default(),
        took.len()
    );
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
