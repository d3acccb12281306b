//! The records of datagram channels: see [`kind::DATAGRAMS`] and [`kind::DATAGRAM_FAILED`].

use std::io;

use crate::addr::{self, Address};
use crate::id::ChannelId;
use crate::queue::batch::Batch;
use crate::source::fate::errno;
use crate::sys::packets::Inbound;
use crate::wire::{kind, packet, syscall};

/// What did not work, and with which address.
#[derive(Debug)]
pub(crate) struct Failure {
    /// 0: a datagram was longer than the buffer.
    pub(crate) errno: i32,
    pub(crate) syscall: u32,
    /// Of the datagram; 0 where it is not about a certain one.
    pub(crate) size: usize,
    pub(crate) address: Option<Address>,
}

impl Failure {
    pub(crate) fn push_to(&self, batch: &mut Batch, id: ChannelId) {
        let mut name = Vec::new();
        addr::encode(self.address.as_ref(), &mut name);
        let words = [self.errno.cast_unsigned(), self.syscall, self.size as u32];
        batch.push_bytes(kind::DATAGRAM_FAILED, 0, id, &words, &name);
    }

    /// An error of the operating system.
    pub(crate) fn of(
        error: &io::Error,
        syscall: u32,
        size: usize,
        address: Option<Address>,
    ) -> Self {
        Self {
            errno: errno(error),
            syscall,
            size,
            address,
        }
    }
}

/// What became of the datagrams of one call.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct PassedOn {
    /// Bytes of those that were passed on.
    pub(crate) bytes: usize,
    /// Those that were not there as a whole.
    pub(crate) truncated: usize,
}

/// One record for what one call has received, each sender's address once, and one for each
/// datagram that is not there as a whole.
pub(crate) fn push_received(batch: &mut Batch, id: ChannelId, inbound: &Inbound) -> PassedOn {
    let mut names = Names::default();
    let mut datagrams = Vec::with_capacity(inbound.received.len());
    let mut done = PassedOn::default();
    for (index, received) in inbound.received.iter().enumerate() {
        if received.truncated {
            done.truncated += 1;
            let words = [0, syscall::RECVMSG, received.sent as u32];
            let mut name = Vec::new();
            addr::encode(received.from.as_ref(), &mut name);
            batch.push_bytes(kind::DATAGRAM_FAILED, 0, id, &words, &name);
            continue;
        }
        let length = inbound.bytes(index).len();
        let sender = names.add(|name| addr::encode(received.from.as_ref(), name));
        datagrams.push(sender << packet::SENDER_SHIFT | length as u32);
        done.bytes += length;
    }
    if datagrams.is_empty() {
        return done;
    }
    let total = names.bytes.len() + done.bytes;
    let mut words = vec![
        total as u32,
        names.lengths.len() as u32,
        datagrams.len() as u32,
    ];
    words.append(&mut names.lengths);
    words.append(&mut datagrams);
    batch.push(kind::DATAGRAMS, 0, id, &words);
    let (front, mut rest) = batch.room(total).split_at_mut(names.bytes.len());
    front.copy_from_slice(&names.bytes);
    for (index, received) in inbound.received.iter().enumerate() {
        if !received.truncated {
            let data = inbound.bytes(index);
            let (front, behind) = rest.split_at_mut(data.len());
            front.copy_from_slice(data);
            rest = behind;
        }
    }
    batch.keep_room(total);
    done
}

/// Addresses one after the other, each once. There are few: a search is quicker than a table.
#[derive(Debug, Default)]
struct Names {
    bytes: Vec<u8>,
    lengths: Vec<u32>,
}

impl Names {
    /// The place of the name that `encode` appends.
    fn add(&mut self, encode: impl FnOnce(&mut Vec<u8>)) -> u32 {
        let end = self.bytes.len();
        encode(&mut self.bytes);
        let (before, name) = self.bytes.split_at(end);
        let mut start = 0;
        for (place, &length) in self.lengths.iter().enumerate() {
            let other = &before[start..start + length as usize];
            if other == name {
                self.bytes.truncate(end);
                return place as u32;
            }
            start += other.len();
        }
        self.lengths.push(name.len() as u32);
        self.lengths.len() as u32 - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_has_one_place() {
        let mut names = Names::default();
        let mut add = |name: &[u8]| names.add(|bytes| bytes.extend_from_slice(name));
        assert_eq!((add(b"ab"), add(b"a"), add(b"")), (0, 1, 2));
        assert_eq!((add(b"ab"), add(b"b"), add(b"a"), add(b"")), (0, 3, 1, 2));
        assert_eq!(
            (&names.bytes[..], &names.lengths[..]),
            (&b"abab"[..], &[2, 1, 0, 1][..])
        );
    }
}
