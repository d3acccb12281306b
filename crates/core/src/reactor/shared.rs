//! What a reactor and its handles have in common.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Weak};

use mio::Waker;

use super::submitted::Submitted;
use crate::clock::Clock;
use crate::framing::RegExps;
use crate::queue::block::Pool;
use crate::queue::completions::Completions;
use crate::queue::submissions::Submissions;
use crate::source::context::Context;
use crate::source::{Slots, Stats};
use crate::sync::lock;

/// How many used submission buffers are kept for the next batches, and up to which size.
const SPARE_RECORDS: usize = 4;
const SPARE_BYTES: usize = 256 * 1024;

/// All that the reactor and its handles have in common; nothing here is a socket.
pub(crate) struct Shared {
    pub(super) clock: Clock,
    pub(super) submissions: Submissions<Submitted>,
    pub(super) batches: Batches,
    pub(super) completions: Completions,
    pub(super) slots: Arc<Mutex<Slots>>,
    /// The patterns that reframes refer to.
    pub(super) regexps: RegExps,
    /// Counted by whoever did it: the reactor, once a turn, and who sends past it.
    pub(super) stats: Mutex<Stats>,
    pub(super) spare: Mutex<Vec<Vec<u8>>>,
    /// For large writes.
    pub(super) pool: Pool,
    /// Gone with the reactor: a handle that outlives it keeps no descriptor open.
    waker: Weak<Waker>,
    /// `None` once nobody will ring any more: what it refers to may refer to a handle.
    pub(super) doorbell: Mutex<Option<Box<dyn Fn() + Send + Sync>>>,
}

impl Shared {
    pub(super) fn new(
        clock: Clock,
        waker: Weak<Waker>,
        doorbell: Box<dyn Fn() + Send + Sync>,
    ) -> Self {
        Self {
            clock,
            submissions: Submissions::default(),
            batches: Batches::default(),
            completions: Completions::default(),
            slots: Arc::default(),
            regexps: RegExps::default(),
            stats: Mutex::default(),
            spare: Mutex::default(),
            pool: Pool::default(),
            waker,
            doorbell: Mutex::new(Some(doorbell)),
        }
    }

    pub(super) fn ring(&self) {
        if let Some(doorbell) = &*lock(&self.doorbell) {
            doorbell();
        }
    }

    /// Takes a used buffer back, for the next batch.
    pub(super) fn recycle(&self, mut records: Vec<u8>) {
        let mut spare = lock(&self.spare);
        if spare.len() < SPARE_RECORDS && records.capacity() <= SPARE_BYTES {
            records.clear();
            spare.push(records);
        }
    }

    /// Enters what a turn has counted and closed where other threads can see it.
    pub(super) fn account(&self, cx: &mut Context) {
        {
            let mut stats = lock(&self.stats);
            stats.add(std::mem::take(&mut cx.stats));
            stats.channels = cx.channels;
        }
        if cx.released.is_empty() {
            return;
        }
        let mut slots = lock(&self.slots);
        for id in cx.released.drain(..) {
            slots.release(id);
        }
    }

    pub(super) fn submit(&self, submitted: Submitted) {
        if self.submissions.push(submitted) {
            self.wake();
        }
    }

    pub(super) fn wake(&self) {
        if let Some(waker) = self.waker.upgrade() {
            // An eventfd, pipe or user event can only be full, which wakes just as well.
            let _ = waker.wake();
        }
    }
}

/// How many batches were submitted, and how many of them are done: in order, so one number says
/// which.
#[derive(Debug, Default)]
pub(super) struct Batches {
    /// The submitting thread's alone.
    submitted: AtomicU64,
    done: AtomicU64,
}

impl Batches {
    /// The number of the next.
    pub(super) fn submit(&self) -> u64 {
        // Relaxed: one thread submits.
        self.submitted.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// This one is done, and all before it.
    pub(super) fn done(&self, number: u64) {
        // Release: who sees it in `are_done` sees what the batch has done.
        self.done.store(number, Ordering::Release);
    }

    pub(super) fn are_done(&self, number: u64) -> bool {
        // Acquire: the partner of `done`.
        self.done.load(Ordering::Acquire) >= number
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared")
            .field("completions", &self.completions)
            .finish_non_exhaustive()
    }
}
