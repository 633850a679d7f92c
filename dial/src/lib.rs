//! Reaches a server over TCP, TLS, a unix socket or WebSocket, for the command-line client and for hosts.
//!
//! [`dial`] returns a connection as it is: bytes, or messages of one frame each. [`dial_bytes`] returns bytes always. No
//! frame is interpreted here, and nobody signs in.

#![deny(clippy::indexing_slicing, clippy::unwrap_used, clippy::expect_used)]

mod bytes;
mod error;
mod limits;
mod open;
mod server;
mod socket;
mod tls;
mod web;

pub use self::bytes::dial_bytes;
pub use self::error::DialError;
pub use self::open::{Link, ReadHalf, WriteHalf, dial};
pub use self::server::Server;
pub use self::socket::io_words;
pub use self::web::{WebEnd, WebReader, WebWriter};

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::result_large_err, reason = "tests; the answer of tungstenite is large")]
mod tests {
    use super::*;
    use ::bytes::Bytes;
    use std::time::Duration;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    #[tokio::test]
    async fn tls_to_a_plain_port_says_what_to_do() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server: Server = format!("tls://{}", listener.local_addr().unwrap()).parse().unwrap();
        let answering = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.write_all(b"# this is not TLS\n").await.unwrap();
            let mut rest = Vec::new();
            stream.read_to_end(&mut rest).await.ok();
        });
        let why =
            tokio::time::timeout(Duration::from_secs(20), dial(&server)).await.unwrap().err().unwrap().to_string();
        assert!(why.starts_with("cannot reach tls://127.0.0.1:") && why.ends_with("use tcp://"), "{why}");
        answering.await.unwrap();
    }

    #[tokio::test]
    async fn frames_cross_a_web_socket_as_bytes() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server: Server = format!("ws://{}", listener.local_addr().unwrap()).parse().unwrap();
        let echoing = tokio::spawn(async move {
            use futures_util::{SinkExt as _, StreamExt as _};
            use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};
            let (stream, _) = listener.accept().await.unwrap();
            let agree = |_: &Request, mut response: Response| {
                let ours = wardroom_protocol::SUBPROTOCOL.parse().unwrap();
                response.headers_mut().insert("Sec-WebSocket-Protocol", ours);
                Ok(response)
            };
            let mut socket = tokio_tungstenite::accept_hdr_async(stream, agree).await.unwrap();
            while let Some(Ok(message)) = socket.next().await {
                socket.send(message).await.ok();
            }
        });
        let (mut reader, mut writer) = dial_bytes(&server).await.unwrap();
        let frames =
            Bytes::from_static(b"{\"t\":\"ping\",\"n\":1}\n{\"t\":\"host.output\",\"len\":3}\na\nb{\"t\":\"pong\"}\n");
        for byte in frames.chunks(5) {
            writer.write_all(byte).await.unwrap();
        }
        let mut back = vec![0; frames.len()];
        tokio::time::timeout(Duration::from_secs(20), reader.read_exact(&mut back)).await.unwrap().unwrap();
        assert_eq!(back, frames);
        drop((reader, writer));
        echoing.await.unwrap();
    }
}
