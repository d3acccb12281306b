//! The socket under a listener.

use std::io;

use mio::event::Source;
use mio::net::TcpListener;
use mio::{Interest, Registry, Token};
use socket2::{SockRef, Socket};

#[cfg(test)]
use super::played::PlayedListener;
use super::stream_socket::StreamSocket;
use crate::addr::Address;
use crate::options::SocketOptions;
use crate::sys::{self, SocketFile, UnixListener};

/// A listening, non-blocking stream socket.
#[derive(Debug)]
pub(crate) enum ListenerSocket {
    Tcp {
        socket: TcpListener,
        /// It was bound so that others may listen on its port, and go on when it is closed.
        shares_port: bool,
    },
    Unix {
        /// What was made to bind it, if it was; before the socket, so that it is dropped first.
        _file: Option<SocketFile>,
        socket: UnixListener,
        /// The same for all that it accepts.
        path: Option<Address>,
    },
    #[cfg(test)]
    Played(PlayedListener),
}

/// A connection that was accepted.
#[derive(Debug)]
pub(crate) struct Accepted {
    pub(crate) socket: StreamSocket,
    pub(crate) peer: Option<Address>,
}

impl ListenerSocket {
    pub(crate) fn tcp(socket: Socket, shares_port: bool) -> Self {
        let socket = TcpListener::from_std(socket.into());
        Self::Tcp {
            socket,
            shares_port,
        }
    }

    pub(crate) fn unix(socket: Socket, file: Option<SocketFile>) -> io::Result<Self> {
        let path = local_of(&SockRef::from(&socket));
        Ok(Self::Unix {
            _file: file,
            socket: sys::unix_listener(socket)?,
            path,
        })
    }

    pub(crate) fn register(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        match self {
            Self::Tcp { socket, .. } => socket.register(registry, token, Interest::READABLE),
            Self::Unix { socket, .. } => socket.register(registry, token, Interest::READABLE),
            #[cfg(test)]
            Self::Played(_) => Ok(()),
        }
    }

    pub(crate) fn accept(&self, options: &SocketOptions) -> io::Result<Accepted> {
        match self {
            Self::Tcp { socket, .. } => {
                let (socket, peer) = socket.accept()?;
                let socket = StreamSocket::Tcp(socket);
                if !sys::LISTENER_OPTIONS_INHERITED {
                    // A connection that was reset meanwhile refuses options; reading it will tell.
                    let _ = options.apply(&socket.options());
                }
                let peer = Some(peer.into());
                Ok(Accepted { socket, peer })
            }
            Self::Unix { socket, .. } => {
                let socket = StreamSocket::Unix(sys::accept_unix(socket)?);
                // A Unix socket inherits nothing.
                let _ = options.apply_buffers(&socket.options());
                let peer = socket.peer().ok().flatten();
                Ok(Accepted { socket, peer })
            }
            #[cfg(test)]
            Self::Played(played) => {
                let socket = StreamSocket::Played(played.accept()?);
                Ok(Accepted { socket, peer: None })
            }
        }
    }

    /// From now on handshakes that are under way go on, and none begins: peers hear nothing, try
    /// again, and find who else listens on the port. `Unsupported` where nobody else can.
    pub(crate) fn drop_handshakes(&self) -> io::Result<()> {
        match self {
            Self::Tcp {
                socket,
                shares_port: true,
            } => sys::drop_handshakes(&SockRef::from(socket)),
            #[cfg(test)]
            Self::Played(played) => played.drop_handshakes(),
            Self::Tcp { .. } | Self::Unix { .. } => Err(io::ErrorKind::Unsupported.into()),
        }
    }

    /// This end of a connection.
    pub(crate) fn local_of(&self, socket: &StreamSocket) -> Option<Address> {
        match self {
            Self::Unix { path, .. } => path.clone(),
            _ => socket.local(),
        }
    }

    pub(crate) fn descriptor(&self) -> i32 {
        match self {
            Self::Tcp { socket, .. } => sys::descriptor(socket),
            Self::Unix { socket, .. } => sys::descriptor(socket),
            #[cfg(test)]
            Self::Played(_) => -1,
        }
    }

    pub(crate) fn local(&self) -> Option<Address> {
        match self {
            Self::Tcp { socket, .. } => local_of(&SockRef::from(socket)),
            Self::Unix { path, .. } => path.clone(),
            #[cfg(test)]
            Self::Played(_) => None,
        }
    }
}

fn local_of(socket: &SockRef<'_>) -> Option<Address> {
    Address::of(&socket.local_addr().ok()?)
}
