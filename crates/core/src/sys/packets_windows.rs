//! Datagram sockets on Windows: one datagram a call, through mio, which has to see each of them.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};
use std::sync::Mutex;

use mio::net::UdpSocket;
use mio::{Interest, Registry, Token};
use socket2::{SockAddr, SockRef, Socket};

use super::answers::Answer;
use super::imp::descriptor;
pub(crate) use super::packet::{Outgoing, Received};
use crate::sync::lock;

/// WSAEINVAL.
pub(crate) const EINVAL: i32 = 10022;
/// How many datagrams one call moves at most.
pub(crate) const BATCH: usize = 1;
/// Room for one received datagram: no UDP datagram is larger.
pub(crate) const PACKET_BYTES: usize = 64 * 1024;

const WSAECONNRESET: i32 = 10054;
const WSAENETRESET: i32 = 10052;
const WSAEAFNOSUPPORT: i32 = 10047;
const WSAENOPROTOOPT: i32 = 10042;

/// How many segments one datagram may be sent as.
pub(crate) const MAX_SEGMENTS: usize = 1;

/// What one call receives, and the room for it.
#[derive(Debug, Default)]
pub(crate) struct Inbound {
    data: Vec<u8>,
    pub(crate) received: Vec<Received>,
}

impl Inbound {
    /// The bytes of the datagram at `index` of `received`.
    pub(crate) fn bytes(&self, index: usize) -> &[u8] {
        &self.data[..self.received[index].length]
    }

    /// Whether one call has received as many as it can: there may be more.
    pub(crate) fn is_full(&self) -> bool {
        self.received.len() == BATCH
    }
}

/// Windows sends one datagram a call.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct SendsMany {}

/// A bound datagram socket, non-blocking. Several threads may use it.
#[derive(Debug)]
pub(crate) struct Carrier {
    /// Registering wants it for itself alone, once.
    socket: Mutex<UdpSocket>,
    /// A second handle to the same socket, for its options.
    options: Socket,
}

impl Carrier {
    pub(crate) fn new(socket: Socket) -> io::Result<Self> {
        Ok(Self {
            options: socket.try_clone()?,
            socket: Mutex::new(UdpSocket::from_std(socket.into())),
        })
    }

    pub(crate) fn register(&self, registry: &Registry, token: Token) -> io::Result<()> {
        registry.register(&mut *lock(&self.socket), token, Interest::READABLE)
    }

    pub(crate) fn reregister(
        &self,
        registry: &Registry,
        token: Token,
        interest: Interest,
    ) -> io::Result<()> {
        registry.reregister(&mut *lock(&self.socket), token, interest)
    }

    pub(crate) fn options(&self) -> SockRef<'_> {
        SockRef::from(&self.options)
    }

    pub(crate) fn descriptor(&self) -> i32 {
        descriptor(&*lock(&self.socket))
    }

    /// Receives what there is, at most [`BATCH`], into `into.received`.
    pub(crate) fn receive(&self, into: &mut Inbound) -> io::Result<()> {
        if into.data.is_empty() {
            into.data = vec![0; PACKET_BYTES];
        }
        into.received.clear();
        let socket = lock(&self.socket);
        match socket.recv_from(&mut into.data) {
            Ok((length, from)) => into.received.push(Received {
                from: Some(from.into()),
                length,
                sent: length,
                truncated: false,
                drops: None,
            }),
            // What became of an earlier datagram to anyone: no business of this call.
            Err(error) if is_answer(&error) && socket.peer_addr().is_err() => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Sends the first of `packets`.
    pub(crate) fn send(&self, packets: &[Outgoing<'_>], _: &mut SendsMany) -> io::Result<usize> {
        let Some(packet) = packets.first() else {
            return Ok(0);
        };
        debug_assert_eq!(packet.segment, 0, "there are none here");
        match packet.to.as_ref().and_then(SockAddr::as_socket) {
            Some(to) => lock(&self.socket).send_to(packet.data, to)?,
            None => lock(&self.socket).send(packet.data)?,
        };
        Ok(1)
    }

    pub(crate) fn keeps_answers(&self) -> bool {
        false
    }

    /// Windows lets a call fail, and does not say whose datagram it was.
    pub(crate) fn answer(&self) -> Option<Answer> {
        None
    }

    /// Takes the peer's address back.
    pub(crate) fn disconnect(&self) -> io::Result<()> {
        let v6 = lock(&self.socket).local_addr()?.is_ipv6();
        let nobody: SocketAddr = if v6 {
            (Ipv6Addr::UNSPECIFIED, 0).into()
        } else {
            (Ipv4Addr::UNSPECIFIED, 0).into()
        };
        self.options().connect(&nobody.into())
    }

    /// Windows does not tell.
    pub(crate) fn drops(&self) -> Option<u32> {
        None
    }

    /// Joins or leaves an IPv6 group for what one source sends to it.
    pub(crate) fn source_group_v6(
        &self,
        _join: bool,
        _group: SocketAddrV6,
        _source: SocketAddrV6,
        _interface: u32,
    ) -> io::Result<()> {
        Err(io::Error::from_raw_os_error(WSAENOPROTOOPT))
    }
}

fn is_answer(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(WSAECONNRESET | WSAENETRESET))
}

/// Datagrams have no Unix sockets here.
pub(crate) fn any_unix_address() -> io::Result<SockAddr> {
    Err(io::Error::from_raw_os_error(WSAEAFNOSUPPORT))
}
