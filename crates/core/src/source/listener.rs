//! A listening socket: accepts in portions, and never spins when it cannot.

use std::io;
use std::time::{Duration, Instant};

use super::context::{Announced, Context, Newcomer, token};
use super::fate::{Closing, Fate, Greeted, errno};
use super::listener_socket::{Accepted, ListenerSocket};
use super::stream_socket::StreamSocket;
use super::timers::Timer;
use crate::addr::{self, Address};
use crate::blocked::Blocked;
use crate::id::ChannelId;
use crate::options::{ListenOptions, ProxyProtocol, SocketOptions};
use crate::queue::records::Request;
use crate::sys;
use crate::wire::{flag, kind, reason};

/// How many connections one listener accepts a turn, before others have theirs.
const ACCEPT_BUDGET: usize = 64;
/// How often in a row a connection may have failed by itself before it was accepted. More often it
/// is something else: a filter that lets nobody accept says so with the same errors, for ever.
const MOST_IN_VAIN: usize = 16;
/// How long to wait before the next try; doubled up to [`MAX_BACKOFF`] while they fail.
const MIN_BACKOFF: Duration = Duration::from_millis(50);
const MAX_BACKOFF: Duration = Duration::from_secs(1);
/// How long after a report the next one may follow. A server at its limit is short again with
/// each connection that comes in the place of one that has gone.
const REPORT_EVERY: Duration = Duration::from_secs(1);

/// How long a listener that is to end waits for the last handshakes, where others go on listening on
/// its port. Longer than most round trips; shorter than the second after which a peer whose first
/// packet was not answered sends it again, and finds one of the others.
const LAST_HANDSHAKES: Duration = Duration::from_millis(100);

/// How often something that peers can cause is told: so many times a second, whoever floods.
#[derive(Debug, Default)]
struct Ration {
    second: Option<Instant>,
    told: u32,
}

impl Ration {
    const MOST: u32 = 100;

    fn allows(&mut self, now: Instant) -> bool {
        if self
            .second
            .is_none_or(|at| at + Duration::from_secs(1) <= now)
        {
            *self = Self {
                second: Some(now),
                told: 0,
            };
        }
        self.told += 1;
        self.told <= Self::MOST
    }
}

/// ```text
///   accepting ──an error, or 16 connections in a row that have failed──▶ waits: reported
///       ▲                                            │          ▲
///       │                                            ▼          │ still, or again
///       └─── WouldBlock ◀─── accepts again: after a time, or, where it was short of descriptors,
///                            as a channel here has closed
/// ```
///
/// Whatever `accept` says: the listener lives on, and so do its connections. One that is to end
/// accepts what waits already before its socket is closed: those connections are made, as far as
/// their peers know. Where others listen on its port, it takes no new handshakes from then on, and
/// waits for those that are under way: the others have the peers that try again.
#[derive(Debug)]
pub(crate) struct Listener {
    id: ChannelId,
    /// `None` when it has ended, and waits for proxies.
    socket: Option<ListenerSocket>,
    options: SocketOptions,
    max_connections: Option<usize>,
    blocked: Blocked,
    /// What is told of those that it refuses.
    refusals: Ration,
    failures: Ration,
    proxy_protocol: Option<ProxyProtocol>,
    /// Whose proxy has not said yet whose they are.
    announced: usize,
    /// Its socket is closed when nobody waits to be accepted, and not before then. `None`: it goes on.
    ends_at: Option<Instant>,
    /// Accepted and not closed yet.
    live: usize,
    /// So many connections in a row have failed before they were accepted.
    in_vain: usize,
    /// The wait before the next try, while accepting fails.
    backoff: Option<Duration>,
    /// The timer for that is set; there is never a second one.
    retrying: bool,
    reported_at: Option<Instant>,
    queued: bool,
}

impl Listener {
    pub(crate) fn new(id: ChannelId, socket: ListenerSocket, options: ListenOptions) -> Self {
        Self {
            id,
            socket: Some(socket),
            options: options.socket,
            max_connections: options.max_connections,
            blocked: options.blocked,
            refusals: Ration::default(),
            failures: Ration::default(),
            proxy_protocol: options.proxy_protocol,
            announced: 0,
            ends_at: None,
            live: 0,
            in_vain: 0,
            backoff: None,
            retrying: false,
            reported_at: None,
            queued: false,
        }
    }

    pub(crate) fn register(&mut self, cx: &Context) -> io::Result<()> {
        match &mut self.socket {
            Some(socket) => socket.register(cx.registry(), token(self.id)),
            None => Ok(()),
        }
    }

    /// Accepts until there is no more, the budget is used up, or the queue has no room.
    pub(crate) fn ready(&mut self, cx: &mut Context) -> Fate {
        for round in 0..ACCEPT_BUDGET {
            if cx.is_full() {
                match round {
                    0 => cx.requeue_for_room(self.id, &mut self.queued),
                    _ => self.requeue(cx),
                }
                return Fate::Keep;
            }
            let Some(socket) = &self.socket else {
                return self.fate();
            };
            match socket.accept(&self.options) {
                Ok(accepted) => {
                    self.in_vain = 0;
                    self.accepted(cx, accepted);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.in_vain = 0;
                    self.backoff = None;
                    if self.ends_at.is_some_and(|at| at <= cx.now) {
                        self.socket = None;
                    }
                    return self.fate();
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if sys::is_transient_accept(&error) && self.in_vain < MOST_IN_VAIN => {
                    self.in_vain += 1;
                }
                Err(_) if self.ends_at.is_some() => {
                    // It is not known when that will be over, if it ever is.
                    self.socket = None;
                    return self.fate();
                }
                Err(error) => {
                    self.back_off(cx, &error);
                    return Fate::Keep;
                }
            }
        }
        self.requeue(cx);
        Fate::Keep
    }

    pub(crate) fn call_again(&mut self, cx: &mut Context) -> Fate {
        self.queued = false;
        self.ready(cx)
    }

    pub(crate) fn timer(&mut self, cx: &mut Context, timer: Timer) -> Fate {
        match timer {
            Timer::Accept => {
                self.retrying = false;
                match self.backoff {
                    Some(_) => self.ready(cx),
                    None => Fate::Keep,
                }
            }
            Timer::Linger => self.ready(cx),
            _ => Fate::Keep,
        }
    }

    pub(crate) fn request(&mut self, cx: &mut Context, request: Request<'_>) -> Fate {
        match request {
            Request::Close { .. } => return Fate::Close(Closing::new(reason::CLOSE)),
            Request::End => {
                self.end(cx);
                return self.ready(cx);
            }
            Request::Block(blocked) => self.blocked = blocked,
            _ => {}
        }
        Fate::Keep
    }

    fn end(&mut self, cx: &mut Context) {
        let Some(socket) = self.socket.as_ref().filter(|_| self.ends_at.is_none()) else {
            return;
        };
        let mut at = cx.now;
        if socket.drop_handshakes().is_ok() {
            at += LAST_HANDSHAKES;
            cx.arm(self.id, Timer::Linger, at);
        }
        self.ends_at = Some(at);
    }

    /// One of its connections has closed.
    pub(crate) fn released(&mut self) {
        self.live -= 1;
    }

    /// It is over when it has ended, and all that it has accepted has been told.
    fn fate(&self) -> Fate {
        match self.socket.is_none() && self.announced == 0 {
            true => Fate::Close(Closing::new(reason::CLOSE)),
            false => Fate::Keep,
        }
    }

    /// A proxy has said whose its connection is; `None`: it has not, for a reason of wire's. Returns
    /// whether the connection is accepted, and what becomes of the listener.
    pub(crate) fn announced(
        &mut self,
        cx: &mut Context,
        id: ChannelId,
        said: Result<&Greeted, (u32, Option<&Address>)>,
    ) -> (bool, Fate) {
        self.announced -= 1;
        let accepts = match said {
            Ok(greeted) if self.blocks(greeted.peer.as_ref()) => {
                self.refuse(cx, greeted.peer.as_ref());
                false
            }
            Ok(greeted) => {
                let flags = if greeted.is_proxied { flag::PROXIED } else { 0 };
                self.tell(cx, id, &greeted.socket, &greeted.about, flags);
                true
            }
            Err((why, proxy)) => {
                self.fail(cx, why, proxy);
                false
            }
        };
        (accepts, self.fate())
    }

    fn fail(&mut self, cx: &mut Context, why: u32, proxy: Option<&Address>) {
        cx.count(self.id, |tally| tally.bad_proxy_headers += 1);
        if self.failures.allows(cx.now) {
            let mut about = Vec::new();
            addr::encode(proxy, &mut about);
            cx.filling
                .push_bytes(kind::PROXY_FAILED, 0, self.id, &[why], &about);
        }
    }

    /// Tells JS of a connection.
    fn tell(
        &self,
        cx: &mut Context,
        id: ChannelId,
        socket: &StreamSocket,
        about: &[u8],
        flags: u32,
    ) {
        cx.stats.accepted += 1;
        cx.count(self.id, |tally| tally.accepted += 1);
        let words = [
            self.id.index,
            self.id.generation,
            socket.descriptor().cast_unsigned(),
        ];
        cx.filling
            .push_bytes(kind::ACCEPTED, flags, id, &words, about);
    }

    fn accepted(&mut self, cx: &mut Context, accepted: Accepted) {
        let is_full = self.max_connections.is_some_and(|most| self.live >= most);
        if is_full || self.blocks(accepted.peer.as_ref()) {
            self.refuse(cx, accepted.peer.as_ref());
            return;
        }
        let id = cx.allocate();
        let Accepted { mut socket, peer } = accepted;
        let listening = self.socket.as_ref();
        let local = listening.and_then(|listening| listening.local_of(&socket));
        if let Err(error) = socket.register(cx.registry(), token(id)) {
            // The engine could not watch one more socket: that connection fails, not the server.
            cx.release_at_turn_end(id);
            cx.filling.push(
                kind::ACCEPT_ERROR,
                0,
                self.id,
                &[errno(&error).cast_unsigned()],
            );
            return;
        }
        self.live += 1;
        let announced = match self.proxy_protocol {
            Some(how) => {
                self.announced += 1;
                Some(Announced { peer, local, how })
            }
            None => {
                let about = socket.describe(local.as_ref(), peer.as_ref());
                self.tell(cx, id, &socket, &about, 0);
                None
            }
        };
        cx.add_accepted(Newcomer {
            id,
            server: self.id,
            socket,
            announced,
        });
    }

    fn blocks(&self, peer: Option<&Address>) -> bool {
        let address = peer.and_then(Address::inet);
        address.is_some_and(|address| self.blocked.has(address.ip()))
    }

    /// Its socket is closed by whoever drops it.
    fn refuse(&mut self, cx: &mut Context, peer: Option<&Address>) {
        cx.stats.refused += 1;
        cx.count(self.id, |tally| tally.refused += 1);
        if self.refusals.allows(cx.now) {
            let mut about = Vec::new();
            addr::encode(peer, &mut about);
            cx.filling
                .push_bytes(kind::DROPPED, 0, self.id, &[], &about);
        }
    }

    fn back_off(&mut self, cx: &mut Context, error: &io::Error) {
        let quiet = self
            .reported_at
            .is_none_or(|at| at + REPORT_EVERY <= cx.now);
        if self.backoff.is_none() && quiet {
            self.reported_at = Some(cx.now);
            cx.filling.push(
                kind::ACCEPT_ERROR,
                0,
                self.id,
                &[errno(error).cast_unsigned()],
            );
        }
        let wait = match self.backoff {
            // Called before the timer, by a channel that has closed: the timer stays as it is.
            Some(last) if self.retrying => last,
            Some(last) => (last * 2).min(MAX_BACKOFF),
            None => MIN_BACKOFF,
        };
        self.backoff = Some(wait);
        if !std::mem::replace(&mut self.retrying, true) {
            cx.arm(self.id, Timer::Accept, cx.now + wait);
        }
        if sys::is_shortage(error) {
            cx.call_when_free(self.id);
        }
    }

    pub(crate) fn requeue(&mut self, cx: &mut Context) {
        cx.requeue(self.id, &mut self.queued);
    }
}
