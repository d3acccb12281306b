//! Connect, one line, its echo, close: again and again.

use std::time::Instant;

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
pub(crate) struct Churn {
    readiness: Readiness,
    slots: Vec<Slot>,
    address: Address,
    exchange: Exchange,
    chunk: Box<[u8]>,
    ready: Vec<Ready>,
}

#[derive(Debug)]
enum Slot {
    Free,
    Connecting {
        connection: Connection,
        since: Instant,
    },
    Waiting {
        connection: Connection,
    },
}

impl Churn {
    pub(crate) fn new(load: &Load) -> Result<Self, LoadError> {
        Ok(Self {
            readiness: Readiness::new(load.timeout)?,
            slots: (0..load.connections).map(|_| Slot::Free).collect(),
            address: load.address.clone(),
            exchange: load.lines(),
            chunk: vec![0; load.size + 1].into(),
            ready: Vec::new(),
        })
    }

    fn open(&self, index: usize) -> Result<Slot, LoadError> {
        let since = Instant::now();
        let stream = Stream::begin_connect(&self.address)
            .map_err(|source| LoadError::connect(&self.address, source))?;
        let mut connection = Connection::new(index, stream, self.exchange);
        self.readiness.add(connection.stream(), index)?;
        Ok(Slot::Connecting { connection, since })
    }

    /// Moves one connection on as far as it goes. An answered one is dropped, and so closed.
    fn advance(
        &mut self,
        slot: Slot,
        ready: Ready,
        outcome: &mut Outcome,
    ) -> Result<Slot, LoadError> {
        let mut connection = match slot {
            // An event of the socket that this slot held before.
            Slot::Free => return Ok(Slot::Free),
            Slot::Connecting { connection, since } if !ready.writable => {
                return Ok(Slot::Connecting { connection, since });
            }
            Slot::Connecting {
                mut connection,
                since,
            } => {
                connection.finish_connect(&self.address)?;
                // The round trip that is measured begins with the connect.
                connection.send(1, since)?;
                connection
            }
            Slot::Waiting { mut connection } => {
                connection.flush()?;
                connection
            }
        };
        if ready.readable {
            connection.receive(&mut self.chunk, outcome)?;
        }
        if connection.outstanding() == 0 {
            return Ok(Slot::Free);
        }
        Ok(Slot::Waiting { connection })
    }
}

impl Scenario for Churn {
    fn run(&mut self, limit: Limit) -> Result<Outcome, LoadError> {
        let started = Instant::now();
        let mut budget = Budget::new(limit, started);
        let mut outcome = Outcome::new();
        let mut open = 0;
        for index in 0..self.slots.len() {
            if budget.take(1, Instant::now()) == 1 {
                self.slots[index] = self.open(index)?;
                open += 1;
            }
        }
        let mut batch = Vec::new();
        while open > 0 {
            std::mem::swap(&mut batch, &mut self.ready);
            self.readiness.wait(&mut batch, open)?;
            for ready in batch.drain(..) {
                let index = ready.connection;
                let slot = std::mem::replace(&mut self.slots[index], Slot::Free);
                let was_open = !matches!(slot, Slot::Free);
                let next = self.advance(slot, ready, &mut outcome)?;
                self.slots[index] = if was_open && matches!(next, Slot::Free) {
                    if budget.take(1, Instant::now()) == 1 {
                        self.open(index)?
                    } else {
                        open -= 1;
                        Slot::Free
                    }
                } else {
                    next
                };
            }
        }
        outcome.elapsed = started.elapsed();
        Ok(outcome)
    }
}
