//! The socket under a stream.

use std::fs::File;
use std::io::{self, IoSlice, Read, Write};
use std::net::Shutdown;
use std::time::Duration;

use mio::event::Source as _;
use mio::{Interest, Registry, Token, net::TcpStream};
use socket2::{SockRef, Socket};

#[cfg(test)]
use super::played::Played;
use crate::addr::{self, Address};
use crate::buffer::Sink;
use crate::options::SocketOptions;
use crate::sys::{self, UnixStream};

/// A connected, non-blocking stream socket. Reading and writing take no more than a reference: the
/// channel's [`Shortcut`](super::shortcut::Shortcut) has one too.
#[derive(Debug)]
pub(crate) enum StreamSocket {
    Tcp(TcpStream),
    Unix(UnixStream),
    #[cfg(test)]
    Played(Played),
}

/// Does the same with whichever socket it is; something else with one that a test plays where that
/// cannot do it.
macro_rules! each {
    ($stream:expr, $socket:ident => $do:expr) => {
        each!($stream, $socket => $do, $socket => $do)
    };
    ($stream:expr, $socket:ident => $do:expr, $played:ident => $play:expr) => {
        match $stream {
            StreamSocket::Tcp($socket) => $do,
            StreamSocket::Unix($socket) => $do,
            #[cfg(test)]
            StreamSocket::Played($played) => $play,
        }
    };
}

impl StreamSocket {
    pub(crate) fn tcp(socket: Socket) -> Self {
        Self::Tcp(TcpStream::from_std(socket.into()))
    }

    pub(crate) fn unix(socket: Socket) -> io::Result<Self> {
        sys::unix_stream(socket).map(Self::Unix)
    }

    /// A TCP socket is registered for everything at once, so that no later call has to change it.
    /// Of a Unix socket Linux tells that there is room whenever its peer has read something, also
    /// where nobody had waited for it; so that is asked for with [`await_room`](Self::await_room).
    pub(crate) fn register(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        match self {
            Self::Tcp(socket) => socket.register(registry, token, interest()),
            Self::Unix(socket) => socket.register(registry, token, Interest::READABLE),
            #[cfg(test)]
            Self::Played(_) => Ok(()),
        }
    }

    /// Whether news of room comes only while it is awaited.
    pub(crate) fn tells_room_on_request(&self) -> bool {
        matches!(self, Self::Unix(_))
    }

    /// Asks for news of room, or no longer.
    pub(crate) fn await_room(
        &self,
        registry: &Registry,
        token: Token,
        await_it: bool,
    ) -> io::Result<()> {
        let interest = match await_it {
            true => Interest::READABLE | Interest::WRITABLE,
            false => Interest::READABLE,
        };
        match self {
            Self::Tcp(_) => Ok(()),
            #[cfg(test)]
            Self::Played(_) => Ok(()),
            Self::Unix(socket) => sys::watch_unix(socket, registry, token, interest),
        }
    }

    pub(crate) fn read(&self, into: &mut [u8]) -> io::Result<usize> {
        each!(self, socket => (&*socket).read(into))
    }

    pub(crate) fn write_one(&self, bytes: &[u8]) -> io::Result<usize> {
        each!(self, socket => (&*socket).write(bytes))
    }

    /// Whether a read that got less than it asked for has emptied the socket. One on a Unix socket
    /// stops also where descriptors came with the bytes, whoever sent them.
    pub(crate) fn short_read_drains(&self) -> bool {
        sys::SHORT_IO_DRAINS && matches!(self, Self::Tcp(_))
    }

    /// Sends FIN.
    pub(crate) fn shutdown_write(&self) -> io::Result<()> {
        each!(self, socket => socket.shutdown(Shutdown::Write))
    }

    /// The close that follows sends RST, and drops what the operating system still has to send. A
    /// Unix socket has no such thing.
    pub(crate) fn reset_on_close(&self) {
        #[cfg(test)]
        if let Self::Played(played) = self {
            played.reset_on_close();
        }
        if let Self::Tcp(socket) = self {
            // It fails where the connection is gone already.
            let _ = SockRef::from(socket).set_linger(Some(Duration::ZERO));
        }
    }

    /// The error that waits to be fetched, if any.
    pub(crate) fn take_error(&self) -> io::Result<Option<io::Error>> {
        each!(self, socket => socket.take_error())
    }

    pub(crate) fn descriptor(&self) -> i32 {
        each!(self, socket => sys::descriptor(socket), _played => -1)
    }

    /// This end; a socket that was reset already may not know it.
    pub(crate) fn local(&self) -> Option<Address> {
        #[cfg(test)]
        if let Self::Played(_) = self {
            return None;
        }
        Address::of(&self.options().local_addr().ok()?)
    }

    /// The other end; an error where there is none.
    pub(crate) fn peer(&self) -> io::Result<Option<Address>> {
        #[cfg(test)]
        if let Self::Played(_) = self {
            return Ok(None);
        }
        self.options().peer_addr().map(|peer| Address::of(&peer))
    }

    pub(crate) fn options(&self) -> SockRef<'_> {
        each!(self, socket => SockRef::from(socket), _played => panic!("it is no socket"))
    }

    /// Sets other options. A connection that was reset meanwhile refuses them; reading it will tell.
    pub(crate) fn set_options(&self, options: &SocketOptions) {
        let _ = match self {
            Self::Tcp(socket) => options.replace(&SockRef::from(socket)),
            Self::Unix(socket) => options.apply_buffers(&SockRef::from(socket)),
            #[cfg(test)]
            Self::Played(_) => Ok(()),
        };
    }

    /// What JS is told of a new connection: both addresses, and who the peer is.
    pub(crate) fn describe(&self, local: Option<&Address>, peer: Option<&Address>) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(2 * crate::wire::ADDRESS_BYTES);
        addr::encode(local, &mut bytes);
        addr::encode(peer, &mut bytes);
        self.describe_process(&mut bytes);
        bytes
    }

    /// Appends who the peer is, where that is known.
    pub(crate) fn describe_process(&self, bytes: &mut Vec<u8>) {
        if let Self::Unix(socket) = self {
            addr::encode_credentials(sys::peer_credentials(socket), bytes);
        }
    }
}

impl Sink for &StreamSocket {
    fn write(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        match slices {
            [one] => self.write_one(one),
            many => each!(self, socket => (&*socket).write_vectored(many)),
        }
    }

    fn send_file(&mut self, file: &File, offset: u64, most: usize) -> io::Result<usize> {
        each!(self, socket => sys::send_file(socket, file, offset, most), _played => {
            Err(io::ErrorKind::Unsupported.into())
        })
    }
}

/// Reading, writing, and on Linux the news of urgent data (see [`Readiness::thorough`](super::readiness::Readiness::thorough)).
fn interest() -> Interest {
    let interest = Interest::READABLE | Interest::WRITABLE;
    #[cfg(any(target_os = "linux", target_os = "android"))]
    let interest = interest | Interest::PRIORITY;
    interest
}
