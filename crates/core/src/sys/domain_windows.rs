//! For platforms without Unix sockets, and where sockets are not descriptors: types that have no
//! values, and functions that answer `Unsupported`.

use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::windows::io::{AsRawSocket, AsSocket, BorrowedSocket, RawSocket};

use mio::{Interest, Registry, Token, event::Source};
use socket2::{SockAddr, SockRef, Socket};

use crate::addr::Credentials;

pub(crate) const UNIX_SOCKETS: bool = false;

#[derive(Debug)]
pub(crate) enum UnixStream {}

#[derive(Debug)]
pub(crate) enum UnixListener {}

#[derive(Debug)]
pub(crate) enum SocketFile {}

impl SocketFile {
    pub(crate) fn bind(
        _socket: &Socket,
        _path: &[u8],
        _mode: Option<u32>,
        _then: impl FnOnce(&Socket) -> io::Result<()>,
    ) -> io::Result<Option<Self>> {
        Err(unsupported())
    }
}

pub(crate) fn unix_sock_addr(_path: &[u8]) -> io::Result<SockAddr> {
    Err(unsupported())
}

pub(crate) fn unix_path(_address: &SockAddr) -> Option<Box<[u8]>> {
    None
}

pub(crate) fn unix_stream(_socket: Socket) -> io::Result<UnixStream> {
    Err(unsupported())
}

pub(crate) fn unix_listener(_socket: Socket) -> io::Result<UnixListener> {
    Err(unsupported())
}

pub(crate) fn watch_unix(
    socket: &UnixStream,
    _registry: &Registry,
    _token: Token,
    _interest: Interest,
) -> io::Result<()> {
    match *socket {}
}

pub(crate) fn accept_unix(listener: &UnixListener) -> io::Result<UnixStream> {
    match *listener {}
}

pub(crate) fn peer_credentials(socket: &UnixStream) -> Option<Credentials> {
    match *socket {}
}

/// A descriptor that its owner gives away.
#[derive(Debug)]
pub enum Given {}

#[expect(
    unsafe_code,
    reason = "the same signature as where there are descriptors"
)]
impl Given {
    /// `Unsupported`.
    ///
    /// # Safety
    ///
    /// Nothing is done with the number.
    pub unsafe fn new(_fd: i32) -> io::Result<Self> {
        Err(unsupported())
    }

    pub(crate) fn socket(&self) -> SockRef<'_> {
        match *self {}
    }

    pub(crate) fn descriptor(&self) -> i32 {
        match *self {}
    }

    pub(crate) fn take(self) -> Socket {
        match self {}
    }
}

fn unsupported() -> io::Error {
    io::ErrorKind::Unsupported.into()
}

impl UnixStream {
    pub(crate) fn shutdown(&self, _how: Shutdown) -> io::Result<()> {
        match *self {}
    }

    pub(crate) fn take_error(&self) -> io::Result<Option<io::Error>> {
        match *self {}
    }
}

impl Read for &UnixStream {
    fn read(&mut self, _into: &mut [u8]) -> io::Result<usize> {
        match **self {}
    }
}

impl Write for &UnixStream {
    fn write(&mut self, _from: &[u8]) -> io::Result<usize> {
        match **self {}
    }

    fn flush(&mut self) -> io::Result<()> {
        match **self {}
    }
}

macro_rules! no_socket {
    ($($type:ty),*) => {$(
        impl AsRawSocket for $type {
            fn as_raw_socket(&self) -> RawSocket {
                match *self {}
            }
        }

        impl AsSocket for $type {
            fn as_socket(&self) -> BorrowedSocket<'_> {
                match *self {}
            }
        }

        impl Source for $type {
            fn register(&mut self, _: &Registry, _: Token, _: Interest) -> io::Result<()> {
                match *self {}
            }

            fn reregister(&mut self, _: &Registry, _: Token, _: Interest) -> io::Result<()> {
                match *self {}
            }

            fn deregister(&mut self, _: &Registry) -> io::Result<()> {
                match *self {}
            }
        }
    )*};
}

no_socket!(UnixStream, UnixListener);
