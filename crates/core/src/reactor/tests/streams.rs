use std::io;

use super::{BROKEN, READABLE, Theatre, WRITABLE};
use crate::support::{Ask, Cut, Start, errno_of};
use crate::wire::{reason, syscall};

#[test]
fn frames_do_not_depend_on_the_pieces_that_bytes_come_in() {
    let sent = b"a\n\nlong line\nlonger still, and longer\nrest";
    for size in 1..=sent.len() {
        let mut theatre = Theatre::new();
        let (id, played) = theatre.stream(&Start::new(Cut::lines()));
        for piece in sent.chunks(size) {
            played.arrive(piece);
        }
        theatre.edge(id, READABLE);
        let log = &theatre.engine.log;
        let expected: [&[u8]; 4] = [b"a", b"", b"long line", b"longer still, and longer"];
        assert_eq!(log.frames(id), expected, "{size}");
        played.finish();
        theatre.edge(id, READABLE);
        assert_eq!(theatre.engine.log.of(id).end.as_deref(), Some(&b"rest"[..]));
    }
}

#[test]
fn what_would_block_leaves_when_there_is_room_and_is_drained_then() {
    for room in 1..=12 {
        let mut theatre = Theatre::new();
        let (id, played) = theatre.stream(&Start::new(Cut::raw()));
        theatre.ask(Ask::default().write(id, b"hello "));
        theatre.ask(Ask::default().write_notify(id, b"world"));
        let mut edges = 0;
        while theatre.engine.log.of(id).drained.is_empty() {
            assert!(played.seen().bytes.len() < 11);
            played.make_room(room);
            theatre.edge(id, WRITABLE);
            edges += 1;
        }
        assert_eq!(played.seen().bytes, b"hello world");
        assert_eq!(theatre.engine.log.of(id).drained, [11]);
        assert_eq!(edges, 11_usize.div_ceil(room));
    }
}

#[test]
fn an_end_sends_all_then_fin_and_closes_when_the_peer_has_finished() {
    let mut theatre = Theatre::new();
    let (id, played) = theatre.stream(&Start::new(Cut::lines()));
    theatre.ask(Ask::default().write(id, b"bye").end(id));
    played.make_room(2);
    theatre.edge(id, WRITABLE);
    let seen = played.seen();
    assert_eq!((&seen.bytes[..], seen.finished), (&b"by"[..], false));
    played.make_room(2);
    theatre.edge(id, WRITABLE);
    let seen = played.seen();
    assert_eq!((&seen.bytes[..], seen.finished), (&b"bye"[..], true));
    // What the peer still sends is dropped.
    played.arrive(b"late\n");
    theatre.edge(id, READABLE);
    assert_eq!(theatre.engine.log.closed(id), None);
    played.finish();
    theatre.edge(id, READABLE);
    assert_eq!(theatre.reason(id), reason::END);
    assert!(theatre.engine.log.frames(id).is_empty() && !played.seen().reset);
}

#[test]
fn a_shutdown_sends_fin_and_reads_on() {
    let mut theatre = Theatre::new();
    let (id, played) = theatre.stream(&Start::new(Cut::lines()));
    played.make_room(100);
    theatre.ask(Ask::default().write(id, b"question").shutdown(id));
    assert!(played.seen().finished);
    played.arrive(b"answer\n");
    theatre.edge(id, READABLE);
    assert_eq!(theatre.engine.log.frames(id), [b"answer"]);
    played.finish();
    theatre.edge(id, READABLE);
    theatre.ask(Ask::default().end(id));
    assert_eq!(theatre.reason(id), reason::END);
}

#[test]
fn a_reset_is_told_behind_what_had_arrived() {
    let mut theatre = Theatre::new();
    let (id, played) = theatre.stream(&Start::new(Cut::lines()));
    played.arrive(b"one\ntwo\nthr");
    played.fail(io::ErrorKind::ConnectionReset.into());
    theatre.edge(id, BROKEN);
    assert_eq!(theatre.engine.log.frames(id), [b"one", b"two"]);
    // The rest goes over uncut: JS may have another delimiter by now.
    assert_eq!(theatre.engine.log.of(id).received, b"one\ntwo\nthr");
    let closed = theatre.engine.log.closed(id).unwrap();
    assert_eq!(
        (closed.reason, closed.syscall),
        (reason::ERROR, syscall::READ)
    );
}

#[cfg(unix)]
#[test]
fn a_paused_channel_hears_of_a_reset_behind_what_had_arrived() {
    let mut theatre = Theatre::new();
    let (id, played) = theatre.stream(&Start::new(Cut::lines()));
    theatre.ask(Ask::default().pause(id));
    played.arrive(b"one\n");
    theatre.edge(id, READABLE);
    assert!(theatre.engine.log.frames(id).is_empty());
    let reset = errno_of(io::ErrorKind::ConnectionReset);
    played.fail(io::Error::from_raw_os_error(reset));
    theatre.edge(id, BROKEN);
    assert_eq!(theatre.engine.log.frames(id), [b"one"]);
    let closed = theatre.engine.log.closed(id).unwrap();
    assert_eq!((closed.reason, closed.errno), (reason::ERROR, reset));
}

#[test]
fn who_closes_with_bytes_unsent_resets() {
    for (room, reset) in [(2, true), (3, false)] {
        let mut theatre = Theatre::new();
        let (id, played) = theatre.stream(&Start::new(Cut::lines()));
        played.make_room(room);
        theatre.ask(Ask::default().write(id, b"bye"));
        theatre.ask(Ask::default().close(id));
        assert_eq!(theatre.reason(id), reason::CLOSE);
        assert_eq!(played.seen().reset, reset, "{room}");
    }
}

#[test]
fn a_file_is_read_where_it_cannot_be_sent() {
    let mut theatre = Theatre::new();
    let (id, played) = theatre.stream(&Start::new(Cut::raw()));
    let file = crate::queue::file::testing::file_of(b"0123456789");
    let range = crate::FileRange::new(file, 2, 5).unwrap();
    theatre.ask(
        Ask::default()
            .write(id, b"<")
            .write_file(id, range)
            .write(id, b">"),
    );
    for _ in 0..7 {
        played.make_room(1);
        theatre.edge(id, WRITABLE);
    }
    assert_eq!(played.seen().bytes, b"<23456>");
}
