use std::io::{ErrorKind, Read};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::Duration;

use pants_core::ListenError;
use pants_core::options::ListenOptions;
use pants_core::wire::reason;

use crate::support::{
    Ask, Cut, Engine, PATIENCE, Peer, connect, errno_of, listen, listen_options, on_both, pattern,
};

#[test]
fn accepts_and_names_both_ends() {
    on_both(|engine| {
        let server = engine.listen();
        let peer = connect(server.address);
        let accepted = engine.accept_from(&peer);
        assert_eq!(accepted.server, server.id);
        assert_eq!(accepted.local, Some(server.address));
        assert_eq!(accepted.remote, peer.local_addr().ok());
        assert!(accepted.descriptor > 0 && accepted.descriptor != server.descriptor);
        engine.start(accepted.id, Cut::lines());
        peer.send(b"hello\n");
        assert_eq!(engine.expect_frames(accepted.id, 1), [b"hello"]);
    });
}

#[test]
fn a4_reset_before_it_is_accepted() {
    let mut engine = Engine::by_turns();
    let server = engine.listen();
    let address = server.address;
    for _ in 0..10 {
        connect(address).reset();
    }
    let peer = connect(address);
    let accepted = engine.accept_from(&peer);
    // Whatever came of the others, each has one end, and the server lives.
    for channel in engine.log.accepted.clone() {
        if channel.id != accepted.id {
            engine.start(channel.id, Cut::raw());
            engine.expect_closed(channel.id);
        }
    }
    assert_eq!(engine.log.closed(server.id), None);
}

#[test]
fn a5_a_turn_accepts_many() {
    let mut engine = Engine::by_turns();
    let server = engine.listen();
    // The listener is known to the operating system from here on.
    engine.settle();
    let peers: Vec<_> = (0..50).map(|_| connect(server.address)).collect();
    let before = engine.stats().turns;
    let ids: Vec<_> = peers
        .iter()
        .map(|peer| engine.accept_from(peer).id)
        .collect();
    assert!(engine.stats().turns - before <= 2);
    for (id, peer) in ids.iter().zip(&peers) {
        engine.start(*id, Cut::raw());
        engine.write(*id, format!("{}", id.index).as_bytes());
        engine.settle();
        assert_eq!(peer.receive(1)[0], id.index.to_string().as_bytes()[0]);
    }
}

#[test]
fn a6_a_flood_of_connections_is_accepted_in_portions() {
    let mut engine = Engine::by_turns();
    let server = engine.listen();
    engine.settle();
    let peers: Vec<_> = (0..400).map(|_| connect(server.address)).collect();
    let mut most = 0;
    while engine.stats().accepted < 400 {
        let before = engine.stats().accepted;
        engine.turn(PATIENCE);
        most = most.max(engine.stats().accepted - before);
        engine.take_all();
    }
    // 64 when called again, and 64 for an event.
    assert!(most <= 128, "{most}");
    drop(peers);
}

#[test]
fn a8_connections_beyond_the_most_are_closed_until_one_ends() {
    on_both(|engine| {
        let server = engine.listen_with(ListenOptions {
            max_connections: Some(2),
            ..listen_options()
        });
        let address = server.address;
        let (first, second) = (connect(address), connect(address));
        let id = engine.accept_from(&first).id;
        engine.accept_from(&second);
        for _ in 0..3 {
            let excess = connect(address);
            engine.with_peer(|| excess.expect_gone());
        }
        engine.settle();
        assert_eq!(engine.stats().refused, 3);
        let tally = engine.handle().tally(server.id).unwrap();
        assert_eq!((tally.accepted, tally.refused), (2, 3));
        assert_eq!(engine.log.accepted.len(), 2);
        engine.close(id);
        engine.expect_closed(id);
        let third = connect(address);
        engine.accept_from(&third);
    });
}

#[test]
fn a10_a_connection_outlives_its_listener() {
    on_both(|engine| {
        let server = engine.listen();
        let address = server.address;
        let peer = connect(address);
        let id = engine.accept_from(&peer).id;
        engine.close(server.id);
        assert_eq!(engine.expect_closed(server.id).reason, reason::CLOSE);
        let refused = TcpStream::connect_timeout(&address, PATIENCE).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
        engine.start(id, Cut::fixed(1 << 20));
        let data = pattern(8 << 20);
        engine.with_peer(|| peer.send(&data));
        assert!(engine.expect_frames(id, 8).concat() == data);
        engine.close(id);
        engine.expect_closed(id);
    });
}

#[test]
fn a11_a_listener_closes_with_peers_in_its_backlog() {
    let mut engine = Engine::by_turns();
    let server = engine.listen();
    let peers: Vec<_> = (0..5).map(|_| connect(server.address)).collect();
    // In one batch with its birth: nothing is accepted in between.
    engine.close(server.id);
    engine.expect_closed(server.id);
    for peer in &peers {
        peer.expect_gone();
    }
    assert!(engine.log.accepted.is_empty());
    assert_eq!(engine.handle().live(), 0);
}

#[test]
fn a12_what_came_before_the_channel_was_started_waits() {
    on_both(|engine| {
        let (id, peer) = engine.pair();
        peer.send(b"early\nbird");
        peer.finish();
        engine.settle();
        assert!(engine.log.of(id).chunks.is_empty());
        assert_eq!(engine.log.of(id).end, None);
        engine.start(id, Cut::lines());
        assert_eq!(engine.expect_end(id), b"bird");
        assert_eq!(engine.log.frames(id), [b"early"]);
    });
}

#[test]
fn a13_an_address_in_use_is_an_error_and_nothing_else() {
    let mut engine = Engine::by_turns();
    let (taken, address) = listen();
    let listen_there =
        |engine: &Engine| engine.listen_on("127.0.0.1", address.port(), listen_options());
    match listen_there(&engine).unwrap_err() {
        ListenError::System {
            syscall,
            address: named,
            source,
        } => {
            assert_eq!((syscall, named), ("listen", address.into()));
            assert_eq!(source.kind(), ErrorKind::AddrInUse);
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(engine.handle().live(), 0);
    drop(taken);
    let server = listen_there(&engine).unwrap();
    let peer = connect(address);
    assert_eq!(engine.accept_from(&peer).server, server.id);
}

#[test]
fn a13_a_port_is_free_as_soon_as_its_listener_has_closed() {
    let mut engine = Engine::by_turns();
    let server = engine.listen();
    let address = server.address;
    // A connection that this side closes first keeps the port in TIME_WAIT.
    let peer = connect(address);
    let id = engine.accept_from(&peer).id;
    engine.ask(Ask::default().close(id).close(server.id));
    engine.expect_closed(id);
    engine.expect_closed(server.id);
    peer.expect_gone();
    engine
        .listen_on("127.0.0.1", address.port(), listen_options())
        .unwrap();
}

#[test]
fn a13_an_address_of_another_machine_and_a_name_of_none() {
    let engine = Engine::by_turns();
    let listen = |host| engine.listen_on(host, 0, listen_options()).unwrap_err();
    assert!(matches!(
        listen("192.0.2.1"),
        ListenError::System { source, .. } if source.kind() == ErrorKind::AddrNotAvailable
    ));
    let error = listen("no-such-host.invalid");
    assert!(matches!(&error, ListenError::Resolve { host, .. } if host == "no-such-host.invalid"));
    assert!(
        error.to_string().contains("\"no-such-host.invalid\""),
        "{error}"
    );
}

#[cfg(target_os = "linux")] // Others leave a listener that was shut down as it is.
#[test]
fn a14_a_listener_that_is_shut_elsewhere_says_so_once_and_waits() {
    let mut engine = Engine::by_turns();
    let server = engine.listen();
    let peer = connect(server.address);
    let id = engine.until("it is accepted", |log| log.accepted.first().map(|it| it.id));
    engine.start(id, Cut::raw());
    engine.settle();
    crate::support::with_descriptor(server.descriptor, |socket| {
        socket.shutdown(std::net::Shutdown::Both).unwrap();
    });
    let errno = errno_of(ErrorKind::InvalidInput);
    engine.until("it is told", |log| log.accept_errors.first().copied());
    let turns = engine.turns_within(Duration::from_millis(200));
    assert!(turns <= 6, "{turns}");
    assert_eq!(engine.log.accept_errors, [(server.id, errno)]);
    // Its connection knows nothing of it.
    peer.send(b"still here");
    engine.until("it is read", |log| {
        (log.of(id).received == b"still here").then_some(())
    });
    engine.close(server.id);
    engine.expect_closed(server.id);
}

#[test]
fn a15_no_host_is_both_families() {
    let mut engine = Engine::by_turns();
    let server = engine.listen_on("", 0, listen_options()).unwrap();
    let port = server.address.port();
    for ip in [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()] {
        let Ok(peer) = TcpStream::connect(SocketAddr::new(ip, port)) else {
            assert!(ip.is_ipv6(), "IPv4 is everywhere");
            continue;
        };
        let from = peer.local_addr().unwrap();
        let accepted = engine.until("it is accepted", |log| {
            let same = |remote: SocketAddr| {
                remote.ip().to_canonical() == from.ip() && remote.port() == from.port()
            };
            log.accepted
                .iter()
                .find(|a| a.remote.is_some_and(same))
                .cloned()
        });
        assert_eq!(accepted.server, server.id);
    }
}

#[test]
fn a15_ipv6_only_refuses_ipv4() {
    let engine = Engine::by_turns();
    let options = ListenOptions {
        ipv6_only: true,
        ..listen_options()
    };
    let server = engine.listen_on("::", 0, options).unwrap();
    let port = server.address.port();
    assert!(TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err());
}

#[cfg(target_os = "linux")] // Others have the option, and share differently.
#[test]
fn several_listen_on_a_port_where_that_is_asked_for() {
    let mut engine = Engine::by_turns();
    let shared = || ListenOptions {
        reuse_port: true,
        ..listen_options()
    };
    let first = engine.listen_with(shared());
    let port = first.address.port();
    let second = engine.listen_on("127.0.0.1", port, shared()).unwrap();
    let peers: Vec<_> = (0..64).map(|_| connect(first.address)).collect();
    for peer in &peers {
        engine.accept_from(peer);
    }
    for server in [first.id, second.id] {
        assert!(
            engine
                .log
                .accepted
                .iter()
                .any(|accepted| accepted.server == server)
        );
    }
}

#[cfg(unix)]
#[test]
fn what_is_accepted_has_the_options_of_its_listener() {
    use pants_core::options::{KeepAlive, SocketOptions};

    let mut engine = Engine::by_turns();
    let idle = Duration::from_secs(77);
    let server = engine.listen_with(ListenOptions {
        socket: SocketOptions {
            no_delay: true,
            keep_alive: Some(KeepAlive {
                idle: Some(idle),
                ..KeepAlive::default()
            }),
            recv_buffer: None,
            send_buffer: Some(60_000),
            ..SocketOptions::default()
        },
        ..listen_options()
    });
    let peer = connect(server.address);
    let accepted = engine.accept_from(&peer);
    crate::support::with_descriptor(accepted.descriptor, |socket| {
        assert!(socket.tcp_nodelay().unwrap());
        assert_eq!(socket.tcp_keepalive_time().unwrap(), idle);
        assert!((60_000..200_000).contains(&socket.send_buffer_size().unwrap()));
    });
}

#[test]
fn a_hundred_peers_that_come_and_go_leave_nothing() {
    on_both(|engine| {
        let server = engine.listen();
        let address = server.address;
        for round in 0..4 {
            let peers: Vec<_> = (0..25).map(|_| connect(address)).collect();
            let ids: Vec<_> = peers
                .iter()
                .map(|peer| engine.accept_from(peer).id)
                .collect();
            for id in &ids {
                engine.start(*id, Cut::raw());
            }
            for mut peer in peers {
                match round {
                    0 => peer.reset(),
                    1 => drop(peer),
                    2 => peer.send(b"bye"),
                    _ => {
                        peer.set_nonblocking(true).unwrap();
                        assert!(peer.read(&mut [0]).is_err());
                    }
                }
            }
            for id in ids {
                if round > 0 {
                    engine.expect_end(id);
                    engine.end(id);
                }
                engine.expect_closed(id);
            }
        }
        engine.settle();
        assert_eq!(engine.stats().accepted, 100);
        assert_eq!((engine.handle().live(), engine.stats().channels), (1, 1));
    });
}
