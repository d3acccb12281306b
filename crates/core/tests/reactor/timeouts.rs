//! Timeouts in real time: that the reactor wakes up for them. When they are due is tried in no time
//! in `src/reactor/tests/clocks.rs`.

use std::thread;
use std::time::{Duration, Instant};

use pants_core::wire::{change, reason};

use crate::support::{Ask, Cut, Engine, Peer, Start, on_both};

const TIMEOUT: Duration = Duration::from_millis(150);
/// What a busy machine may add.
const LATE: Duration = Duration::from_secs(1);

#[test]
fn x10_nothing_sent_and_nothing_received() {
    on_both(|engine| {
        let (id, peer) = engine.pair();
        let began = Instant::now();
        let start = Start::new(Cut::lines()).idle(TIMEOUT);
        engine.ask(Ask::default().start(id, &start));
        let closed = engine.expect_closed(id);
        let took = began.elapsed();
        assert!(took >= TIMEOUT && took < TIMEOUT + LATE, "{took:?}");
        assert_eq!(closed.reason, reason::IDLE);
        peer.expect_gone();
    });
}

#[test]
fn a_timeout_that_is_set_later() {
    on_both(|engine| {
        let (id, _peer) = engine.pair();
        let start = Start::new(Cut::lines());
        engine.ask(Ask::default().start(id, &start));
        let began = Instant::now();
        let start = start.idle(TIMEOUT);
        engine.ask(Ask::default().configure(id, change::IDLE, &start));
        let closed = engine.expect_closed(id);
        assert!(began.elapsed() >= TIMEOUT);
        assert_eq!(closed.reason, reason::IDLE);
    });
}

#[test]
fn x10_waiting_for_a_timeout_costs_no_turns() {
    let mut engine = Engine::by_turns();
    let (id, _peer) = engine.pair();
    let start = Start::new(Cut::lines()).idle(TIMEOUT);
    engine.ask(Ask::default().start(id, &start));
    let turns = engine.turns_within(TIMEOUT * 2);
    assert!(turns <= 6, "{turns}");
    engine.take_all();
    assert_eq!(engine.expect_closed(id).reason, reason::IDLE);
}

#[test]
fn a_frame_that_is_not_completed_in_time() {
    on_both(|engine| {
        let (id, peer) = engine.pair();
        let start = Start::new(Cut::lines()).frame(TIMEOUT);
        engine.ask(Ask::default().start(id, &start).write(id, b"x"));
        engine.with_peer(|| peer.receive(1));
        let began = Instant::now();
        peer.send(b"whole\nbegun");
        engine.expect_frames(id, 1);
        // A byte now and then is no progress.
        while began.elapsed() < TIMEOUT / 2 {
            peer.send(b".");
            engine.pump();
        }
        let closed = engine.expect_closed(id);
        let took = began.elapsed();
        assert!(took >= TIMEOUT && took < TIMEOUT + LATE, "{took:?}");
        assert_eq!(closed.reason, reason::FRAME);
    });
}

#[test]
fn a_peer_is_not_blamed_for_what_was_not_read() {
    // Both timeouts, with a queue that nobody empties, and a peer that has sent all there is.
    let start = Start::new(Cut::lines());
    for start in [start.clone().frame(TIMEOUT), start.idle(TIMEOUT)] {
        let mut engine = Engine::by_turns();
        let (flood, flooder) = engine.started(Cut::raw());
        let (id, peer) = engine.pair();
        engine.ask(Ask::default().start(id, &start));
        peer.send(b"begun");
        engine.settle();
        thread::scope(|scope| {
            scope.spawn(|| flooder.stuff(64 << 20));
            while engine.stats().queued_batches < 4 {
                engine.turn(Duration::from_millis(5));
            }
            // The batch that is being filled.
            engine.turns_within(Duration::from_millis(20));
            peer.send(b" and done\n");
            engine.turns_within(TIMEOUT * 2);
        });
        assert_eq!(
            engine.expect_frames(id, 1),
            [b"begun and done"],
            "{start:?}"
        );
        engine.close(flood);
        // From here on the peer is idle, and has begun nothing.
        if start.frame.is_zero() {
            assert_eq!(engine.expect_closed(id).reason, reason::IDLE);
        }
    }
}

#[test]
fn what_channels_hold_whose_time_is_up_together_is_passed_on_in_bounded_batches() {
    const HELD: usize = 60_000;
    let start = Start::new(Cut::lines());
    for start in [start.clone().frame(TIMEOUT), start.idle(TIMEOUT)] {
        let mut engine = Engine::by_turns();
        let channels: Vec<_> = (0..100).map(|_| engine.pair()).collect();
        let begun = vec![b'x'; HELD];
        for (id, peer) in &channels {
            engine.ask(Ask::default().start(*id, &start));
            peer.send(&begun);
        }
        while engine.stats().bytes_read < (channels.len() * HELD) as u64 {
            engine.turn(Duration::from_millis(5));
        }
        engine.take_all();
        // All are due in one turn; then nobody takes, and it waits for that.
        thread::sleep(TIMEOUT * 2);
        engine.turns_within(Duration::from_millis(20));
        let turns = engine.turns_within(Duration::from_millis(50));
        assert!(turns <= 3, "{turns}");
        for (id, peer) in &channels {
            let closed = engine.expect_closed(*id);
            assert!([reason::FRAME, reason::IDLE].contains(&closed.reason));
            assert_eq!(engine.log.of(*id).received.len(), HELD);
            peer.expect_gone();
        }
        // A full batch, and what filled it.
        let most = 256 * 1024 + HELD;
        assert!(engine.largest <= most, "{} of {most}", engine.largest);
    }
}
