//! What becomes of a source.

use std::io;

use super::context::Context;
use super::stream_socket::StreamSocket;
use crate::addr::Address;
use crate::id::ChannelId;
use crate::wire::{kind, reason, syscall};

/// What a source has become after it was driven.
#[derive(Debug)]
pub(crate) enum Fate {
    /// It goes on.
    Keep,
    /// A connect has succeeded: from now on it is a stream over this socket.
    Become(StreamSocket),
    /// It is known whose connection this is: from now on it is a stream of its server.
    Greet(Box<Greeted>),
    /// That will never be known, for one of wire's reasons: its server is told, and it is closed.
    Refuse(u32),
    /// It is over. The reactor drops it, and with it the socket, and reports this.
    Close(Closing),
}

/// A connection, and who is at its other end.
#[derive(Debug)]
pub(crate) struct Greeted {
    pub(crate) socket: StreamSocket,
    /// What JS is told of it.
    pub(crate) about: Vec<u8>,
    pub(crate) is_proxied: bool,
    /// Who it is from, as far as is told.
    pub(crate) peer: Option<Address>,
    /// What was read behind the header.
    pub(crate) early: Vec<u8>,
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

/// Reports the end of a channel.
pub(crate) fn report_closed(cx: &mut Context, id: ChannelId, closing: &Closing) {
    let mut words = vec![closing.errno.cast_unsigned(), closing.syscall];
    for value in cx.tally(id).values() {
        words.extend([value as u32, (value >> 32) as u32]);
    }
    cx.filling
        .push_bytes(kind::CLOSED, closing.reason, id, &words, &closing.detail);
}
