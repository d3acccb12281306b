//! Datagrams that the server sends, as fast as it can: numbered from 0 on, from `start <size>` on,
//! until `stop`.

use std::time::{Duration, Instant};

use super::batch::Batch;
use super::numbered::Numbered;
use super::socket::Socket;
use crate::Scenario;
use crate::args::Load;
use crate::budget::{Limit, Outcome};
use crate::error::LoadError;
use crate::readiness::{Readiness, Ready};

#[derive(Debug)]
pub(crate) struct Sink {
    readiness: Readiness,
    socket: Socket,
    numbered: Numbered,
    batch: Batch,
    ready: Vec<Ready>,
}

impl Sink {
    pub(crate) fn bind(load: &Load) -> Result<Self, LoadError> {
        let readiness = Readiness::new(load.timeout)?;
        let mut socket = Socket::connect(&load.address, 0, load.size)?;
        readiness.add(socket.source(), 0)?;
        Ok(Self {
            readiness,
            socket,
            numbered: Numbered::new(0, load.size)?,
            batch: Batch::new(load.size),
            ready: Vec::new(),
        })
    }

    /// Counts what arrives from `due` on. False: nothing has, for `timeout`.
    fn receive(
        &mut self,
        timeout: Duration,
        due: &mut u64,
        outcome: &mut Outcome,
    ) -> Result<bool, LoadError> {
        let some = self.readiness.poll(&mut self.ready, timeout)?;
        self.ready.clear();
        self.socket.receive(&mut self.batch, |datagram| {
            let number = self.numbered.read(datagram)?;
            let skipped = number
                .checked_sub(*due)
                .ok_or_else(|| LoadError::surplus(0, datagram))?;
            outcome.lost += skipped;
            outcome.messages += 1;
            *due = number + 1;
            Ok(())
        })?;
        Ok(some)
    }
}

impl Scenario for Sink {
    fn run(&mut self, limit: Limit) -> Result<Outcome, LoadError> {
        let mut outcome = Outcome::new();
        let mut due = 0;
        let started = Instant::now();
        let start = format!("start {}", self.numbered.size());
        self.socket.send(start.as_bytes())?;
        let done = |outcome: &Outcome| match limit {
            Limit::Time(duration) => started.elapsed() >= duration,
            Limit::Count(count) => outcome.messages >= count,
        };
        let silence = self.readiness.silence();
        while !done(&outcome) {
            if !self.receive(silence, &mut due, &mut outcome)? {
                let outstanding = 1;
                return Err(LoadError::Silent {
                    silence,
                    outstanding,
                });
            }
            outcome.elapsed = started.elapsed();
        }
        // What was on its way is counted, too.
        let stopped = Instant::now();
        self.socket.send(b"stop")?;
        while self.receive(QUIET, &mut due, &mut outcome)? {
            outcome.elapsed = started.elapsed();
            if stopped.elapsed() > silence {
                return Err(LoadError::NotStopped);
            }
        }
        Ok(outcome)
    }
}

const QUIET: Duration = Duration::from_millis(100);
