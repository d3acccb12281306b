//! A connected stream socket, from the first byte to the last.
//!
//! ```text
//!   reading   Unstarted ──START──▶ Open ──EOF──▶ Closed        beside it: paused, or not
//!                                   └─ overflow ─▶ Outgrown ──REFRAME──▶ Open
//!
//!   writing   Open ─end()──────▶ Ending ──all sent: FIN──▶ Lingering ──EOF, timeout──▶ closed
//!              └──shutdown()──▶ ShuttingDown ──all sent: FIN──▶ Shut ──end()──▶ Lingering
//! ```
//!
//! The socket is edge-triggered: `readable` and `writable` remember the last edge until a call has
//! drained it, and whatever stops earlier asks to be called again.

mod clocks;
mod reading;
mod writing;

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::buffer::{RecvBuffer, SendBuffer};
use crate::id::ChannelId;
use crate::queue::records::{Request, Settings, Start};
use crate::source::context::{Context, Share, token};
use crate::source::fate::{Closing, Fate};
use crate::source::readiness::Readiness;
use crate::source::shortcut::Shortcut;
use crate::source::stream_socket::StreamSocket;
use crate::source::timers::Alarm;
use crate::wire::{reason, syscall};

/// What one channel may read or write in one turn, before others have theirs: also what it reads
/// of a frame that is incomplete, and takes no share of the batch.
const TURN_BYTES: usize = 256 * 1024;
/// How long an end lingers where no start has said so.
const LINGER: Duration = Duration::from_secs(5);
/// How often one channel may write its portion in the last turn: more than any socket's buffer
/// takes, and a bound where the peer reads as fast as this side sends.
const LAST_TURNS: usize = 64;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reading {
    /// JS is not ready for its data.
    Unstarted,
    Open,
    /// A frame has outgrown its limit: nothing is read until JS says how to go on.
    Outgrown,
    /// The peer has finished.
    Closed,
}

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
    socket: Arc<StreamSocket>,
    /// The listener that accepted it.
    server: Option<ChannelId>,
    /// What came with the header of a proxy.
    early: Vec<u8>,
    recv: RecvBuffer,
    send: SendBuffer,
    writing: Writing,
    /// Writing has failed, or time is up: what the peer had sent before is still passed on, then the
    /// channel closes.
    failure: Option<Closing>,
    readable: bool,
    writable: bool,
    /// The peer is gone, or an error waits to be fetched.
    broken: bool,
    /// It has asked for news of room; see [`StreamSocket::register`].
    awaits_room: bool,
    /// A short read does not say that there is no more: urgent data stops a read early, and the
    /// end of the stream comes with the same edge as the data before it.
    thorough: bool,
    reading: Reading,
    paused: bool,
    /// It closes by a reset, whatever is pending.
    reset: bool,
    /// Say when all has been sent.
    wants_drain: bool,
    /// How the submitting thread may send without the reactor, once JS has started the channel.
    shortcut: Option<Arc<Shortcut>>,
    /// What that was told last.
    clear: bool,
    /// It is in the context's list of sources to call again.
    queued: bool,
    share: Share,
    idle: Option<Duration>,
    active_at: Instant,
    frame: Option<Duration>,
    /// When the frame that is held began.
    frame_since: Option<Instant>,
    linger: Duration,
    /// When an end was asked for, or something has left after that.
    linger_since: Option<Instant>,
    idle_alarm: Alarm,
    frame_alarm: Alarm,
    linger_alarm: Alarm,
}

impl Stream {
    pub(crate) fn new(
        id: ChannelId,
        socket: StreamSocket,
        server: Option<ChannelId>,
        now: Instant,
    ) -> Self {
        Self {
            id,
            socket: Arc::new(socket),
            server,
            early: Vec::new(),
            recv: RecvBuffer::new(),
            send: SendBuffer::default(),
            writing: Writing::Open,
            failure: None,
            readable: false,
            writable: true,
            broken: false,
            awaits_room: false,
            thorough: false,
            reading: Reading::Unstarted,
            paused: false,
            reset: false,
            wants_drain: false,
            shortcut: None,
            clear: true,
            queued: false,
            share: Share::default(),
            idle: None,
            active_at: now,
            frame: None,
            frame_since: None,
            linger: LINGER,
            linger_since: None,
            idle_alarm: Alarm::default(),
            frame_alarm: Alarm::default(),
            linger_alarm: Alarm::default(),
        }
    }

    pub(crate) fn register(&mut self, cx: &Context) -> io::Result<()> {
        Arc::get_mut(&mut self.socket)
            .expect("registered before it is shared")
            .register(cx.registry(), token(self.id))
    }

    /// What was read of it already comes before what its socket has.
    pub(crate) fn set_early(&mut self, early: Vec<u8>) {
        self.early = early;
    }

    pub(crate) fn server(&self) -> Option<ChannelId> {
        self.server
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
        self.broken |= readiness.broken;
        self.send_and_read(cx)
    }

    pub(crate) fn call_again(&mut self, cx: &mut Context) -> Fate {
        self.queued = false;
        self.send_and_read(cx)
    }

    pub(crate) fn request(&mut self, cx: &mut Context, request: Request<'_>) -> Fate {
        match request {
            Request::Write { data, wants_drain } => {
                self.wants_drain |= wants_drain;
                self.send.push(data);
                self.mark_clear();
            }
            Request::WriteOwned { piece, wants_drain } => {
                self.wants_drain |= wants_drain;
                self.send.push_owned(piece);
                self.mark_clear();
            }
            Request::Start(start) => self.start(cx, *start),
            Request::Configure(settings) => self.configure(cx, *settings),
            Request::Reframe(reframe) => self.reframe(*reframe),
            Request::Pause => {
                self.paused = true;
                self.frame_since = None;
                if !self.broken {
                    return Fate::Keep;
                }
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
            Request::Close { reset } => {
                self.reset = reset;
                return Fate::Close(Closing::new(reason::CLOSE));
            }
            Request::WantsDrain => self.wants_drain = true,
            Request::Send { .. }
            | Request::SetPeer { .. }
            | Request::DropPeer
            | Request::Block(_) => {}
        }
        // Once for all requests of this turn.
        self.requeue(cx);
        Fate::Keep
    }

    fn start(&mut self, cx: &mut Context, start: Start) {
        if self.reading == Reading::Unstarted {
            self.reading = Reading::Open;
        }
        self.active_at = cx.now;
        self.configure(cx, start.settings);
        self.reframe(start.reframe);
        let shortcut = Arc::new(Shortcut::new(Arc::clone(&self.socket), cx.clock.clone()));
        cx.set_shortcut(self.id, Arc::clone(&shortcut));
        self.shortcut = Some(shortcut);
        self.clear = true;
        self.mark_clear();
    }

    /// Clocks that are set begin anew.
    fn configure(&mut self, cx: &mut Context, settings: Settings) {
        let Settings {
            idle,
            frame,
            linger,
            socket,
        } = settings;
        if let Some(idle) = idle {
            self.idle = idle;
            self.watch_idle(cx);
        }
        if let Some(frame) = frame {
            self.frame = frame;
            self.watch_frame(cx, true);
        }
        if let Some(linger) = linger {
            self.linger = linger;
            if self.linger_since.is_some() {
                self.watch_linger(cx);
            }
        }
        if let Some(options) = socket {
            self.socket.set_options(&options);
        }
    }

    /// It is about to be dropped, and its socket closed. Where bytes are dropped with it, the peer
    /// shall not take what it got for all there was.
    pub(crate) fn before_close(&self) {
        if self.reset || !self.send.is_empty() {
            self.socket.reset_on_close();
        }
    }

    /// Sends and reads as far as budgets, buffers and the other side allow.
    fn send_and_read(&mut self, cx: &mut Context) -> Fate {
        if let Some(reset) = self.unread_reset() {
            if self.reading == Reading::Closed {
                return self.close(cx, reset);
            }
            self.failed_unread(reset);
        }
        if self.is_discarding() && self.failure.is_some() {
            // It failed while it was paused: nobody wants to read what came before any more.
            return self.failed(cx);
        }
        match self.flush(cx) {
            Fate::Keep => self.read(cx),
            other => other,
        }
    }

    /// A reset that no read will tell of: nothing is read any more, or not for now.
    fn unread_reset(&mut self) -> Option<Closing> {
        let reads = self.reading != Reading::Closed && !self.paused;
        if reads || self.failure.is_some() || !std::mem::take(&mut self.broken) {
            return None;
        }
        let error = self.socket.take_error().ok().flatten();
        let error = error.or_else(|| self.met_by_shortcut())?;
        Some(Closing::error(&error, syscall::READ))
    }

    /// What had arrived before is passed on first: `read` ends with this failure.
    pub(super) fn failed_unread(&mut self, closing: Closing) {
        self.failure = Some(closing);
        self.mark_clear();
        self.readable = true;
    }

    pub(super) fn requeue(&mut self, cx: &mut Context) {
        cx.requeue(self.id, &mut self.queued);
    }
}
