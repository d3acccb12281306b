//! Deadlines, the nearest first.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Instant;

use crate::id::ChannelId;

/// What a deadline is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Timer {
    /// A listener tries again to accept.
    Accept,
    /// The next attempt of a connect starts beside those that are under way.
    Attempt,
    /// A connect has taken too long.
    Connect,
    /// A frame has taken too long.
    Frame,
    /// Nothing has been sent or received for too long.
    Idle,
    /// An `end()` has made no progress for too long.
    Linger,
    /// Datagrams are tried to be sent again.
    Send,
}

/// One deadline that moves, and the timer that is armed for it: there is never a second one that is
/// meant. A timer that comes before the deadline is armed anew by whoever it calls.
#[derive(Debug, Default)]
pub(crate) struct Alarm {
    at: Option<Instant>,
}

impl Alarm {
    /// Whether a timer is to be armed for this deadline: none is that comes as early.
    pub(crate) fn set(&mut self, at: Instant) -> bool {
        let is_first = self.at.is_none_or(|armed| at < armed);
        if is_first {
            self.at = Some(at);
        }
        is_first
    }

    /// A timer has come: whether it is the one that is meant.
    pub(crate) fn rings(&mut self, now: Instant) -> bool {
        self.at.take_if(|at| *at <= now).is_some()
    }

    /// Whether the timer of this deadline is the one that is meant.
    pub(crate) fn is_for(&self, at: Instant) -> bool {
        self.at == Some(at)
    }
}

/// A heap of deadlines that are never taken back: a source that a timer calls checks whether it
/// is still meant, and arms it again where the deadline has moved. So activity on a channel costs
/// nothing here, however often it moves its deadline. Those that are not meant any more, of channels
/// that have closed or by an [`Alarm`] that was set to come earlier, are dropped together, whenever
/// the heap has doubled since the last time.
#[derive(Debug)]
pub(crate) struct Timers {
    heap: BinaryHeap<Reverse<(Instant, u32, u32, Timer)>>,
    /// How many there may be before those that are not meant are dropped.
    most: usize,
}

/// So few are not worth a look.
const FEW: usize = 1024;

impl Default for Timers {
    fn default() -> Self {
        Self {
            heap: BinaryHeap::new(),
            most: FEW,
        }
    }
}

impl Timers {
    pub(crate) fn arm(&mut self, id: ChannelId, timer: Timer, at: Instant) {
        self.heap
            .push(Reverse((at, id.index, id.generation, timer)));
    }

    /// Drops those that are not meant any more, where there may be many.
    pub(crate) fn purge(&mut self, is_meant: impl Fn(ChannelId, Timer, Instant) -> bool) {
        if self.heap.len() < self.most {
            return;
        }
        self.heap
            .retain(|&Reverse((at, index, generation, timer))| {
                is_meant(ChannelId { index, generation }, timer, at)
            });
        self.heap.shrink_to(2 * self.heap.len());
        self.most = FEW.max(2 * self.heap.len());
    }

    pub(crate) fn next(&self) -> Option<Instant> {
        self.heap.peek().map(|Reverse((at, ..))| *at)
    }

    #[cfg(test)]
    pub(crate) fn count(&self) -> usize {
        self.heap.len()
    }

    /// One that is due, if any.
    pub(crate) fn pop_due(&mut self, now: Instant) -> Option<(ChannelId, Timer)> {
        let Reverse((at, ..)) = self.heap.peek()?;
        if *at > now {
            return None;
        }
        let Reverse((_, index, generation, timer)) = self.heap.pop()?;
        Some((ChannelId { index, generation }, timer))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::disallowed_methods, reason = "any time will do")]

    use std::time::Duration;

    use super::*;

    #[test]
    fn the_nearest_comes_first_and_none_too_early() {
        let mut timers = Timers::default();
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let id = |index| ChannelId {
            index,
            generation: 1,
        };
        timers.arm(id(2), Timer::Idle, at(20));
        timers.arm(id(1), Timer::Linger, at(10));
        assert_eq!(timers.next(), Some(at(10)));
        assert_eq!(timers.pop_due(at(9)), None);
        assert_eq!(timers.pop_due(at(30)), Some((id(1), Timer::Linger)));
        assert_eq!(timers.pop_due(at(30)), Some((id(2), Timer::Idle)));
        assert_eq!(timers.pop_due(at(30)), None);
    }

    #[test]
    fn channels_that_have_closed_leave_no_more_timers_than_those_that_are_open() {
        let mut timers = Timers::default();
        let late = Instant::now() + Duration::from_secs(3600);
        let open = 100;
        for generation in 1..=1_000_000 {
            let index = generation % open;
            let id = ChannelId { index, generation };
            timers.arm(id, Timer::Idle, late);
            timers.purge(|id, _, _| id.generation + open > generation);
            assert!(timers.heap.len() <= FEW);
        }
        // The open ones have kept theirs.
        let mut kept = std::iter::from_fn(|| timers.pop_due(late)).collect::<Vec<_>>();
        kept.retain(|(id, _)| id.generation + open > 1_000_000);
        assert_eq!(kept.len(), open as usize);
    }
}
