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
    reason = "the platform layer: libc has no safe form of these calls"
)]

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::AsRawFd;
#[cfg(any(target_os = "linux", target_os = "android"))]
use std::ptr;

use mio::unix::SourceFd;
use mio::{Interest, Registry, Token};
use socket2::{SockAddr, SockAddrStorage, SockRef, Socket};

#[cfg(any(target_os = "linux", target_os = "android"))]
use super::answers;
use super::answers::Answer;
#[cfg(any(target_os = "linux", target_os = "android"))]
use super::calls::set_option;
use super::calls::{check, sender_of};
use super::control::{CONTROL_WORDS, Control, drops_in, segments};
pub(crate) use super::packet::{Outgoing, Received};
use super::source_group;

pub(crate) const EINVAL: i32 = libc::EINVAL;
/// How many datagrams one call moves at most.
pub(crate) const BATCH: usize = 32;
/// Room for one received datagram: no UDP datagram is larger.
pub(crate) const PACKET_BYTES: usize = 64 * 1024;

/// How many segments one datagram may be sent as.
pub(crate) const MAX_SEGMENTS: usize = if HAS_MANY { 64 } else { 1 };

/// Where in `SO_MEMINFO` the drops are: `SK_MEMINFO_DROPS`, which libc does not have everywhere.
#[cfg(any(target_os = "linux", target_os = "android"))]
const MEMINFO_DROPS: usize = 8;

/// What one call receives, and the room for it: untouched pages cost nothing.
#[derive(Debug)]
pub(crate) struct Inbound {
    data: Vec<u8>,
    pub(crate) received: Vec<Received>,
    #[cfg_attr(
        not(any(target_os = "linux", target_os = "android")),
        expect(dead_code, reason = "one datagram a call")
    )]
    many: bool,
}

impl Default for Inbound {
    fn default() -> Self {
        Self {
            data: Vec::new(),
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

    #[cfg(all(test, target_os = "linux"))]
    pub(crate) fn one_by_one() -> Self {
        Self {
            many: false,
            ..Self::default()
        }
    }
}

const HAS_MANY: bool = cfg!(any(target_os = "linux", target_os = "android"));

/// Whether this system sends many datagrams a call; turned off where it says ENOSYS.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SendsMany(
    #[cfg_attr(
        not(any(target_os = "linux", target_os = "android")),
        expect(dead_code, reason = "one datagram a call")
    )]
    pub(crate) bool,
);

impl Default for SendsMany {
    fn default() -> Self {
        Self(HAS_MANY)
    }
}

/// A bound datagram socket, non-blocking. Several threads may use it.
#[derive(Debug)]
pub(crate) struct Carrier {
    socket: Socket,
    /// Room for control messages, in bytes. None on a Unix socket: whoever sends to it could pass
    /// descriptors, which would be this process's then, whether it wants them or not.
    control_bytes: usize,
}

impl Carrier {
    pub(crate) fn new(socket: Socket) -> io::Result<Self> {
        #[cfg(any(target_os = "linux", target_os = "android"))]
        set_option(&socket, libc::SOL_SOCKET, libc::SO_RXQ_OVFL, &1_i32)?;
        let is_unix = socket.local_addr()?.is_unix();
        #[cfg(any(target_os = "linux", target_os = "android"))]
        if !is_unix {
            answers::ask_for(&socket)?;
        }
        Ok(Self {
            socket,
            control_bytes: if is_unix { 0 } else { size_of::<Control>() },
        })
    }

    pub(crate) fn register(&self, registry: &Registry, token: Token) -> io::Result<()> {
        let interest = Interest::READABLE | Interest::WRITABLE;
        registry.register(&mut SourceFd(&self.socket.as_raw_fd()), token, interest)
    }

    pub(crate) fn options(&self) -> SockRef<'_> {
        SockRef::from(&self.socket)
    }

    pub(crate) fn descriptor(&self) -> i32 {
        self.socket.as_raw_fd()
    }

    /// Receives what there is, at most [`BATCH`], into `into.received`.
    pub(crate) fn receive(&self, into: &mut Inbound) -> io::Result<()> {
        if into.data.is_empty() {
            into.data = vec![0; BATCH * PACKET_BYTES];
        }
        into.received.clear();
        #[cfg(any(target_os = "linux", target_os = "android"))]
        if into.many {
            match self.receive_many(into) {
                Err(error) if is_missing(&error) => into.many = false,
                other => return other,
            }
        }
        self.receive_one(into)
    }

    /// Sends as many of `packets` as the system takes, from the first on; an error is the first's.
    pub(crate) fn send(&self, packets: &[Outgoing<'_>], many: &mut SendsMany) -> io::Result<usize> {
        #[cfg(any(target_os = "linux", target_os = "android"))]
        if many.0 && packets.len() > 1 {
            match self.send_many(packets) {
                Err(error) if is_missing(&error) => many.0 = false,
                other => return other,
            }
        }
        let _ = many;
        match packets.first() {
            Some(packet) => self.send_one(packet).map(|()| 1),
            None => Ok(0),
        }
    }

    /// Whether answers come by [`answer`](Self::answer), besides letting a call fail.
    pub(crate) fn keeps_answers(&self) -> bool {
        HAS_MANY && self.control_bytes > 0
    }

    /// Takes the oldest answer to a datagram that was sent.
    pub(crate) fn answer(&self) -> Option<Answer> {
        #[cfg(any(target_os = "linux", target_os = "android"))]
        if self.keeps_answers() {
            return answers::next(&self.socket);
        }
        None
    }

    /// Takes the peer's address back.
    pub(crate) fn disconnect(&self) -> io::Result<()> {
        let mut nobody = SockAddrStorage::zeroed();
        // SAFETY: sockaddr is one of the platform's types, and shorter than the storage.
        let address = unsafe { nobody.view_as::<libc::sockaddr>() };
        address.sa_family = libc::AF_UNSPEC as libc::sa_family_t;
        let length = size_of::<libc::sockaddr>() as libc::socklen_t;
        let address: *const libc::sockaddr = address;
        // SAFETY: `address` is valid for `length` bytes, which are initialised.
        let result = unsafe { libc::connect(self.socket.as_raw_fd(), address, length) };
        match check(result) {
            // BSDs do it, and say that nobody has no family.
            Err(error) if error.raw_os_error() == Some(libc::EAFNOSUPPORT) && !HAS_MANY => Ok(()),
            other => other,
        }
    }

    /// How many datagrams the kernel has dropped for want of room, modulo 2^32; `None` where it
    /// does not tell.
    pub(crate) fn drops(&self) -> Option<u32> {
        #[cfg(any(target_os = "linux", target_os = "android"))]
        {
            let mut values = [0_u32; MEMINFO_DROPS + 1];
            let mut length = size_of_val(&values) as libc::socklen_t;
            // SAFETY: `values` is valid for a write of `length` bytes, and any bytes are u32s.
            let result = unsafe {
                libc::getsockopt(
                    self.socket.as_raw_fd(),
                    libc::SOL_SOCKET,
                    SO_MEMINFO,
                    values.as_mut_ptr().cast(),
                    &raw mut length,
                )
            };
            let whole = result == 0 && length as usize == size_of_val(&values);
            whole.then_some(values[MEMINFO_DROPS])
        }
        #[cfg(not(any(target_os = "linux", target_os = "android")))]
        None
    }

    /// Joins or leaves an IPv6 group for what one source sends to it.
    pub(crate) fn source_group_v6(
        &self,
        join: bool,
        group: &SockAddr,
        source: &SockAddr,
        interface: u32,
    ) -> io::Result<()> {
        source_group::change(&self.socket, join, group, source, interface)
    }

    #[cfg(any(target_os = "linux", target_os = "android"))]
    fn receive_many(&self, into: &mut Inbound) -> io::Result<()> {
        let mut names = [const { MaybeUninit::<libc::sockaddr_storage>::zeroed() }; BATCH];
        let mut controls: [Control; BATCH] = [[0; CONTROL_WORDS]; BATCH];
        let mut slices = [const { MaybeUninit::<libc::iovec>::zeroed() }; BATCH];
        let mut headers = [const { MaybeUninit::<libc::mmsghdr>::zeroed() }; BATCH];
        for (index, room) in into.data.chunks_exact_mut(PACKET_BYTES).enumerate() {
            let slice = slices[index].write(libc::iovec {
                iov_base: room.as_mut_ptr().cast(),
                iov_len: room.len(),
            });
            // SAFETY: all zeros is a valid mmsghdr.
            let header = unsafe { headers[index].assume_init_mut() };
            header.msg_hdr.msg_name = names[index].as_mut_ptr().cast();
            header.msg_hdr.msg_namelen = size_of::<libc::sockaddr_storage>() as libc::socklen_t;
            header.msg_hdr.msg_iov = slice;
            header.msg_hdr.msg_iovlen = 1;
            header.msg_hdr.msg_control = controls[index].as_mut_ptr().cast();
            header.msg_hdr.msg_controllen = self.control_bytes as _;
        }
        // SAFETY: each of the BATCH headers is initialised, and points to a name, a slice and a
        // control buffer of the lengths that it says, all of which outlive the call.
        let count = unsafe {
            libc::recvmmsg(
                self.socket.as_raw_fd(),
                headers.as_mut_ptr().cast(),
                BATCH as libc::c_uint,
                // MSG_TRUNC: say how long a datagram was, not how much of it there was room for.
                (libc::MSG_TRUNC) as _,
                ptr::null_mut(),
            )
        };
        check(count)?;
        for (header, name) in headers.iter().zip(names).take(count as usize) {
            // SAFETY: as above; the kernel has filled it in.
            let header = unsafe { header.assume_init_ref() };
            // SAFETY: zeroed before, and now the name that goes with this header.
            let name = unsafe { name.assume_init() };
            into.received
                .push(described(&header.msg_hdr, name, header.msg_len as usize));
        }
        Ok(())
    }

    fn receive_one(&self, into: &mut Inbound) -> io::Result<()> {
        let mut name = MaybeUninit::<libc::sockaddr_storage>::zeroed();
        let mut control: Control = [0; CONTROL_WORDS];
        let mut slice = libc::iovec {
            iov_base: into.data.as_mut_ptr().cast(),
            iov_len: PACKET_BYTES,
        };
        // SAFETY: all zeros is a valid msghdr.
        let mut header: libc::msghdr = unsafe { MaybeUninit::zeroed().assume_init() };
        header.msg_name = name.as_mut_ptr().cast();
        header.msg_namelen = size_of::<libc::sockaddr_storage>() as libc::socklen_t;
        header.msg_iov = &raw mut slice;
        header.msg_iovlen = 1;
        header.msg_control = control.as_mut_ptr().cast();
        header.msg_controllen = self.control_bytes as _;
        let flags = if HAS_MANY { libc::MSG_TRUNC } else { 0 };
        // SAFETY: the header is initialised, and points to a name, a slice and a control buffer
        // of the lengths that it says, all of which outlive the call.
        let length = unsafe { libc::recvmsg(self.socket.as_raw_fd(), &raw mut header, flags) };
        if length < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: zeroed before the call.
        let name = unsafe { name.assume_init() };
        into.received
            .push(described(&header, name, length.unsigned_abs()));
        Ok(())
    }

    #[cfg(any(target_os = "linux", target_os = "android"))]
    fn send_many(&self, packets: &[Outgoing<'_>]) -> io::Result<usize> {
        let mut slices = [const { MaybeUninit::<libc::iovec>::zeroed() }; BATCH];
        let mut headers = [const { MaybeUninit::<libc::mmsghdr>::zeroed() }; BATCH];
        let mut controls: [Control; BATCH] = [[0; CONTROL_WORDS]; BATCH];
        let count = packets.len().min(BATCH);
        for (index, packet) in packets[..count].iter().enumerate() {
            let slice = slices[index].write(slice_of(packet));
            // SAFETY: all zeros is a valid mmsghdr.
            let header = unsafe { headers[index].assume_init_mut() };
            address(&mut header.msg_hdr, packet);
            segments(&mut header.msg_hdr, packet, &mut controls[index]);
            header.msg_hdr.msg_iov = slice;
            header.msg_hdr.msg_iovlen = 1;
        }
        // SAFETY: the first `count` headers are initialised, and point to slices, names and control
        // messages that outlive the call, and that it only reads.
        let sent = unsafe {
            libc::sendmmsg(
                self.socket.as_raw_fd(),
                headers.as_mut_ptr().cast(),
                count as libc::c_uint,
                libc::MSG_NOSIGNAL as _,
            )
        };
        check(sent)?;
        Ok(sent as usize)
    }

    fn send_one(&self, packet: &Outgoing<'_>) -> io::Result<()> {
        let mut slice = slice_of(packet);
        // SAFETY: all zeros is a valid msghdr.
        let mut header: libc::msghdr = unsafe { MaybeUninit::zeroed().assume_init() };
        let mut control: Control = [0; CONTROL_WORDS];
        address(&mut header, packet);
        segments(&mut header, packet, &mut control);
        header.msg_iov = &raw mut slice;
        header.msg_iovlen = 1;
        // SAFETY: the header is initialised, and points to a slice, a name and a control message
        // that outlive the call, and that it only reads.
        let sent = unsafe { libc::sendmsg(self.socket.as_raw_fd(), &raw const header, NO_SIGNAL) };
        if sent < 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(())
    }
}

/// A broken Unix socket would send a signal to the process.
#[cfg(not(any(target_os = "macos", target_os = "ios")))]
const NO_SIGNAL: libc::c_int = libc::MSG_NOSIGNAL;
#[cfg(any(target_os = "macos", target_os = "ios"))]
const NO_SIGNAL: libc::c_int = 0;

/// asm-generic/socket.h: libc has it for some targets only.
#[cfg(any(target_os = "linux", target_os = "android"))]
const SO_MEMINFO: libc::c_int = 55;

fn slice_of(packet: &Outgoing<'_>) -> libc::iovec {
    libc::iovec {
        iov_base: packet.data.as_ptr().cast_mut().cast(),
        iov_len: packet.data.len(),
    }
}

fn address(header: &mut libc::msghdr, packet: &Outgoing<'_>) {
    if let Some(to) = &packet.to {
        header.msg_name = to.as_ptr().cast_mut().cast();
        header.msg_namelen = to.len();
    }
}

/// A name that the operating system picks, where it does (Linux: an abstract one).
pub(crate) fn any_unix_address() -> io::Result<SockAddr> {
    SockAddr::unix("")
}

/// What the kernel has said of one datagram.
fn described(header: &libc::msghdr, name: libc::sockaddr_storage, length: usize) -> Received {
    Received {
        from: sender_of(header, name),
        length: length.min(PACKET_BYTES),
        sent: length,
        truncated: header.msg_flags & libc::MSG_TRUNC != 0,
        drops: drops_in(header),
    }
}

/// Older kernels, and sandboxes that do not know the call.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn is_missing(error: &io::Error) -> bool {
    error.raw_os_error() == Some(libc::ENOSYS)
}

#[cfg(all(test, target_os = "linux"))]
#[path = "packets_tests.rs"]
mod tests;
