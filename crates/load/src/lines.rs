//! Messages over connections that stay open.

use std::time::{Duration, Instant};

use crate::Scenario;
use crate::address::Address;
use crate::args::Load;
use crate::budget::{Budget, Limit, Outcome};
use crate::connection::Connection;
use crate::error::LoadError;
use crate::messages::Exchange;
use crate::readiness::{Readiness, Ready};
use crate::stream::Stream;

#[derive(Debug)]
pub(crate) struct Lines {
    readiness: Readiness,
    connections: Vec<Connection>,
    depth: usize,
    chunk: Box<[u8]>,
    ready: Vec<Ready>,
}

impl Lines {
    pub(crate) fn connect(load: &Load, exchange: Exchange) -> Result<Self, LoadError> {
        let mut lines = Self::new(load)?;
        for _ in 0..load.connections {
            lines.add(&load.address, exchange, &mut Outcome::new())?;
        }
        Ok(lines)
    }

    /// Without a connection.
    pub(crate) fn new(load: &Load) -> Result<Self, LoadError> {
        Ok(Self {
            readiness: Readiness::new(load.timeout)?,
            connections: Vec::with_capacity(load.connections),
            depth: load.depth,
            chunk: vec![0; CHUNK].into(),
            ready: Vec::new(),
        })
    }

    /// One connection more, used once before the next one is opened: no server's backlog is too
    /// short for that, and what is measured later finds every connection accepted.
    pub(crate) fn add(
        &mut self,
        address: &Address,
        exchange: Exchange,
        outcome: &mut Outcome,
    ) -> Result<(), LoadError> {
        let started = Instant::now();
        let stream =
            Stream::connect(address).map_err(|source| LoadError::connect(address, source))?;
        let index = self.connections.len();
        let mut connection = Connection::new(index, stream, exchange);
        self.readiness.add(connection.stream(), index)?;
        connection.send(1, started)?;
        self.connections.push(connection);
        let nothing_more = Budget::new(Limit::Count(0), started);
        self.drain(1, nothing_more, outcome)
    }

    /// Sends one message by the connection whose turn it is. It is due since `due`.
    pub(crate) fn send_by_turns(&mut self, number: u64, due: Instant) -> Result<(), LoadError> {
        let index = number as usize % self.connections.len();
        self.connections[index].send(1, due)
    }

    /// Handles what arrives within `timeout`, at most once. Returns how many were answered.
    pub(crate) fn receive_within(
        &mut self,
        timeout: Duration,
        outcome: &mut Outcome,
    ) -> Result<usize, LoadError> {
        let mut answered = 0;
        self.readiness.poll(&mut self.ready, timeout)?;
        for ready in self.ready.drain(..) {
            let connection = &mut self.connections[ready.connection];
            if ready.writable {
                connection.flush()?;
            }
            if ready.readable {
                answered += connection.receive(&mut self.chunk, outcome)?.0;
            }
        }
        Ok(answered)
    }

    pub(crate) fn check_silence(
        &self,
        silence: Duration,
        outstanding: usize,
    ) -> Result<(), LoadError> {
        if silence < self.readiness.silence() {
            return Ok(());
        }
        Err(LoadError::Silent {
            silence,
            outstanding,
        })
    }

    /// Handles replies, and sends as many messages as were answered while the budget lasts; until
    /// nothing is in flight.
    fn drain(
        &mut self,
        mut outstanding: usize,
        mut budget: Budget,
        outcome: &mut Outcome,
    ) -> Result<(), LoadError> {
        while outstanding > 0 {
            self.readiness.wait(&mut self.ready, outstanding)?;
            for ready in self.ready.drain(..) {
                let connection = &mut self.connections[ready.connection];
                if ready.writable {
                    connection.flush()?;
                }
                if ready.readable {
                    let (answered, now) = connection.receive(&mut self.chunk, outcome)?;
                    let more = budget.take(answered, now);
                    connection.send(more, now)?;
                    outstanding = outstanding + more - answered;
                }
            }
        }
        Ok(())
    }
}

impl Scenario for Lines {
    fn run(&mut self, limit: Limit) -> Result<Outcome, LoadError> {
        let started = Instant::now();
        let mut budget = Budget::new(limit, started);
        let mut outcome = Outcome::new();
        let mut outstanding = 0;
        for connection in &mut self.connections {
            let now = Instant::now();
            let granted = budget.take(self.depth, now);
            connection.send(granted, now)?;
            outstanding += granted;
        }
        self.drain(outstanding, budget, &mut outcome)?;
        outcome.elapsed = started.elapsed();
        Ok(outcome)
    }
}

/// Large enough that a full pipeline of short lines is one read.
const CHUNK: usize = 256 * 1024;
