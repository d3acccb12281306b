//! The socket under a stream.

use std::fs::File;
use std::io::{self, IoSlice, Read, Write};
use std::net::{Shutdown, SocketAddr};
use std::sync::Arc;
use std::time::Instant;

use mio::{Interest, Registry, Token, event::Source as _, net::TcpStream};

use super::shortcut::Shortcut;
use crate::buffer::Sink;
use crate::sys;

/// A connected, non-blocking stream socket.
#[derive(Debug)]
pub(crate) enum Transport {
    /// Shared with the channel's [`super::Shortcut`].
    Tcp(Arc<TcpStream>),
}

impl Transport {
    pub(crate) fn tcp(socket: TcpStream) -> Self {
        Self::Tcp(Arc::new(socket))
    }

    /// The way past the reactor to this socket.
    pub(crate) fn shortcut(&self, now: Instant) -> Shortcut {
        match self {
            Self::Tcp(socket) => Shortcut::new(Arc::clone(socket), now),
        }
    }

    /// Registers for everything at once, so that no later call has to change it: one system call
    /// a connection.
    pub(crate) fn register(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        match self {
            Self::Tcp(socket) => Arc::get_mut(socket)
                .expect("registered before it is shared")
                .register(registry, token, interest()),
        }
    }

    pub(crate) fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(socket) => (&**socket).read(into),
        }
    }

    /// Sends FIN.
    pub(crate) fn shutdown_write(&self) -> io::Result<()> {
        match self {
            Self::Tcp(socket) => socket.shutdown(Shutdown::Write),
        }
    }

    /// The error that waits to be fetched, if any.
    pub(crate) fn take_error(&self) -> io::Result<Option<io::Error>> {
        match self {
            Self::Tcp(socket) => socket.take_error(),
        }
    }

    pub(crate) fn descriptor(&self) -> i32 {
        match self {
            Self::Tcp(socket) => sys::descriptor(&**socket),
        }
    }

    /// Both ends; a socket that was reset already may know neither.
    pub(crate) fn addresses(&self) -> (Option<SocketAddr>, Option<SocketAddr>) {
        match self {
            Self::Tcp(socket) => (socket.local_addr().ok(), socket.peer_addr().ok()),
        }
    }
}

impl Sink for Transport {
    fn write(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        match (self, slices) {
            (Self::Tcp(socket), [one]) => (&**socket).write(one),
            (Self::Tcp(socket), many) => (&**socket).write_vectored(many),
        }
    }

    fn send_file(&mut self, file: &File, offset: u64, most: usize) -> io::Result<usize> {
        match self {
            Self::Tcp(socket) => sys::send_file(&**socket, file, offset, most),
        }
    }
}

/// Reading, writing, and on Linux the news of urgent data (see [`super::Readiness::thorough`]).
pub(crate) fn interest() -> Interest {
    let interest = Interest::READABLE | Interest::WRITABLE;
    #[cfg(any(target_os = "linux", target_os = "android"))]
    let interest = interest | Interest::PRIORITY;
    interest
}
