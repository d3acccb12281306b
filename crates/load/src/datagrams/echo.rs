//! Datagrams that a server echoes: so many in flight on each socket. One that is not answered in
//! time is counted as lost, and another takes its place.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use super::batch::Batch;
use super::numbered::Numbered;
use super::socket::Socket;
use crate::Scenario;
use crate::args::Load;
use crate::budget::{Budget, Limit, Outcome};
use crate::error::LoadError;
use crate::readiness::{Readiness, Ready};

#[derive(Debug)]
pub(crate) struct Datagrams {
    readiness: Readiness,
    peers: Vec<Peer>,
    batch: Batch,
    ready: Vec<Ready>,
}

/// A socket and what it has in flight.
#[derive(Debug)]
struct Peer {
    index: usize,
    socket: Socket,
    numbered: Numbered,
    places: Box<[Place]>,
    /// Places whose datagram was answered or lost.
    free: Vec<usize>,
    /// Numbers that were given up. Their answers may come yet, once.
    lost: HashSet<u64>,
}

/// One datagram in flight. The numbers of place P of N are P, P + N, P + 2 N, …
#[derive(Clone, Copy, Debug)]
struct Place {
    number: u64,
    sent: Option<Instant>,
}

impl Datagrams {
    pub(crate) fn bind(load: &Load) -> Result<Self, LoadError> {
        let readiness = Readiness::new(load.timeout)?;
        let peers = (0..load.connections)
            .map(|index| {
                let mut peer = Peer::new(load, index)?;
                readiness.add(peer.socket.source(), index)?;
                Ok(peer)
            })
            .collect::<Result<_, LoadError>>()?;
        Ok(Self {
            readiness,
            peers,
            batch: Batch::new(load.size),
            ready: Vec::new(),
        })
    }
}

impl Peer {
    fn new(load: &Load, index: usize) -> Result<Self, LoadError> {
        let places = (0..load.depth as u64).map(|number| Place { number, sent: None });
        Ok(Self {
            index,
            socket: Socket::connect(&load.address, index, load.size)?,
            numbered: Numbered::new(index, load.size)?,
            places: places.collect(),
            free: (0..load.depth).collect(),
            lost: HashSet::new(),
        })
    }

    /// Sends from places that are free, as many as the budget allows. Returns how many.
    fn fill(
        &mut self,
        batch: &mut Batch,
        budget: &mut Budget,
        now: Instant,
    ) -> Result<usize, LoadError> {
        let granted = budget.take(self.free.len(), now);
        let depth = self.places.len() as u64;
        for place in self.free.drain(self.free.len() - granted..) {
            let place = &mut self.places[place];
            self.numbered.write(place.number, self.socket.outbox());
            place.number += depth;
            place.sent = Some(now);
        }
        self.socket.flush(batch)?;
        Ok(granted)
    }

    /// Checks what has arrived. Returns how many were answered.
    fn receive(&mut self, batch: &mut Batch, outcome: &mut Outcome) -> Result<usize, LoadError> {
        let before = self.free.len();
        let now = Instant::now();
        self.socket.receive(batch, |datagram| {
            let number = self.numbered.read(datagram)?;
            let depth = self.places.len() as u64;
            let index = (number % depth) as usize;
            let place = &mut self.places[index];
            // `number` of the place is what it sends next.
            let current = place.number == number + depth;
            if let Some(sent) = place.sent.take_if(|_| current) {
                self.free.push(index);
                outcome.record(now - sent);
                return Ok(());
            }
            // Late: it has been counted as lost.
            if self.lost.remove(&number) {
                return Ok(());
            }
            Err(LoadError::surplus(self.index, datagram))
        })?;
        Ok(self.free.len() - before)
    }

    /// Gives up what has waited for too long. Returns how many.
    fn give_up(&mut self, now: Instant, outcome: &mut Outcome) -> usize {
        let depth = self.places.len() as u64;
        let mut lost = 0;
        for (index, place) in self.places.iter_mut().enumerate() {
            if place.sent.is_some_and(|sent| now - sent > PATIENCE) {
                place.sent = None;
                self.lost.insert(place.number - depth);
                self.free.push(index);
                lost += 1;
            }
        }
        outcome.lost += lost as u64;
        lost
    }
}

impl Scenario for Datagrams {
    fn run(&mut self, limit: Limit) -> Result<Outcome, LoadError> {
        let started = Instant::now();
        let mut budget = Budget::new(limit, started);
        let mut outcome = Outcome::new();
        let (mut outstanding, mut heard, mut swept) = (0, started, started);
        for peer in &mut self.peers {
            outstanding += peer.fill(&mut self.batch, &mut budget, Instant::now())?;
        }
        while outstanding > 0 {
            self.readiness.poll(&mut self.ready, PATIENCE / 4)?;
            let now = Instant::now();
            for ready in self.ready.drain(..) {
                let peer = &mut self.peers[ready.connection];
                if ready.writable {
                    peer.socket.flush(&mut self.batch)?;
                }
                if ready.readable {
                    let answered = peer.receive(&mut self.batch, &mut outcome)?;
                    if answered > 0 {
                        heard = now;
                    }
                    outstanding -= answered;
                    outstanding += peer.fill(&mut self.batch, &mut budget, Instant::now())?;
                }
            }
            if now - swept > PATIENCE / 4 {
                swept = now;
                for peer in &mut self.peers {
                    outstanding -= peer.give_up(now, &mut outcome);
                    outstanding += peer.fill(&mut self.batch, &mut budget, now)?;
                }
            }
            if now - heard > self.readiness.silence() {
                return Err(LoadError::Silent {
                    silence: self.readiness.silence(),
                    outstanding,
                });
            }
        }
        outcome.elapsed = started.elapsed();
        Ok(outcome)
    }
}

/// Far longer than a server on this machine takes, unless the datagram is lost.
const PATIENCE: Duration = Duration::from_millis(100);
