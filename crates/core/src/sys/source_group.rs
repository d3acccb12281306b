//! IPv6 groups of which one source is received: socket2 has those of IPv4 alone.

#[cfg(any(target_os = "linux", target_os = "android"))]
pub(super) use linux::change;

#[cfg(any(target_os = "linux", target_os = "android"))]
mod linux {
    #![expect(
        unsafe_code,
        reason = "the platform layer: libc has its addresses as bytes"
    )]

    use std::io;
    use std::mem::MaybeUninit;
    use std::ptr;

    use socket2::{SockAddr, Socket};

    use crate::sys::calls::set_option;

    /// linux/in.h: libc has it for some targets only.
    const MCAST_LEAVE_SOURCE_GROUP: libc::c_int = 47;

    pub(in super::super) fn change(
        socket: &Socket,
        join: bool,
        group: &SockAddr,
        source: &SockAddr,
        interface: u32,
    ) -> io::Result<()> {
        let request = libc::group_source_req {
            gsr_interface: interface,
            gsr_group: storage(group),
            gsr_source: storage(source),
        };
        let name = if join {
            libc::MCAST_JOIN_SOURCE_GROUP
        } else {
            MCAST_LEAVE_SOURCE_GROUP
        };
        set_option(socket, libc::IPPROTO_IPV6, name, &request)
    }

    fn storage(address: &SockAddr) -> libc::sockaddr_storage {
        let mut storage = MaybeUninit::<libc::sockaddr_storage>::zeroed();
        let from = address.as_ptr().cast::<u8>();
        let to = storage.as_mut_ptr().cast::<u8>();
        // SAFETY: an address is never longer than a sockaddr_storage, and the two do not overlap.
        unsafe { ptr::copy_nonoverlapping(from, to, address.len() as usize) };
        // SAFETY: zeroed, and all zeros or any address is a valid one.
        unsafe { storage.assume_init() }
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(super) fn change(
    _socket: &socket2::Socket,
    _join: bool,
    _group: &socket2::SockAddr,
    _source: &socket2::SockAddr,
    _interface: u32,
) -> std::io::Result<()> {
    Err(std::io::Error::from_raw_os_error(libc::ENOPROTOOPT))
}
