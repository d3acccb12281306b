//! Deadlines, the nearest first.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Instant;

use super::context::Timer;
use crate::id::ChannelId;

/// A heap of deadlines that are never taken back: a source that a timer calls checks whether it
/// is still meant, and arms it again where the deadline has moved. So activity on a channel costs
/// nothing here, however often it moves its deadline.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    heap: BinaryHeap<Reverse<(Instant, u32, u32, Timer)>>,
}

impl Timers {
    pub(crate) fn arm(&mut self, id: ChannelId, timer: Timer, at: Instant) {
        self.heap
            .push(Reverse((at, id.index, id.generation, timer)));
    }

    pub(crate) fn next(&self) -> Option<Instant> {
        self.heap.peek().map(|Reverse((at, ..))| *at)
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
}
