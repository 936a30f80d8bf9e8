//! Tests of the fakes of X-Ray's daemon and API.

mod api;
mod rules;
mod signature;
mod stored;
mod tree;

use std::net::SocketAddr;

use crudder_fakes::{XrayConfig, XrayDaemon, XrayStore};
use tokio::net::UdpSocket;

use crate::support::now;

async fn daemon() -> XrayDaemon {
    XrayDaemon::start(XrayConfig { clock: now, ..XrayConfig::default() }).await.unwrap()
}

async fn send(address: SocketAddr, datagram: &[u8]) {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    socket.send_to(datagram, address).await.unwrap();
}

/// Sends a header and a document in one datagram.
async fn send_document(address: SocketAddr, document: &serde_json::Value) {
    send(address, format!("{{\"format\": \"json\", \"version\": 1}}\n{document}").as_bytes()).await;
}

/// Returns the broken rules in order.
fn violations(store: &XrayStore) -> Vec<&'static str> {
    store.call_log().violations().map(|violation| violation.rule).collect()
}
