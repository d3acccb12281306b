//! Datagram channels on real sockets.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::VecDeque;
use std::net::{SocketAddr, UdpSocket};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use pants_core::addr::{self, Address};
use pants_core::options::DatagramOptions;
use pants_core::wire::{
    batch, change, flag, framing, kind, op, packet, reason, reframe, settings, syscall, tally,
};
use pants_core::{ChannelId, Driver, Handle, Listening, ReactorThread};
use socket2::{Domain, Protocol, Socket, Type};

const PATIENCE: Duration = Duration::from_secs(10);

/// What a record says, with its bytes.
#[derive(Debug, PartialEq, Eq)]
enum Event {
    Received(SocketAddr, Vec<u8>),
    /// errno, syscall, size, address
    Failed(u32, u32, u32, Option<Address>),
    PeerSet(u32, Option<Address>),
    /// datagrams sent or refused
    Drained(u32),
    /// reason, bytes sent, datagrams lost
    Closed(u32, u32, u32),
}

/// A reactor on its thread, and one datagram channel on it.
struct Scene {
    reactor: ReactorThread,
    rings: Receiver<()>,
    events: VecDeque<Event>,
    bound: Listening,
    peer: UdpSocket,
}

impl Scene {
    fn new() -> Self {
        let (ring, rings) = channel();
        let reactor = ReactorThread::spawn(Driver::Thread, move || {
            // Nobody listens any more when a test is through.
            let _ = ring.send(());
        })
        .unwrap();
        let options = DatagramOptions::default();
        let bound = reactor.handle().bind("127.0.0.1", 0, &options).unwrap();
        let peer = UdpSocket::bind("127.0.0.1:0").unwrap();
        peer.set_read_timeout(Some(PATIENCE)).unwrap();
        Self {
            reactor,
            rings,
            events: VecDeque::new(),
            bound,
            peer,
        }
    }

    fn started() -> Self {
        let scene = Self::new();
        scene.start();
        scene
    }

    fn start(&self) {
        let mut payload = vec![0; (settings::WORDS + reframe::WORDS) as usize];
        payload[settings::SET as usize] = change::TIMEOUTS;
        payload[settings::LINGER_TIMEOUT as usize] = 5000;
        payload[(settings::WORDS + reframe::EPOCH) as usize] = 1;
        payload[(settings::WORDS + reframe::KIND) as usize] = framing::RAW;
        let payload: Vec<u8> = payload.iter().flat_map(|word| word.to_ne_bytes()).collect();
        self.submit(&[self.record(op::START, &payload)]);
    }

    fn handle(&self) -> &Handle {
        self.reactor.handle()
    }

    fn address(&self) -> SocketAddr {
        self.bound.local.as_ref().unwrap().inet().unwrap()
    }

    fn to_peer(&self) -> Vec<u8> {
        encoded(self.peer.local_addr().unwrap())
    }

    fn record(&self, head: u32, payload: &[u8]) -> Vec<u8> {
        let ChannelId { index, generation } = self.bound.id;
        let words = [head, index, generation, payload.len() as u32];
        let mut bytes: Vec<u8> = words.iter().flat_map(|word| word.to_ne_bytes()).collect();
        bytes.extend_from_slice(payload);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes
    }

    fn datagram(&self, to: &[u8], data: &[u8]) -> Vec<u8> {
        let flags = flag::WANTS_DRAIN | ((to.len() as u32) << packet::ADDRESS_SHIFT);
        self.record(op::SEND | (flags << 8), &[to, data].concat())
    }

    fn submit(&self, records: &[Vec<u8>]) {
        self.handle().submit(&records.concat(), VecDeque::new());
    }

    fn received_by_peer(&self) -> Vec<u8> {
        let mut buffer = vec![0; 70_000];
        let length = self.peer.recv(&mut buffer).unwrap();
        buffer.truncate(length);
        buffer
    }

    fn next(&mut self) -> Event {
        loop {
            if let Some(event) = self.events.pop_front() {
                return event;
            }
            if !self.take() {
                self.rings.recv_timeout(PATIENCE).expect("news in time");
            }
        }
    }

    /// Takes what there is; false where that is nothing.
    fn take(&mut self) -> bool {
        let mut words = vec![0; 64 * 1024];
        let mut bytes = vec![0; 512 * 1024];
        assert!(self.handle().take(&mut words, &mut bytes));
        let end = (batch::WORDS + words[batch::RECORD_WORDS as usize]) as usize;
        let mut rest = &bytes[..];
        let mut bytes = |length: u32| {
            let (front, behind) = rest.split_at(length as usize);
            rest = behind;
            front
        };
        let mut at = batch::WORDS as usize;
        while at < end {
            let own = &words[at + 3..];
            let used = match words[at] & 0xff {
                kind::DATAGRAMS => {
                    let (senders, count) = (own[1] as usize, own[2] as usize);
                    let from: Vec<_> = own[3..3 + senders]
                        .iter()
                        .map(|&length| addr::decode(bytes(length)).unwrap().inet().unwrap())
                        .collect();
                    for word in &own[3 + senders..3 + senders + count] {
                        let sender = from[(word >> packet::SENDER_SHIFT) as usize];
                        let length = word & ((1 << packet::SENDER_SHIFT) - 1);
                        let data = bytes(length).to_vec();
                        self.events.push_back(Event::Received(sender, data));
                    }
                    3 + senders + count
                }
                kind::DATAGRAM_FAILED => {
                    let address = addr::decode(bytes(own[3]));
                    let failed = Event::Failed(own[0], own[1], own[2], address);
                    self.events.push_back(failed);
                    4
                }
                kind::PEER_SET => {
                    let address = addr::decode(bytes(own[1]));
                    self.events.push_back(Event::PeerSet(own[0], address));
                    2
                }
                kind::DRAINED => {
                    self.events.push_back(Event::Drained(own[0]));
                    2
                }
                kind::CLOSED => {
                    let number = |at: u32| own[2 + 2 * at as usize];
                    let (sent, lost) = (number(tally::SENT), number(tally::DROPS));
                    self.events
                        .push_back(Event::Closed(words[at] >> 8, sent, lost));
                    3 + 2 * tally::WORDS as usize
                }
                other => panic!("a completion of kind {other}"),
            };
            at += 3 + used;
        }
        end > batch::WORDS as usize
    }
}

fn encoded(address: SocketAddr) -> Vec<u8> {
    let mut bytes = Vec::new();
    addr::encode(Some(&address.into()), &mut bytes);
    bytes
}

#[test]
fn datagrams_keep_their_bounds_and_their_senders() {
    let mut scene = Scene::new();
    let senders: Vec<UdpSocket> = (0..3)
        .map(|_| UdpSocket::bind("127.0.0.1:0").unwrap())
        .collect();
    let mut expected = Vec::new();
    for round in 0..40_u8 {
        let sender = &senders[usize::from(round) % 3];
        let data = vec![round; usize::from(round) * 7 % 50];
        sender.send_to(&data, scene.address()).unwrap();
        expected.push(Event::Received(sender.local_addr().unwrap(), data));
    }
    scene.start();
    for event in expected {
        assert_eq!(scene.next(), event);
    }
    assert!(!scene.take(), "and no more");
}

#[test]
fn one_that_cannot_be_sent_is_reported_and_the_others_leave() {
    let mut scene = Scene::started();
    let to = scene.to_peer();
    let too_large = vec![0; 70_000];
    let mut records: Vec<_> = (0..40).map(|n| scene.datagram(&to, &[n])).collect();
    records.insert(17, scene.datagram(&to, &too_large));
    records.insert(
        30,
        scene.datagram(&encoded("127.0.0.1:0".parse().unwrap()), b"port 0"),
    );
    scene.submit(&records);
    for n in 0..40 {
        assert_eq!(scene.received_by_peer(), [n]);
    }
    let peer = Address::Inet(scene.peer.local_addr().unwrap());
    let Event::Failed(first, syscall::SEND, 70_000, Some(address)) = scene.next() else {
        panic!("not the large one");
    };
    assert_eq!((first as i32, address), (libc::EMSGSIZE, peer));
    let Event::Failed(second, syscall::SEND, 6, Some(address)) = scene.next() else {
        panic!("not the one to port 0");
    };
    let nowhere = Address::Inet("127.0.0.1:0".parse().unwrap());
    assert_eq!((second as i32, address), (libc::EINVAL, nowhere));
    assert_eq!(scene.next(), Event::Drained(42));
    let progress = scene.handle().tally(scene.bound.id).unwrap();
    assert_eq!((progress.sent, progress.failed), (40, 70_006));
    assert_eq!((progress.datagrams, progress.drops), (42, 0));
}

#[test]
fn an_icmp_answer_is_reported_and_harms_no_datagram() {
    let mut scene = Scene::started();
    let silent = scene.peer.local_addr().unwrap();
    let to = scene.to_peer();
    scene.peer = UdpSocket::bind("127.0.0.1:0").unwrap();
    let local = Some(Address::Inet(scene.address()));
    scene.submit(&[
        scene.record(op::SET_PEER, &to),
        scene.datagram(b"", b"nobody is there"),
    ]);
    assert_eq!(scene.next(), Event::PeerSet(0, local));
    let mut refused = 0;
    let mut drained = 0;
    while refused == 0 || drained == 0 {
        match scene.next() {
            Event::Failed(errno, _, 0, Some(address)) => {
                assert_eq!(errno as i32, libc::ECONNREFUSED);
                assert_eq!(address, Address::Inet(silent));
                refused += 1;
            }
            Event::Drained(1) => drained += 1,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((refused, drained), (1, 1));
    // Whether the answer is fetched by a read or by the next send, that one leaves.
    scene.peer = UdpSocket::bind(silent).unwrap();
    scene.peer.set_read_timeout(Some(PATIENCE)).unwrap();
    scene.submit(&[scene.datagram(b"", b"somebody is")]);
    assert_eq!(scene.received_by_peer(), b"somebody is");
    assert_eq!(scene.next(), Event::Drained(2));
}

/// Only Linux tells of them without a peer.
#[cfg(target_os = "linux")]
#[test]
fn answers_have_their_own_address_and_harm_no_other_datagram() {
    const ROUNDS: usize = 200;
    let mut scene = Scene::started();
    let to = scene.to_peer();
    let silent: Vec<SocketAddr> = (0..2)
        .map(|_| UdpSocket::bind("127.0.0.1:0").unwrap())
        .map(|socket| socket.local_addr().unwrap())
        .collect();
    let mut told = [0; 2];
    let mut drained = false;
    for round in 0..ROUNDS {
        scene.submit(&[
            scene.datagram(&encoded(silent[round % 2]), b"nobody is there"),
            scene.datagram(&to, &(round as u32).to_be_bytes()),
            // As many as one, which an answer must not keep from being so.
            scene.datagram(&to, b"same"),
            scene.datagram(&to, b"same"),
        ]);
        let number = (round as u32).to_be_bytes();
        for expected in [&number[..], b"same", b"same"] {
            assert_eq!(scene.received_by_peer(), expected);
        }
    }
    while told.iter().sum::<usize>() < ROUNDS || !drained {
        match scene.next() {
            Event::Failed(errno, syscall::RECVMSG, 0, Some(Address::Inet(address))) => {
                assert_eq!(errno as i32, libc::ECONNREFUSED);
                let of = silent.iter().position(|one| *one == address);
                told[of.expect("one of the silent")] += 1;
            }
            Event::Drained(datagrams) => drained |= datagrams == 4 * ROUNDS as u32,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(told, [ROUNDS / 2; 2]);
    let tally = scene.handle().tally(scene.bound.id).unwrap();
    assert_eq!((tally.failed, tally.datagrams), (0, 4 * ROUNDS as u64));
}

#[test]
fn changes_of_the_peer_keep_their_place_among_datagrams() {
    let mut scene = Scene::started();
    let other = UdpSocket::bind("127.0.0.1:0").unwrap();
    other.set_read_timeout(Some(PATIENCE)).unwrap();
    let port = scene.address().port();
    scene.submit(&[
        scene.record(op::SET_PEER, &scene.to_peer()),
        scene.datagram(b"", b"one"),
        scene.record(op::DROP_PEER, b""),
        scene.record(op::SET_PEER, &encoded(other.local_addr().unwrap())),
        scene.datagram(b"", b"two"),
        scene.record(op::DROP_PEER, b""),
        scene.datagram(&scene.to_peer(), b"three"),
        scene.datagram(b"", b"four"),
    ]);
    assert_eq!(scene.received_by_peer(), b"one");
    assert_eq!(scene.received_by_peer(), b"three");
    let mut buffer = [0; 10];
    let (length, from) = other.recv_from(&mut buffer).unwrap();
    assert_eq!((&buffer[..length], from.port()), (&b"two"[..], port));
    assert!(matches!(scene.next(), Event::PeerSet(0, Some(_))));
    assert!(matches!(scene.next(), Event::PeerSet(0, Some(_))));
    let Event::Failed(errno, syscall::SEND, 4, None) = scene.next() else {
        panic!("the last one has no address");
    };
    assert_eq!(errno as i32, libc::EDESTADDRREQ);
}

/// The other side takes nothing: the reactor stops receiving, and the kernel drops and counts.
#[test]
fn a_full_queue_leaves_the_rest_to_the_kernel_which_counts() {
    let mut scene = Scene::started();
    let total: u32 = 40_000;
    let address = scene.address();
    let data = [5; 64];
    for _ in 0..total {
        scene.peer.send_to(&data, address).unwrap();
    }
    let mut received = 0;
    loop {
        while let Some(event) = scene.events.pop_front() {
            assert!(matches!(event, Event::Received(_, bytes) if bytes == data));
            received += 1;
        }
        let drops = scene.handle().tally(scene.bound.id).unwrap().drops as u32;
        if received + drops == total {
            assert!(
                cfg!(not(target_os = "linux")) || drops > 0,
                "it was never full"
            );
            break;
        }
        assert!(received + drops < total, "{received} + {drops}");
        if !scene.take() {
            scene
                .rings
                .recv_timeout(PATIENCE)
                .expect("the rest in time");
        }
    }
}

#[test]
fn an_end_waits_for_what_is_pending_and_a_close_does_not() {
    for (op, why) in [(op::END, reason::END), (op::CLOSE, reason::CLOSE)] {
        let mut scene = Scene::started();
        let to = scene.to_peer();
        let mut records: Vec<_> = (0..2000_u32)
            .map(|n| scene.datagram(&to, &n.to_ne_bytes()))
            .collect();
        records.push(scene.record(op, b""));
        scene.submit(&records);
        let closed = loop {
            match scene.next() {
                Event::Drained(_) => {}
                other => break other,
            }
        };
        let sent = if op == op::END { 8000 } else { 0 };
        assert_eq!(closed, Event::Closed(why, sent, 0));
        assert_eq!(scene.handle().tally(scene.bound.id), None);
    }
}

/// Anyone can send from port 0, where no answer can go.
#[test]
fn an_answer_to_port_0_fails_alone() {
    let raw = Socket::new(Domain::IPV4, Type::RAW, Some(Protocol::UDP));
    let Ok(raw) = raw else {
        println!("skipped: only a privileged user can send from port 0");
        return;
    };
    let mut scene = Scene::started();
    let mut packet = vec![0, 0];
    packet.extend(scene.address().port().to_be_bytes());
    packet.extend([0, 8 + 5, 0, 0]);
    packet.extend(b"spoof");
    raw.send_to(&packet, &scene.address().into()).unwrap();
    let nowhere: SocketAddr = "127.0.0.1:0".parse().unwrap();
    assert_eq!(scene.next(), Event::Received(nowhere, b"spoof".to_vec()));
    scene.submit(&[
        scene.datagram(&encoded(nowhere), b"answer"),
        scene.datagram(&scene.to_peer(), b"next"),
    ]);
    assert!(matches!(
        scene.next(),
        Event::Failed(_, syscall::SEND, 6, _)
    ));
    assert_eq!(scene.received_by_peer(), b"next");
}

#[test]
fn binding_what_is_bound_says_so() {
    let scene = Scene::new();
    let port = scene.address().port();
    let options = DatagramOptions::default();
    let error = scene
        .handle()
        .bind("127.0.0.1", port, &options)
        .unwrap_err();
    assert!(error.to_string().starts_with("bind 127.0.0.1:"), "{error}");
}
