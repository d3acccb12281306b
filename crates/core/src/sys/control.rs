//! What stands beside a datagram: in, how many were dropped before it; out, that it is many.
#![cfg_attr(
    any(target_os = "linux", target_os = "android"),
    expect(
        unsafe_code,
        reason = "the platform layer: libc has no safe form of these calls"
    )
)]

use super::packet::Outgoing;

/// Room for the control messages of one datagram, in words: each of them needs three.
pub(super) const CONTROL_WORDS: usize = 8;
pub(super) type Control = [u64; CONTROL_WORDS];

#[cfg(any(target_os = "linux", target_os = "android"))]
pub(super) fn drops_in(header: &libc::msghdr) -> Option<u32> {
    // SAFETY: the header's control buffer is as long as the kernel says there.
    let mut next = unsafe { libc::CMSG_FIRSTHDR(header) };
    while !next.is_null() {
        // SAFETY: not null, so a control message of the kernel's, in a buffer aligned for it.
        let message = unsafe { *next };
        if (message.cmsg_level, message.cmsg_type) == (libc::SOL_SOCKET, libc::SO_RXQ_OVFL) {
            // SAFETY: `next` is a whole control message.
            let data = unsafe { libc::CMSG_DATA(next) };
            // SAFETY: a message of this type carries a u32, aligned or not.
            return Some(unsafe { data.cast::<u32>().read_unaligned() });
        }
        // SAFETY: `next` is one of this header's.
        next = unsafe { libc::CMSG_NXTHDR(header, next) };
    }
    None
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(super) fn drops_in(_header: &libc::msghdr) -> Option<u32> {
    None
}

/// Says how long the segments are, in a control message.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(super) fn segments(header: &mut libc::msghdr, packet: &Outgoing<'_>, control: &mut Control) {
    const LENGTH: u32 = size_of::<u16>() as u32;
    if packet.segment == 0 {
        return;
    }
    header.msg_control = control.as_mut_ptr().cast();
    // SAFETY: arithmetic on its argument.
    header.msg_controllen = unsafe { libc::CMSG_SPACE(LENGTH) } as _;
    // SAFETY: the control buffer is as long as the header says, zeroed, and aligned.
    let message = unsafe { libc::CMSG_FIRSTHDR(header) };
    // SAFETY: null, or a pointer into the control buffer, which nothing else refers to now.
    let message = unsafe { message.as_mut() };
    let message = message.expect("the buffer has room for one");
    message.cmsg_level = libc::SOL_UDP;
    message.cmsg_type = libc::UDP_SEGMENT;
    // SAFETY: arithmetic on its argument.
    message.cmsg_len = unsafe { libc::CMSG_LEN(LENGTH) } as _;
    // SAFETY: `message` is the header of a control message.
    let data = unsafe { libc::CMSG_DATA(message) };
    // SAFETY: CMSG_SPACE has counted room for a u16 there, aligned or not.
    unsafe { data.cast::<u16>().write_unaligned(packet.segment) };
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(super) fn segments(_: &mut libc::msghdr, _: &Outgoing<'_>, _: &mut Control) {}
