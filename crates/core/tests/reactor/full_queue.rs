//! Nobody takes completions: the reactor stops reading, and waits.

use std::thread;
use std::time::Duration;

use crate::support::{Ask, Cut, Engine, Peer, connect, pattern};

/// What may be on its way: as much as a batch holds, and the batch behind it, and the one that is
/// being filled, each with the read that filled it.
const MOST: u64 = 3 * (256 + 64) * 1024;

#[test]
fn what_is_not_taken_is_bounded_and_nothing_is_lost() {
    let mut engine = Engine::by_turns();
    let channels: Vec<_> = (0..8).map(|_| engine.started(Cut::raw())).collect();
    let rings = engine.rings();
    // Every peer sends until the kernel pushes back.
    let sent: Vec<usize> = thread::scope(|scope| {
        let peers: Vec<_> = channels
            .iter()
            .map(|(_, peer)| scope.spawn(|| peer.stuff(64 << 20)))
            .collect();
        while peers.iter().any(|peer| !peer.is_finished()) {
            engine.turn(Duration::from_millis(5));
        }
        peers.into_iter().map(|peer| peer.join().unwrap()).collect()
    });
    let stats = engine.stats();
    assert!(stats.bytes_read <= MOST, "{stats:?}");
    assert!(stats.queued_batches > 0, "{stats:?}");
    // It waits, and does not turn round and round for that.
    let turns = engine.turns_within(Duration::from_millis(100));
    assert!(turns <= 3, "{turns}");
    assert_eq!(engine.rings(), rings + 1);
    // Whoever takes gets it going.
    for ((id, peer), sent) in channels.iter().zip(sent) {
        peer.finish();
        engine.take_all();
        engine.expect_end(*id);
        assert!(engine.log.of(*id).received == pattern(sent), "{sent}");
    }
}

#[test]
fn with_a_thread_taking_gets_it_going_too() {
    let mut engine = Engine::on_thread();
    let channels: Vec<_> = (0..8).map(|_| engine.started(Cut::raw())).collect();
    let sent: Vec<usize> = thread::scope(|scope| {
        let peers: Vec<_> = channels
            .iter()
            .map(|(_, peer)| scope.spawn(|| peer.stuff(64 << 20)))
            .collect();
        peers.into_iter().map(|peer| peer.join().unwrap()).collect()
    });
    let stats = engine.stats();
    assert!(stats.bytes_read <= MOST, "{stats:?}");
    // Idle until something is taken: then there is more.
    for ((id, peer), sent) in channels.iter().zip(sent) {
        peer.finish();
        engine.expect_end(*id);
        assert!(engine.log.of(*id).received == pattern(sent), "{sent}");
    }
}

#[test]
fn floods_of_tiny_frames_are_bounded_too() {
    let mut engine = Engine::by_turns();
    let (id, peer) = engine.started(Cut::lines());
    let sent = thread::scope(|scope| {
        let sending = scope.spawn(|| {
            let mut sent = 0;
            peer.set_write_timeout(Some(Duration::from_millis(200)))
                .unwrap();
            while let Ok(n) = std::io::Write::write(&mut &peer, &[b'\n'; 64 * 1024]) {
                sent += n;
            }
            sent
        });
        while !sending.is_finished() {
            engine.turn(Duration::from_millis(5));
        }
        sending.join().unwrap()
    });
    // Two words a frame, 16 Ki words a batch: the bytes are few.
    let stats = engine.stats();
    assert!(stats.bytes_read <= 5 * 3 * 64 * 1024, "{stats:?}");
    let turns = engine.turns_within(Duration::from_millis(50));
    assert!(turns <= 3, "{turns}");
    engine.take_all();
    engine.expect_frames(id, sent);
}

#[test]
fn a_full_queue_stops_accepting_too() {
    let mut engine = Engine::by_turns();
    // One alone leaves room for others.
    let floods: Vec<_> = (0..4).map(|_| engine.started(Cut::raw())).collect();
    for (_, flooder) in &floods {
        fill(&mut engine, flooder);
    }
    let accepted = engine.stats().accepted;
    let server = engine.listen();
    let mut peers = Vec::new();
    for _ in 0..20 {
        // Each is an event of its own.
        peers.push(connect(server.address));
        engine.turn(Duration::ZERO);
    }
    assert_eq!(engine.stats().accepted, accepted);
    peers.extend((0..300).map(|_| connect(server.address)));
    let turns = engine.turns_within(Duration::from_millis(50));
    assert!(turns <= 5, "{turns}");
    engine.take_all();
    // a6: all are accepted, and in no larger portions for having waited.
    let mut most = 0;
    while engine.stats().accepted < accepted + 320 {
        let before = engine.stats().accepted;
        engine.turn(Duration::from_millis(5));
        most = most.max(engine.stats().accepted - before);
        engine.take_all();
    }
    assert!(most <= 128, "{most}");
    for (flood, _) in floods {
        engine.close(flood);
        engine.expect_closed(flood);
    }
}

#[test]
fn one_flooder_leaves_room_in_each_batch() {
    let mut engine = Engine::by_turns();
    let (_, flooder) = engine.started(Cut::raw());
    let (other, peer) = engine.started(Cut::lines());
    fill(&mut engine, &flooder);
    peer.send(b"hello\n");
    engine.turn(Duration::from_millis(50));
    assert_eq!(engine.handle().tally(other).unwrap().received, 6);
    // It has had its share, and waits for a batch to be taken.
    let turns = engine.turns_within(Duration::from_millis(50));
    assert!(turns <= 3, "{turns}");
}

#[test]
fn where_hooks_are_slow_less_is_read() {
    let mut engine = Engine::by_turns();
    engine.handle().set_pace(1.0 / 16.0);
    let (id, peer) = engine.started(Cut::lines());
    let sent = thread::scope(|scope| {
        let stuffing = scope.spawn(|| peer.stuff(1 << 20));
        while !stuffing.is_finished() {
            engine.turn(Duration::from_millis(5));
        }
        stuffing.join().unwrap()
    });
    assert!(sent > 0);
    // A sixteenth of a batch may wait, and each share is a quarter of it.
    let read = engine.handle().tally(id).unwrap().received;
    assert!(read <= 6 * 4096, "{read}");
}

#[test]
fn requests_are_done_while_nobody_takes() {
    let mut engine = Engine::by_turns();
    let (flood, flooder) = engine.started(Cut::raw());
    let (id, peer) = engine.started(Cut::raw());
    fill(&mut engine, &flooder);
    engine.ask(Ask::default().write(id, b"still here").shutdown(id));
    engine.turn(Duration::ZERO);
    engine.turn(Duration::ZERO);
    assert_eq!(peer.receive_all(), b"still here");
    engine.ask(Ask::default().close(id).close(flood));
    engine.turn(Duration::ZERO);
    peer.expect_gone();
    assert_eq!(engine.stats().channels, 1);
    engine.take_all();
    engine.expect_closed(id);
    engine.expect_closed(flood);
}

/// Lets a peer send until the queue is full, and the kernel's buffers, too.
fn fill(engine: &mut Engine, flooder: &std::net::TcpStream) {
    thread::scope(|scope| {
        let stuffing = scope.spawn(|| flooder.stuff(64 << 20));
        while !stuffing.is_finished() {
            engine.turn(Duration::from_millis(5));
        }
    });
    assert!(engine.stats().queued_batches > 0);
}
