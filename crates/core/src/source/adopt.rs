//! Sockets that were made elsewhere and come as a number: inherited, or passed by a supervisor.

use std::io;

use socket2::{Domain, SockRef, Socket, Type};

use super::datagram_socket::DatagramSocket;
use super::listener_socket::ListenerSocket;
use super::stream_socket::StreamSocket;
use crate::addr::Address;
use crate::options::{DatagramOptions, ListenOptions, SocketOptions};
use crate::sys::Given;
use crate::wire::family;

/// Why a descriptor is not taken. Whoever had it has it still.
#[derive(Debug, thiserror::Error)]
pub enum AdoptError {
    /// Not open, not a socket, not connected.
    #[error("{syscall} descriptor {descriptor}: {source}")]
    System {
        syscall: &'static str,
        descriptor: i32,
        source: io::Error,
    },
    /// A socket, but not one for this: datagrams, another family, listening.
    #[error("descriptor {descriptor} is not {expected}")]
    Kind {
        descriptor: i32,
        expected: &'static str,
    },
}

/// A connected socket.
pub(crate) fn adopt_stream(
    given: Given,
    family: u32,
    options: &SocketOptions,
) -> Result<StreamSocket, AdoptError> {
    let descriptor = given.descriptor();
    let fail = |syscall| move |source| AdoptError::system(syscall, descriptor, source);
    let socket = given.socket();
    let is_unix = is_unix(descriptor, &socket, family, Type::STREAM)?;
    socket.peer_addr().map_err(fail("getpeername"))?;
    if is_unix {
        options.apply_buffers(&socket).map_err(fail("setsockopt"))?;
    } else {
        options.apply(&socket).map_err(fail("setsockopt"))?;
    }
    let socket = own(given)?;
    if is_unix {
        StreamSocket::unix(socket).map_err(fail("socket"))
    } else {
        Ok(StreamSocket::tcp(socket))
    }
}

/// A bound socket, which may listen already: then its backlog stays as it is.
pub(crate) fn adopt_listener(
    given: Given,
    family: u32,
    options: &ListenOptions,
) -> Result<ListenerSocket, AdoptError> {
    let descriptor = given.descriptor();
    let fail = |syscall| move |source| AdoptError::system(syscall, descriptor, source);
    let socket = given.socket();
    let is_unix = is_unix(descriptor, &socket, family, Type::STREAM)?;
    if !is_unix {
        let inherited = options.socket.apply(&socket);
        inherited.map_err(fail("setsockopt"))?;
    }
    if !is_listening(&socket) {
        socket.listen(options.backlog).map_err(fail("listen"))?;
    }
    let socket = own(given)?;
    if is_unix {
        // Whoever made its file removes it.
        ListenerSocket::unix(socket, None).map_err(fail("socket"))
    } else {
        // Whoever had it may listen on it when this is closed: it is not the port that is shared.
        Ok(ListenerSocket::tcp(socket, false))
    }
}

/// A bound datagram socket, which may have a peer. Of the options only those that a bound one takes.
pub(crate) fn adopt_packets(
    given: Given,
    family: u32,
    options: &DatagramOptions,
) -> Result<DatagramSocket, AdoptError> {
    let descriptor = given.descriptor();
    let fail = |syscall| move |source| AdoptError::system(syscall, descriptor, source);
    let socket = given.socket();
    let is_unix = is_unix(descriptor, &socket, family, Type::DGRAM)?;
    let home = socket.local_addr().map_err(fail("getsockname"))?;
    let is_bound = match Address::of(&home) {
        Some(Address::Inet(address)) => address.port() != 0,
        named => named.is_some(),
    };
    if !is_bound {
        return Err(AdoptError::Kind {
            descriptor,
            expected: "a socket that is bound",
        });
    }
    options.apply(&socket).map_err(fail("setsockopt"))?;
    let domain = if is_unix { Domain::UNIX } else { home.domain() };
    DatagramSocket::adopt(own(given)?, domain).map_err(fail("socket"))
}

/// Whether it is a Unix socket; an error for anything but that and an IP one of this type, and where
/// `family` wants the other of the two.
fn is_unix(
    descriptor: i32,
    socket: &SockRef<'_>,
    family: u32,
    wanted: Type,
) -> Result<bool, AdoptError> {
    let fail = |source| AdoptError::system("getsockopt", descriptor, source);
    let kind = socket.r#type().map_err(fail)?;
    let domain = socket.local_addr().map_err(fail)?.domain();
    let (unix, inet) = match family {
        family::UNIX => (true, false),
        family::NONE => (true, true),
        _ => (false, true),
    };
    match domain {
        Domain::UNIX if unix && kind == wanted => Ok(true),
        Domain::IPV4 | Domain::IPV6 if inet && kind == wanted => Ok(false),
        _ => Err(AdoptError::Kind {
            descriptor,
            expected: match (unix, inet, wanted == Type::STREAM) {
                (true, true, true) => "a TCP or Unix stream socket",
                (true, false, true) => "a Unix stream socket",
                (_, _, true) => "a TCP socket",
                (true, true, false) => "a UDP or Unix datagram socket",
                (true, false, false) => "a Unix datagram socket",
                _ => "a UDP socket",
            },
        }),
    }
}

/// Where nobody can say, `listen` is called once more, which only sets the backlog anew.
fn is_listening(socket: &SockRef<'_>) -> bool {
    #[cfg(any(target_os = "linux", target_os = "android", target_os = "freebsd"))]
    let listening = socket.is_listener().unwrap_or(false);
    #[cfg(not(any(target_os = "linux", target_os = "android", target_os = "freebsd")))]
    let listening = {
        let _ = socket;
        false
    };
    listening
}

/// From here on it is ours. Those who pass sockets on leave them open for child processes.
fn own(given: Given) -> Result<Socket, AdoptError> {
    let fail = |source| AdoptError::system("fcntl", given.descriptor(), source);
    given.socket().set_nonblocking(true).map_err(fail)?;
    #[cfg(unix)]
    given.socket().set_cloexec(true).map_err(fail)?;
    Ok(given.take())
}

impl AdoptError {
    fn system(syscall: &'static str, descriptor: i32, source: io::Error) -> Self {
        Self::System {
            syscall,
            descriptor,
            source,
        }
    }
}
