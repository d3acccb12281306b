//! One socket state machine per file.
//!
//! ```text
//!   Connect ──the first attempt that succeeds──▶ Stream ──▶ closed
//!   Listener ──accept──▶ Stream, or first Proxied
//!   Datagram ──▶ closed
//! ```
//!
//! A source never blocks, never calls out, and owns its socket; all that it may touch besides is
//! the [`Context`] it is given. It answers with its [`Fate`].

mod adopt;
mod connect;
pub(crate) mod context;
mod datagram;
mod datagram_socket;
mod datagram_way;
pub(crate) mod fate;
mod listen;
mod listener;
mod listener_socket;
#[cfg(test)]
pub(crate) mod played;
mod proxied;
mod proxy_header;
pub(crate) mod readiness;
mod shortcut;
mod slots;
mod stats;
mod stream;
mod stream_socket;
pub(crate) mod timers;

pub use adopt::AdoptError;
pub(crate) use adopt::{adopt_listener, adopt_packets, adopt_stream};
pub(crate) use connect::Connect;
pub(crate) use datagram::{Datagram, TURN_PACKETS};
pub(crate) use datagram_socket::DatagramSocket;
pub use listen::ListenError;
pub(crate) use listen::{has_no_ipv6, listen, listen_path};
pub(crate) use listener::Listener;
pub(crate) use listener_socket::ListenerSocket;
pub(crate) use proxied::Proxied;
pub(crate) use slots::Slots;
pub use stats::{Stats, Tally};
pub(crate) use stream::Stream;
#[cfg(test)]
pub(crate) use stream_socket::StreamSocket;

use std::time::Instant;

use context::Context;
use fate::Fate;
use readiness::Readiness;
use timers::Timer;

use crate::queue::records::Request;

/// Anything that has a socket and an id.
#[derive(Debug)]
pub(crate) enum Source {
    Connect(Box<Connect>),
    Datagram(Box<Datagram>),
    Listener(Box<Listener>),
    Proxied(Box<Proxied>),
    Stream(Box<Stream>),
}

impl Source {
    /// The operating system has news.
    pub(crate) fn ready(&mut self, cx: &mut Context, readiness: Readiness) -> Fate {
        match self {
            Self::Connect(connect) => connect.ready(cx, readiness),
            Self::Datagram(datagram) => datagram.ready(cx, readiness),
            Self::Listener(listener) => listener.ready(cx),
            Self::Proxied(proxied) => proxied.ready(cx),
            Self::Stream(stream) => stream.ready(cx, readiness),
        }
    }

    /// It had asked to be called again: a budget had ended, or there was no room.
    pub(crate) fn call_again(&mut self, cx: &mut Context) -> Fate {
        match self {
            Self::Connect(_) => Fate::Keep,
            Self::Datagram(datagram) => datagram.call_again(cx),
            Self::Listener(listener) => listener.call_again(cx),
            Self::Proxied(proxied) => proxied.call_again(cx),
            Self::Stream(stream) => stream.call_again(cx),
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
            Self::Proxied(proxied) => proxied.timer(cx, timer),
            Self::Stream(stream) => stream.timer(cx, timer),
        }
    }

    /// Whether a timer that it had armed means anything to it still.
    pub(crate) fn awaits(&self, timer: Timer, at: Instant) -> bool {
        match self {
            Self::Stream(stream) => stream.awaits(timer, at),
            Self::Datagram(datagram) => datagram.awaits(timer, at),
            Self::Connect(_) | Self::Listener(_) | Self::Proxied(_) => true,
        }
    }

    /// JS asks something of it.
    pub(crate) fn request(&mut self, cx: &mut Context, request: Request<'_>) -> Fate {
        match self {
            Self::Connect(connect) => connect.request(&request),
            Self::Datagram(datagram) => datagram.request(cx, request),
            Self::Listener(listener) => listener.request(cx, request),
            // JS does not know of it yet.
            Self::Proxied(_) => Fate::Keep,
            Self::Stream(stream) => stream.request(cx, request),
        }
    }
}
