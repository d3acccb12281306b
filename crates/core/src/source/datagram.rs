//! A datagram socket: whole datagrams in, whole datagrams out, and errors that do not end it.
//!
//! ```text
//!   reading   waiting for START ─▶ open ⇄ paused
//!   writing   a queue of datagrams and changes of the peer ──end(): all sent──▶ closed
//!               EAGAIN: the next edge, or (Unix sockets, which have none) a timer
//!               ENOBUFS, ENOMEM: a timer
//!               anything else: that datagram is reported, the next is sent
//! ```
//!
//! An error may be the answer to an earlier datagram (ICMP), which any call fetches: on a socket with
//! a peer, on Linux on any. Where the system keeps answers, they are told from there, each with its
//! address, and a send that has failed beside one is tried again. Where it had none, a send is tried
//! once more: what it says then is its own.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{Closing, Fate, PacketSocket, Readiness, errno};
use crate::addr::{self, Address};
use crate::buffer::{PacketQueue, Run, Step};
use crate::id::ChannelId;
use crate::queue::completion::Load;
use crate::queue::datagrams::{Failure, PassedOn, push_received};
use crate::queue::submission::{Request, Start};
use crate::queue::wire::{kind, reason, syscall};
use crate::reactor::context::{Context, Share, Timer, token};
use crate::sys;
use crate::sys::answers::Answer;
use crate::sys::packets::{BATCH, Inbound, MAX_SEGMENTS, Outgoing, SendsMany};

/// How many datagrams one channel may receive or send in one turn, before others have theirs.
const TURN_PACKETS: usize = 512;
/// How long to wait where no edge tells that sending may go on; doubled up to [`MAX_BACKOFF`].
const MIN_BACKOFF: Duration = Duration::from_millis(1);
const MAX_BACKOFF: Duration = Duration::from_millis(64);
/// Where sending many as one has failed so often, it is not tried any more.
const MOST_UNSEGMENTED: u32 = 8;
/// A socket that says this often in a row that it cannot receive never will again.
const MOST_ERRORS: u32 = 64;

#[derive(Debug)]
pub(crate) struct Datagram {
    id: ChannelId,
    socket: Arc<PacketSocket>,
    many: SendsMany,
    queue: PacketQueue,
    peer: Option<Address>,
    /// How many datagrams may be sent as one; 1 where that does not work here.
    segments: usize,
    /// So many of the queue's first go one by one: as one they have failed.
    singly: usize,
    /// How often that has happened.
    unsegmented: u32,
    /// What the first datagram of the queue was refused with; it is tried once more.
    refused: Option<io::Error>,
    /// Found no room; nothing is sent before they are told.
    untold: Vec<Failure>,
    readable: bool,
    writable: bool,
    /// Answers to earlier datagrams may be kept.
    answered: bool,
    /// The last edge told of more than data: read until WouldBlock, also past a short read.
    thorough: bool,
    started: bool,
    paused: bool,
    text: bool,
    notify: bool,
    ending: bool,
    queued: bool,
    share: Share,
    /// Errors of receiving, in a row.
    errors: u32,
    /// The wait before the next try to send, while no edge will come.
    backoff: Option<Duration>,
    linger: Duration,
    linger_until: Option<Instant>,
}

impl Datagram {
    pub(crate) fn new(id: ChannelId, socket: Arc<PacketSocket>) -> Self {
        let segments = if socket.is_unix() { 1 } else { MAX_SEGMENTS };
        Self {
            id,
            socket,
            many: SendsMany::default(),
            queue: PacketQueue::default(),
            peer: None,
            segments,
            singly: 0,
            unsegmented: 0,
            refused: None,
            untold: Vec::new(),
            readable: false,
            writable: true,
            answered: false,
            thorough: false,
            started: false,
            paused: false,
            text: false,
            notify: false,
            ending: false,
            queued: false,
            share: Share::default(),
            errors: 0,
            backoff: None,
            linger: Duration::ZERO,
            linger_until: None,
        }
    }

    pub(crate) fn register(&self, cx: &Context) -> io::Result<()> {
        self.socket.register(cx.registry(), token(self.id))
    }

    pub(crate) fn ready(&mut self, cx: &mut Context, readiness: Readiness) -> Fate {
        self.readable |= readiness.readable;
        // Linux tells of room on a Unix socket whenever a send has failed, too: while this waits for
        // the receiver, only the timer counts.
        self.writable |= readiness.writable && self.backoff.is_none();
        self.thorough |= readiness.thorough;
        self.answered |= readiness.broken;
        self.drive(cx)
    }

    pub(crate) fn resume(&mut self, cx: &mut Context) -> Fate {
        self.queued = false;
        self.drive(cx)
    }

    pub(crate) fn request(&mut self, cx: &mut Context, request: Request<'_>) -> Fate {
        match request {
            Request::Send { to, data, notify } => {
                self.notify |= notify;
                self.queue.push(addr::decode(to), data);
            }
            Request::SetPeer { to } => {
                let to = addr::decode(to).expect("JS gives an address");
                self.queue.push_step(Step::SetPeer(to));
            }
            Request::DropPeer => self.queue.push_step(Step::DropPeer),
            Request::Start(start) => self.start(&start),
            Request::Reframe(reframe) => self.text = reframe.header.text,
            Request::Pause => {
                self.paused = true;
                return Fate::Keep;
            }
            Request::Resume => self.paused = false,
            Request::End => self.end(cx),
            Request::Close { .. } => return Fate::Close(Closing::new(reason::CLOSE)),
            Request::Notify => self.notify = true,
            Request::Write { .. } | Request::WriteOwned { .. } | Request::Shutdown => {}
        }
        // Once for all requests of this turn: what is written in it is sent by one call.
        self.requeue(cx);
        Fate::Keep
    }

    pub(crate) fn timer(&mut self, cx: &mut Context, timer: Timer) -> Fate {
        match timer {
            Timer::Send if self.backoff.is_some() => {
                self.writable = true;
                self.drive(cx)
            }
            Timer::Linger => self.linger_due(cx),
            _ => Fate::Keep,
        }
    }

    /// The kernel's last word on what it dropped.
    pub(crate) fn count_lost(&self, cx: &mut Context) {
        cx.stats.drops += self.socket.ask_drops();
        cx.count(self.id, |tally| tally.drops = self.socket.lost());
    }

    /// The reactor stops: sends what the operating system takes now.
    pub(crate) fn send_out(&mut self, cx: &mut Context) {
        self.flush(cx);
    }

    fn start(&mut self, start: &Start) {
        self.started = true;
        self.linger = start.linger;
        self.text = start.reframe.header.text;
    }

    fn end(&mut self, cx: &mut Context) {
        if !self.ending {
            self.ending = true;
            self.linger_until = Some(cx.now + self.linger);
            cx.arm(self.id, Timer::Linger, cx.now + self.linger);
        }
    }

    fn drive(&mut self, cx: &mut Context) -> Fate {
        if self.answered && cx.is_full() {
            cx.requeue_for_room(self.id, &mut self.queued);
        } else {
            self.hear(cx);
        }
        self.flush(cx);
        if self.queue.is_empty() && self.untold.is_empty() {
            if std::mem::take(&mut self.notify) {
                let settled = cx.tally(self.id).datagrams;
                let words = [settled as u32, (settled >> 32) as u32];
                cx.filling.push(kind::DRAINED, 0, self.id, &words);
            }
            if self.ending {
                return Fate::Close(Closing::new(reason::END));
            }
        }
        self.read(cx)
    }

    /// Tells of the answers that are kept; returns whether there were any.
    fn hear(&mut self, cx: &mut Context) -> bool {
        let mut heard = 0;
        while self.answered && heard < TURN_PACKETS {
            match self.socket.carrier.answer() {
                Some(Answer { errno, to }) => {
                    let error = io::Error::from_raw_os_error(errno);
                    self.report(cx, &error, syscall::RECVMSG, 0, to);
                    heard += 1;
                }
                None => self.answered = false,
            }
        }
        if self.answered {
            self.requeue(cx);
        }
        heard > 0
    }

    /// A call has failed: whether that was for an answer, which has been told now.
    fn was_answer(&mut self, cx: &mut Context) -> bool {
        self.answered = self.socket.carrier.keeps_answers();
        self.hear(cx)
    }

    /// Works the queue off, as far as budgets, the operating system and room for reports allow.
    fn flush(&mut self, cx: &mut Context) {
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

    fn read(&mut self, cx: &mut Context) -> Fate {
        let before = cx.filling.load();
        let fate = self.read_share(cx, before);
        cx.spend(&mut self.share, before);
        fate
    }

    /// Reads until there is no more, or the batch has this channel's share, or others are due.
    fn read_share(&mut self, cx: &mut Context, before: Load) -> Fate {
        let share = cx.share_left(self.share);
        let mut budget = TURN_PACKETS;
        let mut flooded = false;
        let mut served = false;
        while self.readable && self.may_read() {
            if cx.is_full() && !served {
                cx.requeue_for_room(self.id, &mut self.queued);
                return Fate::Keep;
            }
            let left = share.less(cx.filling.load().less(before));
            if cx.is_full() || left.is_used_up() {
                cx.requeue_for_batch(self.id, &mut self.queued);
                return Fate::Keep;
            }
            if budget == 0 {
                self.requeue(cx);
                return Fate::Keep;
            }
            served = true;
            let mut inbound = std::mem::take(&mut cx.inbound);
            let result = self.socket.carrier.receive(&mut inbound);
            let count = inbound.received.len();
            match result {
                Ok(()) => {
                    self.errors = 0;
                    budget = budget.saturating_sub(count.max(1));
                    flooded |= count == BATCH;
                    self.readable = count == BATCH
                        || !sys::SHORT_IO_DRAINS
                        || self.thorough
                        || self.peer.is_some();
                    self.pass_on(cx, &inbound);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.errors = 0;
                    self.readable = false;
                    self.thorough = false;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) if self.was_answer(cx) => budget -= 1,
                Err(error) => {
                    self.errors += 1;
                    if self.errors >= MOST_ERRORS {
                        cx.inbound = inbound;
                        return Fate::Close(Closing::error(&error, syscall::RECVMSG));
                    }
                    budget -= 1;
                    self.report(cx, &error, syscall::RECVMSG, 0, self.peer.clone());
                }
            }
            cx.inbound = inbound;
        }
        // The datagrams tell of what was lost before them; this, of what was lost behind the last.
        if flooded {
            cx.stats.drops += self.socket.ask_drops();
        }
        Fate::Keep
    }

    fn pass_on(&self, cx: &mut Context, inbound: &Inbound) {
        let PassedOn { bytes, truncated } = push_received(&mut cx.filling, self.id, inbound);
        for received in &inbound.received {
            if let Some(kernel) = received.drops {
                cx.stats.drops += self.socket.saw_drops(kernel);
            }
        }
        self.socket.count_truncated(truncated);
        cx.stats.drops += truncated as u64;
        cx.count_received(self.id, bytes);
    }

    /// Tells of a failure, as soon as there is room.
    fn report(
        &mut self,
        cx: &mut Context,
        error: &io::Error,
        syscall: u32,
        size: usize,
        address: Option<Address>,
    ) {
        let failure = Failure::of(error, syscall, size, address);
        if cx.is_full() || !self.untold.is_empty() {
            self.untold.push(failure);
        } else {
            failure.push_to(&mut cx.filling, self.id);
        }
    }

    fn may_read(&self) -> bool {
        self.started && !self.paused && !self.ending
    }

    fn requeue(&mut self, cx: &mut Context) {
        cx.requeue(self.id, &mut self.queued);
    }

    fn linger_due(&mut self, cx: &mut Context) -> Fate {
        let Some(until) = self.linger_until else {
            return Fate::Keep;
        };
        if until <= cx.now {
            return Fate::Close(Closing::new(reason::LINGER));
        }
        cx.arm(self.id, Timer::Linger, until);
        Fate::Keep
    }
}
