//! Connects TCP and unix sockets, and words the errors of the operating system.

use std::io;
use std::os::fd::AsRawFd;
use std::path::Path;

use tokio::net::{TcpStream, UnixStream};

use crate::limits::UNIX_PATH_MAX;

/// Connects over TCP without Nagle's delay: data that belongs together is written together.
pub(crate) async fn connect_tcp(host_port: &str) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(host_port).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Connects to a unix socket; one whose path is too long for an address is reached through its folder.
pub(crate) async fn connect_unix(path: &Path) -> io::Result<UnixStream> {
    if path.as_os_str().len() <= UNIX_PATH_MAX {
        return UnixStream::connect(path).await;
    }
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(io::Error::from(io::ErrorKind::InvalidInput));
    };
    let folder = std::fs::File::open(folder)?;
    UnixStream::connect(Path::new("/proc/self/fd").join(folder.as_raw_fd().to_string()).join(name)).await
}

/// Returns the operating system's message without its number, and what to do.
pub fn io_words(e: &io::Error) -> String {
    match e.kind() {
        io::ErrorKind::ConnectionRefused => "connection refused; is the server running?".to_owned(),
        io::ErrorKind::NotFound => "no such socket; is the server running?".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        io::ErrorKind::TimedOut => "connection timed out".to_owned(),
        _ => {
            let text = e.to_string();
            let text = text.split(" (os error").next().unwrap_or_default();
            text.strip_prefix("failed to lookup address information: ")
                .map_or_else(|| text.to_lowercase(), |why| format!("unknown host ({})", why.to_lowercase()))
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_socket_with_a_long_path_is_reached() {
        let folder = tempfile::tempdir().unwrap();
        let deep = folder.path().join("d".repeat(100));
        std::fs::create_dir(&deep).unwrap();
        let handle = std::fs::File::open(&deep).unwrap();
        let short = format!("/proc/self/fd/{}/s", handle.as_raw_fd());
        let _listener = tokio::net::UnixListener::bind(short).unwrap();
        connect_unix(&deep.join("s")).await.unwrap();
    }

    #[test]
    fn errors_say_what_to_do() {
        let refused = io::Error::from(io::ErrorKind::ConnectionRefused);
        assert!(io_words(&refused).contains("is the server running"));
        assert_eq!(io_words(&io::Error::from_raw_os_error(113)), "no route to host");
    }
}
