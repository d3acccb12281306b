//! One turn after the other.

use std::collections::VecDeque;
use std::io;
#[cfg(unix)]
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

use mio::{Events, Poll, Token, Waker};

use super::handle::Handle;
use super::shared::Shared;
use super::submitted::Submitted;
use crate::clock::Clock;
use crate::id::ChannelId;
use crate::queue::batch::Batch;
use crate::queue::completions::Published;
use crate::source::context::{Context, Packets};
use crate::source::fate::{Closing, Fate, report_closed};
use crate::source::readiness::Readiness;
use crate::source::timers::Timers;
use crate::source::{Source, Stats, Stream};
use crate::sync::lock;
use crate::sys::packets::Inbound;

/// How many events one turn takes from the operating system.
const EVENTS: usize = 1024;
/// The waker's token: no channel has this index.
const WAKER: Token = Token(usize::MAX);

/// Owns the sockets, and drives them one turn at a time.
///
/// Whoever calls [`turn`](Self::turn) is its driver: a thread of its own
/// ([`ReactorThread`](super::ReactorThread)), a test, or another loop. It does not know which, nor
/// who reads its completions.
#[derive(Debug)]
pub struct Reactor {
    poll: Poll,
    /// Handles wake it; it goes with the reactor.
    _waker: Arc<Waker>,
    events: Events,
    pub(super) shared: Arc<Shared>,
    pub(super) sources: Vec<Option<(ChannelId, Source)>>,
    pub(super) cx: Context,
    pub(super) submitted: Vec<Submitted>,
    due: VecDeque<ChannelId>,
    /// What the last turn came to.
    pub(super) work: Work,
    /// Its driver looks after the completions itself: nobody is rung.
    unrung: bool,
}

/// What a turn has come to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Work {
    /// Sockets that had news.
    pub(crate) events: usize,
    /// Records that were submitted: each may cost a system call.
    pub(crate) requests: usize,
    /// What was sent and received, but for datagrams.
    pub(crate) bytes: u64,
    /// Received and sent.
    pub(crate) datagrams: usize,
    /// Batches of completions: the other side was waiting for them, or was still busy with those before.
    pub(crate) rings: usize,
    pub(crate) unheard: usize,
}

impl Reactor {
    /// A reactor, and the handle by which other threads use it.
    ///
    /// `now` is its only clock: it is asked twice a turn, and where another thread sends by itself.
    /// `doorbell` is called on the thread that calls `turn`, when there are completions and the
    /// other side has found none before; it must not block.
    pub fn new(
        now: impl Fn() -> Instant + Send + Sync + 'static,
        doorbell: impl Fn() + Send + Sync + 'static,
    ) -> io::Result<(Self, Handle)> {
        let clock = Clock::new(now);
        let poll = Poll::new()?;
        let waker = Arc::new(Waker::new(poll.registry(), WAKER)?);
        let shared = Arc::new(Shared::new(
            clock.clone(),
            Arc::downgrade(&waker),
            Box::new(doorbell),
        ));
        let cx = Context {
            now: clock.now(),
            clock,
            filling: Batch::default(),
            limit: shared.completions.publish(&mut Batch::default()).limit,
            batch_number: 1,
            stats: Stats::default(),
            channels: 0,
            inbound: Inbound::default(),
            packets: Packets::default(),
            registry: poll.registry().try_clone()?,
            timers: Timers::default(),
            again: VecDeque::new(),
            unserved: VecDeque::new(),
            at_once: false,
            accepted: Vec::new(),
            released: Vec::new(),
            short: Vec::new(),
            slots: Arc::clone(&shared.slots),
        };
        let reactor = Self {
            poll,
            _waker: waker,
            events: Events::with_capacity(EVENTS),
            shared: Arc::clone(&shared),
            sources: Vec::new(),
            cx,
            submitted: Vec::new(),
            due: VecDeque::new(),
            work: Work::default(),
            unrung: false,
        };
        Ok((reactor, Handle::new(shared)))
    }

    /// One turn; returns false when the handle has asked the reactor to stop.
    ///
    /// 1. What was submitted, in order; then the sources that asked to be called again.
    /// 2. Wait for the operating system, at most until `timeout`, the next deadline, or a
    ///    submission; not at all while a source asks to be called again.
    /// 3. Each source with news; then deadlines. Where there is much of it, and the other side has
    ///    nothing, that is handed over before the rest is read.
    ///
    /// Completions are handed over after each of these steps, with a ring if the other side waits.
    pub fn turn(&mut self, timeout: Option<Duration>) -> io::Result<bool> {
        self.cx.now = self.cx.clock.now();
        self.cx.stats.turns += 1;
        self.work = Work::default();
        if !self.apply_submissions()? {
            self.send_out();
            return Ok(false);
        }
        // Room for those that wait for it, before there are events of those that do not.
        if !self.cx.unserved.is_empty() || !self.cx.again.is_empty() {
            self.publish();
        }
        self.call_again();
        self.publish();
        self.wait(timeout)?;
        self.cx.now = self.cx.clock.now();
        self.dispatch_events();
        self.dispatch_timers();
        self.publish();
        self.weigh_datagrams();
        Ok(true)
    }

    /// As [`turn`](Self::turn), by a driver that looks after the completions itself: nobody is rung
    /// for them. Whether somebody should have been, [`work`](Self::work) says.
    pub(super) fn turn_unrung(&mut self) -> io::Result<bool> {
        self.unrung = true;
        let turned = self.turn(Some(Duration::ZERO));
        self.unrung = false;
        turned
    }

    /// What the last turn has come to.
    pub(super) fn work(&self) -> Work {
        self.work
    }

    /// When the last turn ended, but for what it found to do then.
    pub(super) fn now(&self) -> Instant {
        self.cx.now
    }

    /// Nobody drives it for a while: from now on whoever has something for it wakes it, and it wakes
    /// itself where it has something to do at once. Gives its next deadline.
    pub(super) fn rest(&self) -> Option<Instant> {
        if self.patience(None).is_some_and(|wait| wait.is_zero()) {
            self.shared.wake();
        }
        self.deadline()
    }

    fn deadline(&self) -> Option<Instant> {
        let deadlines = [self.cx.timers.next(), self.shared.pool.trim(self.cx.now)];
        deadlines.into_iter().flatten().min()
    }

    /// A descriptor that is readable as long as a turn has events to take.
    #[cfg(unix)]
    pub(super) fn descriptor(&self) -> io::Result<OwnedFd> {
        self.poll.registry().as_fd().try_clone_to_owned()
    }

    /// The last turn: what was submitted before becomes the operating system's, as far as it takes
    /// it at once.
    fn send_out(&mut self) {
        for (_, source) in self.sources.iter_mut().flatten() {
            match source {
                Source::Stream(stream) => stream.send_out(&mut self.cx),
                Source::Datagram(datagram) => datagram.send_out(&mut self.cx),
                Source::Connect(_) | Source::Listener(_) | Source::Proxied(_) => {}
            }
        }
    }

    /// Calls each source that asked for it once; what asks again waits for the next turn.
    fn call_again(&mut self) {
        self.cx.at_once = false;
        std::mem::swap(&mut self.due, &mut self.cx.unserved);
        self.due.append(&mut self.cx.again);
        while let Some(id) = self.due.pop_front() {
            self.call(id, |source, cx| source.call_again(cx));
            self.hand_over_early();
        }
    }

    fn wait(&mut self, timeout: Option<Duration>) -> io::Result<()> {
        let timeout = self.patience(timeout);
        match self.poll.poll(&mut self.events, timeout) {
            // A signal, or a debugger: the turn goes on without events.
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {
                self.events.clear();
                Ok(())
            }
            other => other,
        }
    }

    /// How long this turn may wait.
    fn patience(&self, timeout: Option<Duration>) -> Option<Duration> {
        // Sources that wait for room in the queue are woken when a batch is taken, by `take`.
        let wanted = !self.cx.unserved.is_empty() || !self.cx.again.is_empty();
        let has_room = || self.cx.filling.is_empty() || self.shared.completions.ask_for_room();
        if self.cx.at_once || (wanted && has_room()) || !self.shared.submissions.fall_asleep() {
            return Some(Duration::ZERO);
        }
        let until = |at: Instant| at.saturating_duration_since(self.cx.now);
        self.deadline().map(until).into_iter().chain(timeout).min()
    }

    fn dispatch_events(&mut self) {
        let events = std::mem::replace(&mut self.events, Events::with_capacity(0));
        for event in &events {
            let Token(index) = event.token();
            if event.token() == WAKER {
                continue;
            }
            let Some(Some((id, _))) = self.sources.get(index) else {
                continue;
            };
            let readiness = Readiness::from(event);
            self.work.events += 1;
            self.call(*id, |source, cx| source.ready(cx, readiness));
            self.hand_over_early();
        }
        self.events = events;
    }

    fn dispatch_timers(&mut self) {
        while let Some((id, timer)) = self.cx.timers.pop_due(self.cx.now) {
            self.call(id, |source, cx| source.timer(cx, timer));
        }
        let sources = &self.sources;
        self.cx.timers.purge(|id, timer, at| {
            let source = sources.get(id.index as usize).and_then(Option::as_ref);
            source.is_some_and(|(owner, source)| *owner == id && source.awaits(timer, at))
        });
    }

    /// Lets one source work, and does what became of it.
    pub(super) fn call(
        &mut self,
        id: ChannelId,
        work: impl FnOnce(&mut Source, &mut Context) -> Fate,
    ) {
        let Some(Some((owner, source))) = self.sources.get_mut(id.index as usize) else {
            return;
        };
        if *owner != id {
            return;
        }
        let fate = work(source, &mut self.cx);
        match fate {
            Fate::Keep => {}
            Fate::Become(socket) => {
                let mut stream = Stream::new(id, socket, None, self.cx.now);
                stream.assume_ready();
                *source = Source::Stream(Box::new(stream));
            }
            Fate::Greet(greeted) => self.announced(id, Ok(*greeted)),
            Fate::Refuse(why) => self.announced(id, Err(why)),
            Fate::Close(closing) => self.remove(id, closing),
        }
        self.add_accepted();
    }

    pub(super) fn add(&mut self, id: ChannelId, source: Source) {
        let index = id.index as usize;
        if self.sources.len() <= index {
            self.sources.resize_with(index + 1, || None);
        }
        self.sources[index] = Some((id, source));
        self.cx.channels += 1;
    }

    /// Drops a source, and its socket, and reports its end.
    pub(super) fn remove(&mut self, id: ChannelId, closing: Closing) {
        let Some((_, source)) = self.sources[id.index as usize].take() else {
            return;
        };
        let mut server = None;
        match &source {
            Source::Stream(stream) => {
                server = stream.server();
                stream.before_close();
            }
            Source::Datagram(datagram) => datagram.before_close(&mut self.cx),
            Source::Proxied(proxied) => server = Some(proxied.server()),
            Source::Connect(_) | Source::Listener(_) => {}
        }
        let is_known = server.is_none() || matches!(source, Source::Stream(_));
        let is_listener = matches!(source, Source::Listener(_));
        // The descriptor is closed before anyone can hear of it.
        self.cx.drop_socket(id);
        drop(source);
        self.cx.channels -= 1;
        if is_known {
            report_closed(&mut self.cx, id, &closing);
        }
        self.cx.release_at_turn_end(id);
        if is_listener {
            self.remove_announced(id);
        }
        if let Some(Some((owner, Source::Listener(listener)))) =
            server.and_then(|server| self.sources.get_mut(server.index as usize))
            && Some(*owner) == server
        {
            listener.released();
        }
        // A descriptor is free: listeners that wait for one need not wait for their timer.
        for short in std::mem::take(&mut self.cx.short) {
            self.call(short, |source, cx| {
                source.retry(cx);
                Fate::Keep
            });
        }
    }

    /// Lets the other side begin while this one goes on reading.
    ///
    /// Not with less than a share of a batch: a ring costs as much as reading from some sockets, and
    /// who has little to do is rung again and again.
    ///
    /// Where the batch is full, there may be room for another.
    fn hand_over_early(&mut self) {
        let enough = self.cx.limit.share().less(self.cx.filling.load());
        let is_due = enough.is_used_up() && self.shared.completions.depth() == 0;
        if is_due || self.cx.filling.is_full() {
            self.hand_over();
        }
    }

    /// Makes this turn's work visible to the other side.
    fn publish(&mut self) {
        self.work.bytes += self.cx.stats.bytes_read + self.cx.stats.bytes_written;
        self.shared.account(&mut self.cx);
        self.hand_over();
    }

    /// They count by themselves: one costs less than an event or a write, whatever its size.
    fn weigh_datagrams(&mut self) {
        let Packets { count, bytes } = std::mem::take(&mut self.cx.packets);
        self.work.datagrams = count;
        self.work.bytes = self.work.bytes.saturating_sub(bytes as u64);
    }

    fn hand_over(&mut self) {
        if self.cx.filling.is_empty() {
            return;
        }
        let Published { done, ring, limit } = self.shared.completions.publish(&mut self.cx.filling);
        self.cx.limit = limit;
        self.cx.batch_number += u64::from(done);
        self.work.rings += usize::from(ring);
        self.work.unheard += usize::from(!ring);
        if ring && !self.unrung {
            self.cx.stats.rings += 1;
            self.shared.ring();
        }
    }
}

#[cfg(test)]
impl Reactor {
    /// As if mio had said so.
    pub(super) fn tell(&mut self, id: ChannelId, readiness: Readiness) {
        self.call(id, |source, cx| source.ready(cx, readiness));
    }

    /// How many timers there are, those included that are not meant any more.
    pub(super) fn timers(&self) -> usize {
        self.cx.timers.count()
    }
}

impl Drop for Reactor {
    /// Closes the sockets, also those that a submitting thread may send to by itself.
    fn drop(&mut self) {
        let shortcuts = lock(&self.shared.slots).drop_sockets();
        for shortcut in shortcuts {
            shortcut.close();
        }
    }
}
