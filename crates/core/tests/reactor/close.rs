//! This side ends, shuts down, or closes.

use std::io::{ErrorKind, Read, Write};
use std::thread;
use std::time::{Duration, Instant};

use pants_core::ChannelId;
use pants_core::wire::reason;

use crate::support::{Ask, Cut, Engine, PATIENCE, Peer, Start, errno_of, on_both, pattern};

#[test]
fn w9_end_sends_everything_and_waits_for_the_peer() {
    on_both(|engine| {
        let (id, peer) = engine.started(Cut::lines());
        let data = pattern(10_000_000);
        engine.ask(Ask::default().write_owned(id, data.clone()).end(id));
        assert!(engine.with_peer(|| peer.receive_all()) == data);
        engine.settle();
        assert_eq!(engine.log.closed(id), None, "the peer has not finished");
        drop(peer);
        let closed = engine.expect_closed(id);
        assert_eq!(
            (closed.reason, closed.sent),
            (reason::END, data.len() as u64)
        );
    });
}

#[test]
fn r8_a_peer_that_keeps_sending_gets_the_whole_tail() {
    on_both(|engine| {
        let (id, peer) = engine.started(Cut::lines());
        let data = pattern(3_000_000);
        engine.ask(Ask::default().write_owned(id, data.clone()).end(id));
        let got = engine.with_peer(|| {
            thread::scope(|scope| {
                // It sends all the while, and reads late.
                let mut writer = &peer;
                let sending = scope.spawn(move || writer.write_all(&vec![b'x'; 20_000_000]));
                let got = peer.receive_all();
                sending.join().unwrap().unwrap();
                got
            })
        });
        assert!(got == data);
        assert!(
            engine.log.of(id).chunks.is_empty(),
            "nothing is reported after end()"
        );
        assert_eq!(engine.log.of(id).end, None);
        drop(peer);
        assert_eq!(engine.expect_closed(id).reason, reason::END);
    });
}

#[test]
fn lingering_is_bounded_when_the_peer_stays() {
    let mut engine = Engine::by_turns();
    let (id, peer) = engine.pair();
    let linger = Duration::from_millis(100);
    let start = Start::new(Cut::lines()).linger(linger);
    engine.ask(Ask::default().start(id, &start));
    engine.settle();
    let began = Instant::now();
    engine.ask(Ask::default().write(id, b"bye").end(id));
    let closed = engine.expect_closed(id);
    let took = began.elapsed();
    assert!(
        took >= linger && took < linger + Duration::from_millis(400),
        "{took:?}"
    );
    // Everything has left: that is an end in order.
    assert_eq!((closed.reason, closed.sent), (reason::END, 3));
    assert_eq!(peer.receive_all(), b"bye");
}

#[test]
fn lingering_is_bounded_when_the_peer_does_not_read() {
    let mut engine = Engine::by_turns();
    let (id, peer) = engine.pair();
    let linger = Duration::from_millis(100);
    let start = Start::new(Cut::lines()).linger(linger);
    engine.ask(
        Ask::default()
            .start(id, &start)
            .write_owned(id, vec![0; 50_000_000]),
    );
    engine.settle();
    let sent = engine.handle().sent(id).unwrap();
    engine.end(id);
    let turns = engine.stats().turns;
    let closed = engine.expect_closed(id);
    assert!(engine.stats().turns - turns < 60);
    assert_eq!((closed.reason, closed.sent), (reason::LINGER, sent));
    peer.expect_reset();
}

#[test]
fn progress_extends_lingering() {
    let mut engine = Engine::by_turns();
    let (id, peer) = engine.pair();
    let linger = Duration::from_millis(250);
    let start = Start::new(Cut::lines()).linger(linger);
    const SIZE: usize = 40_000_000;
    engine.ask(
        Ask::default()
            .start(id, &start)
            .write_owned(id, vec![0; SIZE])
            .end(id),
    );
    let began = Instant::now();
    // A reader that needs more than the timeout in all, and never that long for a part.
    engine.with_peer(|| {
        for _ in 0..8 {
            peer.receive(SIZE / 8);
            thread::sleep(Duration::from_millis(60));
        }
        peer.expect_gone();
    });
    assert!(began.elapsed() > linger);
    drop(peer);
    let closed = engine.expect_closed(id);
    assert_eq!((closed.reason, closed.sent), (reason::END, SIZE as u64));
}

#[test]
fn an_idle_end_is_an_end() {
    on_both(|engine| {
        let (id, peer) = engine.started(Cut::lines());
        engine.end(id);
        assert_eq!(engine.with_peer(|| peer.receive_all()), b"");
        drop(peer);
        assert_eq!(engine.expect_closed(id).reason, reason::END);
    });
}

#[test]
fn ending_after_a_shutdown_waits_for_the_peer() {
    let mut engine = Engine::by_turns();
    let (id, peer) = engine.started(Cut::lines());
    engine.ask(Ask::default().write(id, b"bye").shutdown(id));
    assert_eq!(engine.with_peer(|| peer.receive_all()), b"bye");
    engine.end(id);
    peer.send(b"dropped\n");
    engine.settle();
    assert_eq!(engine.log.closed(id), None);
    drop(peer);
    assert_eq!(engine.expect_closed(id).reason, reason::END);
    assert!(engine.log.of(id).chunks.is_empty());
}

#[test]
fn w1_a_paused_channel_hears_that_its_peer_is_gone_and_what_came_before() {
    let mut engine = Engine::by_turns();
    let (id, peer) = engine.started(Cut::lines());
    engine.ask(
        Ask::default()
            .pause(id)
            .write_owned(id, vec![0; 20_000_000]),
    );
    engine.settle();
    peer.send(b"one\ntwo");
    engine.settle();
    assert!(engine.log.of(id).chunks.is_empty(), "paused");
    peer.reset();
    let closed = engine.expect_closed(id);
    assert_eq!(closed.reason, reason::ERROR);
    assert_eq!(closed.errno, errno_of(ErrorKind::ConnectionReset));
    assert!(closed.sent < 20_000_000);
    assert_eq!(engine.log.frames(id), [b"one"]);
}

#[test]
fn r1_ending_a_paused_channel_that_was_reset_names_the_reset() {
    let mut engine = Engine::by_turns();
    let (id, peer) = engine.started(Cut::lines());
    engine.ask(Ask::default().pause(id));
    engine.settle();
    peer.reset();
    engine.settle();
    engine.end(id);
    let closed = engine.expect_closed(id);
    assert_eq!(closed.reason, reason::ERROR);
    assert_eq!(closed.errno, errno_of(ErrorKind::ConnectionReset));
}

#[test]
fn x3_whatever_comes_twice_is_once() {
    on_both(|engine| {
        let (id, peer) = engine.started(Cut::lines());
        engine.ask(
            Ask::default()
                .write(id, b"bye")
                .shutdown(id)
                .shutdown(id)
                .end(id)
                .end(id),
        );
        assert_eq!(engine.with_peer(|| peer.receive_all()), b"bye");
        engine.ask(Ask::default().close(id).close(id).end(id));
        assert_eq!(engine.expect_closed(id).reason, reason::CLOSE);
        engine.ask(
            Ask::default()
                .close(id)
                .end(id)
                .shutdown(id)
                .pause(id)
                .resume(id)
                .wants_drain(id),
        );
        engine.settle();
    });
}

#[test]
fn a_close_drops_and_counts_what_is_pending() {
    on_both(|engine| {
        let (id, peer) = engine.started(Cut::lines());
        engine.ask(
            Ask::default()
                .write_owned(id, vec![0; 50_000_000])
                .close(id),
        );
        let closed = engine.expect_closed(id);
        assert_eq!((closed.reason, closed.sent), (reason::CLOSE, 0));
        peer.expect_reset();
    });
}

#[test]
fn a_close_that_drops_nothing_is_no_reset() {
    on_both(|engine| {
        let (id, peer) = engine.started(Cut::lines());
        engine.ask(Ask::default().write(id, b"all of it"));
        assert_eq!(peer.receive(9), b"all of it");
        engine.close(id);
        assert_eq!(engine.expect_closed(id).reason, reason::CLOSE);
        assert_eq!(peer.receive_all(), b"");
    });
}

#[test]
fn a_reset_is_one_whatever_is_pending() {
    on_both(|engine| {
        let (id, peer) = engine.started(Cut::lines());
        engine.ask(Ask::default().reset(id));
        assert_eq!(engine.expect_closed(id).reason, reason::CLOSE);
        peer.expect_reset();
        let (id, peer) = engine.pair();
        engine.ask(Ask::default().end(id).reset(id));
        assert_eq!(engine.expect_closed(id).reason, reason::CLOSE);
        peer.expect_reset();
    });
}

#[test]
fn after_a_timeout_the_stream_does_not_look_whole() {
    on_both(|engine| {
        let (id, peer) = engine.pair();
        let start = Start::new(Cut::lines()).idle(Duration::from_millis(50));
        engine.ask(
            Ask::default()
                .start(id, &start)
                .write_owned(id, vec![0; 50_000_000]),
        );
        assert_eq!(engine.expect_closed(id).reason, reason::IDLE);
        peer.expect_reset();
    });
}

#[test]
fn x1_closed_before_it_was_started() {
    on_both(|engine| {
        let (id, peer) = engine.pair();
        engine.close(id);
        assert_eq!(engine.expect_closed(id).reason, reason::CLOSE);
        peer.expect_gone();
    });
}

#[test]
fn x2_what_is_meant_for_a_closed_channel_reaches_no_other() {
    on_both(|engine| {
        let (old, peer) = engine.started(Cut::lines());
        engine.close(old);
        engine.expect_closed(old);
        peer.expect_gone();
        // The index comes back, with another generation.
        let (new, peer) = engine.started(Cut::lines());
        assert_eq!(new.index, old.index);
        assert_ne!(new.generation, old.generation);
        engine.ask(
            Ask::default()
                .write(old, b"for the old one")
                .write_owned(old, vec![b'o'; 20_000])
                .pause(old)
                .shutdown(old)
                .end(old)
                .close(old),
        );
        engine.write(old, b"alone");
        engine.ask(
            Ask::default()
                .write_owned(old, vec![1; 10])
                .write_owned(new, vec![2; 10]),
        );
        peer.send(b"line\n");
        assert_eq!(engine.expect_frames(new, 1), [b"line"]);
        engine.end(new);
        assert_eq!(engine.with_peer(|| peer.receive_all()), [2; 10]);
        drop(peer);
        engine.expect_closed(new);
    });
}

#[test]
fn x2_channels_closed_while_their_events_are_pending() {
    // All have news in the same turn in which half of them are closed.
    let mut engine = Engine::by_turns();
    let pairs: Vec<_> = (0..60).map(|_| engine.started(Cut::lines())).collect();
    for round in 0..2 {
        for (_, peer) in pairs.iter().skip(30 * round) {
            peer.send(b"news\n");
        }
        let half: Vec<ChannelId> = pairs[30 * round..][..30]
            .iter()
            .map(|(id, _)| *id)
            .collect();
        let ask = half.iter().fold(Ask::default(), |ask, id| ask.close(*id));
        engine.ask(ask);
        // New ones take their places, and hear nothing that was not for them.
        let mut new = Vec::new();
        for _ in 0..5 {
            new.push(engine.started(Cut::lines()));
        }
        for id in &half {
            assert_eq!(engine.expect_closed(*id).reason, reason::CLOSE);
        }
        for (id, peer) in &new {
            peer.send(b"own\n");
            assert_eq!(engine.expect_frames(*id, 1), [b"own"]);
        }
    }
}

#[test]
fn x6_a_close_with_unread_data_is_a_reset() {
    let mut engine = Engine::by_turns();
    let (id, peer) = engine.started(Cut::lines());
    engine.ask(Ask::default().pause(id));
    engine.settle();
    peer.send(b"unread");
    engine.close(id);
    engine.expect_closed(id);
    peer.expect_reset();
}

#[test]
fn x8_every_channel_closes_once_whatever_happens_to_it() {
    on_both(|engine| {
        let mut ids = Vec::new();
        for round in 0..12_u32 {
            let pairs: Vec<_> = (0..20).map(|_| engine.started(Cut::lines())).collect();
            let mut peers = Vec::new();
            for (at, (id, peer)) in (0_u32..).zip(pairs) {
                ids.push(id);
                // Both sides act at once, in every combination.
                match (round + at) % 4 {
                    0 => drop(peer),
                    1 => peer.reset(),
                    2 => {
                        peer.send(b"x\ny");
                        peers.push(peer);
                    }
                    _ => {
                        peer.finish();
                        peers.push(peer);
                    }
                }
                let ask = Ask::default().write(id, b"data");
                engine.ask(match round % 3 {
                    0 => ask.close(id),
                    1 => ask.end(id),
                    _ => ask.shutdown(id),
                });
            }
            drop(peers);
        }
        for id in ids {
            // The log sees to it that nothing comes after, or twice.
            engine.until("it is closed, or at its end", |log| {
                (log.closed(id).is_some() || log.of(id).end.is_some()).then_some(())
            });
            engine.close(id);
            engine.expect_closed(id);
        }
        engine.settle();
        assert_eq!(engine.stats().channels, 1);
    });
}

#[test]
fn a_peer_that_never_stops_sending_is_not_read_for_ever() {
    let mut engine = Engine::by_turns();
    let (id, peer) = engine.pair();
    let start = Start::new(Cut::lines()).linger(Duration::from_millis(150));
    engine.ask(Ask::default().start(id, &start).write(id, b"bye").end(id));
    let began = Instant::now();
    thread::scope(|scope| {
        let sending = scope.spawn(|| {
            let mut peer = &peer;
            peer.set_write_timeout(Some(PATIENCE)).unwrap();
            while peer.write_all(&[b'x'; 64 * 1024]).is_ok() {}
        });
        assert_eq!(engine.expect_closed(id).reason, reason::END);
        sending.join().unwrap();
    });
    assert!(began.elapsed() < Duration::from_secs(2));
}

#[test]
fn what_is_sent_past_the_reactor_is_counted_before_it_closes() {
    let mut engine = Engine::on_thread();
    for _ in 0..300 {
        let (id, peer) = engine.pair();
        let start = Start::new(Cut::fixed(1000)).frame(Duration::from_millis(1));
        engine.ask(Ask::default().start(id, &start));
        // Its time is up soon, while this thread writes.
        peer.send(b"part");
        let received = thread::scope(|scope| {
            let reading = scope.spawn(|| {
                let mut received = 0;
                while let Ok(n @ 1..) = (&peer).read(&mut [0; 4096]) {
                    received += n;
                }
                received
            });
            while engine.handle().tally(id).is_some() {
                engine.write(id, b"x");
            }
            reading.join().unwrap()
        });
        let sent = engine.expect_closed(id).sent;
        assert!(received as u64 <= sent, "{received} came of {sent}");
    }
}
