//! A network that fails: a forwarder between clients and server that ends connections when it is told to.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::browser::retry;

/// Forwards one port to another, until it is dropped.
pub struct Wires {
    /// `127.0.0.1:PORT` to connect to instead.
    pub address: String,
    cuts: watch::Sender<u64>,
    /// Connections that were ended by a cut.
    pub ended: Arc<AtomicU64>,
    /// Connections that are up.
    pub open: Arc<AtomicU64>,
    /// Nobody gets through.
    is_parted: Arc<AtomicBool>,
    accepting: tokio::task::JoinHandle<()>,
}

impl Wires {
    /// To this address.
    pub async fn to(upstream: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (cuts, seen) = watch::channel(0);
        let ended = Arc::new(AtomicU64::new(0));
        let is_parted = Arc::new(AtomicBool::new(false));
        let open = Arc::new(AtomicU64::new(0));
        let (upstream, counted, parted) = (upstream.to_owned(), Arc::clone(&ended), Arc::clone(&is_parted));
        let up = Arc::clone(&open);
        let accepting = tokio::spawn(async move {
            while let Ok((mut near, _)) = listener.accept().await {
                if parted.load(Ordering::Relaxed) {
                    continue;
                }
                let (upstream, mut seen, counted) = (upstream.clone(), seen.clone(), Arc::clone(&counted));
                let up = Arc::clone(&up);
                seen.mark_unchanged();
                tokio::spawn(async move {
                    // Nobody there: the client sees its connection end, as it would with a server that is away.
                    let Ok(mut far) = TcpStream::connect(&upstream).await else { return };
                    up.fetch_add(1, Ordering::Relaxed);
                    tokio::select! {
                        _ = tokio::io::copy_bidirectional(&mut near, &mut far) => {}
                        cut = seen.changed() => if cut.is_ok() {
                            counted.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                    up.fetch_sub(1, Ordering::Relaxed);
                });
            }
        });
        Self { address, cuts, ended, open, is_parted, accepting }
    }

    /// Waits until a client is connected.
    pub async fn connected(&self) {
        retry("a connection", async || (self.open.load(Ordering::Relaxed) > 0).then_some(())).await;
    }

    /// Ends all connections, in the middle of whatever they carry.
    pub fn cut(&self) {
        self.cuts.send_modify(|count| *count += 1);
    }

    /// Ends a connection so long after it was there, and returns once it has ended.
    pub async fn cut_connected(&self, after: Duration) {
        let (before, ended) = (self.ended.load(Ordering::Relaxed), || self.ended.load(Ordering::Relaxed));
        while ended() == before {
            self.connected().await;
            tokio::time::sleep(after).await;
            self.cut();
            // It may have ended by itself meanwhile.
            let is_over = || ended() > before || self.open.load(Ordering::Relaxed) == 0;
            retry("the end of a connection", async || is_over().then_some(())).await;
        }
    }

    /// Ends all connections, and lets none through until [`Wires::mend`].
    pub fn part(&self) {
        self.is_parted.store(true, Ordering::Relaxed);
        self.cut();
    }

    /// Lets connections through again.
    pub fn mend(&self) {
        self.is_parted.store(false, Ordering::Relaxed);
    }
}

impl Drop for Wires {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}
