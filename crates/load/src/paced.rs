//! Lines at a fixed rate: the loop is open, a slow answer does not slow down what follows.

use std::time::{Duration, Instant};

use crate::Scenario;
use crate::args::Load;
use crate::budget::{Limit, Outcome};
use crate::error::LoadError;
use crate::lines::Lines;

#[derive(Debug)]
pub(crate) struct Paced {
    lines: Lines,
    rate: usize,
}

impl Paced {
    pub(crate) fn connect(load: &Load, rate: usize) -> Result<Self, LoadError> {
        Ok(Self {
            lines: Lines::connect(load, load.lines())?,
            rate,
        })
    }
}

impl Scenario for Paced {
    fn run(&mut self, limit: Limit) -> Result<Outcome, LoadError> {
        let count = match limit {
            Limit::Count(count) => count,
            Limit::Time(duration) => (duration.as_secs_f64() * self.rate as f64).round() as u64,
        };
        let interval = Duration::from_secs_f64(1.0 / self.rate as f64);
        let started = Instant::now();
        let mut outcome = Outcome::new();
        let (mut sent, mut outstanding) = (0, 0);
        let mut heard = started;
        let due = |number: u64| started + interval.mul_f64(number as f64);
        while sent < count || outstanding > 0 {
            let now = Instant::now();
            while sent < count && due(sent) <= now {
                self.lines.send_by_turns(sent, due(sent))?;
                sent += 1;
                outstanding += 1;
            }
            // The clock of the poll ticks in milliseconds: lines that are due meanwhile leave
            // together.
            let answered = self.lines.receive_within(TICK, &mut outcome)?;
            outstanding -= answered;
            if answered > 0 || outstanding == 0 {
                heard = now;
            } else {
                self.lines.check_silence(now - heard, outstanding)?;
            }
        }
        outcome.elapsed = started.elapsed();
        Ok(outcome)
    }
}

const TICK: Duration = Duration::from_millis(1);
