//! Calls through the proxy, as clients send them and byte for byte.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::{Answer, Token, client, soon};

/// An answer as it came over the wire.
pub struct Wire {
    pub head: String,
    pub body: Vec<u8>,
}

impl Wire {
    pub fn status(&self) -> u16 {
        self.head.split(' ').nth(1).and_then(|number| number.parse().ok()).unwrap_or_default()
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The word by which Keyrack says that an error is its own.
    pub fn error(&self) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix("keyrack-error: "))
    }
}

/// A connection on which whatever is wanted can be said.
pub struct Line {
    stream: TcpStream,
    pub heard: Vec<u8>,
}

impl Line {
    pub async fn open(base: &str) -> Self {
        let stream = TcpStream::connect(base.trim_start_matches("http://")).await.unwrap();
        Self { stream, heard: Vec::new() }
    }

    pub async fn say(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }

    /// Waits until these bytes have come.
    pub async fn hears(&mut self, wanted: &str) {
        let coming = async {
            while !String::from_utf8_lossy(&self.heard).contains(wanted) {
                assert!(self.more().await, "it ended before {wanted}: {}", String::from_utf8_lossy(&self.heard));
            }
        };
        soon(coming).await;
    }

    /// Waits until the other side has ended it.
    pub async fn ends(&mut self) {
        soon(async { while self.more().await {} }).await;
    }

    async fn more(&mut self) -> bool {
        let mut piece = [0; 16_384];
        let read = self.stream.read(&mut piece).await.unwrap_or(0);
        self.heard.extend_from_slice(&piece[..read]);
        read > 0
    }
}

impl Token {
    /// A call with these headers, as a client of today sends it.
    pub async fn call(&self, (method, path): (&str, &str), headers: &[(&str, &str)], body: &str) -> Answer {
        let request = client().request(method.parse().unwrap(), format!("{}{path}", self.base()));
        let request = headers.iter().fold(request, |request, (name, text)| request.header(*name, *text));
        self.send(if body.is_empty() { request } else { request.body(body.to_owned()) }).await
    }

    /// A request to the letter: its first line, and headers that end in line breaks.
    pub async fn call_raw(&self, line: &str, headers: &str) -> Wire {
        self.call_bytes(&format!("{line} HTTP/1.1\r\nhost: keyrack.test\r\nconnection: close\r\n{headers}"), b"").await
    }

    /// The token's header and the end of the head are added.
    pub async fn call_bytes(&self, head: &str, body: &[u8]) -> Wire {
        let mut line = Line::open(self.base()).await;
        let head = format!("{head}authorization: Bearer {}\r\n\r\n", self.text);
        line.say(&[head.as_bytes(), body].concat()).await;
        line.ends().await;
        // Whoever was asked to wait for it is told to go on first.
        while line.heard.starts_with(b"HTTP/1.1 100 ") {
            let end = line.heard.windows(4).position(|end| end == b"\r\n\r\n").unwrap() + 4;
            line.heard.drain(..end);
        }
        let end = line.heard.windows(4).position(|end| end == b"\r\n\r\n");
        let end = end.map_or(line.heard.len(), |end| end + 4);
        Wire { head: String::from_utf8_lossy(&line.heard[..end]).into_owned(), body: line.heard[end..].to_vec() }
    }
}

/// So long a proxy of a test waits for an answer.
pub const BRIEF: (&str, &str) = ("KEYRACK_PROXY_SECONDS", "1");
