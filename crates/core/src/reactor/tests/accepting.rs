use std::io;
use std::time::Duration;

use super::{READABLE, Theatre};
use crate::source::played::Played;
use crate::support::{Ask, Cut, Start, errno_of};

/// EMFILE, and WSAEMFILE.
const SHORT: i32 = if cfg!(windows) { 10024 } else { 24 };

fn short() -> io::Result<Played> {
    Err(io::Error::from_raw_os_error(SHORT))
}

#[test]
fn it_waits_longer_each_time_and_at_most_a_second() {
    let mut theatre = Theatre::new();
    let (id, played) = theatre.listener();
    (0..8).for_each(|_| played.knock(short()));
    theatre.edge(id, READABLE);
    let mut waits = Vec::new();
    while played.calls() < 8 {
        let (calls, began) = (played.calls(), theatre.clock.now());
        while played.calls() == calls {
            theatre.pass(Duration::from_millis(1), Duration::from_millis(1));
        }
        waits.push((theatre.clock.now() - began).as_millis());
    }
    assert_eq!(waits, [50, 100, 200, 400, 800, 1000, 1000]);
    // Told once: it is one trouble.
    assert_eq!(theatre.engine.log.accept_errors, [(id, SHORT)]);
    played.knock(Ok(Played::default()));
    theatre.pass(Duration::from_secs(1), Duration::from_millis(1));
    assert_eq!(theatre.engine.log.accepted.len(), 1);
}

#[test]
fn it_is_called_at_once_when_a_descriptor_is_free() {
    let mut theatre = Theatre::new();
    let (open, _) = theatre.stream(&Start::new(Cut::lines()));
    let (id, played) = theatre.listener();
    played.knock(short());
    theatre.edge(id, READABLE);
    played.knock(Ok(Played::default()));
    theatre.turn();
    assert!(theatre.engine.log.accepted.is_empty());
    theatre.ask(Ask::default().close(open));
    assert_eq!(theatre.engine.log.accepted.len(), 1);
}

#[test]
fn one_that_has_gone_before_it_was_accepted_is_nobodys_trouble() {
    let mut theatre = Theatre::new();
    let (id, played) = theatre.listener();
    let gone = || {
        let errno = errno_of(io::ErrorKind::ConnectionAborted);
        Err(io::Error::from_raw_os_error(errno))
    };
    (0..16).for_each(|_| played.knock(gone()));
    played.knock(Ok(Played::default()));
    theatre.edge(id, READABLE);
    assert_eq!(theatre.engine.log.accepted.len(), 1);
    assert!(theatre.engine.log.accept_errors.is_empty());
    // One after the other, for ever, is something else.
    (0..17).for_each(|_| played.knock(gone()));
    theatre.edge(id, READABLE);
    assert_eq!(theatre.engine.log.accept_errors.len(), 1);
}

#[test]
fn what_is_accepted_reads_and_writes() {
    let mut theatre = Theatre::new();
    let (server, played) = theatre.listener();
    let peers = [Played::default(), Played::default()];
    for peer in &peers {
        played.knock(Ok(peer.clone()));
    }
    theatre.edge(server, READABLE);
    let ids: Vec<_> = theatre.engine.log.accepted.iter().map(|a| a.id).collect();
    for (id, peer) in ids.into_iter().zip(&peers) {
        peer.make_room(10);
        peer.arrive(b"ping\n");
        theatre.ask(
            Ask::default()
                .start(id, &Start::new(Cut::lines()))
                .write(id, b"pong"),
        );
        theatre.edge(id, READABLE);
        assert_eq!(theatre.engine.log.frames(id), [b"ping"]);
        assert_eq!(peer.seen().bytes, b"pong");
    }
}

#[test]
fn who_ends_alone_is_gone_when_nobody_waits() {
    let mut theatre = Theatre::new();
    let (server, played) = theatre.listener();
    played.knock(Ok(Played::default()));
    theatre.ask(Ask::default().end(server));
    assert!(!played.drops_handshakes());
    assert_eq!(theatre.engine.log.accepted.len(), 1);
    assert!(theatre.engine.log.closed(server).is_some());
}

#[test]
fn who_shares_its_port_and_ends_waits_for_the_handshakes_that_are_under_way() {
    let mut theatre = Theatre::new();
    let (server, played) = theatre.listener();
    played.share_port();
    theatre.ask(Ask::default().end(server));
    assert!(played.drops_handshakes());
    theatre.pass(Duration::from_millis(99), Duration::from_millis(9));
    played.knock(Ok(Played::default()));
    theatre.edge(server, READABLE);
    assert_eq!(theatre.engine.log.accepted.len(), 1);
    assert!(theatre.engine.log.closed(server).is_none());
    // What no edge has told of is accepted before the socket is closed.
    played.knock(Ok(Played::default()));
    theatre.pass(Duration::from_millis(1), Duration::from_millis(1));
    assert_eq!(theatre.engine.log.accepted.len(), 2);
    assert!(theatre.engine.log.closed(server).is_some());
}
