//! Memory for large writes, used again and again.
//!
//! An allocator hands large blocks back to the system and gets them again, a page fault for each 4
//! KiB; that costs more than the copy. So blocks go back to a pool when they have been sent:
//!
//! ```text
//!   submitting thread: copy() ──▶ block ──▶ reactor thread: sent, dropped ──▶ pool ──▶ copy() …
//!                                                                              │
//!                                     unused for a while, or too many: the system's again
//! ```

use std::ops::Deref;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::sync::lock;
use crate::sys::Pages;

/// The size of a block. What is written is not much less than that, or it would be copied with
/// what else is submitted.
pub(crate) const BLOCK_BYTES: usize = 32 * 1024;
/// How many may lie idle.
const MOST_IDLE: usize = 256;
/// What was not needed for so long is given back.
const KEEP: Duration = Duration::from_secs(1);

/// The blocks of one engine.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pool(Arc<Idle>);

#[derive(Debug, Default)]
struct Idle {
    shelf: Mutex<Shelf>,
    /// How many there are: a turn looks at no more where there are none. It orders nothing.
    count: AtomicUsize,
}

#[derive(Debug, Default)]
struct Shelf {
    blocks: Vec<Memory>,
    /// The fewest that were idle since `since`: so many were not needed.
    fewest: usize,
    since: Option<Instant>,
}

#[derive(Debug)]
enum Memory {
    Mapped(Pages),
    /// Where the system has no more mappings to give.
    Allocated(Vec<u8>),
}

/// Bytes in memory of a pool, which has it back when this is dropped.
#[derive(Debug)]
pub struct Block {
    /// `None` while it is dropped.
    memory: Option<Memory>,
    length: usize,
    home: Arc<Idle>,
}

impl Pool {
    /// A copy of the first bytes of `data`, as many as a block has room for.
    pub(crate) fn copy(&self, data: &[u8]) -> Block {
        let mut memory = self.take();
        let length = data.len().min(BLOCK_BYTES);
        memory.bytes_mut()[..length].copy_from_slice(&data[..length]);
        Block {
            memory: Some(memory),
            length,
            home: Arc::clone(&self.0),
        }
    }

    fn take(&self) -> Memory {
        let mut shelf = lock(&self.0.shelf);
        let taken = shelf.blocks.pop();
        shelf.fewest = shelf.fewest.min(shelf.blocks.len());
        self.0.count.store(shelf.blocks.len(), Ordering::Relaxed);
        drop(shelf);
        taken.unwrap_or_else(Memory::new)
    }

    /// Gives back what was not needed for a while. Returns when to look again; `None` where none
    /// lies idle.
    pub(crate) fn trim(&self, now: Instant) -> Option<Instant> {
        if self.0.count.load(Ordering::Relaxed) == 0 {
            return None;
        }
        let mut shelf = lock(&self.0.shelf);
        let since = *shelf.since.get_or_insert(now);
        if now < since + KEEP {
            return Some(since + KEEP);
        }
        let left = shelf.blocks.len() - shelf.fewest;
        // Unmapped without the lock.
        let unused = shelf.blocks.split_off(left);
        shelf.fewest = left;
        shelf.since = (left > 0).then_some(now);
        let again = shelf.since.map(|since| since + KEEP);
        self.0.count.store(left, Ordering::Relaxed);
        drop(shelf);
        drop(unused);
        again
    }

    /// How much lies idle.
    pub(crate) fn idle_bytes(&self) -> usize {
        BLOCK_BYTES * self.0.count.load(Ordering::Relaxed)
    }
}

impl Memory {
    fn new() -> Self {
        match Pages::new(BLOCK_BYTES) {
            Some(pages) => Self::Mapped(pages),
            None => Self::Allocated(vec![0; BLOCK_BYTES]),
        }
    }

    fn bytes(&self) -> &[u8] {
        match self {
            Self::Mapped(pages) => pages,
            Self::Allocated(bytes) => bytes,
        }
    }

    fn bytes_mut(&mut self) -> &mut [u8] {
        match self {
            Self::Mapped(pages) => pages,
            Self::Allocated(bytes) => bytes,
        }
    }
}

impl Deref for Block {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match &self.memory {
            Some(memory) => &memory.bytes()[..self.length],
            None => &[],
        }
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        let mut shelf = lock(&self.home.shelf);
        if shelf.blocks.len() < MOST_IDLE {
            shelf.blocks.extend(self.memory.take());
            self.home.count.store(shelf.blocks.len(), Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "a time to begin with")]
    fn blocks_are_used_again_and_given_back_when_they_are_not() {
        let pool = Pool::default();
        let begin = Instant::now();
        assert_eq!(pool.trim(begin), None);
        let data: Vec<u8> = (0..BLOCK_BYTES + 5).map(|at| at as u8).collect();
        let blocks: Vec<Block> = (0..4).map(|_| pool.copy(&data)).collect();
        assert!(blocks.iter().all(|block| **block == data[..BLOCK_BYTES]));
        let places: Vec<_> = blocks.iter().map(|block| block.as_ptr()).collect();
        drop(blocks);
        assert_eq!(pool.idle_bytes(), 4 * BLOCK_BYTES);
        let again = pool.copy(b"few");
        assert_eq!((&*again, pool.idle_bytes()), (&b"few"[..], 3 * BLOCK_BYTES));
        assert!(places.contains(&again.as_ptr()));
        drop(again);
        // Nothing is known of before: the first look begins to watch.
        assert_eq!(pool.trim(begin), Some(begin + KEEP));
        let mut now = begin + KEEP;
        pool.trim(now);
        // One is in use now and then.
        for _ in 0..2 {
            drop(pool.copy(b"x"));
            now += KEEP;
            assert_eq!(pool.trim(now), Some(now + KEEP));
            assert_eq!(pool.idle_bytes(), BLOCK_BYTES);
        }
        // None is.
        now += KEEP;
        assert_eq!((pool.trim(now), pool.idle_bytes()), (None, 0));
    }

    #[test]
    fn no_more_lie_idle_than_are_worth_it() {
        let pool = Pool::default();
        let blocks: Vec<Block> = (0..MOST_IDLE + 9).map(|_| pool.copy(b"x")).collect();
        drop(blocks);
        assert_eq!(pool.idle_bytes(), MOST_IDLE * BLOCK_BYTES);
    }
}
