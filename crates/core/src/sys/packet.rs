//! One datagram, as it came and as it shall go.

use socket2::SockAddr;

use crate::addr::Address;

/// A datagram that was received; its bytes are in [`Inbound::bytes`].
#[derive(Debug)]
pub(crate) struct Received {
    /// `None`: a Unix socket without a name.
    pub(crate) from: Option<Address>,
    /// Bytes that are there.
    pub(crate) length: usize,
    /// Bytes that were sent, as far as the system tells.
    pub(crate) sent: usize,
    /// It was longer than the room for it.
    pub(crate) truncated: bool,
    /// How many the socket had lost before it, modulo 2^32.
    pub(crate) drops: Option<u32>,
}

/// A datagram to send.
#[derive(Debug)]
pub(crate) struct Outgoing<'a> {
    /// `None`: to the address that the socket is connected to.
    pub(crate) to: Option<SockAddr>,
    pub(crate) data: &'a [u8],
    /// Where not 0: it is many of this length, the last perhaps shorter (`UDP_SEGMENT`). Linux only.
    pub(crate) segment: u16,
}
