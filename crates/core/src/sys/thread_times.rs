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

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::ThreadTimes;

    #[test]
    fn a_thread_that_works_has_run_and_one_that_sleeps_has_not() {
        let times = ThreadTimes::of_this_thread().unwrap();
        let before = times.read().unwrap();
        let mut sum = 0_u64;
        while times.read().unwrap().ran == before.ran {
            sum = std::hint::black_box(sum + 1);
        }
        // Another thread reads it, too.
        let after = std::thread::spawn(move || times.read().unwrap());
        assert!(after.join().unwrap().ran > before.ran);
    }
}
