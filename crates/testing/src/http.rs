//! An HTTP/1.1 client that sends exactly the bytes that a test wants to send.
//!
//! A client library would repair or refuse a request that a test sends wrong on purpose.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::wait::within_timeout;

/// A response as it came over the wire.
#[derive(Debug)]
pub struct RawResponse {
    /// The status code.
    pub status: u16,
    /// The status line and the headers, without the empty line after them.
    pub head: String,
    /// The bytes after the head, not decoded.
    pub body: Vec<u8>,
}

impl RawResponse {
    /// Splits the bytes of a whole response.
    ///
    /// # Panics
    /// Panics if they are no HTTP/1.1 response.
    pub fn parse(bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").expect("a whole head");
        let head = String::from_utf8(bytes[..end].to_vec()).expect("a head in UTF-8");
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status code");
        Self { status, head, body: bytes[end + 4..].to_vec() }
    }

    /// Returns the body as text. Invalid UTF-8 is replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Returns the body as JSON.
    ///
    /// # Panics
    /// Panics if the body is no JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }

    /// Returns the value of the first header of this name, in any case of letters.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (found, value) = line.split_once(": ")?;
            found.eq_ignore_ascii_case(name).then_some(value)
        })
    }
}

/// Returns the bytes of a request: `first_line` is `METHOD /path`, `Content-Length` is added.
///
/// `Connection: close` is added too, so that the response ends with the connection.
pub fn request(first_line: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut bytes = format!("{first_line} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n").into_bytes();
    for (name, value) in headers {
        bytes.extend(format!("{name}: {value}\r\n").bytes());
    }
    bytes.extend(format!("content-length: {}\r\n\r\n", body.len()).bytes());
    bytes.extend(body);
    bytes
}

/// Sends `bytes` and reads until the server closes the connection. Returns the bytes of the
/// response, and the error if one ended the read.
///
/// # Panics
/// Panics if the server accepts no connection or does not close it within [`crate::TIMEOUT`].
pub async fn exchange(address: SocketAddr, bytes: &[u8]) -> (Vec<u8>, Option<io::Error>) {
    let exchanged = async {
        let mut stream = TcpStream::connect(address).await.expect("a server that listens");
        stream.write_all(bytes).await.expect("a server that reads");
        let mut response = Vec::new();
        let error = stream.read_to_end(&mut response).await.err();
        (response, error)
    };
    within_timeout("the response", exchanged).await
}

/// Sends a request and reads a whole response.
///
/// # Panics
/// Panics if the exchange fails or the response is no HTTP/1.1.
pub async fn call(address: SocketAddr, first_line: &str, headers: &[(&str, &str)], body: &[u8]) -> RawResponse {
    let (bytes, error) = exchange(address, &request(first_line, headers, body)).await;
    assert!(error.is_none(), "failed to read the response: {error:?}");
    RawResponse::parse(&bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_is_split_into_status_headers_and_body() {
        let response = RawResponse::parse(b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\n\r\n{\"a\":1}");
        assert_eq!(response.status, 201);
        assert_eq!(response.header("content-type"), Some("application/json"));
        assert_eq!(response.json()["a"], 1);
    }
}
