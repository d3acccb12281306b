//! What the calls that libc alone has need around them.
#![expect(
    unsafe_code,
    reason = "the platform layer: libc has no safe form of these calls"
)]

use std::io;
#[cfg(any(target_os = "linux", target_os = "android"))]
use std::os::fd::AsRawFd;

#[cfg(any(target_os = "linux", target_os = "android"))]
use socket2::Socket;
use socket2::{SockAddr, SockAddrStorage};

use crate::addr::Address;

/// The address that the kernel has written.
pub(super) fn sender_of(header: &libc::msghdr, name: libc::sockaddr_storage) -> Option<Address> {
    let mut from = SockAddrStorage::zeroed();
    // SAFETY: sockaddr_storage is the type of the storage.
    unsafe { *from.view_as::<libc::sockaddr_storage>() = name };
    // The kernel says how long a name was, also where there was less room for it.
    let most = size_of::<libc::sockaddr_storage>() as libc::socklen_t;
    // SAFETY: the kernel wrote this name, of this length, and zeros follow it.
    let from = unsafe { SockAddr::new(from, header.msg_namelen.min(most)) };
    Address::of(&from)
}

#[cfg(any(target_os = "linux", target_os = "android"))]
pub(super) fn set_option<T>(
    socket: &Socket,
    level: libc::c_int,
    name: libc::c_int,
    value: &T,
) -> io::Result<()> {
    let length = size_of::<T>() as libc::socklen_t;
    let value: *const T = value;
    // SAFETY: `value` is valid for a read of `length` bytes.
    let result = unsafe { libc::setsockopt(socket.as_raw_fd(), level, name, value.cast(), length) };
    check(result)
}

pub(super) fn check(result: libc::c_int) -> io::Result<()> {
    if result < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}
