use std::io;
use std::time::Duration;

use super::{BROKEN, READABLE, Theatre, WRITABLE};
use crate::ChannelId;
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
        theatre.ask(Ask::default().write_wants_drain(id, b"world"));
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

/// A large write as JS makes one, with nothing gathered before it.
fn send(theatre: &Theatre, id: ChannelId, after: u64, data: &[u8]) -> usize {
    theatre.engine.handle().send(id, after, &[], data)
}

#[test]
fn a_large_write_passes_nothing_that_was_submitted_before_it() {
    let mut theatre = Theatre::new();
    // The first batch.
    let (id, played) = theatre.stream(&Start::new(Cut::raw()));
    assert_eq!(send(&theatre, id, 1, b"blocked"), 0);
    played.make_room(100);
    assert_eq!(send(&theatre, id, 1, b"one "), 4);
    // The second is not done yet.
    theatre
        .engine
        .ask(Ask::default().write(id, b"two ").pause(id));
    assert_eq!(send(&theatre, id, 2, b"too early"), 0);
    theatre.turn();
    assert_eq!(send(&theatre, id, 2, b"three "), 6);
    // A lone write leaves at once, or waits for room with all that follows.
    theatre.engine.ask(Ask::default().write(id, b"four "));
    assert_eq!(send(&theatre, id, 3, b"five "), 5);
    assert_eq!(played.seen().bytes, b"one two three four five ");
    assert_eq!(theatre.engine.handle().sent(id), Some(24));
    played.make_room(1);
    theatre.ask(Ask::default().write(id, &[b'x'; 100]));
    played.make_room(1);
    assert_eq!(send(&theatre, id, 4, b"y"), 0);
    theatre.edge(id, WRITABLE);
    assert_eq!(send(&theatre, id, 4, b"y"), 0);
    played.make_room(100);
    theatre.edge(id, WRITABLE);
    assert_eq!(send(&theatre, id, 4, b"y"), 1);
    // Nor does it leave behind an end.
    theatre.ask(Ask::default().shutdown(id));
    assert_eq!(send(&theatre, id, 5, b"z"), 0);
    assert!(played.seen().finished);
}

#[test]
fn what_was_gathered_leaves_before_a_large_write() {
    let mut theatre = Theatre::new();
    let (id, played) = theatre.stream(&Start::new(Cut::raw()));
    let gathered = Ask::default().write(id, b"small ").pause(id).records;
    for (room, sent) in [(3, 3), (9, 9), (100, 11)] {
        played.make_room(room);
        let handle = theatre.engine.handle();
        assert_eq!(handle.send(id, 1, &gathered, b"large"), sent);
    }
    assert_eq!(played.seen().bytes, b"smasmall larsmall large");
}

#[test]
fn an_error_that_a_large_write_meets_is_told_with_its_bytes() {
    let refused = || io::Error::from_raw_os_error(errno_of(io::ErrorKind::ConnectionReset));
    let broken = || io::Error::from_raw_os_error(errno_of(io::ErrorKind::BrokenPipe));
    let errno = errno_of(io::ErrorKind::ConnectionReset);

    // The next write hears only that nobody is there.
    let mut theatre = Theatre::new();
    let (id, played) = theatre.stream(&Start::new(Cut::raw()));
    played.refuse(refused());
    assert_eq!(send(&theatre, id, 1, b"data"), 0);
    played.make_room(4);
    assert_eq!(send(&theatre, id, 1, b"data"), 0, "what failed comes first");
    played.refuse(broken());
    theatre.ask(Ask::default().write_owned(id, b"data".to_vec()));
    played.finish();
    theatre.edge(id, READABLE);
    let closed = theatre.engine.log.closed(id).unwrap();
    let told = (closed.reason, closed.errno, closed.syscall);
    assert_eq!(told, (reason::ERROR, errno, syscall::WRITE));

    // Or it is a read that hears so, as if that were the end.
    let mut theatre = Theatre::new();
    let (id, played) = theatre.stream(&Start::new(Cut::raw()));
    played.refuse(refused());
    assert_eq!(send(&theatre, id, 1, b"data"), 0);
    played.finish();
    theatre.edge(id, READABLE);
    assert_eq!(theatre.engine.log.of(id).end, None);
    let closed = theatre.engine.log.closed(id).unwrap();
    assert_eq!((closed.reason, closed.errno), (reason::ERROR, errno));

    // One that passes is forgotten.
    let mut theatre = Theatre::new();
    let (id, played) = theatre.stream(&Start::new(Cut::raw()));
    played.refuse(refused());
    assert_eq!(send(&theatre, id, 1, b"data"), 0);
    played.make_room(4);
    theatre.ask(Ask::default().write_owned(id, b"data".to_vec()));
    played.finish();
    theatre.edge(id, READABLE);
    assert!(theatre.engine.log.of(id).end.is_some());
    assert_eq!(theatre.engine.log.closed(id), None);
}

#[test]
fn memory_for_large_writes_is_given_back_when_it_is_not_needed() {
    let mut theatre = Theatre::new();
    let (id, played) = theatre.stream(&Start::new(Cut::raw()));
    let spare = |theatre: &Theatre| theatre.engine.stats().spare_bytes;
    let data = vec![7; 100_000];
    for _ in 0..3 {
        let handle = theatre.engine.handle();
        let (mut ask, mut at) = (Ask::default(), 0);
        while at < data.len() {
            let block = handle.copy(&data[at..]);
            at += block.len();
            ask = ask.write_owned(id, block);
        }
        played.make_room(data.len());
        theatre.ask(ask);
    }
    assert_eq!(played.seen().bytes.len(), 3 * data.len());
    let kept = spare(&theatre);
    assert!((data.len() as u64..200_000).contains(&kept), "{kept}");
    // A turn or two do it, and nothing wakes the reactor after that.
    theatre.pass(Duration::from_secs(3), Duration::from_millis(500));
    assert_eq!(spare(&theatre), 0);
}

#[test]
fn what_is_left_for_the_next_turn_wakes_the_driver_and_is_no_deadline() {
    let mut theatre = Theatre::new();
    let (id, played) = theatre.stream(&Start::new(Cut::raw()));
    // More than is read in a turn.
    played.arrive(&vec![0; 1024 * 1024]);
    let reactor = theatre.engine.reactor();
    reactor.tell(id, READABLE);
    assert!(reactor.turn_unrung().unwrap());
    // A deadline that has come would take the reactor from a loop that is about to drive.
    assert_eq!(reactor.rest(), None);
    assert!(reactor.turn(None).unwrap(), "it does not wait");
}
