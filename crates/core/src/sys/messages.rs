//! recvmsg(2), recvmmsg(2) and sendmmsg(2), with what comes and goes beside the data.
//!
//! By hand, since nix (0.32) has the calls, but not so that they serve here. Its `MultiHeaders` keep
//! the lengths that the kernel has written: the second call of `recvmmsg` has no room for drops, so
//! each would need, and allocate, new ones. Its `recvmsg` takes the name for written where a Unix
//! sender has none. And its `sendmmsg` gives all messages the same control messages, where each run
//! of datagrams has its own length.
#![expect(
    unsafe_code,
    reason = "the platform layer: no crate has a form of these calls that serves"
)]

use std::io::{self, IoSlice, IoSliceMut};
use std::iter;
use std::marker::PhantomData;
use std::mem;
use std::os::fd::AsRawFd;
use std::ptr::{self, NonNull};
use std::slice;

use socket2::{SockAddr, SockAddrStorage, Socket};

use crate::addr::Address;

/// Room for what comes beside the data, aligned as its headers are: three messages of a few words.
pub(super) type Control = [u64; 16];

/// A message to be received or sent. What it points to is borrowed as long as it lives.
#[repr(transparent)]
pub(super) struct Message<'a> {
    header: Header,
    borrowed: PhantomData<&'a mut [u8]>,
}

#[cfg(any(target_os = "linux", target_os = "android"))]
type Header = libc::mmsghdr;

/// Elsewhere there is none for many at once.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
struct Header {
    msg_hdr: libc::msghdr,
    msg_len: libc::c_uint,
}

/// What the kernel has said of a message.
#[derive(Debug, Clone, Copy)]
pub(super) struct Arrived {
    pub(super) length: usize,
    pub(super) truncated: bool,
    name: libc::socklen_t,
    control: usize,
}

/// A control message: cmsg(3).
#[derive(Debug)]
#[cfg_attr(
    not(any(target_os = "linux", target_os = "android")),
    expect(dead_code, reason = "none is looked at")
)]
pub(super) struct Beside<'a> {
    pub(super) level: libc::c_int,
    pub(super) kind: libc::c_int,
    pub(super) data: &'a [u8],
}

impl<'a> Message<'a> {
    /// Nothing is received, or sent, by it.
    pub(super) fn empty() -> Self {
        // SAFETY: it is integers and pointers, all of which may be 0. On musl it has fields that
        // cannot be named.
        let header = unsafe { mem::zeroed() };
        Self {
            header,
            borrowed: PhantomData,
        }
    }

    /// Room for one. Without `control`, the kernel keeps what would come beside it.
    pub(super) fn room(
        name: &'a mut SockAddrStorage,
        data: &'a mut [IoSliceMut<'_>],
        control: Option<&'a mut Control>,
    ) -> Self {
        let mut message = Self::empty();
        let header = &mut message.header.msg_hdr;
        header.msg_namelen = name.size_of();
        header.msg_name = ptr::from_mut(name).cast();
        // An IoSliceMut is an iovec.
        header.msg_iov = data.as_mut_ptr().cast();
        header.msg_iovlen = data.len() as _;
        if let Some(control) = control {
            header.msg_controllen = size_of_val(control) as _;
            header.msg_control = control.as_mut_ptr().cast();
        }
        message
    }

    /// What the kernel has said of the one that was received into it.
    pub(super) fn arrived(&self) -> Arrived {
        let header = &self.header.msg_hdr;
        Arrived {
            length: self.header.msg_len as usize,
            truncated: header.msg_flags & libc::MSG_TRUNC != 0,
            name: header.msg_namelen,
            #[allow(
                clippy::allow_attributes,
                clippy::unnecessary_cast,
                reason = "not everywhere"
            )]
            control: header.msg_controllen as usize,
        }
    }
}

impl Arrived {
    /// Who has sent it; `None` for a Unix socket without a name. Leaves zeros for the next.
    pub(super) fn sender(&self, name: &mut SockAddrStorage) -> Option<Address> {
        let name = mem::replace(name, SockAddrStorage::zeroed());
        // The kernel says how long it is, also where there was less room for it.
        let length = self.name.min(name.size_of());
        // SAFETY: the kernel wrote this name, of this length, and zeros follow it.
        Address::of(&unsafe { SockAddr::new(name, length) })
    }

    /// What came beside it.
    pub(super) fn control<'a>(&self, control: &'a Control) -> impl Iterator<Item = Beside<'a>> {
        let mut header = Message::empty().header.msg_hdr;
        header.msg_control = control.as_ptr().cast_mut().cast();
        header.msg_controllen = self.control.min(size_of_val(control)) as _;
        // SAFETY: the buffer is as long as the header says.
        let first = unsafe { libc::CMSG_FIRSTHDR(&raw const header) };
        let next = move |at: &NonNull<libc::cmsghdr>| {
            // SAFETY: `at` is one of this header's, and the kernel has laid them out.
            NonNull::new(unsafe { libc::CMSG_NXTHDR(&raw const header, at.as_ptr()) })
        };
        iter::successors(NonNull::new(first), next).map(|at| {
            // SAFETY: a control message of the kernel's, in a buffer aligned for it.
            let message = unsafe { at.as_ref() };
            // SAFETY: as above.
            let data = unsafe { libc::CMSG_DATA(at.as_ptr()) };
            #[allow(
                clippy::allow_attributes,
                clippy::unnecessary_cast,
                reason = "not everywhere"
            )]
            let end = message.cmsg_len as usize;
            let length = end.saturating_sub(data.addr() - at.addr().get());
            // SAFETY: the kernel has written so many bytes there, all of them in `control`.
            let data = unsafe { slice::from_raw_parts(data, length) };
            Beside {
                level: message.cmsg_level,
                kind: message.cmsg_type,
                data,
            }
        })
    }
}

pub(super) fn receive_one(
    socket: &Socket,
    message: &mut Message<'_>,
    flags: libc::c_int,
) -> io::Result<()> {
    let header = &raw mut message.header.msg_hdr;
    // SAFETY: the header points to a name, slices and a control buffer of the lengths that it says,
    // which are borrowed mutably.
    let length = unsafe { libc::recvmsg(socket.as_raw_fd(), header, flags) };
    message.header.msg_len = checked(length)? as _;
    Ok(())
}

pub(super) use many::{Segmented, receive_many, send_many};

#[cfg(any(target_os = "linux", target_os = "android"))]
mod many {
    use super::*;

    /// Says that a message is many datagrams of this length, the last perhaps shorter.
    #[repr(C)]
    pub(in super::super) struct Segmented {
        header: libc::cmsghdr,
        length: u16,
    }

    impl Segmented {
        pub(in super::super) fn new(length: u16) -> Self {
            // SAFETY: it is integers, all of which may be 0.
            let mut segmented: Self = unsafe { mem::zeroed() };
            segmented.header.cmsg_level = libc::SOL_UDP;
            segmented.header.cmsg_type = libc::UDP_SEGMENT;
            segmented.header.cmsg_len = (mem::offset_of!(Self, length) + size_of::<u16>()) as _;
            segmented.length = length;
            segmented
        }
    }

    impl<'a> Message<'a> {
        /// One to send; without an address, to the peer.
        pub(in super::super) fn outgoing(
            to: Option<&'a SockAddr>,
            data: &'a IoSlice<'_>,
            segmented: &'a Segmented,
        ) -> Self {
            let mut message = Self::empty();
            let header = &mut message.header.msg_hdr;
            if let Some(to) = to {
                header.msg_name = to.as_ptr().cast_mut().cast();
                header.msg_namelen = to.len();
            }
            // An IoSlice is an iovec.
            header.msg_iov = ptr::from_ref(data).cast_mut().cast();
            header.msg_iovlen = 1;
            if segmented.length > 0 {
                header.msg_control = ptr::from_ref(segmented).cast_mut().cast();
                header.msg_controllen = size_of::<Segmented>() as _;
            }
            message
        }
    }

    /// Returns how many there were.
    pub(in super::super) fn receive_many(
        socket: &Socket,
        messages: &mut [Message<'_>],
        flags: libc::c_int,
    ) -> io::Result<usize> {
        let headers = messages.as_mut_ptr().cast();
        let most = messages.len() as libc::c_uint;
        // SAFETY: a message is its header. Each points to a name, slices and a control buffer of
        // the lengths that it says, which are borrowed mutably.
        let count = unsafe {
            libc::recvmmsg(
                socket.as_raw_fd(),
                headers,
                most,
                flags as _,
                ptr::null_mut(),
            )
        };
        checked(count as isize)
    }

    /// Returns how many were taken.
    pub(in super::super) fn send_many(
        socket: &Socket,
        messages: &mut [Message<'_>],
    ) -> io::Result<usize> {
        let headers = messages.as_mut_ptr().cast();
        let most = messages.len() as libc::c_uint;
        // A Unix socket whose receiver is gone would send a signal to the process.
        let flags = libc::MSG_NOSIGNAL as _;
        // SAFETY: a message is its header. Each points to a name, a slice and a control message
        // that are borrowed, and only read.
        let count = unsafe { libc::sendmmsg(socket.as_raw_fd(), headers, most, flags) };
        checked(count as isize)
    }
}

/// As kernels that do not have them answer.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
mod many {
    use super::*;

    pub(in super::super) struct Segmented;

    impl Segmented {
        pub(in super::super) fn new(_length: u16) -> Self {
            Self
        }
    }

    impl<'a> Message<'a> {
        pub(in super::super) fn outgoing(
            _to: Option<&'a SockAddr>,
            _data: &'a IoSlice<'_>,
            _segmented: &'a Segmented,
        ) -> Self {
            Self::empty()
        }
    }

    pub(in super::super) fn receive_many(
        _socket: &Socket,
        _messages: &mut [Message<'_>],
        _flags: libc::c_int,
    ) -> io::Result<usize> {
        Err(io::Error::from_raw_os_error(libc::ENOSYS))
    }

    pub(in super::super) fn send_many(
        _socket: &Socket,
        _messages: &mut [Message<'_>],
    ) -> io::Result<usize> {
        Err(io::Error::from_raw_os_error(libc::ENOSYS))
    }
}

fn checked(result: isize) -> io::Result<usize> {
    usize::try_from(result).map_err(|_| io::Error::last_os_error())
}
