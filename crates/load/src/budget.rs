//! What one phase of a run may send, and what came of it.

use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

/// When a phase stops sending.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Limit {
    Time(Duration),
    Count(u64),
}

/// What may still be sent.
#[derive(Debug)]
pub(crate) enum Budget {
    Until(Instant),
    Left(u64),
}

impl Budget {
    pub(crate) fn new(limit: Limit, now: Instant) -> Self {
        match limit {
            Limit::Time(duration) => Self::Until(now + duration),
            Limit::Count(count) => Self::Left(count),
        }
    }

    /// Takes leave to send up to `wanted` messages.
    pub(crate) fn take(&mut self, wanted: usize, now: Instant) -> usize {
        match self {
            Self::Until(deadline) => {
                if now < *deadline {
                    wanted
                } else {
                    0
                }
            }
            Self::Left(left) => {
                let granted = usize::try_from(*left).map_or(wanted, |left| wanted.min(left));
                *left -= granted as u64;
                granted
            }
        }
    }
}

/// What a phase did.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// Messages sent, answered and found right.
    pub(crate) messages: u64,
    /// Datagrams that were not answered, or never arrived.
    pub(crate) lost: u64,
    /// From the first message sent to the last reply.
    pub(crate) elapsed: Duration,
    /// Nanoseconds from the write of a message to the read that completed its reply.
    pub(crate) latency: Histogram<u64>,
}

impl Outcome {
    pub(crate) fn new() -> Self {
        let latency = Histogram::new_with_bounds(1, LONGEST_LATENCY, SIGNIFICANT_DIGITS)
            .expect("the bounds are constants that the histogram accepts");
        Self {
            messages: 0,
            lost: 0,
            elapsed: Duration::ZERO,
            latency,
        }
    }

    pub(crate) fn record(&mut self, latency: Duration) {
        self.messages += 1;
        let nanoseconds = u64::try_from(latency.as_nanos()).unwrap_or(u64::MAX);
        self.latency.saturating_record(nanoseconds);
    }
}

/// Two minutes; a server that is silent for so long has been given up before.
const LONGEST_LATENCY: u64 = 120_000_000_000;
const SIGNIFICANT_DIGITS: u8 = 3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_is_never_exceeded() {
        let now = Instant::now();
        let mut budget = Budget::new(Limit::Count(5), now);
        assert_eq!(budget.take(3, now), 3);
        assert_eq!(budget.take(3, now), 2);
        assert_eq!(budget.take(3, now), 0);
    }

    #[test]
    fn nothing_is_sent_after_the_deadline() {
        let now = Instant::now();
        let mut budget = Budget::new(Limit::Time(Duration::from_secs(1)), now);
        assert_eq!(budget.take(7, now), 7);
        assert_eq!(budget.take(7, now + Duration::from_secs(1)), 0);
    }
}
