//! Framing where it meets reads: chunks, limits, budgets. What a frame is, is tested with the
//! framing itself.

use std::io::Write;
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use pants_core::ChannelId;

use crate::support::{Ask, Cut, Engine, PATIENCE, Peer, Start, on_both, pattern};

/// A framing, what is sent, the frames in it, and what is left.
struct Case {
    cut: Cut,
    sent: Vec<u8>,
    frames: Vec<Vec<u8>>,
    rest: Vec<u8>,
}

fn cases() -> Vec<Case> {
    let case = |cut, sent: &[u8], frames: &[&[u8]], rest: &[u8]| Case {
        cut,
        sent: sent.to_vec(),
        frames: frames.iter().map(|frame| frame.to_vec()).collect(),
        rest: rest.to_vec(),
    };
    let every_byte: Vec<u8> = (0..=255).collect();
    let mut lines_of_bytes = every_byte.clone();
    lines_of_bytes.retain(|byte| *byte != b'\n');
    vec![
        case(
            Cut::lines(),
            b"one\n\ntwo\nthree",
            &[b"one", b"", b"two"],
            b"three",
        ),
        // r16: what looks like the beginning of a delimiter, and is not.
        case(
            Cut::delimiter(b"\r\n"),
            b"a\rb\r\r\nc\n\r\n\r",
            &[b"a\rb\r", b"c\n"],
            b"\r",
        ),
        case(
            Cut::delimiter(b"aaa"),
            b"QWEaaaaXYaaa",
            &[b"QWE", b"aXY"],
            b"",
        ),
        case(Cut::delimiter(b"aab"), b"aaabaabab", &[b"a", b""], b"ab"),
        case(Cut::delimiter(b"\0"), b"\0\0x\0", &[b"", b"", b"x"], b""),
        // r19: a long delimiter.
        case(
            Cut::delimiter(&[b'-'; 255]),
            &[&b"x"[..], &[b'-'; 255], &[b'-'; 200]].concat(),
            &[b"x"],
            &[b'-'; 200],
        ),
        case(Cut::fixed(1), b"abc", &[b"a", b"b", b"c"], b""),
        case(Cut::fixed(4), b"12345678901", &[b"1234", b"5678"], b"901"),
        case(
            Cut::prefix(1),
            b"\x01a\x00\x02bc\x09d",
            &[b"a", b"", b"bc"],
            b"\x09d",
        ),
        case(Cut::prefix(2), b"\0\x03abc\0\0\0", &[b"abc", b""], b"\0"),
        case(
            Cut::prefix(4).little_endian(),
            b"\x02\0\0\0hi\x01\0",
            &[b"hi"],
            b"\x01\0",
        ),
        case(Cut::prefix(8), b"\0\0\0\0\0\0\0\x01z", &[b"z"], b""),
        // A header that counts itself.
        case(
            Cut::prefix(2).adjust(-2),
            b"\0\x05abc\0\x02",
            &[b"abc", b""],
            b"",
        ),
        // r27: every value of a byte.
        case(Cut::fixed(256), &every_byte, &[&every_byte], b""),
        case(
            Cut::lines(),
            &[&lines_of_bytes[..], b"\n"].concat(),
            &[&lines_of_bytes],
            b"",
        ),
    ]
}

#[test]
fn r13_r14_r15_the_frames_are_the_same_however_they_arrive() {
    for Case {
        cut,
        sent,
        frames,
        rest,
    } in cases()
    {
        for size in [1, 2, 3, 7, sent.len()] {
            let mut engine = Engine::by_turns();
            let (id, peer) = engine.started(cut.clone());
            let mut read = 0;
            for piece in sent.chunks(size) {
                peer.send(piece);
                read += piece.len() as u64;
                // Each piece is read by itself.
                while engine.stats().bytes_read < read {
                    engine.pump();
                }
            }
            peer.finish();
            assert_eq!(engine.expect_end(id), rest, "{cut:?} by {size}");
            assert_eq!(engine.log.frames(id), frames, "{cut:?} by {size}");
            assert!(
                engine
                    .log
                    .of(id)
                    .chunks
                    .iter()
                    .all(|chunk| chunk.epoch == 1)
            );
        }
    }
}

#[test]
fn raw_bytes_are_passed_on_as_they_come() {
    on_both(|engine| {
        let (id, peer) = engine.started(Cut::raw());
        let data = pattern(3_000_000);
        engine.with_peer(|| peer.send(&data));
        engine.expect_received(id, data.len());
        assert!(engine.log.of(id).received == data);
        assert!(
            engine.log.frames(id).concat() == data,
            "each chunk is one frame"
        );
    });
}

#[test]
fn chunks_of_text_say_whether_they_are_ascii() {
    let mut engine = Engine::by_turns();
    for (cut, expected) in [
        (Cut::lines().text(), [true, false]),
        (Cut::lines(), [false, false]),
    ] {
        let (id, peer) = engine.started(cut);
        for (count, line) in ["plain\n", "größer\n"].iter().enumerate() {
            peer.send(line.as_bytes());
            engine.expect_frames(id, count + 1);
        }
        let ascii: Vec<_> = engine
            .log
            .of(id)
            .chunks
            .iter()
            .map(|chunk| chunk.ascii)
            .collect();
        assert_eq!(ascii, expected);
    }
}

#[test]
fn r25_a_frame_of_64_mib() {
    const SIZE: usize = 64 << 20;
    let data = pattern(SIZE);
    let header = (SIZE as u32).to_be_bytes();
    for (cut, before, after) in [
        (Cut::fixed(SIZE as u64), &b""[..], &b""[..]),
        (Cut::prefix(4), &header, b""),
        (Cut::delimiter(b"\0the end\0"), b"", b"\0the end\0"),
    ] {
        let mut engine = Engine::by_turns();
        let (id, peer) = engine.started(cut.limit(SIZE as u64));
        engine.with_peer(|| {
            peer.send(before);
            peer.send(&data);
            peer.send(after);
        });
        engine.until("the frame is there", |log| {
            (log.of(id).frames().len() == 1).then_some(())
        });
        assert!(engine.log.frames(id)[0] == data);
        // Neither side is kept busy by its size: the next frame is like any other.
        let turns = engine.turns_within(Duration::from_millis(20));
        assert!(turns <= 3, "{turns}");
    }
}

#[test]
fn r14_a_flood_of_delimiters_comes_in_portions() {
    let mut engine = Engine::by_turns();
    let (flood, flooder) = engine.started(Cut::lines());
    let (other, peer) = engine.started(Cut::lines());
    const LINES: usize = 2_000_000;
    let mut seen_after = None;
    peer.send(b"me too\n");
    thread::scope(|scope| {
        scope.spawn(|| flooder.send(&vec![b'\n'; LINES]));
        engine.until("all is there", |log| {
            let lines = log.of(flood).frames().len();
            if log.of(other).frames().len() == 1 {
                seen_after.get_or_insert(lines);
            }
            (lines == LINES && seen_after.is_some()).then_some(())
        });
    });
    assert!(seen_after.unwrap() < LINES / 2, "{seen_after:?}");
    let chunks = &engine.log.of(flood).chunks;
    assert!(chunks.iter().all(|chunk| chunk.frames.len() <= 2048));
}

#[test]
fn r11_a_flooder_starves_nobody() {
    on_both(|engine| {
        let (flood, flooder) = engine.started(Cut::raw());
        let others: Vec<_> = (0..10).map(|_| engine.started(Cut::lines())).collect();
        let stop = std::sync::atomic::AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| flood_until(&flooder, &stop));
            engine.until("the flood is there", |log| {
                (log.of(flood).passed_on > 1_000_000).then_some(())
            });
            for round in 1..=20 {
                for (id, peer) in &others {
                    peer.send(b"ping\n");
                    engine.until("it is heard", |log| {
                        (log.of(*id).frames().len() == round).then_some(())
                    });
                }
            }
            stop.store(true, std::sync::atomic::Ordering::Relaxed);
            engine.close(flood);
            engine.expect_closed(flood);
        });
    });
}

#[test]
fn r11_flooders_starve_nobody_when_the_other_side_is_slow() {
    let mut engine = Engine::by_turns();
    // Each batch could be filled by any of them.
    let flooders: Vec<_> = (0..8).map(|_| engine.started(Cut::raw())).collect();
    let others: Vec<_> = (0..10).map(|_| engine.started(Cut::lines())).collect();
    for (_, peer) in &flooders {
        peer.set_nonblocking(true).unwrap();
    }
    // There is always more of it, and always news of it.
    let flood_and_turn = |engine: &mut Engine| {
        for (_, peer) in &flooders {
            let mut peer = peer;
            while peer.write(&[b'x'; 64 * 1024]).is_ok() {}
        }
        engine.turn(Duration::ZERO);
    };
    // Until there is no room at all.
    let mut read = 0;
    while std::mem::replace(&mut read, engine.stats().bytes_read) != read || read == 0 {
        flood_and_turn(&mut engine);
    }
    for (_, peer) in &others {
        peer.send(b"me too\n");
    }
    // One batch is taken at a time: those that are queued, and few more.
    let mut batches = 0;
    while others
        .iter()
        .any(|(id, _)| engine.log.of(*id).frames().len() == 0)
    {
        flood_and_turn(&mut engine);
        batches += usize::from(engine.take());
        assert!(batches <= 12, "starved");
    }
}

#[test]
fn r23_r24_a_frame_too_long_is_reported_with_all_bytes() {
    on_both(|engine| {
        let (id, peer) = engine.started(Cut::lines().limit(10));
        peer.send(b"0123456789\n");
        assert_eq!(engine.expect_frames(id, 1), [b"0123456789"]);
        peer.send(b"ok\n01234567890");
        let overflow = engine.until("it is too long", |log| log.of(id).overflow.clone());
        assert_eq!(engine.log.frames(id)[1..], [b"ok"]);
        assert_eq!(overflow, b"01234567890");
        assert_eq!(engine.log.closed(id), None, "the other side decides");
    });
}

#[test]
fn r23_a_length_too_long_is_judged_by_its_header() {
    let mut engine = Engine::by_turns();
    for (cut, sent) in [
        (Cut::prefix(2), &[0, 11][..]),
        (Cut::prefix(8), &[255; 8]),
        (Cut::prefix(1).adjust(-5), &[2]),
    ] {
        let (id, peer) = engine.started(cut.limit(10));
        peer.send(sent);
        let overflow = engine.until("it is too long", |log| log.of(id).overflow.clone());
        assert_eq!(overflow, sent);
    }
}

#[test]
fn r23_after_an_overflow_nothing_is_read_until_it_is_told_how() {
    let mut engine = Engine::by_turns();
    let limit = 1000;
    let (id, peer) = engine.started(Cut::delimiter(b"never sent").limit(limit));
    let sent = peer_stuffs(&mut engine, &peer);
    let overflow = engine.until("it is too long", |log| log.of(id).overflow.clone());
    // r23: the memory that a peer can make it use, is the limit and one read.
    assert!(overflow.len() as u64 <= limit + 64 * 1024);
    let stats = engine.stats();
    assert!(stats.bytes_read < sent as u64);
    let turns = engine.turns_within(Duration::from_millis(50));
    assert!(turns <= 3, "{turns}");
    assert_eq!(engine.stats().bytes_read, stats.bytes_read);
    // Under another framing it goes on behind what was passed on.
    let passed_on = engine.log.of(id).passed_on;
    let cut = Cut::raw().epoch(2).passed_on(passed_on);
    engine.ask(Ask::default().reframe(id, &cut));
    let left = sent - overflow.len();
    engine.expect_received(id, left);
    let all = [&overflow[..], &engine.log.of(id).received].concat();
    assert!(all == pattern(sent));
}

/// Sends the pattern until nothing more is taken, while the engine works.
fn peer_stuffs(engine: &mut Engine, peer: &TcpStream) -> usize {
    engine.with_peer(|| peer.stuff(64 << 20))
}

fn flood_until(mut peer: &TcpStream, stop: &std::sync::atomic::AtomicBool) {
    let piece = vec![b'x'; 1 << 20];
    peer.set_write_timeout(Some(PATIENCE)).unwrap();
    while !stop.load(std::sync::atomic::Ordering::Relaxed) {
        // Fails when the other side has closed.
        if peer.write_all(&piece).is_err() {
            return;
        }
    }
}

#[test]
fn a_channel_starts_with_its_own_framing() {
    // Many channels, each with another framing, in one batch.
    let mut engine = Engine::by_turns();
    let cases = cases();
    let pairs: Vec<(ChannelId, TcpStream)> = cases.iter().map(|_| engine.pair()).collect();
    let mut ask = Ask::default();
    for (case, (id, peer)) in cases.iter().zip(&pairs) {
        peer.send(&case.sent);
        peer.finish();
        ask = ask.start(*id, &Start::new(case.cut.clone()));
    }
    engine.ask(ask);
    for (case, (id, _)) in cases.iter().zip(&pairs) {
        assert_eq!(engine.expect_end(*id), case.rest);
        assert_eq!(engine.log.frames(*id), case.frames);
    }
}
