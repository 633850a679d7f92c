//! Listens on TCP (v4 and v6) and unix sockets. The first byte decides the face of a connection: `{` means a program,
//! an HTTP verb a client on the wrong port, anything else or silence a person with `nc`.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use tokio::net::{TcpListener, TcpSocket, UnixListener};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use wardroom_protocol::Address;
use wardroom_protocol::limits::FIRST_BYTE_WAIT_MS;

use crate::limits::{ACCEPT_BACKOFF_MS, CLOSE_WAIT_MS};
use crate::permits::{Origin, Permit};
use crate::state::State;
use crate::wire::stream::Stream;
use crate::wire::{self, Peer};

/// A bound socket.
pub enum Listener {
    /// A TCP listener.
    Tcp(TcpListener),
    /// A unix listener, and the path to remove on drop.
    Unix(UnixListener, std::path::PathBuf),
}

/// Why an address cannot be bound.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Another process listens there.
    #[error("{0} is in use: stop what listens there, or choose another address")]
    InUse(String),
    /// We lack the permission, or this machine does not have that address.
    #[error("cannot listen on {0}: {1}")]
    Other(String, io::Error),
}

/// Binds an address. `others` lists all addresses to bind: `[::]:7000` answers IPv4 too, unless one of them does on
/// that port.
///
/// # Errors
/// If the address cannot be bound. The [`BindError`] says what to do.
pub async fn bind(address: &Address, others: &[Address]) -> Result<Listener, BindError> {
    let wrap = |error: io::Error| match error.kind() {
        io::ErrorKind::AddrInUse => BindError::InUse(address.to_string()),
        _ => BindError::Other(address.to_string(), error),
    };
    match address {
        Address::Tcp(host_port) => {
            let has_v4 = others.iter().any(|other| other.is_v4_twin_of(address));
            bind_tcp(host_port, has_v4).await.map(Listener::Tcp).map_err(wrap)
        }
        Address::Unix(path) => {
            let listener = bind_unix(path).await.map_err(wrap)?;
            Ok(Listener::Unix(listener, path.clone()))
        }
    }
}

/// Binds a TCP address. `[::]` answers IPv4 too, unless `has_v4` says that a separate listener does.
async fn bind_tcp(host_port: &str, has_v4: bool) -> io::Result<TcpListener> {
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for address in tokio::net::lookup_host(host_port).await? {
        let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        if address.is_ipv6() {
            // Set explicitly, because net.ipv6.bindv6only differs between systems.
            socket2::SockRef::from(&socket).set_only_v6(has_v4)?;
        }
        socket.set_reuseaddr(true)?;
        match socket.bind(address).and_then(|()| socket.listen(4_096)) {
            Ok(listener) => return Ok(listener),
            Err(e) => last = e,
        }
    }
    Err(last)
}

async fn bind_unix(path: &Path) -> io::Result<UnixListener> {
    // Reaches a path that is too long for a socket address through its folder (unix(7): 108 bytes).
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name =
        path.file_name().ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "the path has no file name"))?;
    let folder = std::fs::File::open(folder)?;
    let short = {
        use std::os::fd::AsRawFd as _;
        Path::new("/proc/self/fd").join(folder.as_raw_fd().to_string()).join(name)
    };
    let place = if path.as_os_str().len() > 100 { short.as_path() } else { path };
    let listener = match UnixListener::bind(place) {
        Err(e) if e.kind() == io::ErrorKind::AddrInUse && is_dead(place).await => {
            std::fs::remove_file(place)?;
            UnixListener::bind(place)?
        }
        other => other?,
    };
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(place, std::fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}

/// Returns true for a socket that a killed server left behind.
async fn is_dead(path: &Path) -> bool {
    matches!(tokio::net::UnixStream::connect(path).await, Err(e) if e.kind() == io::ErrorKind::ConnectionRefused)
}

impl Listener {
    /// Returns the bound address, with the actual port if port 0 was requested.
    pub fn address(&self) -> String {
        match self {
            Listener::Tcp(listener) => listener.local_addr().map(|a| a.to_string()).unwrap_or_default(),
            Listener::Unix(_, path) => format!("unix:{}", path.display()),
        }
    }

    async fn accept(&self) -> io::Result<(Stream, Peer)> {
        match self {
            Listener::Tcp(listener) => {
                let (stream, address) = listener.accept().await?;
                stream.set_nodelay(true)?;
                // A person's nc is not pinged; keepalive lets the kernel notice when its machine is gone.
                let keepalive = socket2::TcpKeepalive::new().with_time(Duration::from_secs(60));
                socket2::SockRef::from(&stream).set_tcp_keepalive(&keepalive)?;
                // Show and count an IPv4 client of a listener on [::] as IPv4.
                let address = SocketAddr::new(address.ip().to_canonical(), address.port());
                Ok((Stream::Tcp(stream), Peer { address: address.to_string(), is_local: false }))
            }
            Listener::Unix(listener, _) => {
                let (stream, _) = listener.accept().await?;
                Ok((Stream::Unix(stream), Peer { address: "unix".to_owned(), is_local: true }))
            }
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        if let Listener::Unix(_, path) = self {
            // The file or its folder may already be gone.
            let _ = std::fs::remove_file(path);
        }
    }
}

/// Accepts up to `connections_max` connections at a time until `shutdown`. Open connections continue; the shutdown
/// closes their outlets.
pub async fn accept_all(listener: Listener, state: Arc<State>, connections_max: usize, shutdown: CancellationToken) {
    let places = Arc::new(Semaphore::new(connections_max));
    loop {
        // Get a place first, then the connection: if there is none, the newcomer waits in the kernel's queue.
        let next = async {
            let place = Arc::clone(&places).acquire_owned().await;
            (listener.accept().await, place)
        };
        let (accepted, place) = tokio::select! {
            () = shutdown.cancelled() => return,
            next = next => next,
        };
        match accepted {
            Ok((stream, peer)) => {
                let origin = if peer.is_local { Origin::Local } else { Origin::of(&peer.address) };
                let permit = tokio::select! {
                    () = shutdown.cancelled() => return,
                    permit = state.permits.enter(origin) => permit,
                };
                let state = Arc::clone(&state);
                tokio::spawn(async move {
                    decide(state, Arc::new(stream), peer, permit).await;
                    drop(place);
                });
            }
            Err(error) => {
                // Out of descriptors, or the peer left while it waited. An immediate retry would not help.
                tracing::warn!(%error, "cannot accept");
                tokio::time::sleep(Duration::from_millis(ACCEPT_BACKOFF_MS)).await;
            }
        }
    }
}

/// Decides which face serves a connection.
async fn decide(state: Arc<State>, stream: Arc<Stream>, peer: Peer, permit: Permit) {
    let mut buf = BytesMut::new();
    let wait = Duration::from_millis(FIRST_BYTE_WAIT_MS);
    if tokio::time::timeout(wait, first_byte(&stream, &mut buf)).await == Ok(false) {
        return;
    }
    match buf.first() {
        Some(b'{') => Box::pin(wire::serve(state, stream, buf, peer, permit)).await,
        Some(0x16) => say(&stream, "# this port has no TLS of its own: connect without, or through a proxy\n").await,
        Some(_) if is_http(&buf) => say(&stream, &http_answer(&state)).await,
        _ => Box::pin(crate::text::serve(state, stream, buf, peer, permit)).await,
    }
}

/// Reads the first bytes. Returns false at the end of the stream.
async fn first_byte(stream: &Stream, buf: &mut BytesMut) -> bool {
    loop {
        if stream.readable().await.is_err() {
            return false;
        }
        buf.reserve(1_024);
        match stream.try_read(buf) {
            Ok(count) => return count > 0,
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => {}
            Err(_) => return false,
        }
    }
}

fn is_http(buf: &[u8]) -> bool {
    const VERBS: [&[u8]; 8] = [b"GET ", b"HEAD ", b"POST ", b"PUT ", b"OPTIONS ", b"DELETE ", b"CONNECT ", b"PRI "];
    VERBS.iter().any(|verb| buf.starts_with(verb))
}

fn http_answer(state: &State) -> String {
    let place = state.web_url.as_deref().map_or("the address of the web gateway".to_owned(), str::to_owned);
    let text = format!("This is the port for programs and for nc, not a web server. The page is at {place}\n");
    format!(
        "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{text}",
        text.len()
    )
}

/// Sends one text, then closes the connection.
async fn say(stream: &Stream, text: &str) {
    let mut frames = wire::stream::Frames::default();
    frames.all.push(bytes::Bytes::copy_from_slice(text.as_bytes()));
    let writing = async {
        while !frames.rest().is_empty() && stream.writable().await.is_ok() {
            if stream.try_write(&mut frames).is_err_and(|e| e.kind() != io::ErrorKind::WouldBlock) {
                return;
            }
        }
        stream.finish();
        let mut rest = BytesMut::new();
        while first_byte(stream, &mut rest).await {
            rest.clear();
        }
    };
    drop(tokio::time::timeout(Duration::from_millis(CLOSE_WAIT_MS), writing).await);
    stream.shutdown();
}
