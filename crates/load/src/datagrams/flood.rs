//! Datagrams as fast as they can be sent. The server counts them, and answers `?N` with `?N` and
//! the count.

use std::time::{Duration, Instant};

use super::batch::Batch;
use super::numbered::Numbered;
use super::socket::Socket;
use crate::Scenario;
use crate::args::Load;
use crate::budget::{Budget, Limit, Outcome};
use crate::error::{self, LoadError};
use crate::readiness::{Readiness, Ready};

#[derive(Debug)]
pub(crate) struct Flood {
    readiness: Readiness,
    sockets: Vec<(Socket, Numbered)>,
    depth: usize,
    number: u64,
    questions: u64,
    batch: Batch,
    answers: Batch,
    ready: Vec<Ready>,
}

impl Flood {
    pub(crate) fn bind(load: &Load) -> Result<Self, LoadError> {
        let readiness = Readiness::new(load.timeout)?;
        let sockets = (0..load.connections)
            .map(|index| {
                let mut socket = Socket::connect(&load.address, index, load.size)?;
                readiness.add(socket.source(), index)?;
                Ok((socket, Numbered::new(index, load.size)?))
            })
            .collect::<Result<_, LoadError>>()?;
        Ok(Self {
            readiness,
            sockets,
            depth: load.depth,
            number: 0,
            questions: 0,
            batch: Batch::new(load.size),
            answers: Batch::new(LONGEST_ANSWER),
            ready: Vec::new(),
        })
    }

    /// How many the server has received. A question can be lost, too, and is then asked again.
    fn ask(&mut self) -> Result<u64, LoadError> {
        let started = Instant::now();
        while started.elapsed() < self.readiness.silence() {
            self.questions += 1;
            let question = format!("?{}", self.questions);
            let (socket, _) = &self.sockets[0];
            socket.send(question.as_bytes())?;
            let asked = Instant::now();
            let mut count = None;
            while count.is_none() && asked.elapsed() < PATIENCE {
                self.readiness.poll(&mut self.ready, PATIENCE)?;
                self.ready.clear();
                socket.receive(&mut self.answers, |answer| {
                    let (to, number) = parse(answer)?;
                    if to == question {
                        count = Some(number);
                    }
                    Ok(())
                })?;
            }
            if let Some(count) = count {
                return Ok(count);
            }
        }
        Err(LoadError::Silent {
            silence: self.readiness.silence(),
            outstanding: 1,
        })
    }
}

impl Scenario for Flood {
    fn run(&mut self, limit: Limit) -> Result<Outcome, LoadError> {
        let before = self.ask()?;
        let started = Instant::now();
        let mut budget = Budget::new(limit, started);
        let mut outcome = Outcome::new();
        let mut sent = 0;
        'sending: loop {
            for (socket, numbered) in &mut self.sockets {
                let granted = budget.take(self.depth, Instant::now());
                if granted == 0 {
                    break 'sending;
                }
                for _ in 0..granted {
                    numbered.write(self.number, socket.outbox());
                    self.number += 1;
                }
                sent += granted as u64;
                while !socket.flush(&mut self.batch)? {
                    self.readiness.poll(&mut self.ready, PATIENCE)?;
                    self.ready.clear();
                }
            }
        }
        let received = self.ask()? - before;
        outcome.elapsed = started.elapsed();
        outcome.messages = received;
        outcome.lost = sent
            .checked_sub(received)
            .ok_or(LoadError::Miscounted { sent, received })?;
        Ok(outcome)
    }
}

fn parse(answer: &[u8]) -> Result<(&str, u64), LoadError> {
    std::str::from_utf8(answer)
        .ok()
        .and_then(|text| text.split_once(' '))
        .and_then(|(to, count)| Some((to, count.parse().ok()?)))
        .ok_or_else(|| LoadError::Answer(error::excerpt(answer)))
}

const LONGEST_ANSWER: usize = 64;
const PATIENCE: Duration = Duration::from_millis(50);
