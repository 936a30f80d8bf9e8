//! Fakes that stop listening, as a vendor that is down.

use std::io::ErrorKind;

use crudder_fakes::{XrayConfig, XrayDaemon};
use crudder_testing::TIMEOUT;
use crudder_testing::wait::within_timeout;
use tokio::net::{TcpStream, UdpSocket};

use super::with_fault;
use crate::support::{batch, document, now, post_spans, span};

#[tokio::test]
async fn a_fake_that_stops_listening_refuses_connections_and_keeps_its_address_and_store() {
    let honeycomb = with_fault(crudder_fakes::Fault::ServerError).await;
    honeycomb.faults().clear();
    post_spans(honeycomb.address(), &batch(vec![span(1)])).await;
    honeycomb.stop_listening().await;
    let refused = TcpStream::connect(honeycomb.address()).await;
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::ConnectionRefused);

    honeycomb.start_listening().unwrap();
    assert_eq!(post_spans(honeycomb.address(), &batch(vec![span(2)])).await.status, 200);
    assert_eq!(honeycomb.with_store(|store| store.span_count()), 2);
}

#[tokio::test]
async fn no_other_listener_gets_the_port_of_a_fake_that_stopped_listening() {
    let honeycomb = with_fault(crudder_fakes::Fault::ServerError).await;
    honeycomb.stop_listening().await;
    let second = tokio::net::TcpListener::bind(honeycomb.address()).await;
    assert_eq!(second.unwrap_err().kind(), ErrorKind::AddrInUse);
}

#[tokio::test]
async fn a_stopped_fake_refuses_connections() {
    let honeycomb = with_fault(crudder_fakes::Fault::ServerError).await;
    let address = honeycomb.address();
    honeycomb.stop().await;
    assert_eq!(TcpStream::connect(address).await.unwrap_err().kind(), ErrorKind::ConnectionRefused);
}

#[tokio::test]
async fn a_daemon_that_stops_listening_is_unreachable_until_it_starts_again() {
    let daemon = XrayDaemon::start(XrayConfig { clock: now, ..XrayConfig::default() }).await.unwrap();
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    socket.connect(daemon.address()).await.unwrap();
    let datagram = format!("{{\"format\":\"json\",\"version\":1}}\n{}", document("1111222233334444"));

    daemon.stop_listening().await;
    socket.send(datagram.as_bytes()).await.unwrap();
    let received = within_timeout("the socket", socket.recv(&mut [0; 8])).await;
    assert_eq!(received.unwrap_err().kind(), ErrorKind::ConnectionRefused);

    daemon.start_listening().unwrap();
    socket.send(datagram.as_bytes()).await.unwrap();
    daemon.wait_for(TIMEOUT, |store| (store.document_count() == 1).then_some(())).await.unwrap();
}
