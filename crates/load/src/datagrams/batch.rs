//! One system call a datagram, where there is none for several.

use std::io;

use mio::net::UdpSocket;

#[derive(Debug)]
pub(crate) struct Batch {
    buffer: Box<[u8]>,
    length: usize,
}

impl Batch {
    /// For datagrams of `size` bytes. What arrives longer is handed over one byte longer.
    pub(crate) fn new(size: usize) -> Self {
        Self {
            buffer: vec![0; size + 1].into(),
            length: 0,
        }
    }

    /// Sends the first of `datagrams`, which have `size` bytes each. Returns how many left.
    pub(crate) fn send(
        &mut self,
        socket: &UdpSocket,
        datagrams: &[u8],
        size: usize,
    ) -> io::Result<usize> {
        socket.send(&datagrams[..size]).map(|_| 1)
    }

    pub(crate) fn receive(&mut self, socket: &UdpSocket) -> io::Result<()> {
        self.length = socket.recv(&mut self.buffer)?;
        Ok(())
    }

    /// What `receive` has brought.
    pub(crate) fn received(&self) -> impl Iterator<Item = &[u8]> {
        std::iter::once(&self.buffer[..self.length])
    }
}
