//! How many datagrams a socket has lost for want of room, modulo 2^32. Linux alone tells.

use std::io;

use socket2::Socket;

use super::messages::Beside;

#[cfg(any(target_os = "linux", target_os = "android"))]
mod linux {
    #![expect(unsafe_code, reason = "nix panics where the kernel has less to tell")]

    use std::os::fd::AsRawFd;

    use nix::sys::socket::{setsockopt, sockopt};

    use super::*;

    /// asm-generic/socket.h: libc has it for some targets only.
    const SO_MEMINFO: libc::c_int = 55;
    /// Where in it the drops are: `SK_MEMINFO_DROPS`, the same.
    const DROPS: usize = 8;

    /// Has them told beside each datagram.
    pub(in super::super) fn ask_for(socket: &Socket) -> io::Result<()> {
        Ok(setsockopt(socket, sockopt::RxqOvfl, &1)?)
    }

    /// Of what came beside a datagram: how many had been lost before it.
    pub(in super::super) fn before(Beside { level, kind, data }: Beside<'_>) -> Option<u32> {
        let is_it = (level, kind) == (libc::SOL_SOCKET, libc::SO_RXQ_OVFL);
        is_it.then_some(u32::from_ne_bytes(*data.first_chunk()?))
    }

    /// Asks the kernel; `None` where it does not tell.
    pub(in super::super) fn now(socket: &Socket) -> Option<u32> {
        let mut values = [0_u32; DROPS + 1];
        let mut length = size_of_val(&values) as libc::socklen_t;
        // SAFETY: `values` is valid for a write of `length` bytes, and any bytes are u32s.
        let result = unsafe {
            libc::getsockopt(
                socket.as_raw_fd(),
                libc::SOL_SOCKET,
                SO_MEMINFO,
                values.as_mut_ptr().cast(),
                &raw mut length,
            )
        };
        let whole = result == 0 && length as usize == size_of_val(&values);
        whole.then_some(values[DROPS])
    }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
pub(super) use linux::{ask_for, before, now};

#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(super) use silent::{ask_for, before, now};

#[cfg(not(any(target_os = "linux", target_os = "android")))]
mod silent {
    use super::*;

    pub(in super::super) fn ask_for(_socket: &Socket) -> io::Result<()> {
        Ok(())
    }

    pub(in super::super) fn before(_beside: Beside<'_>) -> Option<u32> {
        None
    }

    pub(in super::super) fn now(_socket: &Socket) -> Option<u32> {
        None
    }
}
