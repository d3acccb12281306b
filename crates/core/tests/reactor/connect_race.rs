//! A connect to several addresses.

use std::io::ErrorKind;
use std::time::{Duration, Instant};

use pants_core::options::ConnectOptions;

use crate::support::{Cut, Peer, connect_options, errno_of, listen, on_both, unused_address};

fn staggered(stagger: Duration) -> ConnectOptions {
    ConnectOptions {
        stagger,
        ..connect_options()
    }
}

#[test]
fn c7_a_dead_address_is_passed_over_at_once() {
    on_both(|engine| {
        let (listener, alive) = listen();
        let began = Instant::now();
        let to = [unused_address(), unused_address(), alive];
        let id = engine.connect_with(&to, staggered(Duration::from_secs(60)));
        assert_eq!(engine.expect_connected(id).2, alive);
        assert!(began.elapsed() < Duration::from_secs(10));
        let peer = engine.accept_at(&listener);
        engine.start(id, Cut::lines());
        peer.send(b"the winner\n");
        assert_eq!(engine.expect_frames(id, 1), [b"the winner"]);
    });
}

#[test]
fn c7_when_all_fail_each_is_named_in_order() {
    on_both(|engine| {
        let to = [unused_address(), unused_address(), unused_address()];
        let id = engine.connect_with(&to, connect_options());
        let closed = engine.expect_closed(id);
        let refused = errno_of(ErrorKind::ConnectionRefused);
        let expected = to.map(|to| (refused, format!("connect {} {}", to.ip(), to.port())));
        assert_eq!(closed.attempts(), ("", expected.to_vec()));
    });
}

#[cfg(target_os = "linux")] // Elsewhere a full backlog refuses, and nothing is silent.
mod silent_addresses {
    use pants_core::wire::reason;

    use super::*;
    use crate::support::{Ask, BlackHole, Engine};

    #[test]
    fn c7_the_next_attempt_starts_beside_a_silent_one() {
        on_both(|engine| {
            let hole = BlackHole::new();
            let (listener, address) = listen();
            let stagger = Duration::from_millis(200);
            let began = Instant::now();
            let id = engine.connect_with(&[hole.address, address], staggered(stagger));
            assert_eq!(engine.expect_connected(id).2, address);
            let took = began.elapsed();
            assert!(took >= stagger && took < 6 * stagger, "{took:?}");
            let peer = engine.accept_at(&listener);
            engine.start(id, Cut::lines());
            peer.send(b"the winner\n");
            assert_eq!(engine.expect_frames(id, 1), [b"the winner"]);
        });
    }

    #[test]
    fn c7_an_attempt_that_fails_makes_way_at_once() {
        let mut engine = Engine::by_turns();
        let hole = BlackHole::new();
        let (_listener, address) = listen();
        let stagger = Duration::from_millis(500);
        let began = Instant::now();
        let to = [hole.address, unused_address(), address];
        let id = engine.connect_with(&to, staggered(stagger));
        assert_eq!(engine.expect_connected(id).2, address);
        let took = began.elapsed();
        assert!(took >= stagger && took < 2 * stagger, "{took:?}");
    }

    #[test]
    fn c7_an_attempt_is_not_cut_short_by_the_next() {
        let mut engine = Engine::by_turns();
        let (mut first, second) = (BlackHole::new(), BlackHole::new());
        let stagger = Duration::from_millis(100);
        let id = engine.connect_with(&[first.address, second.address], staggered(stagger));
        // Both race.
        engine.turns_within(2 * stagger);
        // The operating system sends the first's SYN again after a second.
        first.open();
        assert_eq!(engine.expect_connected(id).2, first.address);
        let peer = first.accept();
        engine.start(id, Cut::raw());
        engine.write(id, b"late but first");
        engine.settle();
        assert_eq!(peer.receive(14), b"late but first");
    }

    #[test]
    fn c3_a_timeout_bounds_all_attempts_together() {
        on_both(|engine| {
            let (first, second) = (BlackHole::new(), BlackHole::new());
            let timeout = Duration::from_millis(150);
            let options = ConnectOptions {
                timeout: Some(timeout),
                ..staggered(Duration::from_millis(50))
            };
            let began = Instant::now();
            let to = [first.address, second.address];
            let id = engine.connect_with(&to, options);
            let closed = engine.expect_closed(id);
            let took = began.elapsed();
            let late = Duration::from_secs(1);
            assert!(took >= timeout && took < timeout + late, "{took:?}");
            assert_eq!(closed.reason, reason::CONNECT);
            let expected = to.map(|to| (0, format!("connect {} {}", to.ip(), to.port())));
            assert_eq!(closed.attempts(), ("ETIMEDOUT", expected.to_vec()));
        });
    }

    #[test]
    fn c3_waiting_for_an_answer_costs_no_turns() {
        let mut engine = Engine::by_turns();
        let hole = BlackHole::new();
        let id = engine.connect(hole.address);
        let turns = engine.turns_within(Duration::from_millis(300));
        assert!(turns <= 5, "{turns}");
        engine.close(id);
        assert_eq!(engine.expect_closed(id).reason, reason::CLOSE);
    }

    #[test]
    fn c9_closed_while_connecting() {
        on_both(|engine| {
            let mut hole = BlackHole::new();
            let id = engine.connect(hole.address);
            engine.ask(Ask::default().write_owned(id, vec![0; 20_000]));
            engine.settle();
            engine.close(id);
            let closed = engine.expect_closed(id);
            assert_eq!((closed.reason, closed.sent), (reason::CLOSE, 0));
            assert_eq!(engine.log.of(id).connected, None);
            assert_eq!(engine.handle().live(), 0);
            hole.open();
        });
    }
}
