//! A datagram socket with a peer, and what it has still to send.

use std::io;

use mio::net::UdpSocket;
use socket2::SockRef;

use super::batch::Batch;
use crate::address::Address;
use crate::error::LoadError;

#[derive(Debug)]
pub(crate) struct Socket {
    index: usize,
    socket: UdpSocket,
    size: usize,
    /// Datagrams of `size` bytes each; those before `start` are gone.
    outbox: Vec<u8>,
    start: usize,
}

impl Socket {
    /// Datagrams that it sends by the outbox have `size` bytes.
    pub(crate) fn connect(address: &Address, index: usize, size: usize) -> Result<Self, LoadError> {
        let Address::Inet(to) = *address else {
            return Err(LoadError::NoDatagrams(address.clone()));
        };
        let open = || {
            let any = if to.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
            let socket = std::net::UdpSocket::bind(any)?;
            socket.connect(to)?;
            socket.set_nonblocking(true)?;
            // The kernel grants what its limit allows.
            SockRef::from(&socket).set_recv_buffer_size(RECEIVE_BUFFER)?;
            Ok(UdpSocket::from_std(socket))
        };
        let socket = open().map_err(|source| LoadError::connect(address, source))?;
        Ok(Self {
            index,
            socket,
            size,
            outbox: Vec::new(),
            start: 0,
        })
    }

    pub(crate) fn source(&mut self) -> &mut UdpSocket {
        &mut self.socket
    }

    pub(crate) fn outbox(&mut self) -> &mut Vec<u8> {
        &mut self.outbox
    }

    /// Sends what the socket takes. True: that was everything.
    pub(crate) fn flush(&mut self, batch: &mut Batch) -> Result<bool, LoadError> {
        while self.start < self.outbox.len() {
            match batch.send(&self.socket, &self.outbox[self.start..], self.size) {
                Ok(sent) => self.start += sent * self.size,
                Err(error) if is_full(&error) => return Ok(false),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(source) => return Err(self.failed("send", source)),
            }
        }
        self.outbox.clear();
        self.start = 0;
        Ok(true)
    }

    /// One datagram of any size, past the outbox.
    pub(crate) fn send(&self, datagram: &[u8]) -> Result<(), LoadError> {
        self.socket
            .send(datagram)
            .map(drop)
            .map_err(|source| self.failed("send", source))
    }

    /// Hands over all that has arrived.
    pub(crate) fn receive(
        &self,
        batch: &mut Batch,
        mut each: impl FnMut(&[u8]) -> Result<(), LoadError>,
    ) -> Result<(), LoadError> {
        loop {
            match batch.receive(&self.socket) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(source) => return Err(self.failed("receive", source)),
            }
            batch.received().try_for_each(&mut each)?;
        }
    }

    fn failed(&self, operation: &'static str, source: io::Error) -> LoadError {
        LoadError::Socket {
            connection: self.index,
            operation,
            source,
        }
    }
}

/// macOS says `ENOBUFS` for a full queue.
fn is_full(error: &io::Error) -> bool {
    const ENOBUFS_OF_MACOS: i32 = 55;
    error.kind() == io::ErrorKind::WouldBlock
        || (cfg!(target_os = "macos") && error.raw_os_error() == Some(ENOBUFS_OF_MACOS))
}

const RECEIVE_BUFFER: usize = 8 * 1024 * 1024;
