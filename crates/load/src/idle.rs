//! Connections that are opened, used once and kept.

use std::time::{Duration, Instant};

use crate::Scenario;
use crate::address::Address;
use crate::args::Load;
use crate::budget::{Limit, Outcome};
use crate::error::LoadError;
use crate::lines::Lines;
use crate::messages::Exchange;

#[derive(Debug)]
pub(crate) struct Idle {
    lines: Lines,
    address: Address,
    exchange: Exchange,
    connections: usize,
}

impl Idle {
    pub(crate) fn new(load: &Load) -> Result<Self, LoadError> {
        Ok(Self {
            lines: Lines::new(load)?,
            address: load.address.clone(),
            exchange: load.lines(),
            connections: load.connections,
        })
    }

    fn open(&mut self, count: usize) -> Result<Outcome, LoadError> {
        let started = Instant::now();
        let mut outcome = Outcome::new();
        for _ in 0..count {
            self.lines.add(&self.address, self.exchange, &mut outcome)?;
        }
        outcome.elapsed = started.elapsed();
        Ok(outcome)
    }
}

impl Scenario for Idle {
    /// What the server allocates once is allocated before memory is measured.
    fn warm_up(&mut self, _duration: Duration) -> Result<(), LoadError> {
        self.open(self.connections.div_ceil(10)).map(drop)
    }

    /// As many as there are to be, whatever the limit.
    fn run(&mut self, _limit: Limit) -> Result<Outcome, LoadError> {
        self.open(self.connections)
    }
}
