//! The sending half of a datagram channel.

use std::io;
use std::time::Duration;

use mio::Interest;

use super::{Datagram, TURN_PACKETS};
use crate::addr::{self, Address};
use crate::buffer::Step;
use crate::source::context::{Context, token};
use crate::source::datagram_way::offered;
use crate::source::fate::errno;
use crate::source::timers::Timer;
use crate::sys;
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
        let most = if self.singly > 0 { 1 } else { self.segments };
        let result = offered(&self.queue, &self.socket, most).map(|offer| {
            let sent = self.socket.carrier.send(&offer.packets, &mut many);
            let sent = sent.map_err(|error| (error, offer.counts[0]))?;
            let (sent, bytes) = offer.sent(sent);
            Ok((sent, bytes, offer.counts[0] > 1))
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

    fn sent(&mut self, cx: &mut Context, datagrams: usize, bytes: usize) {
        self.queue.drop_first(datagrams);
        self.singly = self.singly.saturating_sub(datagrams);
        cx.count_sent(self.id, bytes);
        cx.count(self.id, |tally| tally.datagrams += datagrams as u64);
        cx.count_packets(datagrams, bytes);
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
            // Of a Unix socket it is the receiver's queue that is full, and no edge tells of its end.
            self.watched = !self.socket.is_unix() && self.watch_room(cx, true).is_ok();
            if self.watched {
                self.backoff = None;
            } else {
                self.back_off(cx);
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

    /// Lets the submitting thread send, or not: see `Way`.
    pub(super) fn set_way(&self) {
        let clear = self.queue.is_empty() && self.untold.is_empty() && !self.ending;
        self.way.set_open(clear.then_some(self.segments));
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

    pub(super) fn watch_room(&self, cx: &Context, room: bool) -> io::Result<()> {
        let interest = if room {
            Interest::READABLE | Interest::WRITABLE
        } else {
            Interest::READABLE
        };
        let carrier = &self.socket.carrier;
        carrier.reregister(cx.registry(), token(self.id), interest)
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
