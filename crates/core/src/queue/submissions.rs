//! What the reactor shall do: batches of records, and a few requests too rare to be packed.
//!
//! ```text
//!   any thread: push() ─▶ [batch of records][connect][batch]… ─▶ take_all() : reactor thread
//!                             │
//!                             └ [op│flags][index][generation][length] payload, padded to 4 …
//! ```
//!
//! The order of submissions is kept, also between batches and requests. A side flag says whether
//! the reactor sleeps: only then is it worth the system call that wakes it.

use std::sync::Mutex;

use crate::sync::lock;

#[derive(Debug)]
struct State<T> {
    waiting: Vec<T>,
    asleep: bool,
    stop: bool,
}

/// A queue to the thread that drains it.
#[derive(Debug)]
pub(crate) struct Submissions<T> {
    state: Mutex<State<T>>,
}

impl<T> Default for Submissions<T> {
    fn default() -> Self {
        Self {
            state: Mutex::new(State {
                waiting: Vec::new(),
                asleep: false,
                stop: false,
            }),
        }
    }
}

impl<T> Submissions<T> {
    /// Adds one; returns whether the reactor sleeps and has to be woken.
    pub(crate) fn push(&self, submission: T) -> bool {
        let mut state = lock(&self.state);
        state.waiting.push(submission);
        std::mem::take(&mut state.asleep)
    }

    /// Whether everything pushed so far has been done, and the reactor waits for more.
    pub(crate) fn is_caught_up(&self) -> bool {
        let state = lock(&self.state);
        state.asleep && state.waiting.is_empty()
    }

    /// How many wait.
    pub(crate) fn depth(&self) -> usize {
        lock(&self.state).waiting.len()
    }

    /// Moves all that waits into `into`; returns false when the reactor shall stop.
    pub(crate) fn take_all(&self, into: &mut Vec<T>) -> bool {
        let mut state = lock(&self.state);
        state.asleep = false;
        // The two vectors change places, so that neither is allocated anew.
        std::mem::swap(&mut state.waiting, into);
        !state.stop
    }

    /// Before the reactor blocks: true where it may, because whoever submits from now on will
    /// wake it; false where something waits already.
    pub(crate) fn fall_asleep(&self) -> bool {
        let mut state = lock(&self.state);
        state.asleep = state.waiting.is_empty() && !state.stop;
        state.asleep
    }

    /// Asks the reactor to stop.
    pub(crate) fn stop(&self) {
        lock(&self.state).stop = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_sleeping_reactor_is_woken_and_only_once() {
        let queue = Submissions::default();
        assert!(!queue.push(()));
        assert!(!queue.fall_asleep(), "something waits");
        queue.take_all(&mut Vec::new());
        assert!(queue.fall_asleep());
        assert!(queue.push(()));
        assert!(!queue.push(()));
        queue.stop();
        assert!(!queue.take_all(&mut Vec::new()));
        assert!(!queue.fall_asleep());
    }
}
