//! Datagram sockets on Linux, macOS and the BSDs.
//!
//! ```text
//!   Linux       recvmmsg, sendmmsg: up to BATCH datagrams a call; single calls after ENOSYS
//!               UDP_SEGMENT: what is sent may be many datagrams in one
//!   elsewhere   recvmsg, sendmsg: one a call
//! ```
//!
//! UDP_GRO is left off: the kernel counts a merged packet that finds no room as one drop, however
//! many datagrams it was, and what is lost would not be told truly (measured: 168 for 1,680).
#![expect(
    unsafe_code,
    reason = "the platform layer: no crate has a form of these calls that serves"
)]

use std::array;
use std::io::{self, IoSlice, IoSliceMut};
use std::net::SocketAddrV6;
use std::os::fd::AsRawFd;

use mio::unix::SourceFd;
use mio::{Interest, Registry, Token};
use socket2::{SockAddr, SockAddrStorage, SockRef, Socket};

use super::answers::{self, Answer};
use super::drops;
use super::messages::{Control, Message, Segmented, receive_many, receive_one, send_many};
pub(crate) use super::packet::{Outgoing, Received};
use super::source_group;

pub(crate) const EINVAL: i32 = libc::EINVAL;
/// How many datagrams one call moves at most.
pub(crate) const BATCH: usize = 32;
/// Room for one received datagram: no UDP datagram is larger.
pub(crate) const PACKET_BYTES: usize = 64 * 1024;

/// How many segments one datagram may be sent as.
pub(crate) const MAX_SEGMENTS: usize = if HAS_MANY { 64 } else { 1 };

const HAS_MANY: bool = cfg!(any(target_os = "linux", target_os = "android"));

/// What one call receives, and the room for it: untouched pages cost nothing.
#[derive(Debug)]
pub(crate) struct Inbound {
    data: Vec<u8>,
    names: Vec<SockAddrStorage>,
    controls: Vec<Control>,
    pub(crate) received: Vec<Received>,
    many: bool,
}

impl Default for Inbound {
    fn default() -> Self {
        Self {
            data: Vec::new(),
            names: Vec::new(),
            controls: Vec::new(),
            received: Vec::with_capacity(BATCH),
            many: HAS_MANY,
        }
    }
}

impl Inbound {
    /// The bytes of the datagram at `index` of `received`.
    pub(crate) fn bytes(&self, index: usize) -> &[u8] {
        &self.data[index * PACKET_BYTES..][..self.received[index].length]
    }

    /// Whether one call has received as many as it can: there may be more.
    pub(crate) fn is_full(&self) -> bool {
        self.received.len() == if self.many { BATCH } else { 1 }
    }

    #[cfg(all(test, target_os = "linux"))]
    pub(crate) fn one_by_one() -> Self {
        Self {
            many: false,
            ..Self::default()
        }
    }

    fn make_room(&mut self) {
        if self.data.is_empty() {
            self.data = vec![0; BATCH * PACKET_BYTES];
            self.names.resize_with(BATCH, SockAddrStorage::zeroed);
            self.controls.resize_with(BATCH, Control::default);
        }
    }
}

/// Whether this system sends many datagrams a call; turned off where it says ENOSYS.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SendsMany(pub(crate) bool);

impl Default for SendsMany {
    fn default() -> Self {
        Self(HAS_MANY)
    }
}

/// A bound datagram socket, non-blocking. Several threads may use it.
#[derive(Debug)]
pub(crate) struct Carrier {
    socket: Socket,
    is_unix: bool,
}

impl Carrier {
    pub(crate) fn new(socket: Socket) -> io::Result<Self> {
        let is_unix = socket.local_addr()?.is_unix();
        drops::ask_for(&socket)?;
        if !is_unix {
            answers::ask_for(&socket)?;
        }
        Ok(Self { socket, is_unix })
    }

    /// It is told of what arrives, but of room only where somebody asks for that: on Linux each
    /// datagram that a receiver on this machine takes tells of room.
    pub(crate) fn register(&self, registry: &Registry, token: Token) -> io::Result<()> {
        let mut source = SourceFd(&self.socket.as_raw_fd());
        registry.register(&mut source, token, Interest::READABLE)
    }

    /// Changes what it is told of; at once of what is so already.
    pub(crate) fn reregister(
        &self,
        registry: &Registry,
        token: Token,
        interest: Interest,
    ) -> io::Result<()> {
        registry.reregister(&mut SourceFd(&self.socket.as_raw_fd()), token, interest)
    }

    pub(crate) fn options(&self) -> SockRef<'_> {
        SockRef::from(&self.socket)
    }

    pub(crate) fn descriptor(&self) -> i32 {
        self.socket.as_raw_fd()
    }

    /// Receives what there is, at most [`BATCH`], into `into.received`.
    pub(crate) fn receive(&self, into: &mut Inbound) -> io::Result<()> {
        into.make_room();
        into.received.clear();
        match self.receive_into(into) {
            Err(error) if into.many && is_missing(&error) => {
                into.many = false;
                self.receive_into(into)
            }
            other => other,
        }
    }

    fn receive_into(&self, into: &mut Inbound) -> io::Result<()> {
        let Inbound {
            data,
            names,
            controls,
            received,
            many,
        } = into;
        let mut rooms = data.chunks_exact_mut(PACKET_BYTES);
        let mut slices: [_; BATCH] =
            array::from_fn(|_| [IoSliceMut::new(rooms.next().unwrap_or_default())]);
        let mut rooms = names.iter_mut().zip(&mut slices).zip(controls.iter_mut());
        let mut messages: [_; BATCH] = array::from_fn(|_| match rooms.next() {
            // None of it for a Unix socket: whoever sends to it could pass descriptors, which would
            // be this process's then, whether it wants them or not.
            Some(((name, slice), control)) => {
                Message::room(name, slice, (!self.is_unix).then_some(control))
            }
            None => Message::empty(),
        });
        // MSG_TRUNC: say how long a datagram was, not how much of it there was room for.
        let flags = if HAS_MANY { libc::MSG_TRUNC } else { 0 };
        let count = if *many {
            receive_many(&self.socket, &mut messages, flags)?
        } else {
            receive_one(&self.socket, &mut messages[0], flags)?;
            1
        };
        let arrived = messages.map(|message| message.arrived());
        for (index, arrived) in arrived[..count].iter().enumerate() {
            received.push(Received {
                from: arrived.sender(&mut names[index]),
                length: arrived.length.min(PACKET_BYTES),
                sent: arrived.length,
                truncated: arrived.truncated,
                drops: arrived.control(&controls[index]).find_map(drops::before),
            });
        }
        Ok(())
    }

    /// Sends as many of `packets` as the system takes, from the first on; an error is the first's.
    /// Where it is ENOSYS, they may not be segmented.
    pub(crate) fn send(&self, packets: &[Outgoing<'_>], many: &mut SendsMany) -> io::Result<usize> {
        if many.0 {
            let sent = match packets {
                [_] => self.send_some::<1>(packets),
                _ => self.send_some::<BATCH>(packets),
            };
            match sent {
                Err(error) if is_missing(&error) => many.0 = false,
                other => return other,
            }
        }
        match packets.first() {
            Some(packet) if packet.segment > 0 => Err(io::Error::from_raw_os_error(libc::ENOSYS)),
            Some(packet) => self.send_one(packet).map(|()| 1),
            None => Ok(0),
        }
    }

    /// At most `MOST` by one call.
    fn send_some<const MOST: usize>(&self, packets: &[Outgoing<'_>]) -> io::Result<usize> {
        let packets = &packets[..packets.len().min(MOST)];
        let slices: [_; MOST] = array::from_fn(|index| {
            IoSlice::new(packets.get(index).map_or(&[], |packet| packet.data))
        });
        let segmented: [_; MOST] = array::from_fn(|index| {
            Segmented::new(packets.get(index).map_or(0, |packet| packet.segment))
        });
        let mut messages: [_; MOST] = array::from_fn(|index| match packets.get(index) {
            Some(packet) => {
                Message::outgoing(packet.to.as_ref(), &slices[index], &segmented[index])
            }
            None => Message::empty(),
        });
        send_many(&self.socket, &mut messages[..packets.len()])
    }

    fn send_one(&self, packet: &Outgoing<'_>) -> io::Result<()> {
        match &packet.to {
            Some(to) => self.socket.send_to_with_flags(packet.data, to, NO_SIGNAL)?,
            None => self.socket.send_with_flags(packet.data, NO_SIGNAL)?,
        };
        Ok(())
    }

    /// Whether answers come by [`answer`](Self::answer), besides letting a call fail.
    pub(crate) fn keeps_answers(&self) -> bool {
        HAS_MANY && !self.is_unix
    }

    /// Takes the oldest answer to a datagram that was sent.
    pub(crate) fn answer(&self) -> Option<Answer> {
        self.keeps_answers().then(|| answers::next(&self.socket))?
    }

    /// Takes the peer's address back.
    pub(crate) fn disconnect(&self) -> io::Result<()> {
        let length = size_of::<libc::sockaddr>() as libc::socklen_t;
        // SAFETY: all zeros is an address of no family (AF_UNSPEC), of whatever length.
        let nobody = unsafe { SockAddr::new(SockAddrStorage::zeroed(), length) };
        match self.socket.connect(&nobody) {
            // BSDs do it, and say that nobody has no family.
            Err(error) if error.raw_os_error() == Some(libc::EAFNOSUPPORT) && !HAS_MANY => Ok(()),
            other => other,
        }
    }

    /// How many datagrams the kernel has dropped for want of room, modulo 2^32; `None` where it
    /// does not tell.
    pub(crate) fn drops(&self) -> Option<u32> {
        drops::now(&self.socket)
    }

    /// Joins or leaves an IPv6 group for what one source sends to it.
    pub(crate) fn source_group_v6(
        &self,
        join: bool,
        group: SocketAddrV6,
        source: SocketAddrV6,
        interface: u32,
    ) -> io::Result<()> {
        source_group::change(&self.socket, join, group, source, interface)
    }
}

/// A broken Unix socket would send a signal to the process.
#[cfg(not(any(target_os = "macos", target_os = "ios")))]
const NO_SIGNAL: libc::c_int = libc::MSG_NOSIGNAL;
#[cfg(any(target_os = "macos", target_os = "ios"))]
const NO_SIGNAL: libc::c_int = 0;

/// A name that the operating system picks, where it does (Linux: an abstract one).
pub(crate) fn any_unix_address() -> io::Result<SockAddr> {
    SockAddr::unix("")
}

/// Older kernels, sandboxes that do not know the call, and systems that have none.
fn is_missing(error: &io::Error) -> bool {
    error.raw_os_error() == Some(libc::ENOSYS)
}

#[cfg(all(test, target_os = "linux"))]
#[path = "packets_tests.rs"]
mod tests;
