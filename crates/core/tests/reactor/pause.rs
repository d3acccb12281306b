use std::time::Duration;

use std::io::ErrorKind;

use pants_core::wire::reason;

use crate::support::{Ask, Cut, Engine, Peer, errno_of, on_both, pattern};

#[test]
fn r12_a_paused_channel_reads_nothing_and_loses_nothing() {
    on_both(|engine| {
        let (id, peer) = engine.started(Cut::fixed(1000));
        let first = pattern(4000);
        peer.send(&first);
        engine.expect_frames(id, 4);
        engine.ask(Ask::default().pause(id));
        engine.settle();
        // r11: the kernel pushes back on the peer.
        let sent = engine.with_peer(|| peer.stuff(64 << 20));
        assert!(sent < 64 << 20);
        let read = engine.stats().bytes_read;
        // A read that was under way when the pause came.
        assert!(read <= 4000 + 256 * 1024, "{read}");
        engine.ask(Ask::default().resume(id));
        let whole = sent / 1000;
        engine.until("all that was sent is there", |log| {
            (log.of(id).frames().len() == 4 + whole).then_some(())
        });
        peer.finish();
        let rest = engine.expect_end(id);
        let all = [&engine.log.of(id).received[4000..], &rest].concat();
        assert!(all == pattern(sent));
    });
}

#[test]
fn r12_nothing_is_passed_on_between_pause_and_resume() {
    let mut engine = Engine::by_turns();
    let (id, peer) = engine.started(Cut::lines());
    peer.send(b"one\n");
    engine.expect_frames(id, 1);
    engine.ask(Ask::default().pause(id));
    peer.send(b"two\nthree\n");
    let turns = engine.turns_within(Duration::from_millis(50));
    assert!(turns <= 4, "{turns}");
    engine.take_all();
    assert_eq!(engine.log.frames(id), [b"one"]);
    engine.ask(Ask::default().resume(id));
    assert_eq!(
        engine.expect_frames(id, 3),
        [b"one".as_slice(), b"two", b"three"]
    );
}

#[test]
fn r12_pausing_stops_a_flood_that_is_cut_in_portions() {
    let mut engine = Engine::by_turns();
    let (id, peer) = engine.started(Cut::lines());
    let flood = vec![b'\n'; 60_000];
    peer.send(&flood);
    // One turn is not enough for all of it.
    engine.turn(Duration::from_secs(1));
    engine.ask(Ask::default().pause(id));
    engine.settle();
    let some = engine.log.of(id).frames().len();
    assert!(some > 0 && some < flood.len(), "{some}");
    engine.settle();
    assert_eq!(engine.log.of(id).frames().len(), some);
    engine.ask(Ask::default().resume(id));
    engine.expect_frames(id, flood.len());
}

#[test]
fn pausing_and_resuming_twice_is_once() {
    let mut engine = Engine::by_turns();
    let (id, peer) = engine.started(Cut::lines());
    engine.ask(Ask::default().pause(id).pause(id).resume(id).resume(id));
    peer.send(b"line\n");
    assert_eq!(engine.expect_frames(id, 1), [b"line"]);
    engine.ask(Ask::default().resume(id).pause(id));
    engine.settle();
    peer.send(b"not yet\n");
    engine.settle();
    assert_eq!(engine.log.frames(id).len(), 1);
}

#[test]
fn r7_a_paused_channel_hears_of_a_reset_behind_what_had_arrived() {
    for sent in [0, 5, 3_000_000] {
        let mut engine = Engine::by_turns();
        let (id, peer) = engine.started(Cut::raw());
        engine.ask(Ask::default().pause(id));
        engine.settle();
        // What the operating system keeps of so much, nobody has read.
        let sent = engine.with_peer(|| peer.stuff(sent));
        peer.reset();
        let closed = engine.expect_closed(id);
        assert_eq!(closed.errno, errno_of(ErrorKind::ConnectionReset));
        assert_eq!(closed.reason, reason::ERROR);
        let received = &engine.log.of(id).received;
        assert!(received.len() <= sent && *received == pattern(received.len()));
        assert!(sent != 5 || received.len() == 5, "{}", received.len());
        assert_eq!(engine.stats().channels, 1, "the listener");
    }
}

#[test]
fn r7_an_end_while_paused_waits_and_spins_for_nothing() {
    let mut engine = Engine::by_turns();
    let (id, peer) = engine.started(Cut::lines());
    engine.ask(Ask::default().pause(id).shutdown(id));
    engine.settle();
    peer.send(b"last\n");
    peer.finish();
    let turns = engine.turns_within(Duration::from_millis(50));
    assert!(turns <= 6, "{turns}");
    engine.take_all();
    assert!(engine.log.frames(id).is_empty());
    engine.ask(Ask::default().resume(id));
    assert_eq!(engine.expect_frames(id, 1), [b"last"]);
    engine.expect_end(id);
}

#[test]
fn a_paused_channel_still_writes() {
    on_both(|engine| {
        let (id, peer) = engine.started(Cut::lines());
        engine.ask(Ask::default().pause(id));
        let data = pattern(3_000_000);
        engine.ask(Ask::default().write_owned(id, data.clone()));
        assert!(engine.with_peer(|| peer.receive(data.len())) == data);
    });
}
