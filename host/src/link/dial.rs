//! Dials TCP and unix sockets, and returns a reader and a writer.

use std::io;
use std::os::fd::AsRawFd;
use std::path::Path;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use wardroom_protocol::Address;

use crate::limits::SOCKET_PATH_BYTES_MAX;

/// The reading half.
pub type ReadHalf = Box<dyn AsyncRead + Send + Unpin>;
/// The writing half.
pub type WriteHalf = Box<dyn AsyncWrite + Send + Unpin>;

/// Connects; the caller sets the timeout.
///
/// # Errors
/// If the operating system refuses.
pub async fn dial(address: &Address) -> io::Result<(ReadHalf, WriteHalf)> {
    match address {
        Address::Tcp(host_port) => {
            let stream = TcpStream::connect(host_port.as_str()).await?;
            // A run's end is a small frame after others: Nagle would delay it by a round trip.
            stream.set_nodelay(true)?;
            let (read, write) = stream.into_split();
            Ok((Box::new(read), Box::new(write)))
        }
        Address::Unix(path) => {
            let (read, write) = connect_unix(path).await?.into_split();
            Ok((Box::new(read), Box::new(write)))
        }
    }
}

/// Connects to a path that is too long for `sockaddr_un` through an open descriptor of its folder.
async fn connect_unix(path: &Path) -> io::Result<UnixStream> {
    if path.as_os_str().len() <= SOCKET_PATH_BYTES_MAX {
        return UnixStream::connect(path).await;
    }
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(io::ErrorKind::InvalidInput.into());
    };
    let folder = std::fs::File::open(folder)?;
    UnixStream::connect(Path::new("/proc/self/fd").join(folder.as_raw_fd().to_string()).join(name)).await
}
