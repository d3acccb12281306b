//! Several datagrams with each system call.

use std::io::{self, IoSlice, IoSliceMut};
use std::os::fd::AsRawFd;

use mio::net::UdpSocket;
use nix::sys::socket::{MsgFlags, MultiHeaders, recvmmsg, sendmmsg};

#[derive(Debug)]
pub(crate) struct Batch {
    headers: MultiHeaders<()>,
    /// `MOST` rooms of equal size.
    buffer: Box<[u8]>,
    lengths: Vec<usize>,
}

impl Batch {
    /// For datagrams of `size` bytes. What arrives longer is handed over one byte longer.
    pub(crate) fn new(size: usize) -> Self {
        Self {
            headers: MultiHeaders::preallocate(MOST, None),
            buffer: vec![0; (size + 1) * MOST].into(),
            lengths: Vec::with_capacity(MOST),
        }
    }

    /// Sends the first of `datagrams`, which have `size` bytes each. Returns how many left.
    pub(crate) fn send(
        &mut self,
        socket: &UdpSocket,
        datagrams: &[u8],
        size: usize,
    ) -> io::Result<usize> {
        let slices: Vec<_> = datagrams
            .chunks_exact(size)
            .take(MOST)
            .map(|datagram| [IoSlice::new(datagram)])
            .collect();
        let no_addresses = [None; MOST];
        let sent = sendmmsg(
            socket.as_raw_fd(),
            &mut self.headers,
            &slices,
            no_addresses,
            [],
            MsgFlags::MSG_DONTWAIT,
        )?;
        Ok(sent.count())
    }

    pub(crate) fn receive(&mut self, socket: &UdpSocket) -> io::Result<()> {
        let room = self.buffer.len() / MOST;
        let mut slices: Vec<_> = self
            .buffer
            .chunks_exact_mut(room)
            .map(|room| [IoSliceMut::new(room)])
            .collect();
        let messages = recvmmsg(
            socket.as_raw_fd(),
            &mut self.headers,
            &mut slices,
            MsgFlags::MSG_DONTWAIT,
            None,
        )?;
        self.lengths.clear();
        self.lengths.extend(messages.map(|message| message.bytes));
        Ok(())
    }

    /// What `receive` has brought.
    pub(crate) fn received(&self) -> impl Iterator<Item = &[u8]> {
        let rooms = self.buffer.chunks_exact(self.buffer.len() / MOST);
        rooms
            .zip(&self.lengths)
            .map(|(room, length)| &room[..*length])
    }
}

const MOST: usize = 64;
