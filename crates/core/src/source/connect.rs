//! A connect: attempts to several addresses that race, the first that succeeds wins; or one to a
//! path, which succeeds or fails at once.
//!
//! ```text
//!   to:  A  B  C      A ├──────────────── ✗ ECONNREFUSED
//!                     B      ├─ 250 ms later, beside A ───── ✓ ──▶ Stream; A and C are dropped
//!                     C           ├─ at once when one fails, else 250 ms later
//! ```
//!
//! RFC 8305 without its sorting, which is done where the names are looked up. No attempt is cut
//! short while it could still succeed.

use std::collections::VecDeque;
use std::fmt::{self, Write as _};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Instant;

use socket2::{Domain, Protocol, SockRef, Socket, Type};

use super::context::{Context, token};
use super::fate::{Closing, Fate, errno};
use super::readiness::Readiness;
use super::stream_socket::StreamSocket;
use super::timers::Timer;
use crate::addr::Address;
use crate::id::ChannelId;
use crate::options::ConnectOptions;
use crate::queue::records::Request;
use crate::sys;
use crate::wire::{kind, reason};

#[derive(Debug)]
pub(crate) struct Connect {
    id: ChannelId,
    waiting: VecDeque<SocketAddr>,
    racing: Vec<Attempt>,
    /// When the next attempt starts; timers that were set for earlier ones mean nothing.
    next_at: Option<Instant>,
    failed: Vec<Failure>,
    options: ConnectOptions,
}

#[derive(Debug)]
struct Attempt {
    to: Address,
    socket: StreamSocket,
}

#[derive(Debug)]
struct Failure {
    to: Address,
    errno: i32,
    syscall: &'static str,
}

impl Connect {
    pub(crate) fn new(id: ChannelId, to: Vec<SocketAddr>, options: ConnectOptions) -> Self {
        Self {
            id,
            waiting: to.into(),
            racing: Vec::new(),
            next_at: None,
            failed: Vec::new(),
            options,
        }
    }

    /// Connects to a path, on the calling thread, and so under the working directory that this
    /// thread sees now. It never waits: a Unix socket that cannot connect says so.
    pub(crate) fn to_path(id: ChannelId, path: &[u8], options: ConnectOptions) -> Self {
        let mut connect = Self::new(id, Vec::new(), options);
        let to = Address::Unix(path.into());
        match connect.attempt_path(path) {
            Ok(socket) => connect.racing.push(Attempt { to, socket }),
            Err(error) => connect.failed.push(Failure::new(to, &error, "connect")),
        }
        connect
    }

    /// Starts the first attempt.
    pub(crate) fn begin(&mut self, cx: &mut Context) -> Fate {
        if let Some(connected) = self.racing.pop() {
            return self.begun(cx, connected);
        }
        if let Some(timeout) = self.options.timeout {
            cx.arm(self.id, Timer::Connect, cx.now + timeout);
        }
        self.start_next(cx)
    }

    pub(crate) fn ready(&mut self, cx: &mut Context, readiness: Readiness) -> Fate {
        // All attempts share the channel's token: ask each of them.
        let before = self.racing.len();
        let mut at = 0;
        while at < self.racing.len() {
            match verdict(&self.racing[at].socket, readiness) {
                Ok(true) => {
                    let winner = self.racing.swap_remove(at);
                    return self.won(cx, winner);
                }
                Ok(false) => at += 1,
                Err(error) => {
                    let loser = self.racing.swap_remove(at);
                    self.failed.push(Failure::new(loser.to, &error, "connect"));
                }
            }
        }
        if self.racing.len() < before {
            self.start_next(cx)
        } else {
            Fate::Keep
        }
    }

    pub(crate) fn timer(&mut self, cx: &mut Context, timer: Timer) -> Fate {
        match timer {
            Timer::Attempt if self.next_at.is_some_and(|at| at <= cx.now) => self.start_next(cx),
            Timer::Connect => Fate::Close(self.closing("ETIMEDOUT")),
            _ => Fate::Keep,
        }
    }

    /// All that can be asked of a channel that is not connected yet is to close.
    pub(crate) fn request(&mut self, request: &Request<'_>) -> Fate {
        match request {
            Request::Close { .. } => Fate::Close(Closing::new(reason::CLOSE)),
            _ => Fate::Keep,
        }
    }

    /// A path: it is connected already. The peer may have written and gone by now; asking the
    /// socket would tell of that, not of the connect.
    fn begun(&mut self, cx: &mut Context, mut connected: Attempt) -> Fate {
        match connected.socket.register(cx.registry(), token(self.id)) {
            Ok(()) => self.won(cx, connected),
            Err(error) => {
                self.failed
                    .push(Failure::new(connected.to, &error, "connect"));
                Fate::Close(self.closing(""))
            }
        }
    }

    /// Starts attempts until one is under way, and sets the clock for the one after it.
    fn start_next(&mut self, cx: &mut Context) -> Fate {
        self.next_at = None;
        while let Some(to) = self.waiting.pop_front() {
            match self.attempt(cx, to) {
                Ok(socket) => {
                    let to = to.into();
                    self.racing.push(Attempt { to, socket });
                    if !self.waiting.is_empty() {
                        let at = cx.now + self.options.stagger;
                        self.next_at = Some(at);
                        cx.arm(self.id, Timer::Attempt, at);
                    }
                    return Fate::Keep;
                }
                Err((error, syscall)) => {
                    self.failed.push(Failure::new(to.into(), &error, syscall));
                }
            }
        }
        if self.racing.is_empty() {
            Fate::Close(self.closing(""))
        } else {
            Fate::Keep
        }
    }

    fn attempt(
        &self,
        cx: &Context,
        to: SocketAddr,
    ) -> Result<StreamSocket, (io::Error, &'static str)> {
        let connect = |error| (error, "connect");
        let socket = Socket::new(Domain::for_address(to), Type::STREAM, Some(Protocol::TCP))
            .map_err(connect)?;
        socket.set_nonblocking(true).map_err(connect)?;
        self.options
            .socket
            .apply(&SockRef::from(&socket))
            .map_err(connect)?;
        if let Some(local) = self.local_for(to) {
            if !cfg!(windows) && local.port() != 0 {
                // As Node does: a port that a closed connection still holds may be used again.
                socket
                    .set_reuse_address(true)
                    .map_err(|error| (error, "bind"))?;
            }
            socket
                .bind(&local.into())
                .map_err(|error| (error, "bind"))?;
        }
        match socket.connect(&to.into()) {
            Ok(()) => {}
            Err(error) if is_in_progress(&error) => {}
            Err(error) => return Err(connect(error)),
        }
        let mut socket = StreamSocket::tcp(socket);
        socket
            .register(cx.registry(), token(self.id))
            .map_err(connect)?;
        Ok(socket)
    }

    fn attempt_path(&self, path: &[u8]) -> io::Result<StreamSocket> {
        let to = sys::unix_sock_addr(path)?;
        let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
        socket.set_nonblocking(true)?;
        self.options.socket.apply_buffers(&SockRef::from(&socket))?;
        socket.connect(&to)?;
        StreamSocket::unix(socket)
    }

    fn local_for(&self, to: SocketAddr) -> Option<SocketAddr> {
        let any = if to.is_ipv6() {
            IpAddr::from(Ipv6Addr::UNSPECIFIED)
        } else {
            IpAddr::from(Ipv4Addr::UNSPECIFIED)
        };
        let port = self.options.local_port;
        self.options
            .local
            .or((port != 0).then_some(SocketAddr::new(any, port)))
    }

    fn won(&mut self, cx: &mut Context, winner: Attempt) -> Fate {
        let Attempt { to, socket } = winner;
        let about = socket.describe(socket.local().as_ref(), Some(&to));
        let descriptor = socket.descriptor().cast_unsigned();
        cx.filling
            .push_bytes(kind::CONNECTED, 0, self.id, &[descriptor], &about);
        Fate::Become(socket)
    }

    /// All have failed, or together they took too long: one line of text for each attempt.
    fn closing(&mut self, summary: &str) -> Closing {
        let mut text = format!("{summary}\n");
        for Failure { to, errno, syscall } in &self.failed {
            let _ = writeln!(text, "{errno} {syscall}{}", OnLine(to));
        }
        for Attempt { to, .. } in &self.racing {
            let _ = writeln!(text, "0 connect{}", OnLine(to));
        }
        Closing {
            detail: text.into_bytes(),
            ..Closing::new(reason::CONNECT)
        }
    }
}

impl Failure {
    fn new(to: Address, error: &io::Error, syscall: &'static str) -> Self {
        Self {
            to,
            errno: errno(error),
            syscall,
        }
    }
}

/// An address as words of a line. Of a path there is one only, and JS knows which: it is left out.
struct OnLine<'a>(&'a Address);

impl fmt::Display for OnLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Address::Inet(inet) => write!(f, " {} {}", inet.ip(), inet.port()),
            Address::Unix(_) => Ok(()),
        }
    }
}

/// `Ok(true)`: connected. `Ok(false)`: still under way, the event was for another attempt.
fn verdict(socket: &StreamSocket, readiness: Readiness) -> io::Result<bool> {
    if let Some(error) = socket.take_error()? {
        return Err(error);
    }
    match socket.peer() {
        Ok(_) => Ok(true),
        // No error and no peer: still connecting; or, where the peer has written and gone before
        // we looked, connected once. Reading it will tell.
        Err(error) if error.kind() == io::ErrorKind::NotConnected => {
            Ok(readiness.broken && readiness.writable && !is_connecting(socket))
        }
        Err(error) => Err(error),
    }
}

/// A socket that is still connecting answers a write of nothing with WouldBlock.
fn is_connecting(socket: &StreamSocket) -> bool {
    let send = socket.options().send(&[]);
    matches!(send, Err(error) if error.kind() == io::ErrorKind::WouldBlock)
}

fn is_in_progress(error: &io::Error) -> bool {
    #[cfg(unix)]
    let in_progress = error.raw_os_error() == Some(libc::EINPROGRESS);
    #[cfg(windows)]
    let in_progress = false;
    in_progress || error.kind() == io::ErrorKind::WouldBlock
}
