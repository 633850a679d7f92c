//! Connects by the address's scheme.

use tokio::io::{AsyncRead, AsyncWrite};

use crate::error::DialError;
use crate::server::Server;
use crate::socket::{self, io_words};
use crate::tls;
use crate::web::{self, WebReader, WebWriter};

/// The reading half of a stream of bytes.
pub type ReadHalf = Box<dyn AsyncRead + Send + Unpin>;
/// The writing half.
pub type WriteHalf = Box<dyn AsyncWrite + Send + Unpin>;

/// An open connection.
pub enum Link {
    /// Bytes.
    Bytes(ReadHalf, WriteHalf),
    /// Messages of one frame each.
    Web(WebReader, WebWriter),
}

/// Connects; the caller sets the timeout.
///
/// # Errors
/// [`DialError`]
pub async fn dial(server: &Server) -> Result<Link, DialError> {
    let failed = |why: String| DialError::Unreachable { server: server.clone(), why };
    Ok(match server {
        Server::Unix(path) => {
            let stream = socket::connect_unix(path).await.map_err(|e| failed(io_words(&e)))?;
            let (reader, writer) = stream.into_split();
            Link::Bytes(Box::new(reader), Box::new(writer))
        }
        Server::Tcp(host_port) => {
            let stream = socket::connect_tcp(host_port).await.map_err(|e| failed(io_words(&e)))?;
            let (reader, writer) = stream.into_split();
            Link::Bytes(Box::new(reader), Box::new(writer))
        }
        Server::Tls(host_port) => {
            let stream = socket::connect_tcp(host_port).await.map_err(|e| failed(io_words(&e)))?;
            let stream = tls::connect(stream, host_port, "tcp://").await.map_err(failed)?;
            let (reader, writer) = tokio::io::split(stream);
            Link::Bytes(Box::new(reader), Box::new(writer))
        }
        Server::Ws { tls, .. } => {
            let host_port = server.host_port().ok_or_else(|| failed("it has no port".to_owned()))?;
            let stream = socket::connect_tcp(&host_port).await.map_err(|e| failed(io_words(&e)))?;
            let (reader, writer) = if *tls {
                let stream = tls::connect(stream, &host_port, "ws:// or http://").await.map_err(failed)?;
                web::upgrade(server, stream).await?
            } else {
                web::upgrade(server, stream).await?
            };
            Link::Web(reader, writer)
        }
    })
}
