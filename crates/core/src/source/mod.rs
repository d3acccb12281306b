//! One socket state machine per file.
//!
//! ```text
//!   Connect ──the first attempt that succeeds──▶ Stream ──▶ closed
//!   Listener ──accept──▶ Stream
//!   Datagram ──▶ closed
//! ```
//!
//! A source never blocks, never calls out, and owns its socket; all that it may touch besides is
//! the [`Context`] it is given. It answers with its [`Fate`].

mod acceptor;
mod adopt;
mod bind;
mod connect;
mod datagram;
mod listener;
mod packet_socket;
mod shortcut;
mod stream;
mod transport;

use std::io;

use mio::event::Event;

pub(crate) use acceptor::Acceptor;
pub use adopt::AdoptError;
pub(crate) use adopt::{adopt_listener, adopt_packets, adopt_stream};
pub use bind::ListenError;
pub(crate) use bind::{bind, bind_path, has_no_ipv6};
pub(crate) use connect::Connect;
pub(crate) use datagram::Datagram;
pub(crate) use listener::Listener;
pub(crate) use packet_socket::PacketSocket;
pub(crate) use shortcut::Shortcut;
pub(crate) use stream::Stream;
pub(crate) use transport::Transport;

use crate::queue::submission::Request;
use crate::queue::wire::{kind, reason, syscall};
use crate::reactor::context::{Context, Timer};

/// What a source has become after it was driven.
#[derive(Debug)]
pub(crate) enum Fate {
    /// It goes on.
    Keep,
    /// A connect has succeeded: the source is this stream now.
    Become(Box<Stream>),
    /// It is over. The reactor drops it, and with it the socket, and reports this.
    Close(Closing),
}

/// The last word on a channel.
#[derive(Debug)]
pub(crate) struct Closing {
    pub(crate) reason: u32,
    pub(crate) errno: i32,
    pub(crate) syscall: u32,
    /// More about it, as text: the attempts of a connect.
    pub(crate) detail: Vec<u8>,
}

impl Closing {
    pub(crate) fn new(reason: u32) -> Self {
        Self {
            reason,
            errno: 0,
            syscall: syscall::NONE,
            detail: Vec::new(),
        }
    }

    pub(crate) fn error(error: &io::Error, syscall: u32) -> Self {
        Self {
            errno: errno(error),
            syscall,
            ..Self::new(reason::ERROR)
        }
    }
}

/// The number of an error of the operating system; 0 where the error is not one of its.
pub(crate) fn errno(error: &io::Error) -> i32 {
    error.raw_os_error().unwrap_or(0)
}

/// What the operating system said of a socket. Hints, all of them: sources try and see.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Readiness {
    pub(crate) readable: bool,
    pub(crate) writable: bool,
    /// Urgent data or the end of the stream: read until WouldBlock, also past a short read.
    pub(crate) thorough: bool,
    /// The peer is gone, or an error waits to be fetched.
    pub(crate) broken: bool,
}

impl From<&Event> for Readiness {
    fn from(event: &Event) -> Self {
        let broken = event.is_error() || event.is_write_closed();
        Self {
            readable: event.is_readable() || event.is_read_closed() || broken,
            writable: event.is_writable() || broken,
            thorough: event.is_priority() || event.is_read_closed() || broken,
            broken,
        }
    }
}

/// Anything that has a socket and an id.
#[derive(Debug)]
pub(crate) enum Source {
    Connect(Box<Connect>),
    Datagram(Box<Datagram>),
    Listener(Box<Listener>),
    Stream(Box<Stream>),
}

impl Source {
    /// The operating system has news.
    pub(crate) fn ready(&mut self, cx: &mut Context, readiness: Readiness) -> Fate {
        match self {
            Self::Connect(connect) => connect.ready(cx, readiness),
            Self::Datagram(datagram) => datagram.ready(cx, readiness),
            Self::Listener(listener) => listener.ready(cx),
            Self::Stream(stream) => stream.ready(cx, readiness),
        }
    }

    /// It had asked to be called again: a budget had ended, or there was no room.
    pub(crate) fn resume(&mut self, cx: &mut Context) -> Fate {
        match self {
            Self::Connect(_) => Fate::Keep,
            Self::Datagram(datagram) => datagram.resume(cx),
            Self::Listener(listener) => listener.resume(cx),
            Self::Stream(stream) => stream.resume(cx),
        }
    }

    /// What it was short of may be there.
    pub(crate) fn retry(&mut self, cx: &mut Context) {
        if let Self::Listener(listener) = self {
            listener.requeue(cx);
        }
    }

    /// A timer it had armed is due, or may be: sources check.
    pub(crate) fn timer(&mut self, cx: &mut Context, timer: Timer) -> Fate {
        match self {
            Self::Connect(connect) => connect.timer(cx, timer),
            Self::Datagram(datagram) => datagram.timer(cx, timer),
            Self::Listener(listener) => listener.timer(cx, timer),
            Self::Stream(stream) => stream.timer(cx, timer),
        }
    }

    /// JS asks something of it.
    pub(crate) fn request(&mut self, cx: &mut Context, request: Request<'_>) -> Fate {
        match self {
            Self::Connect(connect) => connect.request(&request),
            Self::Datagram(datagram) => datagram.request(cx, request),
            Self::Listener(_) => match request {
                Request::Close { .. } => Fate::Close(Closing::new(reason::CLOSE)),
                _ => Fate::Keep,
            },
            Self::Stream(stream) => stream.request(cx, request),
        }
    }
}

/// Reports the end of a channel.
pub(crate) fn report_closed(cx: &mut Context, id: crate::ChannelId, closing: &Closing) {
    let mut words = vec![closing.errno.cast_unsigned(), closing.syscall];
    for value in cx.tally(id).values() {
        words.extend([value as u32, (value >> 32) as u32]);
    }
    cx.filling
        .push_bytes(kind::CLOSED, closing.reason, id, &words, &closing.detail);
}
