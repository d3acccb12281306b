use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use pants_core::Tally;
use pants_core::wire::reason;

use crate::support::{Ask, Cut, Engine, Peer, on_both, pattern};

#[test]
fn w2_pieces_of_all_sizes_arrive_in_order() {
    on_both(|engine| {
        let (id, peer) = engine.started(Cut::raw());
        let peer = peer.narrow();
        let data = pattern(6_000_000);
        let (mut left, mut round) = (&data[..], 0);
        while !left.is_empty() {
            // Sizes on both sides of the limit for copies, in batches of several records.
            let mut ask = Ask::default();
            for size in [1, 100, 17_000, 5_000, 70_000, 3] {
                let (piece, rest) = left.split_at(left.len().min(size + round));
                ask = if size > 16_000 {
                    ask.write_owned(id, piece.to_vec())
                } else {
                    ask.write(id, piece)
                };
                left = rest;
            }
            engine.ask(ask);
            round += 1;
        }
        let got = engine.with_peer(|| peer.receive(data.len()));
        assert!(got == data);
        assert_eq!(engine.handle().sent(id), Some(data.len() as u64));
    });
}

#[test]
fn a_channel_is_counted_apart_from_the_others() {
    on_both(|engine| {
        let (id, peer) = engine.started(Cut::lines());
        let (other, _idle) = engine.started(Cut::lines());
        engine.ask(Ask::default().write(id, b"12345"));
        assert_eq!(peer.receive(5), b"12345");
        peer.send(b"one\ntwo");
        engine.until("it is heard", |log| {
            (log.of(id).frames().len() == 1).then_some(())
        });
        engine.settle();
        let tally = engine.handle().tally(id).unwrap();
        assert_eq!((tally.received, tally.sent), (7, 5));
        assert_eq!((tally.reads, tally.writes), (1, 1));
        assert_eq!(engine.handle().tally(other), Some(Tally::default()));
        engine.close(id);
        engine.expect_closed(id);
        assert_eq!(engine.handle().tally(id), None);
    });
}

#[test]
fn w4_100_mb_to_a_slow_reader_drain_once() {
    const SIZE: usize = 100_000_000;
    let mut engine = Engine::by_turns();
    let (id, peer) = engine.started(Cut::raw());
    let piece = pattern(1_000_000);
    let mut ask = Ask::default();
    for _ in 0..SIZE / piece.len() {
        ask = ask.write_owned(id, piece.clone());
    }
    engine.ask(ask.wants_drain(id));
    engine.settle();
    assert!(engine.log.of(id).drained.is_empty());
    let turns = engine.turns_within(Duration::from_millis(50));
    assert!(turns <= 4, "it waits for the reader: {turns}");
    let intact =
        engine.with_peer(|| (0..SIZE / piece.len()).all(|_| peer.receive(piece.len()) == piece));
    assert!(intact);
    engine.settle();
    assert_eq!(engine.log.of(id).drained, [SIZE as u64]);
    assert_eq!(engine.handle().sent(id), Some(SIZE as u64));
    let stats = engine.stats();
    assert_eq!(stats.bytes_written, SIZE as u64);
    assert!(stats.writes < 50_000, "{stats:?}");
}

#[test]
fn w4_each_drain_is_reported_once_where_that_was_asked_for() {
    on_both(|engine| {
        let (id, peer) = engine.started(Cut::raw());
        let drained = |engine: &mut Engine, count| {
            engine.until("it has drained", |log| {
                (log.of(id).drained.len() == count).then_some(())
            });
        };
        engine.ask(
            Ask::default()
                .write_wants_drain(id, b"1234")
                .write_wants_drain(id, b"567"),
        );
        drained(engine, 1);
        engine.write(id, b"nobody asks");
        assert_eq!(engine.with_peer(|| peer.receive(18)), b"1234567nobody asks");
        engine.ask(Ask::default().write_wants_drain(id, b"8"));
        drained(engine, 2);
        // With nothing pending, at once.
        engine.ask(Ask::default().wants_drain(id));
        drained(engine, 3);
        assert_eq!(engine.log.of(id).drained, [7, 19, 19]);
    });
}

#[test]
fn w12_writes_of_no_bytes_and_thousands_of_pieces() {
    on_both(|engine| {
        let (id, peer) = engine.started(Cut::raw());
        engine.ask(
            Ask::default()
                .write_wants_drain(id, b"")
                .write_owned(id, Vec::new()),
        );
        engine.until("it has drained", |log| log.of(id).drained.first().copied());
        assert_eq!(engine.log.of(id).drained, [0]);
        let mut ask = Ask::default();
        for round in 0..5000_u32 {
            let owned = vec![round as u8; (round % 3) as usize];
            ask = ask
                .write_owned(id, owned)
                .write(id, &vec![0; (round % 2) as usize]);
        }
        engine.ask(ask.write_wants_drain(id, b""));
        let expected: usize = (0..5000).map(|round| round % 3 + round % 2).sum();
        engine.with_peer(|| peer.receive(expected));
        engine.until("it has drained again", |log| {
            log.of(id).drained.get(1).copied()
        });
        assert_eq!(engine.log.of(id).drained, [0, expected as u64]);
    });
}

#[test]
fn what_the_operating_system_has_taken_is_known_at_any_time() {
    let mut engine = Engine::by_turns();
    let (id, peer) = engine.started(Cut::raw());
    let data = pattern(30_000_000);
    engine.ask(Ask::default().write_owned(id, data.clone()));
    engine.settle();
    let first = engine.handle().sent(id).unwrap();
    assert!(first > 0 && first < 30_000_000);
    engine.with_peer(|| peer.receive(10_000_000));
    engine.settle();
    let second = engine.handle().sent(id).unwrap();
    assert!(second > first);
    engine.close(id);
    let closed = engine.expect_closed(id);
    assert_eq!((closed.reason, closed.sent), (reason::CLOSE, second));
    peer.expect_reset();
}

#[test]
fn a_writer_starves_nobody() {
    let mut engine = Engine::by_turns();
    let (bulk, reader) = engine.started(Cut::raw());
    let (other, peer) = engine.started(Cut::lines());
    const SIZE: usize = 50_000_000;
    thread::scope(|scope| {
        let reader = scope.spawn(move || reader.receive(SIZE));
        engine.ask(Ask::default().write_owned(bulk, vec![0; SIZE]));
        for round in 1..=10 {
            peer.send(b"ping\n");
            engine.until("it is heard", |log| {
                (log.of(other).frames().len() == round).then_some(())
            });
        }
        while !reader.is_finished() {
            engine.pump();
        }
    });
    // In portions of one turn each.
    let stats = engine.stats();
    assert!(stats.writes >= (SIZE / (256 * 1024)) as u64, "{stats:?}");
}

#[test]
fn writes_go_on_while_nobody_takes_completions() {
    let mut engine = Engine::by_turns();
    let (flood, flooder) = engine.started(Cut::raw());
    let (id, peer) = engine.started(Cut::raw());
    const SIZE: usize = 20_000_000;
    // The queue fills up, and the flooder's channel waits for room.
    let sent = thread::scope(|scope| {
        let flooder = scope.spawn(move || (flooder.stuff(64 << 20), flooder));
        while !flooder.is_finished() {
            engine.turn(Duration::from_millis(5));
        }
        flooder.join().unwrap()
    });
    assert!(engine.stats().bytes_read < sent.0 as u64);
    // In pieces: one call does not take them all, and leaves the socket writable.
    let piece = vec![0; 10_000];
    let ask = (0..SIZE / piece.len()).fold(Ask::default(), |ask, _| ask.write(id, &piece));
    engine.ask(ask);
    thread::scope(|scope| {
        let reader = scope.spawn(move || peer.receive(SIZE));
        let step = Duration::from_millis(100);
        let mut idle = 0;
        while !reader.is_finished() {
            let began = Instant::now();
            engine.turn(step);
            idle += u32::from(began.elapsed() >= step);
            assert!(idle < 10, "the write stands still");
        }
    });
    engine.close(flood);
    engine.expect_closed(flood);
}

#[test]
fn a_lone_write_is_sent_whoever_sends_it() {
    // Round after round of one small write and its answer, the reactor asleep and awake.
    on_both(|engine| {
        let (id, peer) = engine.started(Cut::lines());
        for round in 1..=300_usize {
            let line = format!("{round}\n");
            engine.write(id, line.as_bytes());
            if round % 3 == 0 {
                engine.ask(Ask::default().write(id, b"and ").write(id, b"more\n"));
            }
            let expected = if round % 3 == 0 {
                line + "and more\n"
            } else {
                line
            };
            let got = echo(engine, &peer, expected.len());
            assert_eq!(got, expected.as_bytes());
            engine.until("it is answered", |log| {
                (log.of(id).frames().len() == round + round / 3).then_some(())
            });
        }
        let sent = engine.handle().sent(id).unwrap();
        assert_eq!(sent, engine.log.of(id).received.len() as u64);
        engine.settle();
        assert_eq!(engine.stats().bytes_written, sent);
    });
}

/// What the peer gets, which it also sends back.
fn echo(engine: &mut Engine, peer: &TcpStream, count: usize) -> Vec<u8> {
    // By turns, the bytes are there after this; else they come by themselves.
    engine.settle();
    let got = peer.receive(count);
    peer.send(&got);
    got
}
