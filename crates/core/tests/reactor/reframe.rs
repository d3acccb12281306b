//! The delimiter changes while frames cut under another are on their way.

use pants_core::ChannelId;
use pants_core::framing::recut::recut;
use pants_core::wire::cut;
use proptest::prelude::*;

use crate::support::{Ask, Cut, Engine, Peer, on_both, pattern};

#[test]
fn r22_the_reactor_cuts_on_where_both_sides_agree() {
    on_both(|engine| {
        let (id, peer) = engine.started(Cut::lines());
        peer.send(b"one\ntwo");
        engine.expect_frames(id, 1);
        // What it holds of the frame that had begun, is cut under the new framing at once.
        let two = Cut::fixed(2).epoch(2).passed_on(4);
        engine.ask(Ask::default().reframe(id, &two));
        assert_eq!(engine.expect_frames(id, 2), [b"one".as_slice(), b"tw"]);
        peer.send(b"o\n3");
        assert_eq!(engine.expect_frames(id, 4)[2..], [b"oo", b"\n3"]);
    });
}

#[test]
fn r22_no_byte_waits_for_another_when_the_framing_changes() {
    let mut engine = Engine::by_turns();
    let (id, peer) = engine.started(Cut::lines());
    peer.send(b"all of this is held");
    engine.settle();
    assert_eq!(engine.log.of(id).passed_on, 0);
    engine.ask(Ask::default().reframe(id, &Cut::raw().epoch(2)));
    assert_eq!(engine.expect_frames(id, 1), [b"all of this is held"]);
    assert_eq!(engine.log.of(id).chunks[0].epoch, 2);
}

#[test]
fn r21_stale_news_of_the_other_side_makes_the_reactor_stop_cutting() {
    let mut engine = Engine::by_turns();
    let (id, peer) = engine.started(Cut::lines());
    peer.send(b"one\ntwo\nrest");
    engine.expect_frames(id, 2);
    // The other side has taken in the first frame only: it cuts the second itself.
    let three = Cut::fixed(3).epoch(2).passed_on(4);
    engine.ask(Ask::default().reframe(id, &three));
    // So it needs what is behind it, too: uncut, and with nothing held back.
    engine.expect_received(id, 12);
    let last = engine.log.of(id).chunks.last().unwrap();
    assert_eq!((last.epoch, last.bytes.clone()), (0, 8..12));
    peer.send(b"more");
    engine.expect_received(id, 16);
    assert_eq!(engine.log.of(id).chunks.last().unwrap().epoch, 0);
    // Until it has caught up.
    let caught_up = Cut::lines().epoch(3).passed_on(16);
    engine.ask(Ask::default().reframe(id, &caught_up));
    engine.settle();
    peer.send(b"line\nrest");
    engine.expect_received(id, 21);
    let last = engine.log.of(id).chunks.last().unwrap();
    assert_eq!((last.epoch, last.bytes.clone()), (3, 16..21));
    peer.finish();
    assert_eq!(engine.expect_end(id), b"rest");
}

#[test]
fn where_the_other_side_wants_to_cut_it_gets_all_bytes() {
    let mut engine = Engine::by_turns();
    let (id, peer) = engine.started(Cut::lines().uncut());
    let data = pattern(200_000);
    engine.with_peer(|| peer.send(&data));
    engine.expect_received(id, data.len());
    assert!(engine.log.of(id).received == data);
    assert!(
        engine
            .log
            .of(id)
            .chunks
            .iter()
            .all(|chunk| chunk.epoch == 0)
    );
}

#[test]
fn r22_a_limit_changes_under_a_frame_that_has_begun() {
    let mut engine = Engine::by_turns();
    let (id, peer) = engine.started(Cut::lines().limit(100));
    peer.send(b"0123456789");
    engine.settle();
    // Wider, then narrower than what is there.
    engine.ask(Ask::default().reframe(id, &Cut::lines().limit(200).epoch(2)));
    engine.settle();
    assert_eq!(engine.log.of(id).overflow, None);
    engine.ask(Ask::default().reframe(id, &Cut::lines().limit(5).epoch(3)));
    let overflow = engine.until("it is too long", |log| log.of(id).overflow.clone());
    assert_eq!(overflow, b"0123456789");
}

#[test]
fn the_contracts_example_however_it_is_split() {
    let sent = b"3\nabc2\nxy1\nq";
    for split in 0..sent.len() {
        for second in split..sent.len() {
            let mut engine = Engine::by_turns();
            let (id, peer) = engine.started(Cut::lines());
            let mut reader = Reader::new(id, Box::new(numbers_and_bodies));
            for piece in [&sent[..split], &sent[split..second], &sent[second..]] {
                peer.send(piece);
                engine.settle();
                reader.read(&engine, usize::MAX);
            }
            peer.finish();
            engine.expect_end(id);
            reader.read(&engine, usize::MAX);
            assert_eq!(
                reader.frames,
                ["3", "abc", "2", "xy", "1", "q"].map(str::as_bytes)
            );
            assert_eq!(reader.rest(), b"");
        }
    }
}

/// A line with a number, then as many bytes.
fn numbers_and_bodies(count: usize, last: &[u8]) -> Cut {
    if count.is_multiple_of(2) {
        return Cut::lines();
    }
    Cut::fixed(std::str::from_utf8(last).unwrap().parse().unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    /// However the bytes are split, and however far the reader is behind: the frames are those of
    /// one that has all bytes before it cuts the first.
    #[test]
    fn r21_the_framing_after_each_frame_holds_from_the_very_next_byte(
        sent in proptest::collection::vec(
            prop_oneof![Just(b'\n'), Just(b';'), 0..9_u8, any::<u8>()],
            1..600,
        ),
        script in proptest::collection::vec(0..5_u8, 1..40),
        sizes in proptest::collection::vec(1..100_usize, 1..10),
        // How many chunks the reader takes in after each piece.
        looks in proptest::collection::vec(0..4_usize, 1..10),
    ) {
        let framing = move |count: usize, _: &[u8]| match script[count % script.len()] {
            0 => Cut::lines(),
            1 => Cut::delimiter(b";"),
            2 => Cut::delimiter(b"\n;"),
            3 => Cut::fixed(3),
            _ => Cut::prefix(1),
        };
        let (expected, expected_rest) = all_at_once(&sent, &framing);

        let mut engine = Engine::by_turns();
        let (id, peer) = engine.started(framing(0, b""));
        let mut reader = Reader::new(id, Box::new(framing));
        let mut left = &sent[..];
        for (size, look) in sizes.iter().cycle().zip(looks.iter().cycle()) {
            let (piece, rest) = left.split_at((*size).min(left.len()));
            peer.send(piece);
            engine.settle();
            reader.read(&engine, *look);
            left = rest;
            if left.is_empty() {
                break;
            }
        }
        engine.settle();
        peer.finish();
        engine.expect_end(id);
        reader.read(&engine, usize::MAX);
        prop_assert_eq!(&reader.frames, &expected);
        prop_assert_eq!(reader.rest(), &expected_rest[..]);
    }
}

type Framing = Box<dyn Fn(usize, &[u8]) -> Cut>;

/// Reads as JavaScript does: takes the reactor's cuts where they were made under the framing that
/// holds, cuts by itself where not, and asks the reactor to take over when it has caught up.
struct Reader {
    id: ChannelId,
    /// The framing of the frame after so many, of which this was the last.
    framing: Framing,
    frames: Vec<Vec<u8>>,
    epoch: u32,
    /// What the reactor was told last, and whether it may be cutting.
    told: u32,
    cutting: bool,
    /// How many chunks have been taken in, and how many bytes.
    chunks: usize,
    passed_on: u64,
    /// Bytes to cut here.
    held: Vec<u8>,
    ended: bool,
}

impl Reader {
    fn new(id: ChannelId, framing: Framing) -> Self {
        Self {
            id,
            framing,
            frames: Vec::new(),
            epoch: 1,
            told: 1,
            cutting: true,
            chunks: 0,
            passed_on: 0,
            held: Vec::new(),
            ended: false,
        }
    }

    /// Takes in so many chunks at most; after the last of all, what came with the end.
    fn read(&mut self, engine: &Engine, most: usize) {
        let channel = engine.log.of(self.id);
        let frames: Vec<_> = channel.frames().collect();
        for chunk in channel.chunks.iter().skip(self.chunks).take(most) {
            self.chunks += 1;
            self.take(
                chunk.epoch,
                &channel.received[chunk.bytes.clone()],
                &frames[chunk.frames.clone()],
            );
        }
        match &channel.end {
            Some(rest) if self.chunks == channel.chunks.len() && !self.ended => {
                self.ended = true;
                self.hold(rest);
            }
            Some(_) => {}
            None => self.tell(engine),
        }
    }

    fn take(&mut self, epoch: u32, bytes: &[u8], frames: &[&[u8]]) {
        self.passed_on += bytes.len() as u64;
        self.cutting &= epoch != 0;
        if epoch != self.epoch || !self.held.is_empty() {
            return self.hold(bytes);
        }
        let separator = self.current().separator();
        for frame in frames {
            self.deliver(frame.to_vec());
            if self.epoch != epoch {
                let behind = frame.as_ptr_range().end.addr() + separator - bytes.as_ptr().addr();
                return self.hold(&bytes[behind..]);
            }
        }
    }

    fn hold(&mut self, bytes: &[u8]) {
        self.held.extend_from_slice(bytes);
        while let Some((start, end, next)) = cut_one(&self.current(), &self.held) {
            let frame = self.held[start..end].to_vec();
            self.held.drain(..next);
            self.deliver(frame);
        }
    }

    fn deliver(&mut self, frame: Vec<u8>) {
        let before = self.current();
        self.frames.push(frame);
        // The framing's payload without the epoch tells whether it is another one.
        self.epoch += u32::from(self.current().payload() != before.payload());
    }

    /// Asks the reactor to cut, where that is news and nothing is left over here.
    fn tell(&mut self, engine: &Engine) {
        let cutting = self.held.is_empty();
        if self.epoch == self.told && (self.cutting || !cutting) {
            return;
        }
        let cut = self.current().passed_on(self.passed_on);
        let cut = if cutting { cut } else { cut.uncut() };
        engine.ask(Ask::default().reframe(self.id, &cut));
        (self.told, self.cutting) = (self.epoch, cutting);
    }

    fn current(&self) -> Cut {
        let last = self.frames.last().map_or(&b""[..], Vec::as_slice);
        (self.framing)(self.frames.len(), last).epoch(self.epoch)
    }

    fn rest(&self) -> &[u8] {
        &self.held
    }
}
/// Start and end of the first frame, and where the next one begins.
fn cut_one(framing: &Cut, bytes: &[u8]) -> Option<(usize, usize, usize)> {
    let mut answer = [0; cut::WORDS as usize + 2];
    assert!(recut(&framing.payload(), bytes, 0, None, 1, &mut answer));
    let [start, end] = [0, 1].map(|at| answer[cut::WORDS as usize + at] as usize);
    let next = answer[cut::CONSUMED as usize] as usize;
    (answer[cut::FRAMES as usize] == 1).then_some((start, end, next))
}

fn all_at_once(sent: &[u8], framing: &impl Fn(usize, &[u8]) -> Cut) -> (Vec<Vec<u8>>, Vec<u8>) {
    let (mut frames, mut rest): (Vec<Vec<u8>>, _) = (Vec::new(), sent);
    loop {
        let last = frames.last().map_or(&b""[..], Vec::as_slice);
        match cut_one(&framing(frames.len(), last), rest) {
            Some((start, end, next)) => {
                frames.push(rest[start..end].to_vec());
                rest = &rest[next..];
            }
            None => return (frames, rest.to_vec()),
        }
    }
}
