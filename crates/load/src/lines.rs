//! Messages over connections that stay open (`lines` and `bulk`).

use std::net::SocketAddr;
use std::time::Instant;

use mio::net::TcpStream;

use crate::Scenario;
use crate::args::Load;
use crate::budget::{Budget, Limit, Outcome};
use crate::connection::Connection;
use crate::error::LoadError;
use crate::readiness::{Readiness, Ready};

#[derive(Debug)]
pub(crate) struct Lines {
    readiness: Readiness,
    connections: Vec<Connection>,
    depth: usize,
    chunk: Box<[u8]>,
    ready: Vec<Ready>,
}

impl Lines {
    pub(crate) fn connect(load: &Load) -> Result<Self, LoadError> {
        let mut lines = Self {
            readiness: Readiness::new(load.timeout)?,
            connections: Vec::with_capacity(load.connections),
            depth: load.depth,
            chunk: vec![0; CHUNK].into(),
            ready: Vec::new(),
        };
        for _ in 0..load.connections {
            lines.add(load.address, load.size)?;
        }
        Ok(lines)
    }

    /// One connection more, used once before the next one is opened: no server's backlog is too
    /// short for that, and what is measured later finds every connection accepted.
    fn add(&mut self, address: SocketAddr, size: usize) -> Result<(), LoadError> {
        let failed = |source| LoadError::Connect { address, source };
        // Blocking: refused or not is then known here.
        let stream = std::net::TcpStream::connect(address).map_err(failed)?;
        stream.set_nodelay(true).map_err(failed)?;
        stream.set_nonblocking(true).map_err(failed)?;

        let index = self.connections.len();
        let mut connection = Connection::new(index, TcpStream::from_std(stream), size);
        self.readiness.add(connection.stream(), index)?;
        connection.send(1, Instant::now())?;
        self.connections.push(connection);
        let nothing_more = Budget::new(Limit::Count(0), Instant::now());
        self.drain(1, nothing_more, &mut Outcome::new())
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
