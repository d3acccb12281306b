//! The seat: whoever sits in it drives the reactor.
//!
//! ```text
//!             leave(): little to do, and the loop was quick with it; or cores are scarce
//!   thread ─────────────────────────────▶ nobody ──sit()──▶ loop: drive(), drive() …
//!     ▲ ▲                                   │                │
//!     │ └── nobody came in time ────────────┘                │
//!     └──── it gives it back; or has not driven for LIMIT; or a deadline has come ─┘
//! ```
//!
//! The reactor itself changes hands: who drives has it, and otherwise it stands here. So no two can
//! drive it, and whoever is kept from driving (user code that blocks the loop) keeps nobody else
//! from taking it.
//!
//! While the loop sits the thread sleeps in here. It looks up every [`LIMIT`] at most: so a loop that
//! does nothing else for that long loses the seat, and an idle process has no ticks.

use std::fmt;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

#[cfg(all(test, loom))]
use loom::sync::{Condvar, Mutex, MutexGuard};
#[cfg(not(all(test, loom)))]
use std::sync::{Condvar, Mutex, MutexGuard};

/// How long the seat stays free for a loop that has been asleep, and has just been rung.
pub(super) const OFFER: Duration = Duration::from_millis(2);
/// … and for one that is at work: longer than hooks are given at once.
pub(super) const LONG_OFFER: Duration = Duration::from_millis(8);
/// How long the loop may sit there and not drive.
const LIMIT: Duration = Duration::from_millis(20);

/// See the module's drawing. `T` is the reactor.
pub(crate) struct Seat<T> {
    state: Mutex<State<T>>,
    /// The thread sleeps here.
    news: Condvar,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sitter {
    Thread,
    Nobody,
    Loop,
    /// The loop's turn has failed, and the reactor is gone.
    Lost,
}

struct State<T> {
    sitter: Sitter,
    /// The reactor, while nobody drives it.
    standing: Option<T>,
    /// How often the loop has sat down or driven.
    driven: u64,
    /// When the reactor has to be driven though nothing happens.
    deadline: Option<Instant>,
    /// Until when the thread sleeps.
    asleep_until: Option<Instant>,
    stop: bool,
    /// How often the loop has sat down.
    hand_overs: u64,
}

/// What a turn by the loop leaves behind.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Left {
    /// When the reactor has to be driven though nothing happens.
    pub(crate) deadline: Option<Instant>,
    /// The loop stays where it is.
    pub(crate) stays: bool,
}

impl<T> Default for Seat<T> {
    fn default() -> Self {
        Self {
            state: Mutex::new(State {
                sitter: Sitter::Thread,
                standing: None,
                driven: 0,
                deadline: None,
                asleep_until: None,
                stop: false,
                hand_overs: 0,
            }),
            news: Condvar::new(),
        }
    }
}

impl<T> Seat<T> {
    // The thread's side

    /// Lays the reactor down, calls `ring`, and sleeps until the thread has to drive again: where the
    /// loop does not sit down within `offer`, that is then.
    ///
    /// `None` where there is no reactor any more, because a turn of the loop's has failed.
    pub(crate) fn leave(
        &self,
        reactor: T,
        deadline: Option<Instant>,
        offer: Duration,
        now: impl Fn() -> Instant,
        ring: impl FnOnce(),
    ) -> Option<T> {
        let mut state = self.lock();
        state.sitter = Sitter::Nobody;
        state.standing = Some(reactor);
        state.deadline = deadline;
        let mut driven = state.driven;
        drop(state);
        // Behind that: whoever hears it finds the seat free.
        ring();
        let mut limit = now() + offer;
        let mut state = self.lock();
        loop {
            let at = now();
            if std::mem::replace(&mut driven, state.driven) != state.driven {
                limit = at + LIMIT;
            }
            let is_due = state.deadline.is_some_and(|deadline| deadline <= at);
            let is_called = state.stop || state.sitter == Sitter::Thread;
            if state.sitter == Sitter::Lost {
                return None;
            }
            if (is_called || is_due || limit <= at)
                && let Some(reactor) = state.standing.take()
            {
                state.sitter = Sitter::Thread;
                state.asleep_until = None;
                return Some(reactor);
            }
            // Where the loop drives just now, that counts.
            let until = match state.deadline {
                Some(deadline) if state.standing.is_some() => deadline.min(limit),
                _ => limit.max(at + OFFER),
            };
            state.asleep_until = Some(until);
            let (woken, _) = self
                .news
                .wait_timeout(state, until.saturating_duration_since(at))
                .unwrap_or_else(PoisonError::into_inner);
            state = woken;
        }
    }

    // The loop's side

    /// The loop sits down, where nobody sits; returns whether it has.
    pub(crate) fn sit(&self) -> bool {
        let mut state = self.lock();
        let is_free = state.sitter == Sitter::Nobody && !state.stop;
        if is_free {
            state.sitter = Sitter::Loop;
            state.driven += 1;
            state.hand_overs += 1;
        }
        is_free
    }

    /// Drives, where the loop sits; returns whether it still does, or `None`: it did not.
    ///
    /// `turn` gives `None` where it has failed: then the reactor is dropped, and nobody drives any
    /// more.
    pub(crate) fn drive(&self, turn: impl FnOnce(&mut T) -> Option<Left>) -> Option<bool> {
        let mut state = self.lock();
        if state.sitter != Sitter::Loop {
            return None;
        }
        let mut reactor = state.standing.take()?;
        drop(state);
        let Some(Left { deadline, stays }) = turn(&mut reactor) else {
            drop(reactor);
            self.lose();
            return Some(false);
        };
        let mut state = self.lock();
        state.standing = Some(reactor);
        state.driven += 1;
        state.deadline = deadline;
        let sleeps_too_long = match (deadline, state.asleep_until) {
            (Some(deadline), Some(until)) => deadline < until,
            _ => false,
        };
        if !stays {
            state.sitter = Sitter::Thread;
        }
        if !stays || sleeps_too_long {
            self.news.notify_all();
        }
        Some(stays)
    }

    /// The reactor was lost in a turn of the loop's.
    pub(crate) fn lose(&self) {
        self.lock().sitter = Sitter::Lost;
        self.news.notify_all();
    }

    // For both

    /// Has the thread take the reactor, wherever it stands, for good.
    pub(crate) fn stop(&self) {
        self.lock().stop = true;
        self.news.notify_all();
    }

    /// Whether the loop sits, and how often it has sat down.
    pub(crate) fn is_the_loops(&self) -> (bool, u64) {
        let state = self.lock();
        (state.sitter == Sitter::Loop, state.hand_overs)
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> fmt::Debug for Seat<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.lock();
        f.debug_struct("Seat")
            .field("sitter", &state.sitter)
            .field("driven", &state.driven)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
#[path = "seat_tests.rs"]
mod tests;
