//! A queue of bytes in one piece.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::sys::Pages;

/// Memory up to this size is not worth giving back.
const KEEP_BYTES: usize = 4096;
/// From this size on it is counted …
const LARGE_BYTES: usize = 16 * 1024;
/// … and beyond so much together, it is mapped. The allocator is quicker, but what it was given back
/// it keeps: so much is what it may keep of a burst.
const MOST_ALLOCATED: usize = 32 * 1024 * 1024;
/// How much is allocated. Of the whole process, as the allocator is. It orders nothing: it has no
/// partner, and is only added to.
static ALLOCATED: AtomicUsize = AtomicUsize::new(0);

/// ```text
///   memory  [x x x x x p a r t i a l ·  ·  · ]    consumed bytes are moved over only when they are
///             └─ head ─┘└─ bytes() ─┘└ room ─┘    the larger half: each byte is moved once at most,
///                                    tail         on average
/// ```
#[derive(Debug, Default)]
pub(crate) struct Held {
    memory: Memory,
    head: usize,
    tail: usize,
    /// How many bytes have been moved over consumed ones.
    #[cfg(test)]
    pub(super) moved: usize,
}

#[derive(Debug)]
enum Memory {
    Small(Vec<u8>),
    Large(Counted),
    Mapped(Pages),
}

/// Memory of the allocator that counts.
#[derive(Debug)]
struct Counted(Vec<u8>);

impl Held {
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.memory.bytes()[self.head..self.tail]
    }

    pub(super) fn is_empty(&self) -> bool {
        self.head == self.tail
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        let tail = self.tail + bytes.len();
        let room = self.memory.bytes().len();
        if tail > room {
            self.resize(tail.max(2 * room));
        }
        self.memory.bytes_mut()[self.tail..tail].copy_from_slice(bytes);
        self.tail = tail;
    }

    pub(super) fn consume(&mut self, n: usize) {
        self.head += n;
        if self.head <= self.tail / 2 {
            return;
        }
        self.memory.bytes_mut().copy_within(self.head..self.tail, 0);
        self.tail -= self.head;
        self.head = 0;
        #[cfg(test)]
        {
            self.moved += self.tail;
        }
        // A large frame may have been here; what is behind it seldom is as large.
        if self.memory.bytes().len() > KEEP_BYTES.max(4 * self.tail) {
            self.resize(2 * self.tail);
        }
    }

    fn resize(&mut self, length: usize) {
        if let Memory::Mapped(pages) = &mut self.memory
            && length >= LARGE_BYTES
            && pages.resize(length)
        {
            return;
        }
        let mut memory = Memory::new(length);
        memory.bytes_mut()[..self.tail].copy_from_slice(&self.memory.bytes()[..self.tail]);
        self.memory = memory;
    }

    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        self.memory.bytes().len()
    }
}

impl Memory {
    fn new(length: usize) -> Self {
        if length < LARGE_BYTES {
            return Self::Small(vec![0; length]);
        }
        if ALLOCATED.load(Ordering::Relaxed) + length > MOST_ALLOCATED
            && let Some(pages) = Pages::new(length)
        {
            return Self::Mapped(pages);
        }
        ALLOCATED.fetch_add(length, Ordering::Relaxed);
        Self::Large(Counted(vec![0; length]))
    }

    fn bytes(&self) -> &[u8] {
        match self {
            Self::Small(memory) | Self::Large(Counted(memory)) => memory,
            Self::Mapped(pages) => pages,
        }
    }

    fn bytes_mut(&mut self) -> &mut [u8] {
        match self {
            Self::Small(memory) | Self::Large(Counted(memory)) => memory,
            Self::Mapped(pages) => pages,
        }
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        ALLOCATED.fetch_sub(self.0.len(), Ordering::Relaxed);
    }
}

impl Default for Memory {
    fn default() -> Self {
        Self::Small(Vec::new())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_its_bytes_through_every_kind_of_memory() {
        let mut held = Held::default();
        let mut expected: Vec<u8> = Vec::new();
        // Grows from a few bytes to a MiB and back, with all that is between.
        for n in (0..2000).chain((0..2000).rev()) {
            let piece: Vec<u8> = (0..n).map(|at| (at * 7 + n) as u8).collect();
            held.push(&piece);
            expected.extend(&piece);
            let done = if expected.len() > 1 << 20 || n % 3 == 0 {
                2 * n
            } else {
                n / 2
            };
            let done = done.min(expected.len());
            held.consume(done);
            expected.drain(..done);
            assert!(held.bytes() == expected, "{n}");
            assert_eq!(held.is_empty(), expected.is_empty());
        }
        held.consume(expected.len());
        assert!(held.is_empty());
        assert!(held.capacity() <= KEEP_BYTES);
    }

    #[test]
    fn what_is_large_is_mapped_once_there_is_much_of_it() {
        let full = vec![1; 1 << 20];
        let mut many: Vec<Held> = (0..2 * MOST_ALLOCATED / full.len())
            .map(|_| {
                let mut held = Held::default();
                held.push(&full);
                held
            })
            .collect();
        let is_mapped = |held: &Held| matches!(held.memory, Memory::Mapped(_));
        let mapped = many.iter().filter(|held| is_mapped(held)).count();
        assert!(mapped >= many.len() / 2, "{mapped}");
        assert!(ALLOCATED.load(Ordering::Relaxed) <= MOST_ALLOCATED);
        // It grows, and is small again.
        let held = many.iter_mut().find(|held| is_mapped(held)).unwrap();
        held.push(&full);
        assert!(is_mapped(held) && held.bytes() == [&full[..], &full].concat());
        held.consume(2 * full.len() - 5);
        assert!(!is_mapped(held) && held.bytes() == [1; 5]);
    }
}
