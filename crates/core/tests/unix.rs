//! Unix sockets, and sockets that come by number.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "the helpers are test code, too")]
#![expect(
    clippy::disallowed_methods,
    reason = "what the operating system does takes real time"
)]
#![expect(unreachable_pub, reason = "nothing outside can reach into a test")]

#[expect(
    dead_code,
    unused_imports,
    reason = "shared with the other tests, which use the rest"
)]
mod support;

use std::fs::{self, Permissions};
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::os::fd::{AsRawFd, IntoRawFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Barrier;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use pants_core::addr::Address;
use pants_core::options::{ListenOptions, SocketOptions};
use pants_core::wire::{family, reason};
use pants_core::{AdoptError, ChannelId, Given, ListenError, Listening, Reactor};

use support::{Ask, Cut, Engine, connect_options, listen_options, on_both};

#[test]
fn a_server_and_a_client() {
    on_both(|engine| {
        let directory = Directory::new();
        let path = directory.path("sock");
        let server = listen(engine, &path).unwrap();
        assert_eq!(server.local, Some(Address::Unix(bytes(&path).into())));
        let id = engine
            .handle()
            .connect_path(bytes(&path), connect_options());
        engine.until("it is connected", |log| log.of(id).connected);
        let accepted = engine.until("it is accepted", |log| log.accepted.first().cloned());
        assert_eq!(accepted.server, server.id);
        engine.start(id, Cut::lines());
        engine.start(accepted.id, Cut::lines());
        engine.write(id, b"there\n");
        engine.write(accepted.id, b"and\nback\n");
        assert_eq!(engine.expect_frames(accepted.id, 1), [b"there"]);
        assert_eq!(engine.expect_frames(id, 2), [&b"and"[..], b"back"]);
        engine.end(id);
        assert_eq!(engine.expect_end(accepted.id), b"");
        engine.end(accepted.id);
        for id in [id, accepted.id] {
            assert_eq!(engine.expect_closed(id).reason, reason::END);
        }
        engine.close(server.id);
        engine.expect_closed(server.id);
        assert!(!path.exists());
    });
}

#[test]
fn n7_what_cannot_be_connected_to() {
    on_both(|engine| {
        let directory = Directory::new();
        fs::write(directory.path("file"), b"").unwrap();
        drop(UnixListener::bind(directory.path("dead")).unwrap());
        let _datagram = UnixDatagram::bind(directory.path("datagram")).unwrap();
        let long = directory.path(&"n".repeat(108));
        for (path, errno) in [
            (directory.path("none"), libc::ENOENT),
            (directory.path("file"), libc::ECONNREFUSED),
            (directory.path("dead"), libc::ECONNREFUSED),
            (directory.path("datagram"), libc::EPROTOTYPE),
            (directory.path("file/sock"), libc::ENOTDIR),
            (long, libc::EINVAL),
        ] {
            let id = engine
                .handle()
                .connect_path(bytes(&path), connect_options());
            let closed = engine.expect_closed(id);
            assert_eq!(closed.reason, reason::CONNECT);
            assert_eq!(closed.attempts().1, [(errno, "connect".to_owned())]);
        }
    });
}

#[test]
#[cfg(target_os = "linux")] // Others refuse.
fn c18_a_full_backlog_is_an_error_at_once() {
    let mut engine = Engine::on_thread();
    let directory = Directory::new();
    let path = directory.path("sock");
    let socket = socket2::Socket::new(socket2::Domain::UNIX, socket2::Type::STREAM, None).unwrap();
    socket
        .bind(&socket2::SockAddr::unix(&path).unwrap())
        .unwrap();
    socket.listen(0).unwrap();
    let _queued = UnixStream::connect(&path).unwrap();
    let id = engine
        .handle()
        .connect_path(bytes(&path), connect_options());
    let closed = engine.expect_closed(id);
    assert_eq!(closed.attempts().1, [(libc::EAGAIN, "connect".to_owned())]);
    // Somebody answers there, however busy.
    assert_eq!(errno(listen(&engine, &path)), libc::EADDRINUSE);
}

#[test]
fn c13_a_peer_that_wrote_and_went_before_anybody_looked() {
    on_both(|engine| {
        let directory = Directory::new();
        let path = directory.path("sock");
        let listener = UnixListener::bind(&path).unwrap();
        let id = engine
            .handle()
            .connect_path(bytes(&path), connect_options());
        let (mut peer, _) = listener.accept().unwrap();
        peer.write_all(b"hello").unwrap();
        drop(peer);
        engine.until("it is connected", |log| log.of(id).connected);
        engine.start(id, Cut::lines());
        assert_eq!(engine.expect_end(id), b"hello");
    });
}

#[test]
fn n1_a_stale_file_is_replaced() {
    let mut engine = Engine::on_thread();
    let directory = Directory::new();
    let path = directory.path("sock");
    drop(UnixListener::bind(&path).unwrap());
    assert!(path.exists());
    let server = listen(&engine, &path).unwrap();
    UnixStream::connect(&path).unwrap();
    engine.close(server.id);
    engine.expect_closed(server.id);
    assert!(!path.exists());
    drop(UnixDatagram::bind(&path).unwrap());
    listen(&engine, &path).unwrap();
}

#[test]
fn n1_what_answers_or_is_no_socket_stays() {
    let engine = Engine::on_thread();
    let directory = Directory::new();
    let live = directory.path("live");
    let listener = UnixListener::bind(&live).unwrap();
    let datagram = directory.path("datagram");
    let _datagram = UnixDatagram::bind(&datagram).unwrap();
    let file = directory.path("file");
    fs::write(&file, b"precious").unwrap();
    let (dangling, to_stale, stale) = (
        directory.path("dangling"),
        directory.path("to-stale"),
        directory.path("stale"),
    );
    symlink(directory.path("nothing"), &dangling).unwrap();
    drop(UnixListener::bind(&stale).unwrap());
    symlink(&stale, &to_stale).unwrap();
    for path in [&live, &datagram, &file, &dangling, &to_stale, &directory.0] {
        let before = fs::symlink_metadata(path).unwrap().ino();
        assert_eq!(errno(listen(&engine, path)), libc::EADDRINUSE, "{path:?}");
        assert_eq!(fs::symlink_metadata(path).unwrap().ino(), before);
    }
    assert!(stale.exists());
    drop(listener);
    listen(&engine, &live).unwrap();
}

#[test]
fn n2_a_file_that_was_replaced_or_is_gone_is_left_alone() {
    let mut engine = Engine::on_thread();
    let directory = Directory::new();
    let path = directory.path("sock");
    let server = listen(&engine, &path).unwrap();
    fs::remove_file(&path).unwrap();
    let other = UnixListener::bind(&path).unwrap();
    engine.close(server.id);
    engine.expect_closed(server.id);
    UnixStream::connect(&path).unwrap();
    other.accept().unwrap();
    fs::remove_file(&path).unwrap();

    let server = listen(&engine, &path).unwrap();
    fs::remove_file(&path).unwrap();
    engine.close(server.id);
    engine.expect_closed(server.id);
}

#[test]
fn n3_the_end_of_the_engine_removes_the_file() {
    let directory = Directory::new();
    let path = directory.path("sock");
    let mut engine = Engine::on_thread();
    listen(&engine, &path).unwrap();
    engine.stop();
    assert!(!path.exists());
    // Not even the turn in which it would have begun to accept.
    let (reactor, handle) = Reactor::new(Instant::now, || ()).unwrap();
    handle.listen_path(bytes(&path), listen_options()).unwrap();
    assert!(path.exists());
    handle.stop();
    drop(reactor);
    drop(handle);
    assert!(!path.exists());
}

#[test]
fn n9_permissions_are_there_before_anybody_can_connect() {
    let mut engine = Engine::on_thread();
    let directory = Directory::new();
    let path = directory.path("sock");
    for mode in [0o600, 0o777, 0o622, 0o000] {
        let options = ListenOptions {
            mode: Some(mode),
            ..listen_options()
        };
        let server = engine.handle().listen_path(bytes(&path), options).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, mode);
        engine.close(server.id);
        engine.expect_closed(server.id);
    }
}

#[test]
fn who_keeps_the_directory_locked_holds_up_nobody_for_long() {
    let engine = Engine::on_thread();
    let directory = Directory::new();
    let (path, stale) = (directory.path("sock"), directory.path("stale"));
    drop(UnixListener::bind(&stale).unwrap());
    let locked = fs::File::open(&directory.0).unwrap();
    // SAFETY: a call on an open descriptor, without pointers.
    assert_eq!(unsafe { libc::flock(locked.as_raw_fd(), libc::LOCK_EX) }, 0);
    let began = Instant::now();
    listen(&engine, &path).unwrap();
    // Without the lock nobody knows that the file is not one of those that do not answer yet.
    let error = listen(&engine, &stale).unwrap_err();
    assert_eq!(errno_in(&error), libc::EADDRINUSE);
    let took = began.elapsed();
    assert!(took < Duration::from_secs(1), "{took:?}");
    drop(locked);
    listen(&engine, &stale).unwrap();
}

#[test]
fn n11_of_many_who_find_a_stale_file_one_wins() {
    const RACERS: usize = 8;
    let directory = Directory::new();
    let path = directory.path("sock");
    for round in 0..50 {
        if round % 2 == 0 {
            drop(UnixListener::bind(&path).unwrap());
        }
        let barrier = Barrier::new(RACERS);
        let winners = thread::scope(|scope| {
            let racers: Vec<_> = (0..RACERS)
                .map(|_| {
                    scope.spawn(|| {
                        let (reactor, handle) = Reactor::new(Instant::now, || ()).unwrap();
                        barrier.wait();
                        let result = handle.listen_path(bytes(&path), listen_options());
                        (reactor, handle, result)
                    })
                })
                .collect();
            racers
                .into_iter()
                .map(|racer| racer.join().unwrap())
                .collect::<Vec<_>>()
        });
        let (won, lost): (Vec<_>, Vec<_>) = winners.iter().partition(|(.., result)| result.is_ok());
        assert_eq!(won.len(), 1);
        for (.., result) in lost {
            assert_eq!(errno_in(result.as_ref().unwrap_err()), libc::EADDRINUSE);
        }
        UnixStream::connect(&path).unwrap();
        drop(winners);
        assert!(!path.exists());
    }
}

#[test]
fn a_directory_that_may_be_used_but_not_read() {
    let engine = Engine::on_thread();
    let directory = Directory::new();
    fs::set_permissions(&directory.0, Permissions::from_mode(0o300)).unwrap();
    listen(&engine, &directory.path("sock")).unwrap();
    assert_eq!(
        errno(listen(&engine, &directory.path("none/sock"))),
        libc::ENOENT
    );
}

#[test]
#[cfg(target_os = "linux")]
fn n6_abstract_names() {
    let mut engine = Engine::on_thread();
    let name = format!("\0pants-{}\0inside", std::process::id());
    let server = engine
        .handle()
        .listen_path(name.as_bytes(), listen_options())
        .unwrap();
    assert_eq!(server.local, Some(Address::Unix(name.as_bytes().into())));
    let id = engine
        .handle()
        .connect_path(name.as_bytes(), connect_options());
    engine.until("it is connected", |log| log.of(id).connected);
    let again = engine
        .handle()
        .listen_path(name.as_bytes(), listen_options());
    assert_eq!(errno(again), libc::EADDRINUSE);
}

#[test]
fn n4_n5_a_name_that_does_not_fit_is_refused() {
    let engine = Engine::on_thread();
    let directory = Directory::new();
    for path in [
        &b""[..],
        bytes(&directory.path("a\0b")),
        bytes(&directory.path(&"n".repeat(120))),
    ] {
        let result = engine.handle().listen_path(path, listen_options());
        assert_eq!(errno(result), libc::EINVAL);
    }
    assert_eq!(fs::read_dir(&directory.0).unwrap().count(), 0);
}

/// Whoever sends descriptors along ends a read early: no byte may wait for another to arrive.
#[test]
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
fn descriptors_among_the_bytes_stall_nothing() {
    use socket2::{MsgHdr, SockRef};

    on_both(|engine| {
        let (ours, peer) = UnixStream::pair().unwrap();
        let file = fs::File::open("/dev/null").unwrap();
        let mut control = Vec::new();
        control.extend(20_u64.to_ne_bytes());
        control.extend(libc::SOL_SOCKET.to_ne_bytes());
        control.extend(libc::SCM_RIGHTS.to_ne_bytes());
        control.extend(i64::from(file.as_raw_fd()).to_ne_bytes());
        for piece in [&b"one\n"[..], b"two\n", b"three\n"] {
            let buffers = [io::IoSlice::new(piece)];
            let message = MsgHdr::new().with_buffers(&buffers).with_control(&control);
            SockRef::from(&peer).sendmsg(&message, 0).unwrap();
        }
        let id = adopt(engine, ours.into_raw_fd(), family::UNIX).unwrap();
        engine.start(id, Cut::lines());
        engine.expect_frames(id, 3);
    });
}

#[test]
fn a_peer_that_reads_wakes_only_who_waits_for_room() {
    let mut engine = Engine::by_turns();
    let (ours, mut peer) = UnixStream::pair().unwrap();
    let id = adopt(&engine, ours.into_raw_fd(), family::UNIX).unwrap();
    engine.start(id, Cut::lines());
    for _ in 0..5 {
        engine.write(id, b"x");
        engine.settle();
        peer.read_exact(&mut [0]).unwrap();
        // One that finds nothing to do, and the one that ends the time.
        let turns = engine.turns_within(Duration::from_millis(20));
        assert!(turns <= 2, "{turns}");
    }
    // More than fits, twice: it waits, goes on, waits no longer, and waits again.
    for _ in 0..2 {
        let data = support::pattern(4 * 1024 * 1024);
        engine.ask(Ask::default().write_owned(id, data.clone()).wants_drain(id));
        let mut received = vec![0; data.len()];
        engine.with_peer(|| peer.read_exact(&mut received).unwrap());
        assert!(received == data);
        let sent = engine.until("all is sent", |log| log.of(id).drained.last().copied());
        assert!(sent >= data.len() as u64);
        assert!(engine.turns_within(Duration::from_millis(20)) <= 3);
    }
}

#[test]
fn a_connected_socket_is_adopted() {
    on_both(|engine| {
        for (mut peer, fd, family) in [
            {
                let (ours, peer) = UnixStream::pair().unwrap();
                (
                    Box::new(peer) as Box<dyn ReadWrite>,
                    ours.into_raw_fd(),
                    family::UNIX,
                )
            },
            {
                let (listener, address) = support::listen();
                let peer = support::connect(address);
                let ours = listener.accept().unwrap().0;
                (
                    Box::new(peer) as Box<dyn ReadWrite>,
                    ours.into_raw_fd(),
                    family::INET,
                )
            },
        ] {
            let other = if family == family::UNIX {
                family::INET
            } else {
                family::UNIX
            };
            assert!(matches!(
                adopt(engine, fd, other),
                Err(AdoptError::Kind { .. })
            ));
            let id = adopt(
                engine,
                fd,
                if family == family::UNIX {
                    family::NONE
                } else {
                    family
                },
            )
            .unwrap();
            peer.write_all(b"hello\n").unwrap();
            engine.start(id, Cut::lines());
            assert_eq!(engine.expect_frames(id, 1), [b"hello"]);
            engine.write(id, b"world");
            engine.settle();
            let mut answer = [0; 5];
            peer.read_exact(&mut answer).unwrap();
            assert_eq!(&answer, b"world");
            engine.close(id);
            engine.expect_closed(id);
            assert_eq!(
                peer.read(&mut answer).unwrap(),
                0,
                "the descriptor is closed"
            );
        }
    });
}

#[test]
fn a_listening_socket_is_adopted_and_its_file_left() {
    let mut engine = Engine::on_thread();
    let directory = Directory::new();
    let path = directory.path("sock");
    let fd = UnixListener::bind(&path).unwrap().into_raw_fd();
    let server = engine
        .handle()
        .adopt_listener(given(fd).unwrap(), family::NONE, listen_options())
        .unwrap();
    assert_eq!(server.descriptor, fd);
    assert_eq!(server.local, Some(Address::Unix(bytes(&path).into())));
    UnixStream::connect(&path).unwrap();
    engine.until("it is accepted", |log| log.accepted.first().cloned());
    engine.close(server.id);
    engine.expect_closed(server.id);
    assert!(path.exists());

    let (listener, address) = support::listen();
    engine
        .handle()
        .adopt_listener(
            given(listener.into_raw_fd()).unwrap(),
            family::INET,
            listen_options(),
        )
        .unwrap();
    let peer = support::connect(address);
    engine.accept_from(&peer);
}

/// Whoever gave it, or is given it next, listens on the same socket: nothing is done to it for others
/// that share its port.
#[test]
fn a_listening_socket_that_is_adopted_goes_on_where_somebody_else_has_it() {
    let mut engine = Engine::on_thread();
    let (kept, address) = support::listen();
    let server = engine
        .handle()
        .adopt_listener(
            given(kept.try_clone().unwrap().into_raw_fd()).unwrap(),
            family::INET,
            ListenOptions {
                reuse_port: true,
                ..listen_options()
            },
        )
        .unwrap();
    engine.end(server.id);
    engine.expect_closed(server.id);
    let peer = TcpStream::connect_timeout(&address, Duration::from_secs(5)).unwrap();
    kept.set_nonblocking(false).unwrap();
    assert_eq!(kept.accept().unwrap().1, peer.local_addr().unwrap());
}

#[test]
fn what_is_no_such_socket_is_not_adopted_and_stays_open() {
    let engine = Engine::on_thread();
    let file = fs::File::open("/dev/null").unwrap();
    let datagram = UnixDatagram::unbound().unwrap();
    let (listener, _) = support::listen();
    let lone = socket2::Socket::new(socket2::Domain::UNIX, socket2::Type::STREAM, None).unwrap();
    let refused = |fd| match adopt(&engine, fd, family::NONE) {
        Ok(_) => panic!("adopted"),
        Err(AdoptError::Kind { .. }) => 0,
        Err(AdoptError::System { source, .. }) => source.raw_os_error().unwrap(),
    };
    assert_eq!(refused(1_000_000), libc::EBADF);
    assert_eq!(refused(-1), libc::EBADF);
    assert_eq!(refused(file.as_raw_fd()), libc::ENOTSOCK);
    assert_eq!(refused(datagram.as_raw_fd()), 0);
    assert_eq!(refused(listener.as_raw_fd()), libc::ENOTCONN);
    assert_eq!(refused(lone.as_raw_fd()), libc::ENOTCONN);
    let (connected, _peer) = UnixStream::pair().unwrap();
    let result = engine.handle().adopt_listener(
        given(connected.as_raw_fd()).unwrap(),
        family::NONE,
        listen_options(),
    );
    assert!(matches!(
        result,
        Err(AdoptError::System {
            syscall: "listen",
            ..
        })
    ));
    for fd in [
        file.as_raw_fd(),
        datagram.as_raw_fd(),
        connected.as_raw_fd(),
    ] {
        support::with_descriptor(fd, |_| ());
    }
    file.metadata().unwrap();
    datagram.local_addr().unwrap();
    connected.peer_addr().unwrap();
}

trait ReadWrite: Read + Write {}

impl<T: Read + Write> ReadWrite for T {}

fn adopt(engine: &Engine, fd: i32, family: u32) -> Result<ChannelId, AdoptError> {
    let adopted = engine
        .handle()
        .adopt(given(fd)?, family, &SocketOptions::default())?;
    Ok(adopted.id)
}

fn given(fd: i32) -> Result<Given, AdoptError> {
    // SAFETY: the tests' own, which close what has not been taken, after this.
    let given = unsafe { Given::new(fd) };
    given.map_err(|source| AdoptError::System {
        syscall: "fcntl",
        descriptor: fd,
        source,
    })
}

fn listen(engine: &Engine, path: &Path) -> Result<Listening, ListenError> {
    engine.handle().listen_path(bytes(path), listen_options())
}

#[track_caller]
fn errno(result: Result<Listening, ListenError>) -> i32 {
    errno_in(&result.unwrap_err())
}

fn errno_in(error: &ListenError) -> i32 {
    match error {
        ListenError::System {
            syscall: "listen",
            address: Address::Unix(_),
            source,
        } => source.raw_os_error().unwrap(),
        other => panic!("{other}"),
    }
}

fn bytes(path: &Path) -> &[u8] {
    path.as_os_str().as_bytes()
}

/// A directory that is removed when the test is through.
struct Directory(PathBuf);

impl Directory {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("pants-unix-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::set_permissions(&self.0, Permissions::from_mode(0o700));
        let _ = fs::remove_dir_all(&self.0);
    }
}
