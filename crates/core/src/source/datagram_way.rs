//! The way past the reactor for a few datagrams.
//!
//! Handing them over costs the reactor's wake-up. Where it sleeps, has done all that was submitted,
//! and has nothing to send for the socket, the submitting thread sends by itself:
//!
//! ```text
//!   submitting thread                        reactor thread
//!   ┌ the way's lock ─────────────┐
//!   │ open?                       │ ◀─ the same ── whenever it has worked for the channel:
//!   │ send, and count             │                open = nothing to send or to tell of before
//!   └─────────────────────────────┘ ◀─ the same ── close, and then the count is final
//!   what is left is submitted ────────────────▶ sent, or refused, as ever
//! ```
//!
//! An error ends the way for this time: its datagram is left for the reactor, which knows whose
//! errors there may be.

use std::io;
use std::sync::{Arc, Mutex};

use super::datagram_socket::DatagramSocket;
use crate::addr;
use crate::buffer::{PacketQueue, Run};
use crate::sync::lock;
use crate::sys::packets::{BATCH, Outgoing, SendsMany};

/// One for each socket.
#[derive(Debug)]
pub(crate) struct Way {
    socket: Arc<DatagramSocket>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// How many datagrams may be sent as one; `None`: the way is closed.
    open: Option<usize>,
    many: SendsMany,
    /// Empty between two sends: its memory is used again.
    queue: PacketQueue,
}

impl Way {
    pub(crate) fn new(socket: Arc<DatagramSocket>) -> Self {
        Self {
            socket,
            state: Mutex::default(),
        }
    }

    /// The reactor says whether it has nothing that goes before; if so, how many datagrams may be
    /// sent as one.
    pub(crate) fn set_open(&self, open: Option<usize>) {
        lock(&self.state).open = open;
    }

    /// Sends the first of these datagrams, each with where it goes to, as far as the system takes
    /// them at once, and has them counted: how many, and their bytes. Returns how many.
    pub(crate) fn send<'a>(
        &self,
        datagrams: impl Iterator<Item = (&'a [u8], &'a [u8])>,
        mut count: impl FnMut(usize, usize),
    ) -> usize {
        let mut state = lock(&self.state);
        let State { open, many, queue } = &mut *state;
        let Some(segments) = *open else {
            return 0;
        };
        for (to, data) in datagrams {
            queue.push(addr::decode(to), data);
        }
        let mut total = 0;
        while !queue.is_empty() {
            let carrier = &self.socket.carrier;
            let sent = offered(queue, &self.socket, segments)
                .and_then(|offer| Ok(offer.sent(carrier.send(&offer.packets, many)?)));
            match sent {
                Ok((sent, bytes)) => {
                    queue.drop_first(sent);
                    total += sent;
                    count(sent, bytes);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => break,
            }
        }
        queue.clear();
        total
    }
}

/// The first datagrams of a queue, many in one where that may be.
#[derive(Debug)]
pub(super) struct Offer<'a> {
    pub(super) packets: Vec<Outgoing<'a>>,
    /// How many each of them is.
    pub(super) counts: Vec<usize>,
}

impl Offer<'_> {
    /// How many datagrams the first so many packets were, and their bytes.
    pub(super) fn sent(&self, packets: usize) -> (usize, usize) {
        let bytes = self.packets[..packets]
            .iter()
            .map(|packet| packet.data.len());
        (self.counts[..packets].iter().sum(), bytes.sum())
    }
}

/// What one call may send: at most `most` datagrams in one, up to an address that is none to this
/// system. An error where that is the first.
pub(super) fn offered<'a>(
    queue: &'a PacketQueue,
    socket: &DatagramSocket,
    most: usize,
) -> io::Result<Offer<'a>> {
    let mut packets = Vec::with_capacity(BATCH);
    let mut counts = Vec::with_capacity(BATCH);
    for run in queue.runs(most).take(BATCH) {
        let Run {
            to, data, count, ..
        } = run;
        match to.map(|to| socket.address_of(to)).transpose() {
            Ok(to) => packets.push(Outgoing {
                to,
                data,
                segment: if count > 1 { run.segment as u16 } else { 0 },
            }),
            Err(error) if packets.is_empty() => return Err(error),
            Err(_) => break,
        }
        counts.push(count);
    }
    Ok(Offer { packets, counts })
}

#[cfg(test)]
mod tests {
    use std::net::{SocketAddr, UdpSocket};

    use super::*;
    use crate::options::DatagramOptions;

    /// A way, and who hears what is sent by it, and is sent to.
    fn way() -> (Way, UdpSocket, Vec<u8>) {
        let any: SocketAddr = "127.0.0.1:0".parse().unwrap();
        let socket = DatagramSocket::bind(any, &DatagramOptions::default()).unwrap();
        let peer = UdpSocket::bind(any).unwrap();
        let mut to = Vec::new();
        addr::encode(Some(&peer.local_addr().unwrap().into()), &mut to);
        (Way::new(Arc::new(socket)), peer, to)
    }

    fn heard(peer: &UdpSocket) -> Vec<u8> {
        let mut data = [0; 100];
        let (length, _) = peer.recv_from(&mut data).unwrap();
        data[..length].to_vec()
    }

    #[test]
    fn it_sends_and_counts_only_while_it_is_open() {
        let (way, peer, to) = way();
        let all = [&b"one"[..], b"two", b"", b"three"];
        let datagrams = || all.iter().map(|data| (&to[..], *data));
        let nobody = |_, _| panic!("nothing is sent");
        assert_eq!(way.send(datagrams(), nobody), 0);
        way.set_open(Some(64));
        let mut counted = (0, 0);
        let sent = way.send(datagrams(), |datagrams, bytes| {
            counted = (counted.0 + datagrams, counted.1 + bytes);
        });
        assert_eq!((sent, counted), (4, (4, 11)));
        for data in all {
            assert_eq!(heard(&peer), data);
        }
        way.set_open(None);
        assert_eq!(way.send(datagrams(), nobody), 0);
    }

    #[test]
    fn it_leaves_what_fails_and_all_behind_it() {
        let (way, peer, to) = way();
        way.set_open(Some(64));
        let too_large = vec![0; 70_000];
        let datagrams = [&b"before"[..], &too_large, b"behind"];
        let sent = way.send(datagrams.iter().map(|data| (&to[..], *data)), |_, _| {});
        assert_eq!(sent, 1);
        assert_eq!(heard(&peer), b"before");
        // Nothing of them is kept.
        assert_eq!(
            way.send([(&to[..], &b"next"[..])].into_iter(), |_, _| {}),
            1
        );
        assert_eq!(heard(&peer), b"next");
    }
}
