//! One line, sent to everybody.

use std::io::{self, Read};
use std::time::Instant;

use crate::Scenario;
use crate::address::Address;
use crate::args::Load;
use crate::budget::{Budget, Limit, Outcome};
use crate::connection::Connection;
use crate::error::{self, LoadError};
use crate::messages::Exchange;
use crate::readiness::{Readiness, Ready};
use crate::stream::Stream;

/// The connection that sends.
const SENDER: usize = 0;
const GREETING: &[u8] = b"hello\n";

#[derive(Debug)]
pub(crate) struct Fanout {
    readiness: Readiness,
    connections: Vec<Connection>,
    depth: usize,
    chunk: Box<[u8]>,
    ready: Vec<Ready>,
}

impl Fanout {
    pub(crate) fn connect(load: &Load) -> Result<Self, LoadError> {
        let mut fanout = Self {
            readiness: Readiness::new(load.timeout)?,
            connections: Vec::with_capacity(load.connections),
            depth: load.depth,
            chunk: vec![0; CHUNK].into(),
            ready: Vec::new(),
        };
        for _ in 0..load.connections {
            fanout.add(&load.address, load.lines())?;
        }
        Ok(fanout)
    }

    /// One connection more, greeted by the server: it is on the server's list from then on.
    fn add(&mut self, address: &Address, exchange: Exchange) -> Result<(), LoadError> {
        let stream =
            Stream::connect(address).map_err(|source| LoadError::connect(address, source))?;
        let index = self.connections.len();
        let mut connection = Connection::listening_to(SENDER, index, stream, exchange);
        self.readiness.add(connection.stream(), index)?;
        self.expect_greeting(&mut connection)?;
        self.connections.push(connection);
        Ok(())
    }

    fn expect_greeting(&mut self, connection: &mut Connection) -> Result<(), LoadError> {
        let mut received = [0; GREETING.len()];
        let mut length = 0;
        while length < received.len() {
            match connection.stream().read(&mut received[length..]) {
                Ok(0) => break,
                Ok(more) => length += more,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.readiness.wait(&mut self.ready, 1)?;
                    self.ready.clear();
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => break,
            }
        }
        if &received[..length] == GREETING {
            return Ok(());
        }
        Err(LoadError::Greeting(error::excerpt(&received[..length])))
    }

    fn send(&mut self, count: usize, now: Instant) -> Result<(), LoadError> {
        for receiver in &mut self.connections[SENDER + 1..] {
            for _ in 0..count {
                receiver.expect(now);
            }
        }
        self.connections[SENDER].send(count, now)
    }
}

impl Scenario for Fanout {
    fn run(&mut self, limit: Limit) -> Result<Outcome, LoadError> {
        let started = Instant::now();
        let mut budget = Budget::new(limit, started);
        let mut outcome = Outcome::new();
        let receivers = self.connections.len();
        let mut lines = budget.take(self.depth, started);
        self.send(lines, started)?;
        let mut outstanding = lines * receivers;
        while outstanding > 0 {
            self.readiness.wait(&mut self.ready, outstanding)?;
            for ready in self.ready.drain(..) {
                let connection = &mut self.connections[ready.connection];
                if ready.writable {
                    connection.flush()?;
                }
                if ready.readable {
                    let (answered, _) = connection.receive(&mut self.chunk, &mut outcome)?;
                    outstanding -= answered;
                }
            }
            // A line is done when everybody has it.
            let done = lines - outstanding.div_ceil(receivers);
            if done > 0 {
                let now = Instant::now();
                let more = budget.take(done, now);
                lines = lines - done + more;
                self.send(more, now)?;
                outstanding += more * receivers;
            }
        }
        outcome.elapsed = started.elapsed();
        Ok(outcome)
    }
}

const CHUNK: usize = 64 * 1024;
