//! What depends on the numbers of descriptors, and on there being none: a process of its own.

#![cfg(unix)] // The limit is Unix's, and so is the reuse of the lowest number.
#![expect(clippy::unwrap_used, reason = "the helpers are test code, too")]
#![expect(
    clippy::disallowed_methods,
    reason = "what the operating system does takes real time"
)]
#![expect(unreachable_pub, reason = "nothing outside can reach into a test")]

#[expect(
    dead_code,
    unused_imports,
    reason = "shared with the other tests, which use the rest"
)]
mod support;

use std::fs::File;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use pants_core::wire::reason;

use support::{Ask, Cut, Engine, PATIENCE, Peer, connect, on_both};

/// Low enough to be used up quickly, high enough for what a test needs.
const LIMIT: u64 = 200;

#[test]
fn a1_without_descriptors_a_server_says_so_once_and_does_not_spin() {
    let _alone = alone();
    let mut engine = Engine::by_turns();
    let server = engine.listen();
    engine.settle();
    let peers: Vec<_> = (0..3).map(|_| connect(server.address)).collect();
    let hog = Hog::new();
    let turns = engine.turns_within(Duration::from_millis(600));
    // Tries after 50, 100, 200, 400 ms.
    assert!(turns <= 10, "{turns}");
    engine.take_all();
    assert_eq!(engine.log.accept_errors, [(server.id, libc::EMFILE)]);
    assert!(engine.log.accepted.is_empty());
    // It goes on by itself when there are some, from wherever.
    drop(hog);
    for peer in &peers {
        engine.accept_from(peer);
    }
    assert_eq!(engine.log.accept_errors.len(), 1);
}

#[test]
fn a1_a_channel_that_closes_makes_room_at_once() {
    let _alone = alone();
    let mut engine = Engine::by_turns();
    let (old, old_peer) = engine.started(Cut::lines());
    let server = engine.listen();
    engine.settle();
    let peer = connect(server.address);
    let _hog = Hog::new();
    // The longest wait for the timer is a second: it is under way.
    engine.turns_within(Duration::from_millis(800));
    engine.take_all();
    assert!(engine.log.accepted.iter().all(|a| a.server != server.id));
    let began = Instant::now();
    engine.close(old);
    engine.accept_from(&peer);
    assert!(began.elapsed() < Duration::from_millis(100));
    drop(old_peer);
}

#[test]
fn a1_a_second_shortage_is_reported_as_well() {
    let _alone = alone();
    let mut engine = Engine::by_turns();
    let server = engine.listen();
    engine.settle();
    for shortage in 1..=2 {
        let hog = Hog::with_room_for(1);
        let peer = connect(server.address);
        engine.until("it is reported", |log| {
            (log.accept_errors.len() == shortage).then_some(())
        });
        drop(hog);
        engine.accept_from(&peer);
        // A second at most until it tries again by itself, and another until the next report.
        engine.turns_within(Duration::from_millis(1100));
        engine.take_all();
    }
    // A shortage of which nobody was left to profit is over, too: the last descriptor is gone
    // with the last connection.
    let hog = Hog::with_room_for(2);
    let peer = connect(server.address);
    engine.accept_from(&peer);
    drop(hog);
    engine.turns_within(Duration::from_millis(1100));
    engine.take_all();
    let reports = engine.log.accept_errors.len();
    let _hog = Hog::with_room_for(1);
    let _peer = connect(server.address);
    engine.until("it is reported", |log| {
        (log.accept_errors.len() == reports + 1).then_some(())
    });
}

#[test]
fn a1_a_server_at_its_limit_reports_rarely_and_wakes_rarely() {
    let _alone = alone();
    let mut engine = Engine::by_turns();
    let server = engine.listen();
    let address = server.address;
    engine.settle();
    // Each connection that ends lets one in that waits.
    let peers: Vec<_> = (0..60).map(|_| connect(address)).collect();
    let _hog = Hog::with_room_for(1);
    for peer in &peers[..50] {
        let id = engine.accept_from(peer).id;
        engine.settle();
        engine.close(id);
        engine.expect_closed(id);
    }
    assert!(
        engine.log.accept_errors.len() <= 2,
        "{}",
        engine.log.accept_errors.len()
    );
    let turns = engine.turns_within(Duration::from_millis(1500));
    assert!(turns <= 12, "{turns}");
}

#[test]
fn c5_a_connect_without_descriptors_fails_by_itself() {
    let _alone = alone();
    on_both(|engine| {
        let (_listener, address) = support::listen();
        let hog = Hog::new();
        let id = engine.connect(address);
        let closed = engine.expect_closed(id);
        assert_eq!(closed.reason, reason::CONNECT);
        let expected = format!(
            "{} connect {} {}",
            libc::EMFILE,
            address.ip(),
            address.port()
        );
        assert_eq!(closed.detail.trim(), expected);
        drop(hog);
        let id = engine.connect(address);
        engine.expect_connected(id);
    });
}

#[test]
fn x2_a_descriptor_that_is_used_again_is_another_channel() {
    let _alone = alone();
    let mut engine = Engine::by_turns();
    let (old, old_peer) = engine.started(Cut::lines());
    let (next, peer) = {
        // News for the old one, which closes in the same turn, and whose number the next one gets.
        old_peer.send(b"for the old one\n");
        engine.close(old);
        engine.expect_closed(old);
        drop(old_peer);
        engine.started(Cut::lines())
    };
    let descriptors: Vec<_> = engine.log.accepted.iter().map(|a| a.descriptor).collect();
    assert_eq!(descriptors[0], descriptors[1]);
    engine.ask(
        Ask::default()
            .write(old, b"stale")
            .write(old, b"more of it")
            .end(old),
    );
    peer.send(b"for the next\n");
    assert_eq!(engine.expect_frames(next, 1), [b"for the next"]);
    engine.write(next, b"own");
    engine.settle();
    assert_eq!(peer.receive(3), b"own");
}

#[test]
fn x14_a_descriptor_is_closed_once() {
    let _alone = alone();
    on_both(|engine| {
        let (id, peer) = engine.started(Cut::lines());
        let descriptor = engine.log.accepted.last().unwrap().descriptor;
        engine.close(id);
        engine.expect_closed(id);
        // Whoever hears of the end, finds the descriptor free …
        let file = File::open("/dev/null").unwrap();
        assert_eq!(file.as_raw_fd(), descriptor);
        // … and nothing done with the old name, touches what has it now.
        engine.ask(Ask::default().write(id, b"late").close(id).end(id));
        engine.settle();
        let (other, _peer) = engine.started(Cut::lines());
        engine.close(other);
        engine.expect_closed(other);
        assert!(file.metadata().is_ok());
        drop(peer);
    });
}

#[test]
fn c2_refused_connects_leave_no_descriptors() {
    let _alone = alone();
    on_both(|engine| {
        let address = support::unused_address();
        let lowest = || File::open("/dev/null").unwrap().as_raw_fd();
        let before = lowest();
        for _ in 0..5 {
            let ids: Vec<_> = (0..30).map(|_| engine.connect(address)).collect();
            for id in ids {
                assert_eq!(engine.expect_closed(id).reason, reason::CONNECT);
            }
        }
        assert_eq!(lowest(), before);
    });
}

/// Tests that count descriptors run one after the other.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    let guard = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let limit = libc::rlimit {
        rlim_cur: LIMIT,
        rlim_max: LIMIT,
    };
    // SAFETY: `limit` is valid for reads during the call.
    let result = unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit) };
    assert_eq!(result, 0);
    guard
}

/// Holds every descriptor that there is.
struct Hog(Vec<OwnedFd>);

impl Hog {
    fn new() -> Self {
        let began = Instant::now();
        let mut held = Vec::new();
        loop {
            // SAFETY: dup takes no pointer; standard error is open for as long as the process is.
            let descriptor = unsafe { libc::dup(2) };
            if descriptor < 0 {
                return Self(held);
            }
            // SAFETY: dup has just made it, and nobody else knows of it.
            held.push(unsafe { OwnedFd::from_raw_fd(descriptor) });
            assert!(began.elapsed() < PATIENCE);
        }
    }

    fn with_room_for(count: usize) -> Self {
        let mut hog = Self::new();
        let left = hog.0.len() - count;
        hog.0.truncate(left);
        hog
    }
}
