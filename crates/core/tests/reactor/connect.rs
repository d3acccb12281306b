use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use pants_core::options::ConnectOptions;
use pants_core::wire::reason;

use crate::support::{
    Ask, Cut, Engine, Peer, Start, connect_options, errno_of, listen, on_both, pattern,
    unused_address,
};

#[test]
fn connects_and_talks() {
    on_both(|engine| {
        let (listener, address) = listen();
        let id = engine.connect(address);
        let (_, local, remote) = engine.expect_connected(id);
        let peer = engine.accept_at(&listener);
        assert_eq!(remote, address);
        assert_eq!(local, peer.peer_addr().unwrap());
        engine.start(id, Cut::lines());
        engine.write(id, b"hello");
        assert_eq!(engine.with_peer(|| peer.receive(5)), b"hello");
        peer.send(b"one\ntwo\n");
        assert_eq!(engine.expect_frames(id, 2), [b"one", b"two"]);
        engine.close(id);
        let closed = engine.expect_closed(id);
        assert_eq!((closed.reason, closed.sent), (reason::CLOSE, 5));
        peer.expect_gone();
    });
}

#[test]
fn c1_a_refused_connect_names_the_attempt() {
    on_both(|engine| {
        for address in [unused_address(), "[::1]:1".parse().unwrap()] {
            let id = engine.connect(address);
            engine.ask(Ask::default().write(id, b"never sent"));
            let closed = engine.expect_closed(id);
            let failed = closed.attempts().1;
            assert_eq!(closed.reason, reason::CONNECT);
            assert_eq!(closed.sent, 0);
            assert_eq!(
                failed[0].1,
                format!("connect {} {}", address.ip(), address.port())
            );
            assert_eq!(failed.len(), 1);
            if address.is_ipv4() {
                assert_eq!(failed[0].0, errno_of(ErrorKind::ConnectionRefused));
            }
            assert_eq!(engine.log.of(id).connected, None);
        }
    });
}

#[test]
fn c2_many_refused_at_once_leave_nothing_behind() {
    on_both(|engine| {
        let address = unused_address();
        let ids: Vec<_> = (0..100).map(|_| engine.connect(address)).collect();
        for id in ids {
            assert_eq!(engine.expect_closed(id).reason, reason::CONNECT);
        }
        engine.settle();
        assert_eq!(engine.handle().live(), 0);
        assert_eq!(engine.stats().channels, 0);
    });
}

#[test]
fn c5_what_fails_at_once_is_reported_later() {
    let mut engine = Engine::by_turns();
    let options = ConnectOptions {
        local: Some("127.0.0.1:0".parse().unwrap()),
        ..connect_options()
    };
    let id = engine.connect_with(&["192.0.2.1:9".parse().unwrap()], options);
    assert!(engine.log.closed(id).is_none());
    let closed = engine.expect_closed(id);
    let failed = closed.attempts().1;
    assert_eq!(failed[0].1, "connect 192.0.2.1 9");
    assert_ne!(failed[0].0, 0);
}

#[test]
fn no_address_at_all_is_a_failed_connect() {
    let mut engine = Engine::by_turns();
    let id = engine.connect_with(&[], connect_options());
    let closed = engine.expect_closed(id);
    assert_eq!((closed.reason, closed.detail.trim()), (reason::CONNECT, ""));
}

#[test]
fn c9_closed_before_it_has_begun() {
    let mut engine = Engine::by_turns();
    let (_listener, address) = listen();
    let id = engine.connect(address);
    engine.close(id);
    assert_eq!(engine.expect_closed(id).reason, reason::CLOSE);
    assert_eq!(engine.log.of(id).connected, None);
}

#[test]
fn c11_reset_as_soon_as_it_is_connected() {
    on_both(|engine| {
        let (listener, address) = listen();
        let id = engine.connect(address);
        engine.accept_at(&listener).reset();
        engine.start(id, Cut::lines());
        let closed = engine.expect_closed(id);
        assert!(
            matches!(closed.reason, reason::CONNECT | reason::ERROR),
            "{closed:?}"
        );
    });
}

#[cfg(target_os = "linux")] // Others do not connect a socket to itself.
#[test]
fn c12_a_socket_that_connects_to_itself_hears_itself() {
    let mut engine = Engine::by_turns();
    let address = unused_address();
    let id = engine.connect_with(
        &[address],
        ConnectOptions {
            local: Some(address),
            ..connect_options()
        },
    );
    let (_, local, remote) = engine.expect_connected(id);
    assert_eq!((local, remote), (address, address));
    engine.start(id, Cut::lines());
    engine.write(id, b"echo\n");
    assert_eq!(engine.expect_frames(id, 1), [b"echo"]);
    engine.end(id);
    assert_eq!(engine.expect_closed(id).reason, reason::END);
}

#[test]
fn c13_the_peer_has_written_and_gone_before_anyone_looked() {
    let mut engine = Engine::by_turns();
    let (listener, address) = listen();
    let id = engine.connect(address);
    // The handshake begins, and its end goes unheard.
    engine.turn(Duration::ZERO);
    let peer = listener.accept().unwrap().0;
    peer.send(b"hello\nrest");
    drop(peer);
    engine.expect_connected(id);
    engine.start(id, Cut::lines());
    assert_eq!(engine.expect_end(id), b"rest");
    assert_eq!(engine.log.frames(id), [b"hello"]);
}

#[test]
fn c15_nothing_but_a_close_is_heard_while_connecting() {
    // Whoever writes early keeps it until the channel is connected.
    let mut engine = Engine::by_turns();
    let (listener, address) = listen();
    let id = engine.connect(address);
    let start = Start::new(Cut::lines());
    let early = Ask::default()
        .start(id, &start)
        .write(id, b"lost")
        .pause(id);
    engine.ask(
        early
            .write_owned(id, b"lost, too".to_vec())
            .shutdown(id)
            .wants_drain(id)
            .end(id),
    );
    engine.expect_connected(id);
    let peer = engine.accept_at(&listener);
    engine.settle();
    engine.ask(
        Ask::default()
            .start(id, &start)
            .write_owned(id, b"kept".to_vec())
            .end(id),
    );
    assert_eq!(engine.with_peer(|| peer.receive_all()), b"kept");
    drop(peer);
    let closed = engine.expect_closed(id);
    assert_eq!((closed.reason, closed.sent), (reason::END, 4));
}

#[test]
fn what_is_asked_with_the_start_is_done_in_order() {
    on_both(|engine| {
        let (listener, address) = listen();
        let id = engine.connect(address);
        engine.expect_connected(id);
        let start = Start::new(Cut::lines());
        let large = pattern(3_000_000);
        engine.ask(
            Ask::default()
                .start(id, &start)
                .pause(id)
                .write(id, b"first ")
                .write_owned(id, large.clone())
                .write_wants_drain(id, b" last")
                .shutdown(id),
        );
        let peer = engine.accept_at(&listener);
        peer.send(b"line\n");
        let got = engine.with_peer(|| peer.receive_all());
        assert!(got == [b"first ", &large[..], b" last"].concat());
        assert_eq!(engine.log.of(id).drained, [got.len() as u64]);
        assert_eq!(engine.log.of(id).frames().len(), 0, "paused");
        engine.ask(Ask::default().resume(id));
        assert_eq!(engine.expect_frames(id, 1), [b"line"]);
    });
}

#[test]
fn an_end_that_comes_before_the_start_loses_nothing() {
    on_both(|engine| {
        let (listener, address) = listen();
        let id = engine.connect(address);
        engine.expect_connected(id);
        // More than the socket takes at once, and no word of how long to linger.
        let data = pattern(10_000_000);
        engine.ask(Ask::default().write_owned(id, data.clone()).end(id));
        let peer = engine.accept_at(&listener);
        assert!(engine.with_peer(|| peer.receive_all()) == data);
        drop(peer);
        let closed = engine.expect_closed(id);
        assert_eq!(
            (closed.reason, closed.sent),
            (reason::END, data.len() as u64)
        );
    });
}

#[test]
fn c16_connecting_fifty_times_accumulates_nothing() {
    on_both(|engine| {
        let (listener, address) = listen();
        for round in 0..50 {
            let id = engine.connect(address);
            engine.expect_connected(id);
            engine.start(id, Cut::raw());
            let peer = engine.accept_at(&listener);
            if round % 2 == 0 {
                drop(peer);
                engine.expect_end(id);
                engine.end(id);
            } else {
                engine.close(id);
            }
            engine.expect_closed(id);
        }
        engine.settle();
        assert_eq!((engine.handle().live(), engine.stats().channels), (0, 0));
    });
}

#[test]
fn c17_a_local_port_that_is_taken() {
    on_both(|engine| {
        let (_listener, address) = listen();
        let (_taken, local) = listen();
        let id = engine.connect_with(
            &[address],
            ConnectOptions {
                local: Some(local),
                ..connect_options()
            },
        );
        let closed = engine.expect_closed(id);
        let failed = closed.attempts().1;
        assert_eq!(
            failed[0].1,
            format!("bind {} {}", address.ip(), address.port())
        );
        assert_eq!(failed[0].0, errno_of(ErrorKind::AddrInUse));
    });
}

#[test]
fn a_local_address_is_bound_and_a_local_port() {
    let mut engine = Engine::by_turns();
    let (_listener, address) = listen();
    let port = unused_address().port();
    let id = engine.connect_with(
        &[address],
        ConnectOptions {
            local_port: port,
            ..connect_options()
        },
    );
    assert_eq!(engine.expect_connected(id).1.port(), port);

    // Every address of 127/8 is the machine's own on Linux only.
    if cfg!(target_os = "linux") {
        let local: SocketAddr = "127.0.0.2:0".parse().unwrap();
        let id = engine.connect_with(
            &[address],
            ConnectOptions {
                local: Some(local),
                ..connect_options()
            },
        );
        assert_eq!(engine.expect_connected(id).1.ip(), local.ip());
    }
}

#[test]
fn a_local_address_of_another_machine_is_refused() {
    let mut engine = Engine::by_turns();
    let (_listener, address) = listen();
    let id = engine.connect_with(
        &[address],
        ConnectOptions {
            local: Some("192.0.2.1:0".parse().unwrap()),
            ..connect_options()
        },
    );
    let closed = engine.expect_closed(id);
    assert!(
        closed.attempts().1[0].1.starts_with("bind "),
        "{}",
        closed.detail
    );
}

#[test]
fn a_listener_of_the_same_engine_is_no_different() {
    on_both(|engine| {
        let server = engine.listen();
        let id = engine.connect(server.address);
        let (_, local, remote) = engine.expect_connected(id);
        let accepted = engine.until("it is accepted", |log| log.accepted.last().cloned());
        assert_eq!(
            (accepted.remote, accepted.local),
            (Some(local), Some(remote))
        );
        engine.start(id, Cut::lines());
        engine.start(accepted.id, Cut::lines());
        engine.write(id, b"ping\n");
        assert_eq!(engine.expect_frames(accepted.id, 1), [b"ping"]);
        engine.write(accepted.id, b"pong\n");
        assert_eq!(engine.expect_frames(id, 1), [b"pong"]);
    });
}

#[cfg(unix)]
#[test]
fn options_are_set_on_the_socket() {
    use pants_core::options::{KeepAlive, SocketOptions};

    let mut engine = Engine::by_turns();
    let (_listener, address) = listen();
    let idle = Duration::from_secs(77);
    let id = engine.connect_with(
        &[address],
        ConnectOptions {
            socket: SocketOptions {
                no_delay: true,
                keep_alive: Some(KeepAlive {
                    idle: Some(idle),
                    ..KeepAlive::default()
                }),
                recv_buffer: Some(50_000),
                send_buffer: Some(60_000),
                ..SocketOptions::default()
            },
            ..connect_options()
        },
    );
    let (descriptor, ..) = engine.expect_connected(id);
    crate::support::with_descriptor(descriptor, |socket| {
        assert!(socket.tcp_nodelay().unwrap());
        assert!(socket.keepalive().unwrap());
        assert_eq!(socket.tcp_keepalive_time().unwrap(), idle);
        assert!((50_000..200_000).contains(&socket.recv_buffer_size().unwrap()));
        assert!((60_000..200_000).contains(&socket.send_buffer_size().unwrap()));
    });
}
