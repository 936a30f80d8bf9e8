//! The part of HTTP/1.1 that the programs under test use: requests with a length, on connections
//! that stay open.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;

/// Larger than any batch of the layer.
const MAX_BODY_BYTES: u64 = 16 << 20;

pub(crate) struct Request {
    /// Method and path.
    pub(crate) line: String,
    pub(crate) body: Vec<u8>,
}

pub(crate) struct Connection {
    reader: BufReader<TcpStream>,
}

impl Connection {
    pub(crate) fn new(stream: TcpStream) -> io::Result<Self> {
        // A response is one write, which should not wait for another.
        stream.set_nodelay(true)?;
        Ok(Self { reader: BufReader::new(stream) })
    }

    /// Reads the next message; `None` if the other side has closed.
    pub(crate) fn read(&mut self) -> io::Result<Option<Request>> {
        let mut line = String::new();
        if self.reader.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        let mut length = 0;
        loop {
            let mut header = String::new();
            if self.reader.read_line(&mut header)? == 0 || header.trim().is_empty() {
                break;
            }
            let Some((name, value)) = header.split_once(':') else { continue };
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.trim().parse().map_err(io::Error::other)?,
                "transfer-encoding" => return Err(io::Error::other("a body without a length")),
                _ => (),
            }
        }
        let mut body = Vec::with_capacity(length);
        self.reader.by_ref().take((length as u64).min(MAX_BODY_BYTES)).read_to_end(&mut body)?;
        Ok(Some(Request { line, body }))
    }

    /// Writes a whole message: its first line and headers, and its body.
    pub(crate) fn write(&mut self, head: &str, body: &str) -> io::Result<()> {
        self.write_bytes(head, body.as_bytes())
    }

    pub(crate) fn write_bytes(&mut self, head: &str, body: &[u8]) -> io::Result<()> {
        let mut message = format!("{head}\r\nContent-Length: {}\r\n\r\n", body.len()).into_bytes();
        message.extend(body);
        self.reader.get_mut().write_all(&message)
    }
}
