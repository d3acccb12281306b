//! A submission that somebody waits for.
//!
//! ```text
//!   waiting thread                     reactor thread
//!   submits … and the passage ───────▶ does what came before
//!   waits, for so long at most ◀────── drops the passage
//! ```
//!
//! The reactor never waits for anybody here.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use crate::sync::lock;

/// The end of it that waits.
#[derive(Debug, Default)]
pub(crate) struct Fence {
    passed: Mutex<bool>,
    news: Condvar,
}

/// The reactor's end of it: dropped, it lets the other one go on.
#[derive(Debug)]
pub(crate) struct Passage(Arc<Fence>);

impl Fence {
    pub(crate) fn new() -> (Arc<Self>, Passage) {
        let fence = Arc::new(Self::default());
        (Arc::clone(&fence), Passage(fence))
    }

    /// Returns whether it was passed in that time.
    pub(crate) fn wait(&self, patience: Duration) -> bool {
        let passed = lock(&self.passed);
        let (passed, _) = self
            .news
            .wait_timeout_while(passed, patience, |passed| !*passed)
            .unwrap_or_else(PoisonError::into_inner);
        *passed
    }
}

impl Drop for Passage {
    fn drop(&mut self) {
        *lock(&self.0.passed) = true;
        self.0.news.notify_all();
    }
}
