//! How long a thread has run, and how long it has waited for a core. Linux tells; elsewhere nobody does.

use std::fs;
use std::iter::Sum;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Since the thread began.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Times {
    pub(crate) ran: Duration,
    /// It could have run, and others did.
    pub(crate) waited: Duration,
}

/// Where the times of one thread are read. It holds no descriptor.
#[derive(Debug)]
pub(crate) struct ThreadTimes(PathBuf);

impl ThreadTimes {
    /// Of the calling thread, to be read by any.
    pub(crate) fn of_this_thread() -> Option<Self> {
        let thread = fs::read_link("/proc/thread-self").ok()?;
        Some(Self(Path::new("/proc").join(thread).join("schedstat")))
    }

    pub(crate) fn read(&self) -> Option<Times> {
        let text = fs::read_to_string(&self.0).ok()?;
        let mut nanos = text.split_ascii_whitespace().map(str::parse);
        let mut next = || Some(Duration::from_nanos(nanos.next()?.ok()?));
        Some(Times {
            ran: next()?,
            waited: next()?,
        })
    }
}

impl Sum for Times {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |sum, one| Self {
            ran: sum.ran + one.ran,
            waited: sum.waited + one.waited,
        })
    }
}

#[cfg(test)]
#[path = "thread_times_tests.rs"]
mod tests;
