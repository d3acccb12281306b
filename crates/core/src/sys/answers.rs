//! What the network answers to datagrams that were sent: nobody is there, no way there, too large.
//!
//! Linux keeps each answer with the address that its datagram was sent to, in the socket's error
//! queue (ip(7): `IP_RECVERR`), and lets the next call fail with it as well. Elsewhere there is only
//! that call, and only on a socket with a peer.
#![cfg_attr(
    any(target_os = "linux", target_os = "android"),
    expect(
        unsafe_code,
        reason = "the platform layer: libc has no safe form of these calls"
    )
)]

use crate::addr::Address;

/// An earlier datagram has not arrived.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) errno: i32,
    /// Where it was sent to.
    pub(crate) to: Option<Address>,
}

#[cfg(any(target_os = "linux", target_os = "android"))]
pub(super) use queue::{ask_for, next};

#[cfg(any(target_os = "linux", target_os = "android"))]
mod queue {
    use std::io;
    use std::mem::MaybeUninit;
    use std::os::fd::AsRawFd;

    use socket2::{Domain, Socket};

    use super::Answer;
    use crate::sys::calls::{sender_of, set_option};

    /// Room for an error and for who has told of it.
    type Control = [u64; 16];

    /// Has answers kept. A socket for both families gets those of both.
    pub(in super::super) fn ask_for(socket: &Socket) -> io::Result<()> {
        set_option(socket, libc::IPPROTO_IP, libc::IP_RECVERR, &1_i32)?;
        if socket.local_addr()?.domain() == Domain::IPV6 {
            set_option(socket, libc::IPPROTO_IPV6, libc::IPV6_RECVERR, &1_i32)?;
        }
        Ok(())
    }

    /// Takes the oldest answer; `None` where there is none. Never waits.
    pub(in super::super) fn next(socket: &Socket) -> Option<Answer> {
        loop {
            let mut name = MaybeUninit::<libc::sockaddr_storage>::zeroed();
            let mut control: Control = [0; 16];
            // SAFETY: all zeros is a valid msghdr.
            let mut header: libc::msghdr = unsafe { MaybeUninit::zeroed().assume_init() };
            header.msg_name = name.as_mut_ptr().cast();
            header.msg_namelen = size_of::<libc::sockaddr_storage>() as libc::socklen_t;
            header.msg_control = control.as_mut_ptr().cast();
            header.msg_controllen = size_of::<Control>() as _;
            let flags = libc::MSG_ERRQUEUE | libc::MSG_DONTWAIT;
            // SAFETY: the header is initialised, and points to a name and a control buffer of the
            // lengths that it says, which outlive the call. There is no room for data.
            let result = unsafe { libc::recvmsg(socket.as_raw_fd(), &raw mut header, flags) };
            if result < 0 {
                return None;
            }
            // SAFETY: zeroed before the call.
            let name = unsafe { name.assume_init() };
            // What the kernel itself refuses, the call that was refused has said already.
            if let Some(errno) = errno_in(&header) {
                let to = sender_of(&header, name);
                return Some(Answer { errno, to });
            }
        }
    }

    /// The error of an ICMP message.
    fn errno_in(header: &libc::msghdr) -> Option<i32> {
        // SAFETY: the header's control buffer is as long as the kernel says there.
        let mut next = unsafe { libc::CMSG_FIRSTHDR(header) };
        while !next.is_null() {
            // SAFETY: not null, so a control message of the kernel's, in a buffer aligned for it.
            let message = unsafe { *next };
            if matches!(
                (message.cmsg_level, message.cmsg_type),
                (libc::IPPROTO_IP, libc::IP_RECVERR) | (libc::IPPROTO_IPV6, libc::IPV6_RECVERR)
            ) {
                // SAFETY: `next` is a whole control message.
                let data = unsafe { libc::CMSG_DATA(next) };
                // SAFETY: a message of these types begins with this, aligned or not.
                let error = unsafe { data.cast::<libc::sock_extended_err>().read_unaligned() };
                let is_answer = matches!(
                    error.ee_origin,
                    libc::SO_EE_ORIGIN_ICMP | libc::SO_EE_ORIGIN_ICMP6
                );
                return is_answer.then_some(error.ee_errno.cast_signed());
            }
            // SAFETY: `next` is one of this header's.
            next = unsafe { libc::CMSG_NXTHDR(header, next) };
        }
        None
    }
}
