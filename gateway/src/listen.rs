//! Binds the sockets of the gateway: TCP over v4 and v6, and unix sockets. serve.rs serves what they accept.

use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use socket2::{Domain, SockRef, Socket, Type};
use tokio::net::{TcpListener, UnixListener, lookup_host};
use wardroom_protocol::Address;

use crate::caller::Peer;
use crate::config::StartError;
use crate::limits::{LISTEN_BACKLOG, NOT_SENT_BYTES};
use crate::socket::Stream;
use crate::unix_path::ShortPath;

/// A bound socket.
pub(crate) enum Listener {
    Tcp(TcpListener),
    Unix(UnixListener, SocketFile),
}

/// The file name of a unix socket; removed on drop.
pub(crate) struct SocketFile(PathBuf);

impl Drop for SocketFile {
    fn drop(&mut self) {
        // It, or its folder, may have been removed already.
        let _ = std::fs::remove_file(&self.0);
    }
}

impl Listener {
    /// Binds everything that an address resolves to: `localhost:8080` is usually two sockets. `others` are all
    /// addresses to bind: `[::]:8080` answers IPv4 too, unless one of them does on that port.
    pub async fn bind(address: &Address, others: &[Address]) -> Result<Vec<Listener>, StartError> {
        let failed = |source| StartError::Bind { address: address.to_string(), source };
        match address {
            Address::Unix(path) => Ok(vec![bind_unix(path).map_err(failed)?]),
            Address::Tcp(host_port) => {
                let resolved = lookup_host(host_port).await.map_err(failed)?;
                let mut listeners = Vec::new();
                let has_v4 = others.iter().any(|other| other.is_v4_twin_of(address));
                let mut port = 0;
                for mut at in resolved {
                    // With port 0 the first socket takes a free port, and the others the same one.
                    if at.port() == 0 {
                        at.set_port(port);
                    }
                    let listener = bind_tcp(at, has_v4).map_err(failed)?;
                    port = listener.local_addr().map_err(failed)?.port();
                    listeners.push(Listener::Tcp(listener));
                }
                if listeners.is_empty() {
                    return Err(failed(io::ErrorKind::AddrNotAvailable.into()));
                }
                Ok(listeners)
            }
        }
    }

    /// Returns the bound address: `127.0.0.1:41234`, `unix:/run/wardroom/http.sock`.
    pub fn address(&self) -> String {
        match self {
            Listener::Tcp(tcp) => tcp.local_addr().map(|a| a.to_string()).unwrap_or_default(),
            Listener::Unix(_, file) => format!("unix:{}", file.0.display()),
        }
    }

    /// Accepts the next connection. Cancel-safe.
    pub async fn accept(&self) -> io::Result<(Stream, Peer)> {
        match self {
            Listener::Tcp(tcp) => {
                let (stream, peer) = tcp.accept().await?;
                stream.set_nodelay(true)?;
                let socket = SockRef::from(&stream);
                // The kernel also detects a browser that vanished silently.
                socket.set_tcp_keepalive(&socket2::TcpKeepalive::new().with_time(Duration::from_secs(60)))?;
                socket.set_tcp_notsent_lowat(NOT_SENT_BYTES)?;
                Ok((Stream::Tcp(stream), Peer::Tcp(peer)))
            }
            Listener::Unix(unix, _) => Ok((Stream::Unix(unix.accept().await?.0), Peer::Unix)),
        }
    }
}

fn bind_tcp(at: SocketAddr, has_v4: bool) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(at), Type::STREAM, None)?;
    if at.is_ipv6() {
        // Set explicitly, because net.ipv6.bindv6only differs between systems.
        socket.set_only_v6(has_v4 || !at.ip().is_unspecified())?;
    }
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&at.into())?;
    socket.listen(LISTEN_BACKLOG)?;
    TcpListener::from_std(socket.into())
}

fn bind_unix(path: &Path) -> io::Result<Listener> {
    remove_stale(path)?;
    let short = ShortPath::of(path)?;
    let listener = UnixListener::bind(short.as_path())?;
    let file = SocketFile(path.to_owned());
    // Owner and group, so that a proxy's user can be added to the group.
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o660))?;
    Ok(Listener::Unix(listener, file))
}

/// Removes a socket that nobody listens on, as a killed process leaves it behind. Anything else stays.
fn remove_stale(path: &Path) -> io::Result<()> {
    let Ok(metadata) = std::fs::symlink_metadata(path) else { return Ok(()) };
    if !metadata.file_type().is_socket() {
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, "something that is no socket stands there"));
    }
    match std::os::unix::net::UnixStream::connect(ShortPath::of(path)?.as_path()) {
        Ok(_) => Err(io::ErrorKind::AddrInUse.into()),
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => std::fs::remove_file(path),
        Err(error) => Err(error),
    }
}
