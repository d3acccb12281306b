//! A connected stream socket, from the first byte to the last.
//!
//! ```text
//!   reading   waiting for START ─▶ open ⇄ paused        EOF ─▶ read_closed
//!                                   └─ overflow ─▶ held ─REFRAME─▶ open
//!
//!   writing   Open ─end()──────▶ Ending ──all sent: FIN──▶ Lingering ──EOF, timeout──▶ closed
//!              └──shutdown()──▶ ShuttingDown ──all sent: FIN──▶ Shut ──end()──▶ Lingering
//! ```
//!
//! The socket is edge-triggered: `readable` and `writable` remember the last edge until a call has
//! drained it, and whatever stops earlier asks to be called again.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{Closing, Fate, Readiness, Shortcut, Transport};
use crate::buffer::{Fed, RecvBuffer, SendBuffer, Sent};
use crate::framing::Overflow;
use crate::id::ChannelId;
use crate::queue::submission::{Reframe, Request, Start};
use crate::queue::wire::{flag, kind, reason, syscall};
use crate::reactor::context::{Context, Timer, token};
use crate::sys;

/// What one read asks for.
const READ_BYTES: usize = 64 * 1024;
/// What one channel may read or write in one turn, before others have theirs.
const TURN_BYTES: usize = 256 * 1024;
/// How long an end lingers that comes before the start has said so.
const LINGER: Duration = Duration::from_secs(5);
/// How often one channel may write its portion in the last turn: more than any socket's buffer
/// takes, and a bound where the peer reads as fast as this side sends.
const LAST_TURNS: usize = 64;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Writing {
    Open,
    Ending,
    ShuttingDown,
    Shut,
    Lingering,
}

#[derive(Debug)]
pub(crate) struct Stream {
    id: ChannelId,
    /// Shared with the shortcut.
    socket: Arc<Transport>,
    /// The listener that accepted it.
    server: Option<ChannelId>,
    recv: RecvBuffer,
    send: SendBuffer,
    writing: Writing,
    /// Writing has failed: what the peer had sent before is still read, then the channel closes.
    failure: Option<Closing>,
    readable: bool,
    writable: bool,
    /// It has asked for news of room; see [`Transport::register`].
    awaits_room: bool,
    /// A short read does not say that there is no more: urgent data stops a read early, and the
    /// end of the stream comes with the same edge as the data before it.
    thorough: bool,
    started: bool,
    paused: bool,
    held: bool,
    read_closed: bool,
    /// Say when all has been sent.
    notify: bool,
    /// How the submitting thread may send without the reactor, once JS has started the channel.
    shortcut: Option<Arc<Shortcut>>,
    /// It is in the context's list of sources to call again.
    queued: bool,
    idle: Option<Duration>,
    active_at: Instant,
    frame: Option<Duration>,
    /// When the frame that is held began.
    frame_since: Option<Instant>,
    frame_armed: bool,
    linger: Duration,
    linger_until: Option<Instant>,
}

impl Stream {
    pub(crate) fn new(id: ChannelId, socket: Transport, server: Option<ChannelId>) -> Self {
        Self {
            id,
            socket: Arc::new(socket),
            server,
            recv: RecvBuffer::new(),
            send: SendBuffer::default(),
            writing: Writing::Open,
            failure: None,
            readable: false,
            writable: true,
            awaits_room: false,
            thorough: false,
            started: false,
            paused: false,
            held: false,
            read_closed: false,
            notify: false,
            shortcut: None,
            queued: false,
            idle: None,
            active_at: Instant::now(),
            frame: None,
            frame_since: None,
            frame_armed: false,
            linger: LINGER,
            linger_until: None,
        }
    }

    pub(crate) fn register(&mut self, cx: &Context) -> io::Result<()> {
        Arc::get_mut(&mut self.socket)
            .expect("registered before it is shared")
            .register(cx.registry(), token(self.id))
    }

    pub(crate) fn id(&self) -> ChannelId {
        self.id
    }

    pub(crate) fn server(&self) -> Option<ChannelId> {
        self.server
    }

    pub(crate) fn descriptor(&self) -> i32 {
        self.socket.descriptor()
    }

    /// It has just become connected: the edge that told of it is spent.
    pub(crate) fn assume_ready(&mut self) {
        self.readable = true;
        self.thorough = true;
    }

    pub(crate) fn ready(&mut self, cx: &mut Context, readiness: Readiness) -> Fate {
        self.readable |= readiness.readable;
        self.writable |= readiness.writable;
        self.thorough |= readiness.thorough;
        if readiness.broken && self.read_closed {
            // Nothing is read any more that would tell of it.
            if let Ok(Some(error)) = self.socket.take_error() {
                return self.close(cx, Closing::error(&error, syscall::READ));
            }
        }
        self.drive(cx)
    }

    pub(crate) fn resume(&mut self, cx: &mut Context) -> Fate {
        self.queued = false;
        self.drive(cx)
    }

    pub(crate) fn request(&mut self, cx: &mut Context, request: Request<'_>) -> Fate {
        match request {
            Request::Write { data, notify } => {
                self.notify |= notify;
                self.send.push(data);
                self.mark_clear();
            }
            Request::WriteOwned { piece, notify } => {
                self.notify |= notify;
                self.send.push_owned(piece);
                self.mark_clear();
            }
            Request::Start(start) => self.start(cx, *start),
            Request::Reframe(reframe) => self.reframe(*reframe),
            Request::Pause => {
                self.paused = true;
                self.frame_since = None;
                return Fate::Keep;
            }
            Request::Resume => {
                self.paused = false;
                self.watch_frame(cx, true);
            }
            Request::End => self.end(cx),
            Request::Shutdown if self.writing == Writing::Open => {
                self.writing = Writing::ShuttingDown;
                self.mark_clear();
            }
            Request::Shutdown => {}
            Request::Close { reason } => return Fate::Close(Closing::new(reason)),
            Request::Notify => self.notify = true,
            Request::Send { .. } | Request::SetPeer { .. } | Request::DropPeer => {}
        }
        // Once for all requests of this turn.
        self.requeue(cx);
        Fate::Keep
    }

    pub(crate) fn timer(&mut self, cx: &mut Context, timer: Timer) -> Fate {
        match timer {
            Timer::Idle => self.idle_due(cx),
            Timer::Frame => self.frame_due(cx),
            Timer::Linger => self.linger_due(cx),
            Timer::Accept | Timer::Attempt | Timer::Connect | Timer::Send => Fate::Keep,
        }
    }

    fn start(&mut self, cx: &mut Context, start: Start) {
        self.started = true;
        self.idle = start.idle;
        self.frame = start.frame;
        self.linger = start.linger;
        self.active_at = cx.now;
        if let Some(idle) = self.idle {
            cx.arm(self.id, Timer::Idle, cx.now + idle);
        }
        self.reframe(start.reframe);
        let shortcut = Arc::new(Shortcut::new(Arc::clone(&self.socket), cx.now));
        cx.set_shortcut(self.id, Arc::clone(&shortcut));
        self.shortcut = Some(shortcut);
        self.mark_clear();
    }

    /// JS has set another delimiter or limit.
    ///
    /// The reactor can cut under it only from a byte that JS agrees on: where JS has taken in all
    /// that was passed on, that is the next one. Otherwise chunks cut under the old delimiter are
    /// on their way; JS cuts those itself, and everything after them, until it asks again.
    fn reframe(&mut self, reframe: Reframe) {
        let header = reframe.header;
        self.held = false;
        self.recv.set_text(header.text);
        if header.adopt && header.consumed == self.recv.emitted() {
            self.recv.adopt(reframe.framing, header.limit, header.epoch);
        } else {
            self.recv.pass_on();
        }
    }

    fn end(&mut self, cx: &mut Context) {
        self.writing = match self.writing {
            Writing::Open | Writing::ShuttingDown => Writing::Ending,
            Writing::Shut => Writing::Lingering,
            Writing::Ending | Writing::Lingering => return,
        };
        self.mark_clear();
        self.linger_until = Some(cx.now + self.linger);
        cx.arm(self.id, Timer::Linger, cx.now + self.linger);
    }

    /// Says whether the submitting thread may send by itself.
    fn mark_clear(&self) {
        if let Some(shortcut) = &self.shortcut {
            let open = self.writing == Writing::Open && self.failure.is_none();
            shortcut.set_clear(open && self.send.is_empty());
        }
    }

    /// Sends and reads as far as budgets, buffers and the other side allow.
    fn drive(&mut self, cx: &mut Context) -> Fate {
        if self.is_discarding() && self.failure.is_some() {
            // It failed while it was paused: nobody wants to read what came before any more.
            return self.failed(cx);
        }
        match self.flush(cx) {
            Fate::Keep => self.read(cx),
            other => other,
        }
    }

    fn flush(&mut self, cx: &mut Context) -> Fate {
        let mut budget = TURN_BYTES;
        while self.writable && !self.send.is_empty() && self.failure.is_none() {
            if budget == 0 {
                self.requeue(cx);
                return Fate::Keep;
            }
            let syscall = match self.send.is_at_file() {
                true => syscall::SENDFILE,
                false => syscall::WRITE,
            };
            match self.send.send_to(&mut &*self.socket, budget) {
                Ok(Sent { bytes: 0, .. }) => {
                    return self.write_failed(&io::ErrorKind::WriteZero.into(), syscall);
                }
                Ok(Sent { bytes, short }) => {
                    cx.count_sent(self.id, bytes);
                    self.active_at = cx.now;
                    budget -= bytes;
                    if self.writing == Writing::Ending {
                        self.linger_until = Some(cx.now + self.linger);
                    }
                    if short && sys::SHORT_IO_DRAINS {
                        self.writable = false;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.writable = false,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return self.write_failed(&error, syscall),
            }
        }
        if let Err(error) = self.await_room(cx) {
            return self.write_failed(&error, syscall::WRITE);
        }
        if self.send.is_empty() && self.failure.is_none() {
            self.drained(cx)
        } else {
            Fate::Keep
        }
    }

    /// Has the operating system tell of room as long as it is wanted. A failure wants none.
    fn await_room(&mut self, cx: &Context) -> io::Result<()> {
        let wanted = !self.writable && !self.send.is_empty() && self.failure.is_none();
        if wanted == self.awaits_room || !self.socket.tells_room_on_request() {
            return Ok(());
        }
        self.awaits_room = wanted;
        self.socket
            .await_room(cx.registry(), token(self.id), wanted)
    }

    /// Sends what the operating system takes now: no other turn follows.
    pub(crate) fn send_out(&mut self, cx: &mut Context) {
        for _ in 0..LAST_TURNS {
            let may_send = self.writable && !self.send.is_empty() && self.failure.is_none();
            if !may_send || !matches!(self.flush(cx), Fate::Keep) {
                return;
            }
        }
    }

    fn drained(&mut self, cx: &mut Context) -> Fate {
        self.mark_clear();
        if std::mem::take(&mut self.notify) {
            let sent = cx.tally(self.id).sent;
            let words = [sent as u32, (sent >> 32) as u32];
            cx.filling.push(kind::DRAINED, 0, self.id, &words);
        }
        if matches!(self.writing, Writing::Ending | Writing::ShuttingDown) {
            if let Err(error) = self.socket.shutdown_write() {
                // "Not connected": it was reset, and nobody has looked since. That tells more.
                return match self.socket.take_error() {
                    Ok(Some(reset)) => self.write_failed(&reset, syscall::READ),
                    _ => self.write_failed(&error, syscall::SHUTDOWN),
                };
            }
            self.writing = match self.writing {
                Writing::Ending => Writing::Lingering,
                _ => Writing::Shut,
            };
        }
        if self.writing == Writing::Lingering && self.read_closed {
            return Fate::Close(Closing::new(reason::END));
        }
        Fate::Keep
    }

    fn write_failed(&mut self, error: &io::Error, syscall: u32) -> Fate {
        let closing = match error.kind() {
            io::ErrorKind::UnexpectedEof => Closing::new(reason::TRUNCATED),
            _ => Closing::error(error, syscall),
        };
        if self.is_discarding() || self.read_closed {
            return Fate::Close(closing);
        }
        // Bytes that had arrived before are delivered first: read() ends with this failure.
        self.failure = Some(closing);
        self.mark_clear();
        self.readable = true;
        Fate::Keep
    }

    fn read(&mut self, cx: &mut Context) -> Fate {
        if self.is_discarding() {
            return self.discard(cx);
        }
        let mut budget = TURN_BYTES;
        let mut served = false;
        while self.may_read() && !self.read_closed {
            if cx.is_full() && !served {
                cx.requeue_for_room(self.id, &mut self.queued);
                return Fate::Keep;
            }
            if cx.is_full() || budget == 0 {
                self.requeue(cx);
                return Fate::Keep;
            }
            served = true;
            if self.recv.has_uncut() {
                let before = self.recv.emitted();
                let fed = self.recv.cut_held(&mut cx.filling, self.id);
                self.fed(cx, fed, before);
                // A portion of frames a turn; the next one when others have had theirs.
                budget = if fed == Fed::More { 0 } else { budget };
                continue;
            }
            if !self.readable || self.is_cut_short() {
                break;
            }
            let room = cx.filling.room(READ_BYTES);
            match self.socket.read(room) {
                Ok(0) => return self.end_of_stream(cx),
                Ok(n) => {
                    cx.count_received(self.id, n);
                    self.active_at = cx.now;
                    budget = budget.saturating_sub(n);
                    self.readable = self.more_to_read(n);
                    let before = self.recv.emitted();
                    let fed = self.recv.take_in(&mut cx.filling, self.id, n);
                    self.fed(cx, fed, before);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.drained_by_read(),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return self.read_failed(cx, &error),
            }
        }
        // All there was has been read.
        if self.failure.is_some() && self.may_read() {
            self.failed(cx)
        } else {
            Fate::Keep
        }
    }

    /// What the reading side does after `end()`: the peer's bytes are read, so that closing does
    /// not answer them with a reset that would cost the peer the tail of ours, and dropped.
    fn discard(&mut self, cx: &mut Context) -> Fate {
        let mut budget = TURN_BYTES;
        while self.readable && !self.read_closed {
            if budget == 0 {
                self.requeue(cx);
                return Fate::Keep;
            }
            match self.socket.read(cx.filling.room(READ_BYTES)) {
                Ok(0) => self.read_closed = true,
                Ok(n) => {
                    self.active_at = cx.now;
                    budget = budget.saturating_sub(n);
                    self.readable = self.more_to_read(n);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.drained_by_read(),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return self.read_failed(cx, &error),
            }
        }
        if self.read_closed && self.writing == Writing::Lingering {
            return Fate::Close(Closing::new(reason::END));
        }
        Fate::Keep
    }

    fn fed(&mut self, cx: &mut Context, fed: Fed, emitted_before: u64) {
        if let Fed::Overflow(why) = fed {
            let (flags, announced) = match why {
                Overflow::NoDelimiter | Overflow::Match => (0, 0),
                Overflow::Announced(n) => (flag::ANNOUNCED, n),
                Overflow::Negative(n) => (flag::ANNOUNCED | flag::NEGATIVE, n.unsigned_abs()),
            };
            let words = [announced as u32, (announced >> 32) as u32];
            let bytes = self.recv.take_all();
            self.recv.pass_on();
            self.held = true;
            cx.filling
                .push_bytes(kind::OVERFLOW, flags, self.id, &words, &bytes);
            self.mark_binary(cx);
        }
        self.watch_frame(cx, self.recv.emitted() != emitted_before);
    }

    fn end_of_stream(&mut self, cx: &mut Context) -> Fate {
        if self.failure.is_some() {
            return self.failed(cx);
        }
        self.read_closed = true;
        self.frame_since = None;
        let rest = self.recv.take_all();
        cx.filling.push_bytes(kind::END, 0, self.id, &[], &rest);
        self.mark_binary(cx);
        Fate::Keep
    }

    fn mark_binary(&self, cx: &mut Context) {
        if !self.recv.is_text() {
            cx.filling.mark_binary();
        }
    }

    fn read_failed(&mut self, cx: &mut Context, error: &io::Error) -> Fate {
        match self.failure {
            Some(_) => self.failed(cx),
            None => self.close(cx, Closing::error(error, syscall::READ)),
        }
    }

    fn failed(&mut self, cx: &mut Context) -> Fate {
        match self.failure.take() {
            Some(closing) => self.close(cx, closing),
            None => Fate::Keep,
        }
    }

    /// Closes for a reason that JS does not know yet.
    ///
    /// What is held goes to JS first, uncut: it may have set a delimiter under which these bytes
    /// are whole frames, and the news of it is on its way here.
    fn close(&mut self, cx: &mut Context, closing: Closing) -> Fate {
        if !self.is_discarding() {
            self.recv.pass_on();
            if self.recv.has_uncut() {
                self.recv.cut_held(&mut cx.filling, self.id);
                self.mark_binary(cx);
            }
        }
        Fate::Close(closing)
    }

    fn more_to_read(&self, got: usize) -> bool {
        got == READ_BYTES || self.thorough || !self.socket.short_read_drains()
    }

    fn drained_by_read(&mut self) {
        self.readable = false;
        self.thorough = false;
    }

    fn may_read(&self) -> bool {
        self.started && !self.paused && !self.held
    }

    /// Whether the peer may have sent more that was not read yet, for want of room or of budget:
    /// then it is not the peer that is late.
    fn is_behind(&self) -> bool {
        self.readable && self.may_read() && !self.read_closed
    }

    fn is_discarding(&self) -> bool {
        matches!(self.writing, Writing::Ending | Writing::Lingering)
    }

    /// What there was to send has failed, not the socket: its peer may go on for ever, and only what
    /// has been read already is delivered.
    fn is_cut_short(&self) -> bool {
        let failure = self.failure.as_ref();
        failure.is_some_and(|closing| closing.reason == reason::TRUNCATED)
    }

    fn requeue(&mut self, cx: &mut Context) {
        cx.requeue(self.id, &mut self.queued);
    }

    /// Starts or stops the frame's clock. `progress`: what is held has begun just now.
    fn watch_frame(&mut self, cx: &mut Context, progress: bool) {
        let Some(limit) = self.frame else { return };
        if !self.recv.has_partial() || self.paused || self.held {
            self.frame_since = None;
        } else if progress || self.frame_since.is_none() {
            self.frame_since = Some(cx.now);
            if !std::mem::replace(&mut self.frame_armed, true) {
                cx.arm(self.id, Timer::Frame, cx.now + limit);
            }
        }
    }

    fn frame_due(&mut self, cx: &mut Context) -> Fate {
        self.frame_armed = false;
        let (Some(limit), Some(since)) = (self.frame, self.frame_since) else {
            return Fate::Keep;
        };
        if self.is_discarding() || self.read_closed {
            return Fate::Keep;
        }
        let since = if self.is_behind() { cx.now } else { since };
        if since + limit <= cx.now {
            return self.close(cx, Closing::new(reason::FRAME));
        }
        self.frame_since = Some(since);
        self.frame_armed = true;
        cx.arm(self.id, Timer::Frame, since + limit);
        Fate::Keep
    }

    fn idle_due(&mut self, cx: &mut Context) -> Fate {
        let Some(idle) = self.idle else {
            return Fate::Keep;
        };
        let past = self
            .shortcut
            .as_ref()
            .and_then(|shortcut| shortcut.last_sent());
        self.active_at = past.map_or(self.active_at, |at| at.max(self.active_at));
        if self.is_behind() {
            self.active_at = cx.now;
        } else if self.active_at + idle <= cx.now {
            return self.close(cx, Closing::new(reason::IDLE));
        }
        cx.arm(self.id, Timer::Idle, self.active_at + idle);
        Fate::Keep
    }

    fn linger_due(&mut self, cx: &mut Context) -> Fate {
        let Some(until) = self.linger_until else {
            return Fate::Keep;
        };
        if until <= cx.now {
            let reason = if self.send.is_empty() {
                reason::END
            } else {
                reason::LINGER
            };
            return Fate::Close(Closing::new(reason));
        }
        cx.arm(self.id, Timer::Linger, until);
        Fate::Keep
    }
}
