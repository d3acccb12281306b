//! The peer finishes, or fails.

use std::io::ErrorKind;
use std::time::{Duration, Instant};

use pants_core::wire::{reason, syscall};

use crate::support::{Ask, Cut, Engine, PATIENCE, Peer, Start, errno_of, on_both, pattern};

#[test]
fn r3_data_and_the_end_in_one_segment() {
    on_both(|engine| {
        let (id, peer) = engine.pair();
        peer.send(b"one\ntwo\nrest");
        peer.finish();
        engine.settle();
        engine.start(id, Cut::lines());
        assert_eq!(engine.expect_end(id), b"rest");
        assert_eq!(engine.log.frames(id), [b"one", b"two"]);
        // Nothing more until this side says so.
        engine.settle();
        assert_eq!(engine.log.closed(id), None);
        engine.end(id);
        assert_eq!(engine.expect_closed(id).reason, reason::END);
        peer.expect_gone();
    });
}

#[test]
fn r3_the_end_right_behind_each_kind_of_last_read() {
    // A short read, a full one, and one that is full to the byte.
    for length in [
        1,
        1000,
        64 * 1024 - 1,
        64 * 1024,
        64 * 1024 + 1,
        256 * 1024,
        700_000,
    ] {
        let mut engine = Engine::by_turns();
        let (id, peer) = engine.started(Cut::raw());
        let data = pattern(length);
        engine.with_peer(|| {
            peer.send(&data);
            peer.finish();
        });
        assert_eq!(engine.expect_end(id), b"");
        assert!(engine.log.of(id).received == data, "{length}");
    }
}

#[test]
fn r4_an_unfinished_frame_comes_with_the_end() {
    let prefixed = [&7_u16.to_be_bytes()[..], b"seven"].concat();
    for (cut, data) in [
        (Cut::lines(), &b"no newline"[..]),
        (Cut::delimiter(b"\r\n"), b"half a delimiter\r"),
        (Cut::fixed(100), b"99"),
        (Cut::prefix(2), &prefixed),
        (Cut::raw(), b""),
    ] {
        let mut engine = Engine::by_turns();
        let (id, peer) = engine.started(cut);
        peer.send(data);
        engine.settle();
        peer.finish();
        assert_eq!(engine.expect_end(id), data);
        assert!(engine.log.of(id).chunks.is_empty());
    }
}

#[test]
fn r1_a_reset_is_one_error_and_one_close() {
    on_both(|engine| {
        let (id, peer) = engine.started(Cut::lines());
        peer.reset();
        let closed = engine.expect_closed(id);
        assert_eq!(closed.reason, reason::ERROR);
        assert_eq!(closed.errno, errno_of(ErrorKind::ConnectionReset));
        assert_eq!(closed.syscall, syscall::READ);
        assert_eq!(engine.log.of(id).end, None);
    });
}

#[cfg(target_os = "linux")] // Others drop what was received before the reset.
#[test]
fn r1_what_came_before_a_reset_is_delivered_first() {
    on_both(|engine| {
        let (id, peer) = engine.pair();
        let data = pattern(100_000);
        engine.with_peer(|| peer.send(&data));
        peer.reset();
        engine.settle();
        engine.start(id, Cut::raw());
        let closed = engine.expect_closed(id);
        assert_eq!(
            (closed.reason, closed.syscall),
            (reason::ERROR, syscall::READ)
        );
        assert!(engine.log.of(id).received == data);
    });
}

#[test]
fn r2_a_hundred_peers_die_at_once() {
    on_both(|engine| {
        let pairs: Vec<_> = (0..100).map(|_| engine.started(Cut::raw())).collect();
        let ids: Vec<_> = pairs.iter().map(|(id, _)| *id).collect();
        for (_, peer) in pairs {
            peer.reset();
        }
        for id in ids {
            assert_eq!(engine.expect_closed(id).reason, reason::ERROR);
        }
        // The listener is left.
        engine.settle();
        assert_eq!(engine.stats().channels, 1);
    });
}

#[test]
fn r5_after_the_peers_end_this_side_still_writes() {
    on_both(|engine| {
        let (id, peer) = engine.started(Cut::lines());
        peer.finish();
        engine.expect_end(id);
        let data = pattern(5_000_000);
        engine.ask(Ask::default().write_owned(id, data.clone()));
        let got = engine.with_peer(|| peer.receive(data.len()));
        assert!(got == data);
        engine.end(id);
        assert_eq!(engine.expect_closed(id).reason, reason::END);
        assert_eq!(peer.receive_all(), b"");
    });
}

#[test]
fn r5_after_a_shutdown_this_side_still_reads() {
    on_both(|engine| {
        let (id, peer) = engine.started(Cut::lines());
        engine.ask(Ask::default().write(id, b"question").shutdown(id));
        assert_eq!(engine.with_peer(|| peer.receive_all()), b"question");
        let answer = b"a line of the answer\n".repeat(50_000);
        engine.with_peer(|| peer.send(&answer));
        engine.until("all lines are there", |log| {
            (log.of(id).frames().len() == 50_000).then_some(())
        });
        engine.end(id);
        engine.settle();
        assert_eq!(engine.log.closed(id), None, "it waits for the peer's end");
        drop(peer);
        assert_eq!(engine.expect_closed(id).reason, reason::END);
    });
}

#[test]
fn r5_a_channel_that_both_sides_have_finished_closes_when_it_is_told() {
    on_both(|engine| {
        // This side first, …
        let (id, peer) = engine.started(Cut::lines());
        engine.ask(Ask::default().shutdown(id));
        assert_eq!(engine.with_peer(|| peer.receive_all()), b"");
        peer.send(b"tail");
        peer.finish();
        assert_eq!(engine.expect_end(id), b"tail");
        engine.end(id);
        assert_eq!(engine.expect_closed(id).reason, reason::END);

        // … the peer first.
        let (id, peer) = engine.started(Cut::lines());
        peer.finish();
        engine.expect_end(id);
        engine.ask(Ask::default().write(id, b"bye").shutdown(id));
        assert_eq!(engine.with_peer(|| peer.receive_all()), b"bye");
        engine.end(id);
        assert_eq!(engine.expect_closed(id).reason, reason::END);
    });
}

#[test]
fn x12_both_sides_finish_at_the_same_time() {
    let mut engine = Engine::by_turns();
    let (id, peer) = engine.started(Cut::lines());
    peer.send(b"theirs");
    peer.finish();
    engine.ask(Ask::default().write(id, b"ours").end(id));
    assert_eq!(engine.expect_closed(id).reason, reason::END);
    assert_eq!(peer.receive_all(), b"ours");
}

#[test]
fn r6_the_peer_finishes_and_dies_under_a_backlog() {
    let mut engine = Engine::by_turns();
    let (id, peer) = engine.started(Cut::lines());
    engine.ask(Ask::default().write_owned(id, vec![0; 20_000_000]));
    engine.settle();
    peer.finish();
    engine.expect_end(id);
    let turns = engine.turns_within(Duration::from_millis(100));
    assert!(turns <= 3, "{turns}");
    let began = Instant::now();
    peer.reset();
    let closed = engine.expect_closed(id);
    assert!(began.elapsed() < Duration::from_secs(2));
    assert_eq!(closed.reason, reason::ERROR);
    assert!(closed.sent < 15_000_000, "{closed:?}");
}

#[test]
fn r7_a_reset_while_paused_spins_nothing_and_is_seen_on_resume() {
    let mut engine = Engine::by_turns();
    let (id, peer) = engine.started(Cut::lines());
    engine.ask(Ask::default().pause(id));
    engine.settle();
    peer.reset();
    let turns = engine.turns_within(Duration::from_millis(100));
    assert!(turns <= 5, "{turns}");
    engine.ask(Ask::default().resume(id));
    let closed = engine.expect_closed(id);
    assert_eq!(closed.errno, errno_of(ErrorKind::ConnectionReset));
}

#[test]
fn r7_the_end_while_paused_spins_nothing_and_waits() {
    let mut engine = Engine::by_turns();
    let (id, peer) = engine.started(Cut::lines());
    engine.ask(Ask::default().pause(id));
    engine.settle();
    peer.send(b"line\nrest");
    drop(peer);
    let turns = engine.turns_within(Duration::from_millis(100));
    assert!(turns <= 5, "{turns}");
    engine.take_all();
    assert_eq!(engine.log.of(id).passed_on, 0);
    engine.ask(Ask::default().resume(id));
    assert_eq!(engine.expect_end(id), b"rest");
    assert_eq!(engine.log.frames(id), [b"line"]);
}

#[test]
fn r7_after_both_ends_nothing_spins() {
    let mut engine = Engine::by_turns();
    let (id, peer) = engine.started(Cut::raw());
    drop(peer);
    engine.expect_end(id);
    let turns = engine.turns_within(Duration::from_millis(100));
    assert!(turns <= 5, "{turns}");
}

#[cfg(target_os = "linux")] // Others do not end a read at the mark.
#[test]
fn r32_urgent_data_does_not_hide_what_follows() {
    // With what surrounds it, alone, and twice.
    for script in [
        &[(&b"before"[..], false), (b"!", true), (b"after\n", false)][..],
        &[(b"!", true)],
        &[(b"!", true), (b"after\n", false)],
        &[
            (b"a", false),
            (b"!", true),
            (b"b", false),
            (b"!", true),
            (b"c\n", false),
        ],
    ] {
        for at_once in [true, false] {
            let mut engine = Engine::by_turns();
            let (id, peer) = engine.started(Cut::raw());
            let mut expected = Vec::new();
            for (data, urgent) in script {
                if *urgent {
                    peer.send_urgent(data[0]);
                } else {
                    peer.send(data);
                    expected.extend_from_slice(data);
                }
                if !at_once {
                    engine.settle();
                }
            }
            // An urgent byte that another replaces becomes an ordinary one.
            let plain = |log: &crate::support::Log| {
                let mut got = log.of(id).received.clone();
                got.retain(|byte| *byte != b'!');
                got
            };
            let expected = expected.clone();
            engine.until("all ordinary bytes are there", |log| {
                (plain(log) == expected).then_some(())
            });
            let turns = engine.turns_within(Duration::from_millis(30));
            assert!(turns <= 3, "{turns}");
            peer.finish();
            engine.expect_end(id);
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn r32_a_flood_of_urgent_data_delays_nothing() {
    let mut engine = Engine::by_turns();
    let (id, peer) = engine.started(Cut::lines());
    engine.with_peer(|| {
        for _ in 0..1000 {
            peer.send_urgent(b'!');
        }
        peer.send(b"\nlast\n");
    });
    engine.until("the last line is there", |log| {
        log.of(id)
            .frames()
            .any(|frame| frame == b"last")
            .then_some(())
    });
}

#[test]
fn w1_a_failed_write_lets_what_came_before_through() {
    on_both(|engine| {
        let (id, peer) = engine.pair();
        peer.send(b"goodbye\n");
        // What the peer has not read makes its close a reset.
        engine.write(id, b"ping");
        engine.settle();
        peer.receive(1);
        drop(peer);
        engine.ask(
            Ask::default()
                .write_owned(id, vec![0; 1_000_000])
                .start(id, &Start::new(Cut::lines())),
        );
        let closed = engine.expect_closed(id);
        assert_eq!(closed.reason, reason::ERROR);
        assert!(matches!(closed.syscall, syscall::READ | syscall::WRITE));
        assert_eq!(closed.sent, 4);
        if cfg!(target_os = "linux") {
            assert_eq!(engine.log.frames(id), [b"goodbye"]);
        }
    });
}

#[test]
fn w1_writing_to_a_peer_that_is_gone() {
    on_both(|engine| {
        let (id, peer) = engine.started(Cut::lines());
        drop(peer);
        engine.expect_end(id);
        let began = Instant::now();
        // The first write is answered with a reset, one of the next meets it.
        while engine.log.closed(id).is_none() {
            engine.write(id, b"anyone?");
            engine.pump();
            assert!(began.elapsed() < PATIENCE);
        }
        let closed = engine.expect_closed(id);
        assert_eq!(closed.reason, reason::ERROR);
        assert!(
            [ErrorKind::BrokenPipe, ErrorKind::ConnectionReset]
                .map(errno_of)
                .contains(&closed.errno)
        );
    });
}
