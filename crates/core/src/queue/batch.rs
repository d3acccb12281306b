//! One batch on its way to the other side: records, and the bytes that belong to them.
//!
//! ```text
//!   words   [kind│flags][index][generation] words of the kind …   a chunk's: [epoch][bytes][frames] [start][end]…
//!   bytes   ─ those of the records, in the same order ─│─ room ─
//!                                                      used
//! ```

use super::memory::{Loan, Memory};
use crate::id::ChannelId;
use crate::wire::{BATCH_BYTES, BATCH_WORDS, flag, kind};

/// What one batch may hold at a pace of 1.
pub(super) const FULL: Load = Load {
    bytes: BATCH_BYTES,
    words: BATCH_WORDS,
};
/// What may wait at the highest pace: more bytes, where they are no more frames.
const MOST: Load = Load {
    bytes: 4 * BATCH_BYTES,
    words: BATCH_WORDS,
};
/// A batch has room for so many channels that all have much to read: none fills it alone.
const SHARES: usize = 4;
/// However slow the hooks are, a channel has this share of a batch.
const LEAST_SHARE: Load = Load {
    bytes: 1024,
    words: 32,
};
/// What one read asks for, where it is copied.
pub(crate) const READ_BYTES: usize = 64 * 1024;
/// Less is not worth a read.
const LEAST_ROOM: usize = 16 * 1024;

/// How much a batch holds, or may hold.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Load {
    pub(crate) bytes: usize,
    pub(crate) words: usize,
}

impl Load {
    /// Of `self`, what is left behind `used`; no bytes or no words: nothing.
    pub(crate) fn less(self, used: Self) -> Self {
        Self {
            bytes: self.bytes.saturating_sub(used.bytes),
            words: self.words.saturating_sub(used.words),
        }
    }

    pub(crate) fn and(self, more: Self) -> Self {
        Self {
            bytes: self.bytes + more.bytes,
            words: self.words + more.words,
        }
    }

    pub(crate) fn is_used_up(self) -> bool {
        self.bytes == 0 || self.words == 0
    }

    /// What each channel may put into a batch that may hold this.
    pub(crate) fn share(self) -> Self {
        Self {
            bytes: self.bytes / SHARES,
            words: self.words / SHARES,
        }
    }

    /// The same of a channel whose bytes are cut: for frames there is no more than a full batch, however
    /// quick the hooks are. What waits of a channel when it is paused is what it may put into all batches.
    pub(crate) fn share_of_frames(self) -> Self {
        Self {
            bytes: self.bytes.min(FULL.bytes) / SHARES,
            words: self.words / SHARES,
        }
    }

    /// So much of a full batch: less for hooks that need their time.
    pub(super) fn at_pace(pace: f64) -> Self {
        let part = |full: usize, least: usize, most: usize| {
            ((full as f64 * pace) as usize).clamp(SHARES * least, most)
        };
        Self {
            bytes: part(FULL.bytes, LEAST_SHARE.bytes, MOST.bytes),
            words: part(FULL.words, LEAST_SHARE.words, MOST.words),
        }
    }
}

/// Records and their bytes, in the order of the records.
///
/// ```text
///   words  [DATA idx gen epoch 12 2  0 3  4 10][CLOSED idx gen …]…
///   bytes  h e y \n w o r l d \n | …           used ▲      (behind it: room to read into)
/// ```
#[derive(Debug, Default)]
pub(crate) struct Batch {
    pub(super) words: Vec<u32>,
    memory: Memory,
    pub(super) used: usize,
}

/// A chunk of data that has been written into a batch, not yet sealed.
#[derive(Debug)]
pub(crate) struct OpenChunk {
    header: usize,
}

impl Batch {
    pub(crate) fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    pub(crate) fn load(&self) -> Load {
        Load {
            bytes: self.used,
            words: self.words.len(),
        }
    }

    /// Whether its memory has too little room to read into, however much may wait.
    pub(crate) fn is_full(&self) -> bool {
        self.memory.room(self.used) < LEAST_ROOM
    }

    /// How much one read may ask for: much only where nobody has to copy it.
    pub(crate) fn most_to_read(&self) -> usize {
        match self.memory.is_lent() {
            true => self.memory.room(self.used),
            false => READ_BYTES,
        }
    }

    /// Room for `n` bytes behind those in use. What is read there counts once a chunk is sealed.
    pub(crate) fn room(&mut self, n: usize) -> &mut [u8] {
        let needed = self.used + n;
        &mut self.memory.reserve(self.used, needed)[self.used..needed]
    }

    /// Room for bytes that are read in vain.
    pub(crate) fn scratch(&mut self) -> &mut [u8] {
        self.memory.scratch(self.used, READ_BYTES)
    }

    /// The bytes in use.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.memory.bytes()[..self.used]
    }

    /// Whether its bytes cross with the loan that they stand in, because they are much of it. Others
    /// are copied, and their loan is for the next batch.
    pub(super) fn crosses_whole(&self) -> bool {
        self.memory.is_lent() && self.used >= self.memory.room(self.used)
    }

    pub(super) fn set_loan(&mut self, loan: Option<Loan>) {
        self.memory.set_loan(loan);
    }

    pub(super) fn take_loan(&mut self) -> Option<Loan> {
        self.memory.take_loan()
    }

    /// Begins a chunk; its frames are then pushed to the words.
    pub(crate) fn open_chunk(&mut self, id: ChannelId, epoch: u32) -> OpenChunk {
        let header = self.words.len();
        self.words
            .extend([kind::DATA, id.index, id.generation, epoch, 0, 0]);
        OpenChunk { header }
    }

    /// The room's bytes and the words to push frames to, both at once.
    pub(crate) fn room_and_words(&mut self, n: usize) -> (&[u8], &mut Vec<u32>) {
        let bytes = &self.memory.bytes()[self.used..self.used + n];
        (bytes, &mut self.words)
    }

    /// Seals a chunk of the first `consumed` bytes of the room. A chunk of none leaves no trace.
    pub(crate) fn seal_chunk(&mut self, chunk: OpenChunk, consumed: usize, text: bool) {
        if consumed == 0 {
            self.words.truncate(chunk.header);
            return;
        }
        let frames = (self.words.len() - chunk.header - 6) / 2;
        let bytes = &self.memory.bytes()[self.used..self.used + consumed];
        if text && bytes.is_ascii() {
            self.words[chunk.header] |= flag::ASCII << 8;
        }
        self.words[chunk.header + 4] = wire_len(consumed);
        self.words[chunk.header + 5] = wire_len(frames);
        self.used += consumed;
    }

    /// A record of words alone.
    pub(crate) fn push(&mut self, kind: u32, flags: u32, id: ChannelId, words: &[u32]) {
        self.words
            .extend([kind | (flags << 8), id.index, id.generation]);
        self.words.extend_from_slice(words);
    }

    /// As [`push`](Self::push); the length of `bytes` is added as the last word.
    pub(crate) fn push_bytes(
        &mut self,
        kind: u32,
        flags: u32,
        id: ChannelId,
        words: &[u32],
        bytes: &[u8],
    ) {
        self.push(kind, flags, id, words);
        self.words.push(wire_len(bytes.len()));
        self.room(bytes.len()).copy_from_slice(bytes);
        self.used += bytes.len();
    }

    /// Counts the first `n` bytes of the room to the record that was pushed last.
    pub(crate) fn keep_room(&mut self, n: usize) {
        self.used += n;
    }

    pub(super) fn clear(&mut self) {
        self.words.clear();
        self.used = 0;
        self.memory.shrink();
    }
}

/// Lengths cross as 32 bits: a batch takes one record more once it is full, and that one is bounded
/// by `bufferSize`, which is kept below 2 GiB.
pub(super) fn wire_len(n: usize) -> u32 {
    u32::try_from(n).expect("a batch is shorter than 4 GiB")
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: ChannelId = ChannelId {
        index: 7,
        generation: 1,
    };

    #[test]
    fn a_chunk_of_no_bytes_leaves_no_trace() {
        let mut batch = Batch::default();
        let chunk = batch.open_chunk(ID, 1);
        batch.seal_chunk(chunk, 0, false);
        assert!(batch.is_empty());
    }

    #[test]
    fn an_empty_frame_is_a_frame() {
        let mut batch = Batch::default();
        batch.room(1).copy_from_slice(b"\n");
        let chunk = batch.open_chunk(ID, 1);
        batch.room_and_words(1).1.extend([0, 0]);
        batch.seal_chunk(chunk, 1, false);
        assert_eq!(batch.words, [kind::DATA, 7, 1, 1, 1, 1, 0, 0]);
    }
}
