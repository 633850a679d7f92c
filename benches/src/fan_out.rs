//! One room, 500 readers: what a delivery costs, to native clients and to browsers, beside other servers in the same run.
//! The machine gives other seconds from one minute to the next, so all take turns, and the medians are compared.

use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

use crate::client;
use crate::contender::{Contender, Speech, others};
use crate::server::Server;

pub(crate) const MEMBERS: usize = 500;
pub(crate) const SPAN: Duration = Duration::from_secs(10);
/// Each contender's turns, and how long one is.
const ROUNDS: usize = 3;
const TURN: Duration = Duration::from_secs(4);
/// Rooms of each member, where there are many.
const MANY_ROOMS: usize = 200;
/// Readers whose delays are looked at.
const WATCHED: usize = 16;

/// What is posted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Load {
    /// 100 a second, each written alone.
    Alone,
    /// Eight posters with 32 in flight each, as fast as they are taken.
    Flood,
    /// One poster with 64 in flight.
    OnePoster,
}

impl Load {
    fn words(self) -> &'static str {
        match self {
            Load::Alone => "100 a second, each written alone",
            Load::Flood => "as fast as taken, 8 posters",
            Load::OnePoster => "as fast as taken, 1 poster",
        }
    }
}

/// All contenders, all loads.
pub async fn measure(binary: &str) -> Result<()> {
    let mut contenders = wardrooms(binary).await?;
    contenders.extend(others()?);
    for load in [Load::Alone, Load::Flood, Load::OnePoster] {
        let mut turns: Vec<Vec<Turn>> = contenders.iter().map(|_| Vec::new()).collect();
        for _ in 0..ROUNDS {
            for (contender, turns) in contenders.iter().zip(&mut turns) {
                let turn = take_turn(contender, load).await;
                turns.push(turn.with_context(|| format!("{}, {}", contender.name, load.words()))?);
            }
        }
        report_all(load, &contenders, turns);
    }
    Ok(())
}

/// One server, whose readers come over TCP, as browsers, and as members of many rooms.
async fn wardrooms(binary: &str) -> Result<Vec<Contender>> {
    let server = Server::start(binary, "serve")?;
    let poster = client::operator(&server).await?;
    let reader = client::add_user(&server, "reader").await?;
    let busy = client::add_user(&server, "busy").await?;
    let folder = server.stop()?;
    client::seed_rooms(&folder.path().join("data/wardroom.db"), "busy", MANY_ROOMS - 1)?;
    let server = Rc::new(Server::start_on(folder, binary, "serve")?);
    let contender = |name, speech| Contender { name, server: Rc::clone(&server), speech };
    let with = |reader: &str| (reader.to_owned(), poster.clone());
    let (tcp, many, web) = (with(&reader), with(&busy), with(&reader));
    Ok(vec![
        contender("Wardroom, TCP", Speech::Tcp { reader: tcp.0, poster: tcp.1 }),
        contender("Wardroom, browsers", Speech::Browser { reader: web.0, poster: web.1 }),
        contender("Wardroom, TCP, 200 rooms each", Speech::Tcp { reader: many.0, poster: many.1 }),
    ])
}

/// What one contender's turn gave.
struct Turn {
    per_cpu_s: f64,
    deliveries: u64,
    /// Milliseconds from the post to the delivery, where each was written alone.
    p50_ms: Option<f64>,
}

async fn take_turn(contender: &Contender, load: Load) -> Result<Turn> {
    let delivered = Arc::new(AtomicU64::new(0));
    let sent: Arc<Mutex<Vec<Instant>>> = Arc::default();
    let delays: Arc<Mutex<Vec<Duration>>> = Arc::default();
    let mut readers = Vec::new();
    for n in 0..MEMBERS {
        let stream = contender.reader().await?;
        let watch = (n % (MEMBERS / WATCHED) == 0).then(|| (Arc::clone(&sent), Arc::clone(&delays)));
        readers.push(tokio::spawn(count(stream, contender.marker(), Arc::clone(&delivered), watch)));
    }
    let mut posters = Vec::new();
    for _ in 0..if load == Load::Flood { 8 } else { 1 } {
        posters.push(contender.poster().await?);
    }
    let measured = cost(&contender.server, &delivered, async {
        let until = Instant::now() + TURN;
        let window = if load == Load::OnePoster { 64 } else { 32 };
        if load == Load::Alone {
            let poster = posters.first_mut().context("a poster")?;
            let mut ticks = tokio::time::interval(Duration::from_millis(10));
            while Instant::now() < until {
                ticks.tick().await;
                sent.lock().unwrap_or_else(PoisonError::into_inner).push(Instant::now());
                poster.post(1).await?;
            }
            return Ok(());
        }
        let posting: Vec<JoinHandle<Result<()>>> = posters
            .into_iter()
            .map(|mut poster| {
                tokio::spawn(async move {
                    while Instant::now() < until {
                        poster.post(window).await?;
                    }
                    Ok(())
                })
            })
            .collect();
        for task in posting {
            task.await??;
        }
        Ok(())
    })
    .await?;
    readers.iter().for_each(JoinHandle::abort);
    let mut delays = std::mem::take(&mut *delays.lock().unwrap_or_else(PoisonError::into_inner));
    delays.sort();
    let p50_ms = delays.get(delays.len() / 2).filter(|_| load == Load::Alone).map(|delay| delay.as_secs_f64() * 1e3);
    Ok(Turn { per_cpu_s: measured.per_cpu_s(), deliveries: measured.deliveries, p50_ms })
}

type Watch = (Arc<Mutex<Vec<Instant>>>, Arc<Mutex<Vec<Duration>>>);

/// Counts the markers that a socket brings. A watched one notes how long each took: the n-th is the answer to the n-th post.
async fn count(mut stream: TcpStream, marker: &'static [u8], delivered: Arc<AtomicU64>, watch: Option<Watch>) {
    let finder = memchr::memmem::Finder::new(marker);
    let mut buf = vec![0u8; 64 << 10];
    let mut seen = 0;
    while let Ok(count) = stream.read(&mut buf).await {
        if count == 0 {
            return;
        }
        let found = finder.find_iter(buf.get(..count).unwrap_or_default()).count();
        delivered.fetch_add(found as u64, Ordering::Relaxed);
        if let Some((sent, delays)) = &watch {
            let sent = sent.lock().unwrap_or_else(PoisonError::into_inner);
            let posts = sent.iter().skip(seen).take(found);
            delays.lock().unwrap_or_else(PoisonError::into_inner).extend(posts.map(Instant::elapsed));
        }
        seen += found;
    }
}

fn report_all(load: Load, contenders: &[Contender], turns: Vec<Vec<Turn>>) {
    println!("fan-out to {MEMBERS} readers, {}; median of {ROUNDS} turns of {} s:", load.words(), TURN.as_secs());
    let medians: Vec<f64> =
        turns.iter().map(|turns| median(turns.iter().map(|turn| turn.per_cpu_s).collect())).collect();
    let of =
        |name: &str| contenders.iter().position(|c| c.name.starts_with(name)).and_then(|at| medians.get(at)).copied();
    let (tcp, redis) = (of("Wardroom, TCP"), of("Redis"));
    for ((contender, turns), median_cpu) in contenders.iter().zip(&turns).zip(&medians) {
        let delays: Vec<f64> = turns.iter().filter_map(|turn| turn.p50_ms).collect();
        let p50 = if delays.is_empty() { String::new() } else { format!(", p50 {:.1} ms", median(delays)) };
        let ratio = |name: &str, other: Option<f64>| {
            other.map(|other| format!(", {:.2} of {name}", median_cpu / other)).unwrap_or_default()
        };
        let deliveries: u64 = turns.iter().map(|turn| turn.deliveries).sum();
        println!(
            "  {:<30} {:>10.0} deliveries per CPU second ({deliveries} in all){}{}{p50}",
            contender.name,
            median_cpu,
            ratio("TCP", tcp),
            ratio("Redis", redis)
        );
    }
}

fn median(mut all: Vec<f64>) -> f64 {
    all.sort_by(f64::total_cmp);
    all.get(all.len() / 2).copied().unwrap_or(f64::NAN)
}

pub(crate) struct Cost {
    pub(crate) deliveries: u64,
    cpu_s: f64,
    wall_s: f64,
}

impl Cost {
    fn per_cpu_s(&self) -> f64 {
        self.deliveries as f64 / self.cpu_s
    }
}

pub(crate) fn report(what: &str, cost: Cost) {
    println!(
        "{what}, {MEMBERS} readers: {:.0} deliveries per CPU second ({} in {:.1} s, {:.2} CPU s)",
        cost.per_cpu_s(),
        cost.deliveries,
        cost.wall_s,
        cost.cpu_s
    );
}

pub(crate) async fn cost(
    server: &Server,
    delivered: &AtomicU64,
    load: impl Future<Output = Result<()>>,
) -> Result<Cost> {
    let (from, cpu, start) = (delivered.load(Ordering::Relaxed), server.cpu_s()?, Instant::now());
    load.await?;
    // What is on its way still arrives; it was paid for or will be.
    let mut last = 0;
    while last != delivered.load(Ordering::Relaxed) {
        last = delivered.load(Ordering::Relaxed);
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    Ok(Cost { deliveries: last - from, cpu_s: server.cpu_s()? - cpu, wall_s: start.elapsed().as_secs_f64() })
}

pub(crate) async fn count_lines(mut stream: TcpStream, delivered: Arc<AtomicU64>) {
    let mut buf = vec![0u8; 64 << 10];
    while let Ok(count) = stream.read(&mut buf).await {
        if count == 0 {
            return;
        }
        let lines = memchr::memchr_iter(b'\n', buf.get(..count).unwrap_or_default()).count();
        delivered.fetch_add(lines as u64, Ordering::Relaxed);
    }
}
