//! Bytes that were received and that are not a complete frame yet.

use super::held::Held;
use crate::framing::{Framing, Run, Scan, Stop, cut_many};
use crate::id::ChannelId;
use crate::queue::batch::Batch;

/// The received bytes of one channel, and how they are cut.
///
/// ```text
///   batch   … [c h u n k of complete frames]      bytes that complete frames go there at once,
///   held    [p a r t i a l ·  ·  · ]              only what is left over is copied here
///            └─ scan: looked at ─┘
/// ```
#[derive(Debug)]
pub(crate) struct RecvBuffer {
    held: Held,
    scan: Scan,
    framing: Framing,
    limit: usize,
    epoch: u32,
    text: bool,
    /// How many bytes have been passed on, all in all.
    passed_on: u64,
    /// The frame budget ended the last cut: `held` may hold complete frames.
    uncut: bool,
}

/// Why cutting ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fed {
    /// All complete frames have been passed on.
    Whole,
    /// The frame budget is used up; cut again.
    More,
    /// The first frame held can never be delivered.
    Outgrown,
}

impl RecvBuffer {
    pub(crate) fn new() -> Self {
        Self {
            held: Held::default(),
            scan: Scan::default(),
            framing: Framing::Raw,
            limit: 0,
            epoch: 0,
            text: false,
            passed_on: 0,
            uncut: false,
        }
    }

    pub(crate) fn passed_on(&self) -> u64 {
        self.passed_on
    }

    /// Whether a frame has begun and not ended.
    pub(crate) fn has_partial(&self) -> bool {
        !self.held.is_empty()
    }

    /// Whether bytes are looked at: otherwise all are passed on as they come.
    pub(crate) fn is_cutting(&self) -> bool {
        self.epoch != 0 && !matches!(self.framing, Framing::Raw)
    }

    /// Whether [`cut_held`](Self::cut_held) may find frames.
    pub(crate) fn has_uncut(&self) -> bool {
        self.uncut
    }

    /// Cuts under another framing from now on, beginning with what is held.
    pub(crate) fn cut_under(&mut self, framing: Framing, limit: usize, epoch: u32) {
        self.framing = framing;
        self.limit = limit;
        self.epoch = epoch;
        self.scan = Scan::default();
        self.uncut = !self.held.is_empty();
    }

    /// Passes bytes on as they come, uncut, from now on: the other side cuts.
    pub(crate) fn stop_cutting(&mut self) {
        self.framing = Framing::Raw;
        self.limit = usize::MAX;
        self.epoch = 0;
        self.scan = Scan::default();
        self.uncut = !self.held.is_empty();
    }

    pub(crate) fn set_text(&mut self, text: bool) {
        self.text = text;
    }

    /// Takes in the first `n` bytes of the batch's room, and passes on the frames they complete,
    /// up to `most`.
    pub(crate) fn take_in(
        &mut self,
        batch: &mut Batch,
        id: ChannelId,
        n: usize,
        most: usize,
    ) -> Fed {
        if !self.held.is_empty() {
            self.held.push(&batch.room(n)[..n]);
            return self.cut_held(batch, id, most);
        }
        let chunk = batch.open_chunk(id, self.epoch);
        let (bytes, words) = batch.room_and_words(n);
        let run = self.cut(bytes, words, most);
        self.held.push(&bytes[run.consumed..]);
        batch.seal_chunk(chunk, run.consumed, self.text);
        self.fed(run)
    }

    /// Passes on the frames that are complete in what is held, up to `most`.
    pub(crate) fn cut_held(&mut self, batch: &mut Batch, id: ChannelId, most: usize) -> Fed {
        let chunk = batch.open_chunk(id, self.epoch);
        let held = std::mem::take(&mut self.held);
        let run = self.cut(held.bytes(), batch.room_and_words(0).1, most);
        self.held = held;
        if run.consumed > 0 {
            batch
                .room(run.consumed)
                .copy_from_slice(&self.held.bytes()[..run.consumed]);
        }
        batch.seal_chunk(chunk, run.consumed, self.text);
        self.held.consume(run.consumed);
        self.fed(run)
    }

    /// All that is held, as it is; nothing is left.
    pub(crate) fn take_all(&mut self) -> Held {
        self.scan = Scan::default();
        self.uncut = false;
        let all = std::mem::take(&mut self.held);
        self.passed_on += all.bytes().len() as u64;
        all
    }

    fn cut(&mut self, bytes: &[u8], words: &mut Vec<u32>, most: usize) -> Run {
        if self.epoch == 0 {
            // Uncut bytes carry no frames: the other side finds them.
            return Run {
                consumed: bytes.len(),
                stop: Stop::Incomplete,
            };
        }
        cut_many(
            &self.framing,
            bytes,
            &mut self.scan,
            self.limit,
            most,
            |start, end| {
                words.extend([start as u32, end as u32]);
            },
        )
    }

    fn fed(&mut self, run: Run) -> Fed {
        self.passed_on += run.consumed as u64;
        self.uncut = run.stop == Stop::Budget && !self.held.is_empty();
        match run.stop {
            Stop::Overflow(_) => Fed::Outgrown,
            Stop::Budget if self.uncut => Fed::More,
            Stop::Budget | Stop::Incomplete => Fed::Whole,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::framing::Delimiter;
    use crate::queue::completions::Completions;

    const ID: ChannelId = ChannelId {
        index: 0,
        generation: 1,
    };

    const MOST: usize = 2048;

    fn lines() -> RecvBuffer {
        let mut buffer = RecvBuffer::new();
        buffer.cut_under(Framing::Sequence(Delimiter::new(b"\n").unwrap()), 100, 1);
        buffer
    }

    fn feed(buffer: &mut RecvBuffer, batch: &mut Batch, data: &[u8]) -> Fed {
        batch.room(data.len()).copy_from_slice(data);
        buffer.take_in(batch, ID, data.len(), MOST)
    }

    fn passed_on(batch: &mut Batch) -> Vec<u8> {
        let queue = Completions::default();
        queue.publish(batch);
        let mut bytes = vec![0; 1 << 20];
        let mut words = [0; 10_000];
        queue.take(&mut words, &mut bytes);
        bytes.truncate(words[1] as usize);
        bytes
    }

    #[test]
    fn passes_on_whole_frames_and_holds_the_rest() {
        let (mut buffer, mut batch) = (lines(), Batch::default());
        assert_eq!(feed(&mut buffer, &mut batch, b"one\ntw"), Fed::Whole);
        assert!(buffer.has_partial());
        assert_eq!(feed(&mut buffer, &mut batch, b"o\nthree"), Fed::Whole);
        assert_eq!(passed_on(&mut batch), b"one\ntwo\n");
        assert_eq!(buffer.passed_on(), 8);
        assert_eq!(buffer.take_all().bytes(), b"three");
    }

    #[test]
    fn a_flood_of_delimiters_is_cut_in_portions() {
        let (mut buffer, mut batch) = (lines(), Batch::default());
        let flood = vec![b'\n'; 2 * MOST + 1];
        assert_eq!(feed(&mut buffer, &mut batch, &flood), Fed::More);
        assert!(buffer.has_uncut());
        assert_eq!(buffer.cut_held(&mut batch, ID, MOST), Fed::More);
        assert_eq!(buffer.cut_held(&mut batch, ID, MOST), Fed::Whole);
        assert_eq!(passed_on(&mut batch), flood);
    }

    #[test]
    fn another_framing_begins_with_what_is_held() {
        let (mut buffer, mut batch) = (lines(), Batch::default());
        feed(&mut buffer, &mut batch, b"a\nbcd");
        passed_on(&mut batch);
        buffer.cut_under(Framing::Fixed(2), 100, 2);
        assert!(buffer.has_uncut());
        assert_eq!(buffer.cut_held(&mut batch, ID, MOST), Fed::Whole);
        assert_eq!(passed_on(&mut batch), b"bc");
        assert_eq!(
            (buffer.passed_on(), buffer.take_all().bytes()),
            (4, &b"d"[..])
        );
    }

    #[test]
    fn uncut_bytes_pass_on_at_once() {
        let (mut buffer, mut batch) = (lines(), Batch::default());
        feed(&mut buffer, &mut batch, b"abc");
        buffer.stop_cutting();
        assert!(buffer.has_uncut());
        assert_eq!(buffer.cut_held(&mut batch, ID, MOST), Fed::Whole);
        feed(&mut buffer, &mut batch, b"d");
        assert_eq!(passed_on(&mut batch), b"abcd");
    }

    #[test]
    fn another_framing_of_much_that_is_held_moves_each_byte_once() {
        const SIZE: usize = 1 << 20;
        let (mut buffer, mut batch) = (lines(), Batch::default());
        buffer.cut_under(Framing::Fixed(2 * SIZE), 0, 1);
        feed(&mut buffer, &mut batch, &vec![b'\n'; SIZE]);
        buffer.cut_under(Framing::Sequence(Delimiter::new(b"\n").unwrap()), 100, 2);
        while buffer.cut_held(&mut batch, ID, MOST) == Fed::More {
            batch = Batch::default();
        }
        assert_eq!(buffer.passed_on(), SIZE as u64);
        let moved = buffer.held.moved;
        // In each portion all the rest: 256 times as many.
        assert!(moved <= SIZE, "{moved}");
    }

    #[test]
    fn a_large_frame_leaves_no_large_buffer_behind() {
        let (mut buffer, mut batch) = (lines(), Batch::default());
        buffer.cut_under(Framing::Fixed(1 << 20), 0, 1);
        feed(&mut buffer, &mut batch, &vec![b'x'; 1 << 19]);
        assert_eq!(
            feed(&mut buffer, &mut batch, &vec![b'x'; (1 << 19) + 5]),
            Fed::Whole
        );
        assert!(buffer.has_partial());
        let capacity = buffer.held.capacity();
        assert!(capacity < 1 << 17, "{capacity}");
        assert_eq!(buffer.take_all().bytes(), b"xxxxx");
    }
}
