//! The sending half of a datagram channel.

use std::io;
use std::time::Duration;

use super::{Datagram, TURN_PACKETS};
use crate::addr::{self, Address};
use crate::buffer::{Run, Step};
use crate::source::context::Context;
use crate::source::fate::errno;
use crate::source::timers::Timer;
use crate::sys;
use crate::sys::packets::{BATCH, Outgoing};
use crate::wire::{kind, syscall};

/// How long to wait where no edge tells that sending may go on; doubled up to [`MAX_BACKOFF`].
const MIN_BACKOFF: Duration = Duration::from_millis(1);
const MAX_BACKOFF: Duration = Duration::from_millis(64);
/// Where sending many as one has failed so often, it is not tried any more.
const MOST_UNSEGMENTED: u32 = 8;

impl Datagram {
    /// Works the queue off, as far as budgets, the operating system and room for reports allow.
    pub(super) fn flush(&mut self, cx: &mut Context) {
        let mut budget = TURN_PACKETS;
        while self.writable || !self.untold.is_empty() {
            if !self.untold.is_empty() {
                if cx.is_full() {
                    return cx.requeue_for_room(self.id, &mut self.queued);
                }
                for failure in std::mem::take(&mut self.untold) {
                    failure.push_to(&mut cx.filling, self.id);
                }
            }
            let Some(step) = self.queue.front() else {
                return;
            };
            if !self.writable {
                return;
            }
            if budget == 0 {
                return self.requeue(cx);
            }
            match step {
                Step::SetPeer(_) | Step::DropPeer if cx.is_full() => {
                    return cx.requeue_for_room(self.id, &mut self.queued);
                }
                Step::Packet { .. } => {
                    let sent = self.send(cx);
                    budget = budget.saturating_sub(sent.max(1));
                }
                Step::SetPeer(_) | Step::DropPeer => {
                    let step = self.queue.pop();
                    self.change_peer(cx, step);
                }
            }
        }
    }

    /// Sends the first datagrams of the queue by one call; returns how many were taken.
    fn send(&mut self, cx: &mut Context) -> usize {
        let mut many = self.many;
        let result = self.offered().map(|(packets, counts)| {
            let sent = self.socket.carrier.send(&packets, &mut many);
            let sent = sent.map_err(|error| (error, counts[0]))?;
            let bytes = packets[..sent].iter().map(|packet| packet.data.len());
            Ok((counts[..sent].iter().sum(), bytes.sum(), counts[0] > 1))
        });
        self.many = many;
        match result {
            Ok(Ok((sent, bytes, segmented))) => {
                if segmented {
                    self.unsegmented = 0;
                }
                self.sent(cx, sent, bytes);
                sent
            }
            Ok(Err((error, count))) => {
                self.send_failed(cx, error, count);
                0
            }
            // An address that is none to this system: nothing was tried.
            Err(error) => {
                self.refuse(cx, &error);
                0
            }
        }
    }

    /// The first datagrams of the queue, many in one where that may be, and how many each of them
    /// is; up to one whose address is none to this system. An error where that is the first.
    fn offered(&self) -> io::Result<(Vec<Outgoing<'_>>, Vec<usize>)> {
        let most = if self.singly > 0 { 1 } else { self.segments };
        let mut packets = Vec::with_capacity(BATCH);
        let mut counts = Vec::with_capacity(BATCH);
        for run in self.queue.runs(most).take(BATCH) {
            let Run {
                to, data, count, ..
            } = run;
            match to.map(|to| self.socket.address_of(to)).transpose() {
                Ok(to) => packets.push(Outgoing {
                    to,
                    data,
                    segment: if count > 1 { run.segment as u16 } else { 0 },
                }),
                Err(error) if packets.is_empty() => return Err(error),
                Err(_) => break,
            }
            counts.push(count);
        }
        Ok((packets, counts))
    }

    fn sent(&mut self, cx: &mut Context, datagrams: usize, bytes: usize) {
        for _ in 0..datagrams {
            self.queue.pop();
        }
        self.singly = self.singly.saturating_sub(datagrams);
        cx.count_sent(self.id, bytes);
        cx.count(self.id, |tally| tally.datagrams += datagrams as u64);
        self.backoff = None;
        if self.ending {
            self.linger_until = Some(cx.now + self.linger);
        }
        // It was not this datagram that had failed before.
        if let Some(error) = self.refused.take() {
            self.report(cx, &error, syscall::SEND, 0, self.peer.clone());
        }
    }

    /// The first datagram of the queue was not taken, or the first `count` of them as one.
    fn send_failed(&mut self, cx: &mut Context, error: io::Error, count: usize) {
        if error.kind() == io::ErrorKind::Interrupted {
        } else if error.kind() == io::ErrorKind::WouldBlock {
            self.writable = false;
            if self.socket.is_unix() {
                // Full is the receiver's queue, not this socket: no edge tells of its end.
                self.back_off(cx);
            } else {
                self.backoff = None;
            }
        } else if sys::is_shortage(&error) {
            self.writable = false;
            self.back_off(cx);
        } else if self.was_answer(cx) {
            // The datagram is tried again.
        } else if count > 1 {
            // Each by itself: whichever it was fails again. Not every network card has segments.
            self.singly = count;
            self.unsegmented += 1;
            if self.unsegmented >= MOST_UNSEGMENTED {
                self.segments = 1;
            }
        } else if self.refused.is_none() && self.may_be_answer() {
            self.refused = Some(error);
        } else {
            if let Some(former) = self.refused.take()
                && former.raw_os_error() != error.raw_os_error()
            {
                self.report(cx, &former, syscall::SEND, 0, self.peer.clone());
            }
            self.refuse(cx, &error);
        }
    }

    /// Whether an error of sending may be another datagram's, though no answer was kept: where the
    /// peer is known, or the kernel had no room to keep it.
    fn may_be_answer(&self) -> bool {
        self.peer.is_some() || self.socket.carrier.keeps_answers()
    }

    /// Drops the first datagram, and reports it.
    fn refuse(&mut self, cx: &mut Context, error: &io::Error) {
        if let Some(Step::Packet { to, length }) = self.queue.pop() {
            cx.count(self.id, |tally| {
                tally.failed += length as u64;
                tally.datagrams += 1;
            });
            self.singly = self.singly.saturating_sub(1);
            let to = to.or_else(|| self.peer.clone());
            self.report(cx, error, syscall::SEND, length, to);
        }
    }

    fn back_off(&mut self, cx: &mut Context) {
        let wait = self
            .backoff
            .map_or(MIN_BACKOFF, |last| (last * 2).min(MAX_BACKOFF));
        self.backoff = Some(wait);
        cx.arm(self.id, Timer::Send, cx.now + wait);
    }

    fn change_peer(&mut self, cx: &mut Context, step: Option<Step>) {
        match step {
            Some(Step::SetPeer(to)) => {
                let mut local = Vec::new();
                let errno = match self.socket.set_peer(&to) {
                    Ok(address) => {
                        addr::encode(Address::of(&address).as_ref(), &mut local);
                        self.peer = Some(to);
                        0
                    }
                    Err(error) => errno(&error).cast_unsigned(),
                };
                cx.filling
                    .push_bytes(kind::PEER_SET, 0, self.id, &[errno], &local);
            }
            Some(Step::DropPeer) => {
                self.peer = None;
                if let Err(error) = self.socket.drop_peer() {
                    self.report(cx, &error, syscall::BIND, 0, None);
                }
            }
            Some(Step::Packet { .. }) | None => {}
        }
    }
}
