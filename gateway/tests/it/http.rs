//! An HTTP/1.1 client that sends exactly what it is told and hides nothing of what comes back.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::harness::within;

pub struct Client {
    pub stream: TcpStream,
    host: String,
}

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// The connection ended before Content-Length was reached.
    pub is_cut: bool,
}

impl Client {
    pub async fn connect(host: &str) -> Client {
        Client { stream: within(TcpStream::connect(host)).await.unwrap(), host: host.to_owned() }
    }

    /// Sends a request's head: the first line without version, and further header lines.
    pub async fn send(&mut self, line: &str, headers: &[&str]) {
        let has_host = headers.iter().any(|h| h.to_ascii_lowercase().starts_with("host:"));
        let mut text = format!("{line} HTTP/1.1\r\n");
        if !has_host {
            text += &format!("Host: {}\r\n", self.host);
        }
        for header in headers {
            text += &format!("{header}\r\n");
        }
        self.raw(format!("{text}\r\n").as_bytes()).await;
    }

    pub async fn raw(&mut self, bytes: &[u8]) {
        within(self.stream.write_all(bytes)).await.unwrap();
    }

    /// The head of an answer, byte by byte, so that nothing behind it is taken.
    pub async fn head(&mut self) -> Answer {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(within(self.stream.read_u8()).await.expect("an answer"));
        }
        let text = String::from_utf8(head).unwrap();
        let mut lines = text.lines();
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        Answer { status, headers, body: Vec::new(), is_cut: false }
    }

    /// A whole answer, to a request that was no HEAD.
    pub async fn answer(&mut self) -> Answer {
        let mut answer = self.head().await;
        let len: usize = answer.header("content-length").map_or(0, |v| v.parse().unwrap());
        let mut body = vec![0; len];
        let mut filled = 0;
        while filled < len && answer.status != 304 {
            match within(self.stream.read(&mut body[filled..])).await {
                Ok(0) | Err(_) => {
                    answer.is_cut = true;
                    break;
                }
                Ok(count) => filled += count,
            }
        }
        body.truncate(filled);
        answer.body = body;
        answer
    }

    pub async fn get(&mut self, path: &str, headers: &[&str]) -> Answer {
        self.send(&format!("GET {path}"), headers).await;
        self.answer().await
    }

    pub async fn post(&mut self, path: &str, headers: &[&str], body: &str) -> Answer {
        let length = format!("Content-Length: {}", body.len());
        let all = [&["Content-Type: application/json", &length], headers].concat();
        self.send(&format!("POST {path}"), &all).await;
        self.raw(body.as_bytes()).await;
        self.answer().await
    }
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}
