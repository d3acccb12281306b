//! What a turn of datagrams comes to, over real sockets.

use std::net::UdpSocket;
use std::time::Duration;

use super::Theatre;
use crate::addr;
use crate::options::DatagramOptions;
use crate::support::{Ask, Cut, Start};
use crate::wire::{op, packet};

#[test]
fn many_datagrams_are_one_request_and_no_bytes() {
    const COUNT: usize = 40;
    let mut theatre = Theatre::new();
    let engine = &mut theatre.engine;
    let options = DatagramOptions::default();
    let bound = engine.handle().bind("127.0.0.1", 0, &options).unwrap();
    let peer = UdpSocket::bind("127.0.0.1:0").unwrap();
    let mut to = Vec::new();
    addr::encode(Some(&peer.local_addr().unwrap().into()), &mut to);
    engine.ask(Ask::default().start(bound.id, &Start::new(Cut::raw())));
    engine.settle();

    let data = [7; 1000];
    let head = op::SEND | (to.len() as u32) << (8 + packet::ADDRESS_SHIFT);
    let payload = [&to[..], &data].concat();
    let mut record = Vec::new();
    for word in [
        head,
        bound.id.index,
        bound.id.generation,
        payload.len() as u32,
    ] {
        record.extend(word.to_ne_bytes());
    }
    record.extend(payload);
    record.resize(record.len().next_multiple_of(4), 0);
    engine.ask(Ask {
        records: record.repeat(COUNT),
        ..Ask::default()
    });
    engine.turn(Duration::ZERO);
    let sent = engine.reactor().work();
    assert_eq!((sent.requests, sent.datagrams, sent.bytes), (1, COUNT, 0));

    for _ in 0..COUNT {
        let address = bound.local.as_ref().unwrap().inet().unwrap();
        peer.send_to(&data, address).unwrap();
    }
    engine.turn(Duration::from_secs(10));
    let received = engine.reactor().work();
    assert_eq!((received.datagrams, received.bytes), (COUNT, 0));
}
