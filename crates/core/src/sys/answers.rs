//! What the network answers to datagrams that were sent: nobody is there, no way there, too large.
//!
//! Linux keeps each answer with the address that its datagram was sent to, in the socket's error
//! queue (ip(7): `IP_RECVERR`), and lets the next call fail with it as well. Elsewhere there is only
//! that call, and only on a socket with a peer.

use crate::addr::Address;

/// An earlier datagram has not arrived.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) errno: i32,
    /// Where it was sent to.
    pub(crate) to: Option<Address>,
}

#[cfg(unix)]
pub(super) use queue::{ask_for, next};

#[cfg(any(target_os = "linux", target_os = "android"))]
mod queue {
    use std::io;
    use std::mem::offset_of;

    use nix::sys::socket::{setsockopt, sockopt};
    use socket2::{Domain, SockAddrStorage, Socket};

    use super::Answer;
    use crate::sys::messages::{Beside, Control, Message, receive_one};

    /// Has answers kept. A socket for both families gets those of both.
    pub(in super::super) fn ask_for(socket: &Socket) -> io::Result<()> {
        setsockopt(socket, sockopt::Ipv4RecvErr, &true)?;
        if socket.local_addr()?.domain() == Domain::IPV6 {
            setsockopt(socket, sockopt::Ipv6RecvErr, &true)?;
        }
        Ok(())
    }

    /// Takes the oldest answer; `None` where there is none. Never waits.
    pub(in super::super) fn next(socket: &Socket) -> Option<Answer> {
        loop {
            let mut name = SockAddrStorage::zeroed();
            let mut control = Control::default();
            // There is no room for data.
            let mut message = Message::room(&mut name, &mut [], Some(&mut control));
            let flags = libc::MSG_ERRQUEUE | libc::MSG_DONTWAIT;
            receive_one(socket, &mut message, flags).ok()?;
            let arrived = message.arrived();
            // What the kernel itself refuses, the call that was refused has said already.
            if let Some(errno) = arrived.control(&control).find_map(errno) {
                let to = arrived.sender(&mut name);
                return Some(Answer { errno, to });
            }
        }
    }

    /// The error of an ICMP message.
    fn errno(Beside { level, kind, data }: Beside<'_>) -> Option<i32> {
        match (level, kind) {
            (libc::IPPROTO_IP, libc::IP_RECVERR) | (libc::IPPROTO_IPV6, libc::IPV6_RECVERR) => {}
            _ => return None,
        }
        let origin = *data.get(offset_of!(libc::sock_extended_err, ee_origin))?;
        let errno = data.get(offset_of!(libc::sock_extended_err, ee_errno)..)?;
        matches!(origin, libc::SO_EE_ORIGIN_ICMP | libc::SO_EE_ORIGIN_ICMP6)
            .then_some(i32::from_ne_bytes(*errno.first_chunk()?))
    }
}

#[cfg(all(unix, not(any(target_os = "linux", target_os = "android"))))]
mod queue {
    use std::io;

    use socket2::Socket;

    use super::Answer;

    pub(in super::super) fn ask_for(_socket: &Socket) -> io::Result<()> {
        Ok(())
    }

    pub(in super::super) fn next(_socket: &Socket) -> Option<Answer> {
        None
    }
}
