//! Several datagrams with each system call: sent as one that the kernel cuts (`UDP_SEGMENT`), and
//! received apart. So sending costs less than receiving, and a server is what is measured.

use std::io::{self, IoSlice, IoSliceMut};
use std::os::fd::AsRawFd;

use mio::net::UdpSocket;
use nix::sys::socket::{ControlMessage, MsgFlags, MultiHeaders, recvmmsg, sendmsg};

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
    #[expect(
        clippy::unused_self,
        reason = "without this system call it takes the buffer"
    )]
    pub(crate) fn send(
        &mut self,
        socket: &UdpSocket,
        datagrams: &[u8],
        size: usize,
    ) -> io::Result<usize> {
        let most = MOST.min(LONGEST / size) * size;
        let some = [IoSlice::new(&datagrams[..most.min(datagrams.len())])];
        let each = u16::try_from(size).map_err(io::Error::other)?;
        let sent = sendmsg::<()>(
            socket.as_raw_fd(),
            &some,
            &[ControlMessage::UdpGsoSegments(&each)],
            MsgFlags::MSG_DONTWAIT,
            None,
        )?;
        Ok(sent / size)
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

/// As many as the kernel cuts one into.
const MOST: usize = 64;
/// Of a packet, by what its header can say.
const LONGEST: usize = 65_507;
