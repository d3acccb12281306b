//! The reactor on a thread of its own, and the doorbell between the two.

use std::collections::VecDeque;
use std::io::Read;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use pants_core::addr::Address;
use pants_core::wire::{batch, op};
use pants_core::{Driver, ReactorThread};

use crate::support::{
    Ask, Cut, Engine, PATIENCE, Peer, connect, connect_options, listen, listen_options,
};

#[test]
fn stopping_closes_every_socket() {
    let mut engine = Engine::on_thread();
    let server = engine.listen();
    let (_, idle) = engine.started(Cut::raw());
    let (writing, reader) = engine.started(Cut::raw());
    let (_, unstarted) = engine.pair();
    let (_outgoing, address) = listen();
    let connecting = engine.connect(address);
    engine.expect_connected(connecting);
    engine.ask(Ask::default().write_owned(writing, vec![0; 50_000_000]));
    let began = Instant::now();
    engine.stop();
    assert!(began.elapsed() < Duration::from_secs(2));
    idle.expect_gone();
    unstarted.expect_gone();
    let mut sink = Vec::new();
    let _ = Read::read_to_end(&mut &reader, &mut sink);
    assert!(sink.len() < 50_000_000);
    assert!(TcpStream::connect(server.address).is_err());
}

#[test]
fn stopping_twice_and_using_a_handle_afterwards_does_nothing() {
    let mut engine = Engine::on_thread();
    let (id, peer) = engine.started(Cut::raw());
    engine.stop();
    engine.stop();
    engine.write(id, b"into the void");
    engine.ask(Ask::default().end(id).close(id));
    engine
        .handle()
        .connect(vec![peer.local_addr().unwrap()], connect_options());
    assert!(!engine.take());
    engine.handle().stop();
    peer.expect_gone();
}

#[test]
fn p12_a_panic_ends_the_reactor_and_nothing_else() {
    let thread =
        ReactorThread::spawn(Driver::Thread, || panic!("a panic on the reactor's thread")).unwrap();
    let listening = thread.handle().listen("127.0.0.1", 0, listen_options());
    let Some(Address::Inet(address)) = listening.unwrap().local else {
        panic!("no address")
    };
    // There is nothing yet: the next completion rings, which panics.
    let mut words = vec![0; 1024];
    thread.handle().take(&mut words, &mut []);
    assert_eq!(words[batch::FAILED as usize], 0);
    let mut peer = connect(address);
    let mut sink = Vec::new();
    let _ = peer.read_to_end(&mut sink);
    assert!(sink.is_empty(), "its socket is closed");
    let deadline = Instant::now() + PATIENCE;
    while words[batch::FAILED as usize] == 0 {
        assert!(Instant::now() < deadline);
        thread::yield_now();
        thread.handle().take(&mut words, &mut []);
    }
    assert!(TcpStream::connect(address).is_err());
}

#[test]
fn a_malformed_submission_ends_the_engine_and_says_so() {
    let thread = ReactorThread::spawn(Driver::Thread, || ()).unwrap();
    let listening = thread.handle().listen("127.0.0.1", 0, listen_options());
    let Some(Address::Inet(address)) = listening.unwrap().local else {
        panic!("no address")
    };
    // A write that is shorter than its length says.
    let mut records = Vec::new();
    for word in [op::WRITE, 0, 1, 100] {
        records.extend(word.to_ne_bytes());
    }
    thread.handle().submit(&records, VecDeque::new());
    let mut words = vec![0; 1024];
    let deadline = Instant::now() + PATIENCE;
    while words[batch::FAILED as usize] == 0 {
        assert!(Instant::now() < deadline);
        thread::yield_now();
        thread.handle().take(&mut words, &mut []);
    }
    assert!(TcpStream::connect(address).is_err());
}

#[test]
fn the_doorbell_is_silent_once_it_has_stopped() {
    let stopped = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&stopped);
    let late = Arc::new(AtomicBool::new(false));
    let rung = Arc::clone(&late);
    let mut thread = ReactorThread::spawn(Driver::Thread, move || {
        rung.fetch_or(seen.load(Ordering::SeqCst), Ordering::SeqCst);
    })
    .unwrap();
    let handle = thread.handle().clone();
    let server = handle.listen("127.0.0.1", 0, listen_options()).unwrap();
    let address = server.local.and_then(|local| local.inet()).unwrap();
    let peers: Vec<_> = (0..20).map(|_| connect(address)).collect();
    thread.stop();
    stopped.store(true, Ordering::SeqCst);
    drop(peers);
    handle.connect(vec![address], connect_options());
    drop(thread);
    assert!(!late.load(Ordering::SeqCst));
}

#[test]
fn dropping_it_is_stopping_it() {
    let (listener, address) = listen();
    let mut engine = Engine::on_thread();
    let id = engine.connect(address);
    engine.expect_connected(id);
    let peer = listener.accept().unwrap().0;
    drop(engine);
    peer.set_read_timeout(Some(PATIENCE)).unwrap();
    peer.expect_gone();
}

#[test]
fn the_doorbell_rings_once_for_a_batch_and_not_while_the_other_side_is_busy() {
    let mut engine = Engine::by_turns();
    let (id, peer) = engine.started(Cut::lines());
    let rings = engine.rings();
    for count in 1..=3 {
        peer.send(b"many\nlines\nin\none\n");
        engine.turn(PATIENCE);
        // The other side has been told of the first, and has not looked yet.
        assert_eq!(engine.rings(), rings + 1);
        assert_eq!(engine.stats().queued_batches, count);
    }
    assert!(engine.take());
    peer.send(b"more\n");
    engine.turn(PATIENCE);
    assert_eq!(
        engine.rings(),
        rings + 1,
        "still busy: it will look once more"
    );
    assert!(engine.take());
    assert!(!engine.take(), "now it has seen that there is nothing");
    peer.send(b"again\n");
    engine.turn(PATIENCE);
    assert_eq!(engine.rings(), rings + 2);
    engine.take_all();
    assert_eq!(engine.log.of(id).frames().len(), 14);
    // What tells nobody anything, rings for nobody.
    engine.turns_within(Duration::from_millis(30));
    engine.write(id, b"quietly");
    engine.turn(Duration::ZERO);
    assert_eq!(engine.rings(), rings + 2);
}

#[test]
fn much_is_handed_over_before_the_turn_ends_and_little_is_not() {
    let mut engine = Engine::by_turns();
    let pairs: Vec<_> = (0..8).map(|_| engine.started(Cut::lines())).collect();
    for (line, batches) in [(vec![b'x'; 20 * 1024], 2), (vec![b'y'; 64], 1)] {
        let rings = engine.rings();
        for (_, peer) in &pairs {
            peer.send(&line);
            peer.send(b"\n");
        }
        engine.turn(PATIENCE);
        assert_eq!(engine.stats().queued_batches, batches);
        assert_eq!(engine.rings(), rings + 1);
        engine.take_all();
        for (id, _) in &pairs {
            assert_eq!(
                engine.log.of(*id).frames().last().unwrap().len(),
                line.len()
            );
        }
    }
}

#[test]
fn no_ring_is_lost_between_two_threads() {
    // Many rounds in which both sides fall asleep and wake each other.
    let mut engine = Engine::on_thread();
    let (id, peer) = engine.started(Cut::lines());
    for round in 1..=2000 {
        peer.send(b"ping\n");
        engine.until("it is heard", |log| {
            (log.of(id).frames().len() == round).then_some(())
        });
        if round % 2 == 0 {
            engine.ask(Ask::default().write(id, b"po").write(id, b"ng"));
            assert_eq!(peer.receive(4), b"pong");
        }
    }
    let stats = engine.stats();
    assert!(engine.rings() <= 2100, "{}", engine.rings());
    assert!(stats.turns <= 8 * 2000, "{stats:?}");
}

#[test]
fn a_sleeping_reactor_takes_no_turns() {
    let mut engine = Engine::by_turns();
    let pairs: Vec<_> = (0..20).map(|_| engine.started(Cut::lines())).collect();
    let turns = engine.turns_within(Duration::from_millis(100));
    assert!(turns <= 2, "{turns}");
    drop(pairs);
}

#[test]
fn several_engines_know_nothing_of_each_other() {
    let mut engines: Vec<_> = (0..4).map(|_| Engine::on_thread()).collect();
    let pairs: Vec<_> = engines
        .iter_mut()
        .map(|engine| engine.started(Cut::lines()))
        .collect();
    engines[0].stop();
    for (engine, (id, peer)) in engines.iter_mut().zip(&pairs).skip(1) {
        peer.send(b"alive\n");
        assert_eq!(engine.expect_frames(*id, 1), [b"alive"]);
    }
    pairs[0].1.expect_gone();
}

#[test]
fn an_address_is_free_once_the_reactor_has_caught_up() {
    let mut engine = Engine::on_thread();
    let patience = Duration::from_secs(5);
    for _ in 0..200 {
        let server = engine.listen();
        let port = server.address.port();
        engine.ask(Ask::default().close(server.id));
        assert!(engine.handle().catch_up(patience));
        let again = engine.handle().listen("127.0.0.1", port, listen_options());
        engine.ask(Ask::default().close(again.unwrap().id));
    }
    engine.stop();
}

#[test]
fn nobody_waits_for_ever_for_a_reactor_that_takes_no_turn() {
    let (mut reactor, handle) = pants_core::Reactor::new(Instant::now, || {}).unwrap();
    let patience = Duration::from_millis(30);
    let began = Instant::now();
    assert!(!handle.catch_up(patience));
    assert!(began.elapsed() >= patience);
    // What was waited for in vain harms nobody.
    reactor.turn(Some(Duration::ZERO)).unwrap();
    drop(reactor);
    assert!(!handle.catch_up(patience));
}
