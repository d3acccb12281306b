//! IPv6 groups of which one source is received: socket2 has those of IPv4 alone.

#[cfg(any(target_os = "linux", target_os = "android"))]
pub(super) use linux::change;

#[cfg(any(target_os = "linux", target_os = "android"))]
mod linux {
    #![expect(unreachable_pub, reason = "the macro makes types that are public")]

    use std::io;
    use std::net::SocketAddrV6;

    use nix::sys::socket::{SockaddrStorage, setsockopt};
    use nix::{setsockopt_impl, sockopt_impl};
    use socket2::Socket;

    sockopt_impl!(
        Join,
        SetOnly,
        libc::IPPROTO_IPV6,
        libc::MCAST_JOIN_SOURCE_GROUP,
        Request
    );
    sockopt_impl!(
        Leave,
        SetOnly,
        libc::IPPROTO_IPV6,
        MCAST_LEAVE_SOURCE_GROUP,
        Request
    );

    /// linux/in.h: libc has it for some targets only.
    const MCAST_LEAVE_SOURCE_GROUP: libc::c_int = 47;

    /// linux/in.h: `group_source_req`.
    #[repr(C)]
    #[derive(Debug)]
    pub struct Request {
        interface: u32,
        group: SockaddrStorage,
        source: SockaddrStorage,
    }

    pub(in super::super) fn change(
        socket: &Socket,
        join: bool,
        group: SocketAddrV6,
        source: SocketAddrV6,
        interface: u32,
    ) -> io::Result<()> {
        let request = Request {
            interface,
            group: group.into(),
            source: source.into(),
        };
        let changed = if join {
            setsockopt(socket, Join, &request)
        } else {
            setsockopt(socket, Leave, &request)
        };
        Ok(changed?)
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(super) fn change(
    _socket: &socket2::Socket,
    _join: bool,
    _group: std::net::SocketAddrV6,
    _source: std::net::SocketAddrV6,
    _interface: u32,
) -> std::io::Result<()> {
    Err(std::io::Error::from_raw_os_error(libc::ENOPROTOOPT))
}
