//! Datagrams that were written and that the operating system has not taken yet.

use std::collections::VecDeque;

use crate::addr::Address;

/// An idle channel keeps room of at most this size.
const KEEP_BYTES: usize = 4 * 1024;
/// Bytes that were sent are cut off the front when there are this many, and half of all.
const SENT_BYTES: usize = 256 * 1024;

/// What a datagram channel shall do, one after the other.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Send the next so many bytes; without an address, to the peer.
    Packet {
        to: Option<Address>,
        length: usize,
    },
    SetPeer(Address),
    DropPeer,
}

/// A queue of datagrams, and of changes of the peer between them.
///
/// ```text
///   steps            [Packet 3][Packet 0][SetPeer][Packet 2]
///   bytes  [· · · · ·  a b c                       d e ]      head = 5: sent already
/// ```
#[derive(Debug, Default)]
pub(crate) struct PacketQueue {
    steps: VecDeque<Step>,
    bytes: Vec<u8>,
    head: usize,
}

impl PacketQueue {
    pub(crate) fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    pub(crate) fn front(&self) -> Option<&Step> {
        self.steps.front()
    }

    pub(crate) fn push(&mut self, to: Option<Address>, data: &[u8]) {
        self.bytes.extend_from_slice(data);
        let length = data.len();
        self.steps.push_back(Step::Packet { to, length });
    }

    pub(crate) fn push_step(&mut self, step: Step) {
        self.steps.push_back(step);
    }

    /// The datagrams at the front, up to the next change of the peer.
    pub(crate) fn packets(&self) -> impl Iterator<Item = (Option<&Address>, &[u8])> {
        let mut at = self.head;
        self.steps.iter().map_while(move |step| match step {
            Step::Packet { to, length } => {
                let data = &self.bytes[at..at + length];
                at += length;
                Some((to.as_ref(), data))
            }
            Step::SetPeer(_) | Step::DropPeer => None,
        })
    }

    /// Takes the front off.
    pub(crate) fn pop(&mut self) -> Option<Step> {
        let step = self.steps.pop_front();
        if let Some(Step::Packet { length, .. }) = step {
            self.head += length;
        }
        if self.steps.is_empty() {
            self.head = 0;
            self.bytes.clear();
            self.bytes.shrink_to(KEEP_BYTES);
            self.steps.shrink_to(KEEP_BYTES / size_of::<Step>());
        } else if self.head > SENT_BYTES && self.head > self.bytes.len() / 2 {
            self.bytes.drain(..self.head);
            self.head = 0;
        }
        step
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_boundaries_and_order() {
        let mut queue = PacketQueue::default();
        for data in ["abc", "", "de"] {
            queue.push(None, data.as_bytes());
        }
        let texts = |queue: &PacketQueue| -> Vec<Vec<u8>> {
            queue.packets().map(|(_, data)| data.to_vec()).collect()
        };
        assert_eq!(texts(&queue), [&b"abc"[..], b"", b"de"]);
        queue.pop();
        assert_eq!(texts(&queue), [&b""[..], b"de"]);
        queue.pop();
        queue.pop();
        assert!(queue.is_empty() && queue.pop().is_none());
        queue.push(None, b"again");
        assert_eq!(texts(&queue), [b"again"]);
    }

    #[test]
    fn a_change_of_the_peer_parts_the_datagrams() {
        let mut queue = PacketQueue::default();
        queue.push(None, b"before");
        queue.push_step(Step::DropPeer);
        queue.push(None, b"behind");
        assert_eq!(queue.packets().count(), 1);
        queue.pop();
        assert_eq!(
            (queue.packets().count(), queue.front()),
            (0, Some(&Step::DropPeer))
        );
        queue.pop();
        assert_eq!(queue.packets().next(), Some((None, &b"behind"[..])));
    }

    #[test]
    fn what_was_sent_does_not_pile_up() {
        let mut queue = PacketQueue::default();
        queue.push(None, b"first");
        for _ in 0..100 {
            queue.push(None, &[7; 10_000]);
            queue.pop();
        }
        assert!(queue.bytes.len() < 2 * SENT_BYTES + 20_000);
        assert_eq!(queue.packets().next(), Some((None, &[7; 10_000][..])));
        queue.pop();
        assert!(queue.bytes.capacity() <= KEEP_BYTES);
    }
}
