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

mod receiving;
mod records;
mod sending;

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use records::Failure;

use crate::addr::{self, Address};
use crate::buffer::{PacketQueue, Step};
use crate::id::ChannelId;
use crate::queue::records::{Request, Settings, Start};
use crate::source::context::{Context, Share, token};
use crate::source::datagram_socket::DatagramSocket;
use crate::source::datagram_way::Way;
use crate::source::fate::{Closing, Fate};
use crate::source::readiness::Readiness;
use crate::source::timers::{Alarm, Timer};
use crate::sys::answers::Answer;
use crate::sys::packets::{MAX_SEGMENTS, SendsMany};
use crate::wire::{kind, reason, syscall};

/// How many datagrams one channel may receive or send in one turn, before others have theirs.
pub(crate) const TURN_PACKETS: usize = 512;

#[derive(Debug)]
pub(crate) struct Datagram {
    id: ChannelId,
    socket: Arc<DatagramSocket>,
    way: Arc<Way>,
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
    /// Room is waited for.
    watched: bool,
    /// Answers to earlier datagrams may be kept.
    answered: bool,
    /// The last edge told of more than data: read until WouldBlock, also past a short read.
    thorough: bool,
    started: bool,
    paused: bool,
    text: bool,
    wants_drain: bool,
    ending: bool,
    queued: bool,
    share: Share,
    /// Errors of receiving, in a row.
    errors: u32,
    /// The wait before the next try to send, while no edge will come.
    backoff: Option<Duration>,
    linger: Duration,
    linger_until: Option<Instant>,
    linger_alarm: Alarm,
}

impl Datagram {
    pub(crate) fn new(id: ChannelId, socket: Arc<DatagramSocket>) -> Self {
        let segments = if socket.is_unix() { 1 } else { MAX_SEGMENTS };
        let peer = socket.peer();
        Self {
            id,
            way: Arc::new(Way::new(Arc::clone(&socket))),
            socket,
            many: SendsMany::default(),
            queue: PacketQueue::default(),
            peer,
            segments,
            singly: 0,
            unsegmented: 0,
            refused: None,
            untold: Vec::new(),
            readable: false,
            writable: true,
            watched: false,
            answered: false,
            thorough: false,
            started: false,
            paused: false,
            text: false,
            wants_drain: false,
            ending: false,
            queued: false,
            share: Share::default(),
            errors: 0,
            backoff: None,
            linger: Duration::ZERO,
            linger_until: None,
            linger_alarm: Alarm::default(),
        }
    }

    /// For the thread that submits.
    pub(crate) fn way(&self) -> Arc<Way> {
        Arc::clone(&self.way)
    }

    pub(crate) fn register(&self, cx: &Context) -> io::Result<()> {
        self.socket.register(cx.registry(), token(self.id))
    }

    pub(crate) fn ready(&mut self, cx: &mut Context, readiness: Readiness) -> Fate {
        self.readable |= readiness.readable;
        // An error counts as room; while this waits for a receiver, only the timer does.
        self.writable |= readiness.writable && self.backoff.is_none();
        if readiness.writable && self.watched {
            self.watched = self.watch_room(cx, false).is_err();
        }
        self.thorough |= readiness.thorough;
        self.answered |= readiness.broken;
        self.send_and_read(cx)
    }

    pub(crate) fn call_again(&mut self, cx: &mut Context) -> Fate {
        self.queued = false;
        self.send_and_read(cx)
    }

    pub(crate) fn request(&mut self, cx: &mut Context, request: Request<'_>) -> Fate {
        match request {
            Request::Send {
                to,
                data,
                wants_drain,
            } => {
                self.wants_drain |= wants_drain;
                self.queue.push(addr::decode(to), data);
            }
            Request::SetPeer { to } => {
                let to = addr::decode(to).expect("JS gives an address");
                self.queue.push_step(Step::SetPeer(to));
            }
            Request::DropPeer => self.queue.push_step(Step::DropPeer),
            Request::Start(start) => self.start(cx, &start),
            Request::Configure(settings) => self.configure(cx, &settings),
            Request::Reframe(reframe) => self.text = reframe.header.text,
            Request::Pause => {
                self.paused = true;
                return Fate::Keep;
            }
            Request::Resume => self.paused = false,
            Request::End => self.end(cx),
            Request::Close { .. } => return Fate::Close(Closing::new(reason::CLOSE)),
            Request::WantsDrain => self.wants_drain = true,
            Request::Write { .. }
            | Request::WriteOwned { .. }
            | Request::Shutdown
            | Request::Block(_) => {}
        }
        // Once for all requests of this turn: what is written in it is sent by one call.
        self.requeue(cx);
        Fate::Keep
    }

    pub(crate) fn timer(&mut self, cx: &mut Context, timer: Timer) -> Fate {
        match timer {
            Timer::Send if self.backoff.is_some() => {
                self.writable = true;
                self.send_and_read(cx)
            }
            Timer::Linger if self.linger_alarm.rings(cx.now) => self.linger_due(cx),
            _ => Fate::Keep,
        }
    }

    /// Whether this timer is one that was armed last.
    pub(crate) fn awaits(&self, timer: Timer, at: Instant) -> bool {
        timer != Timer::Linger || self.linger_alarm.is_for(at)
    }

    /// It is about to be closed: nobody sends any more, and the kernel has its last word on what it
    /// dropped.
    pub(crate) fn before_close(&self, cx: &mut Context) {
        self.way.set_open(None);
        cx.stats.drops += self.socket.ask_drops();
        cx.count(self.id, |tally| tally.drops = self.socket.lost());
    }

    /// The reactor stops: sends what the operating system takes now.
    pub(crate) fn send_out(&mut self, cx: &mut Context) {
        self.flush(cx);
    }

    fn start(&mut self, cx: &mut Context, start: &Start) {
        self.started = true;
        self.configure(cx, &start.settings);
        self.text = start.reframe.header.text;
    }

    fn configure(&mut self, cx: &mut Context, settings: &Settings) {
        if let Some(linger) = settings.linger {
            self.linger = linger;
            if self.ending {
                self.watch_linger(cx);
            }
        }
    }

    fn end(&mut self, cx: &mut Context) {
        if !self.ending {
            self.ending = true;
            self.watch_linger(cx);
        }
    }

    /// Starts the clock of the end anew.
    fn watch_linger(&mut self, cx: &mut Context) {
        let at = cx.now + self.linger;
        self.linger_until = Some(at);
        if self.linger_alarm.set(at) {
            cx.arm(self.id, Timer::Linger, at);
        }
    }

    fn send_and_read(&mut self, cx: &mut Context) -> Fate {
        if self.answered && cx.is_full() {
            cx.requeue_for_room(self.id, &mut self.queued);
        } else {
            self.hear(cx);
        }
        self.flush(cx);
        self.set_way();
        if self.queue.is_empty() && self.untold.is_empty() {
            if std::mem::take(&mut self.wants_drain) {
                let done = cx.tally(self.id).datagrams;
                let words = [done as u32, (done >> 32) as u32];
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
        if self.linger_alarm.set(until) {
            cx.arm(self.id, Timer::Linger, until);
        }
        Fate::Keep
    }
}
