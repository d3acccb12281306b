//! A connection that a proxy has opened: it is nobody's until the proxy has said whose.
//!
//! ```text
//!   accepted ──its header is whole──▶ greeted: a stream, whose server hears of it
//!      │     ──it is none, or nothing has come in time──▶ the same, where that is allowed
//!      └──malformed, late, or over before──▶ refused
//! ```

use std::io;
use std::time::{Duration, Instant};

use super::context::{Announced, Context};
use super::fate::{Fate, Greeted};
use super::proxy_header::{Header, MOST_BYTES, Parsed, parse};
use super::stream_socket::StreamSocket;
use super::timers::Timer;
use crate::addr::{self, Address};
use crate::id::ChannelId;
use crate::wire::proxy;

#[derive(Debug)]
pub(crate) struct Proxied {
    id: ChannelId,
    server: ChannelId,
    /// `None` once it has been greeted.
    socket: Option<StreamSocket>,
    /// The proxy.
    peer: Option<Address>,
    local: Option<Address>,
    is_optional: bool,
    held: Vec<u8>,
    queued: bool,
    deadline: Instant,
}

impl Proxied {
    pub(crate) fn new(
        id: ChannelId,
        server: ChannelId,
        socket: StreamSocket,
        announced: Announced,
        now: Instant,
    ) -> Self {
        let Announced { peer, local, how } = announced;
        Self {
            id,
            server,
            socket: Some(socket),
            peer,
            local,
            is_optional: how.is_optional,
            held: Vec::new(),
            queued: false,
            deadline: now + how.timeout,
        }
    }

    pub(crate) fn server(&self) -> ChannelId {
        self.server
    }

    /// Starts its clock.
    pub(crate) fn begin(&self, cx: &mut Context) {
        cx.arm(self.id, Timer::Frame, self.deadline);
    }

    pub(crate) fn call_again(&mut self, cx: &mut Context) -> Fate {
        self.queued = false;
        self.ready(cx)
    }

    pub(crate) fn ready(&mut self, cx: &mut Context) -> Fate {
        // Its server is told of it at once, or has it wait.
        if cx.is_full() {
            cx.requeue_for_room(self.id, &mut self.queued);
            return Fate::Keep;
        }
        let mut buffer = [0; MOST_BYTES];
        loop {
            let room = MOST_BYTES - self.held.len();
            let Some(socket) = &self.socket else {
                return Fate::Keep;
            };
            match socket.read(&mut buffer[..room]) {
                Ok(0) if self.held.is_empty() => return self.without(proxy::MISSING),
                Ok(0) => return Fate::Refuse(proxy::MALFORMED),
                Ok(n) => self.held.extend_from_slice(&buffer[..n]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Fate::Keep,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(_) => return Fate::Refuse(proxy::MISSING),
            }
            match parse(&self.held) {
                Parsed::Incomplete => {}
                Parsed::None => return self.without(proxy::MISSING),
                Parsed::Malformed => return Fate::Refuse(proxy::MALFORMED),
                Parsed::Whole(header, length) => return self.greeted(Some(&header), length),
            }
        }
    }

    pub(crate) fn timer(&mut self, cx: &mut Context, timer: Timer) -> Fate {
        if timer != Timer::Frame || cx.now < self.deadline {
            return Fate::Keep;
        }
        if self.queued || cx.is_full() {
            // It waits for its server, not for the proxy.
            self.deadline = cx.now + Duration::from_millis(100);
            self.begin(cx);
            return Fate::Keep;
        }
        if self.held.is_empty() {
            self.without(proxy::LATE)
        } else {
            Fate::Refuse(proxy::LATE)
        }
    }

    pub(crate) fn peer(&self) -> Option<&Address> {
        self.peer.as_ref()
    }

    /// There is no header.
    fn without(&mut self, why: u32) -> Fate {
        if !self.is_optional {
            return Fate::Refuse(why);
        }
        self.greeted(None, 0)
    }

    fn greeted(&mut self, header: Option<&Header>, length: usize) -> Fate {
        let Some(socket) = self.socket.take() else {
            return Fate::Keep;
        };
        let own = (self.peer.clone(), self.local.clone());
        let told = header.and_then(|header| header.ends.clone());
        let (peer, local) = told.unwrap_or(own);
        let mut about = Vec::new();
        addr::encode(local.as_ref(), &mut about);
        addr::encode(peer.as_ref(), &mut about);
        if let Some(header) = header {
            let tlvs = u16::try_from(header.tlvs.len()).expect("a header is shorter");
            about.extend([header.version, u8::from(header.local)]);
            about.extend(tlvs.to_be_bytes());
            about.extend_from_slice(&header.tlvs);
            addr::encode(self.peer.as_ref(), &mut about);
        }
        socket.describe_process(&mut about);
        Fate::Greet(Box::new(Greeted {
            socket,
            about,
            is_proxied: header.is_some(),
            peer,
            early: self.held.split_off(length),
        }))
    }
}
