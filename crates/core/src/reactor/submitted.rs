//! One thing handed to the reactor.

use std::collections::VecDeque;

use crate::id::ChannelId;
use crate::queue::fence::Passage;
use crate::queue::piece::Piece;
use crate::source::{Connect, Datagram, Listener, Stream};

/// What may be submitted; see [`crate::queue::submissions`].
#[derive(Debug)]
pub(crate) enum Submitted {
    /// Records; large writes and files stand beside them, in the order of their `WRITE_OWNED`s.
    Batch {
        /// See [`Batches`](super::shared::Batches).
        number: u64,
        records: Vec<u8>,
        owned: VecDeque<Piece>,
    },
    /// Begin to connect.
    Connect {
        id: ChannelId,
        connect: Box<Connect>,
    },
    /// A socket that listens already: begin to accept.
    Listen {
        id: ChannelId,
        listener: Box<Listener>,
    },
    /// A socket that is connected already: wait for JS to start it.
    Adopt { id: ChannelId, stream: Box<Stream> },
    /// Somebody waits until all that was submitted before is done.
    Fence(Passage),
    /// A datagram socket that is bound already.
    Datagram {
        id: ChannelId,
        datagram: Box<Datagram>,
    },
}
