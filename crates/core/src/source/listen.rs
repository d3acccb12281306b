//! From an address or a path to a socket that listens there.

use std::io;
use std::net::{Ipv6Addr, SocketAddr};

use socket2::{Domain, Protocol, SockRef, Socket, Type};

use super::listener_socket::ListenerSocket;
use crate::addr::Address;
use crate::names;
use crate::options::ListenOptions;
use crate::sys::SocketFile;

/// Why a socket does not listen.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// The host's name has no address.
    #[error("no address for {host:?}: {source}")]
    Resolve { host: String, source: io::Error },
    /// The operating system refused.
    #[error("{syscall} {address}: {source}")]
    System {
        syscall: &'static str,
        address: Address,
        source: io::Error,
    },
}

impl ListenError {
    pub(crate) fn system(
        syscall: &'static str,
        address: impl Into<Address>,
        source: io::Error,
    ) -> Self {
        Self::System {
            syscall,
            address: address.into(),
            source,
        }
    }
}

/// A socket bound to the first of the host's addresses that will do, and listening.
pub(crate) fn listen(
    host: &str,
    port: u16,
    options: &ListenOptions,
) -> Result<ListenerSocket, ListenError> {
    let addresses = if host.is_empty() {
        vec![
            SocketAddr::from((Ipv6Addr::UNSPECIFIED, port)),
            SocketAddr::from(([0; 4], port)),
        ]
    } else {
        names::resolve(host, port).map_err(|source| ListenError::Resolve {
            host: host.to_owned(),
            source,
        })?
    };
    let mut last = None;
    for address in addresses {
        match listen_to(address, host.is_empty(), options) {
            Ok(socket) => return Ok(ListenerSocket::tcp(socket, options.reuse_port)),
            Err(error) if host.is_empty() && !has_no_ipv6(&error) => return Err(error),
            Err(error) => last = Some(last.unwrap_or(error)),
        }
    }
    Err(last.unwrap_or_else(|| ListenError::Resolve {
        host: host.to_owned(),
        source: io::ErrorKind::NotFound.into(),
    }))
}

/// A socket that listens on a path or an abstract name.
pub(crate) fn listen_path(
    path: &[u8],
    options: &ListenOptions,
) -> Result<ListenerSocket, ListenError> {
    let listen = || {
        let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
        socket.set_nonblocking(true)?;
        let file = SocketFile::bind(&socket, path, options.mode, |socket| {
            socket.listen(options.backlog)
        })?;
        ListenerSocket::unix(socket, file)
    };
    listen().map_err(|error| ListenError::system("listen", Address::Unix(path.into()), error))
}

fn listen_to(
    address: SocketAddr,
    any: bool,
    options: &ListenOptions,
) -> Result<Socket, ListenError> {
    let fail = |syscall| move |source| ListenError::system(syscall, address, source);
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )
    .map_err(fail("listen"))?;
    socket.set_nonblocking(true).map_err(fail("listen"))?;
    // On Windows this would let another process take the port over.
    if !cfg!(windows) {
        socket.set_reuse_address(true).map_err(fail("listen"))?;
    }
    #[cfg(all(
        unix,
        not(any(target_os = "solaris", target_os = "illumos", target_os = "cygwin"))
    ))]
    if options.reuse_port {
        socket.set_reuse_port(true).map_err(fail("listen"))?;
    }
    if address.is_ipv6() {
        // Systems differ in their default.
        let only = options.ipv6_only || !(any || address.ip().is_unspecified());
        socket.set_only_v6(only).map_err(fail("listen"))?;
    }
    options
        .socket
        .apply(&SockRef::from(&socket))
        .map_err(fail("listen"))?;
    socket.bind(&address.into()).map_err(fail("listen"))?;
    socket.listen(options.backlog).map_err(fail("listen"))?;
    Ok(socket)
}

/// Whether an address failed because the machine has no IPv6, so that IPv4 alone will do.
pub(crate) fn has_no_ipv6(error: &ListenError) -> bool {
    let ListenError::System {
        source,
        address: Address::Inet(address),
        ..
    } = error
    else {
        return false;
    };
    #[cfg(unix)]
    let codes = [libc::EAFNOSUPPORT, libc::EADDRNOTAVAIL, libc::EINVAL];
    #[cfg(windows)]
    let codes = [10047, 10049, 10022];
    address.is_ipv6()
        && source
            .raw_os_error()
            .is_some_and(|code| codes.contains(&code))
}
