//! Datagrams that were written and that the operating system has not taken yet.

use std::collections::VecDeque;

use crate::addr::Address;

/// An idle channel keeps room of at most this size.
const KEEP_BYTES: usize = 4 * 1024;
/// Bytes that were sent are cut off the front when there are this many, and half of all.
const SENT_BYTES: usize = 256 * 1024;

/// Segments are what fits an Ethernet frame whatever the family: a longer one would have to be
/// fragmented, which segments cannot be.
const SEGMENT_BYTES: usize = 1452;
/// What a run may have in all: less than the largest datagram.
const RUN_BYTES: usize = 64_000;

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

    /// The datagrams at the front, up to the next change of the peer; in a run those that one
    /// call may send as segments of one, `most` at most.
    pub(crate) fn runs(&self, most: usize) -> Runs<'_> {
        Runs {
            queue: self,
            step: 0,
            at: self.head,
            most,
        }
    }

    /// Takes so many off the front.
    pub(crate) fn drop_first(&mut self, steps: usize) {
        for _ in 0..steps {
            self.pop();
        }
    }

    pub(crate) fn clear(&mut self) {
        self.drop_first(self.steps.len());
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

/// Datagrams to one address, all but the last of one length.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Run<'a> {
    pub(crate) to: Option<&'a Address>,
    pub(crate) data: &'a [u8],
    pub(crate) count: usize,
    /// The length of the first.
    pub(crate) segment: usize,
}

/// See [`PacketQueue::runs`].
#[derive(Debug)]
pub(crate) struct Runs<'a> {
    queue: &'a PacketQueue,
    step: usize,
    at: usize,
    most: usize,
}

impl<'a> Iterator for Runs<'a> {
    type Item = Run<'a>;

    fn next(&mut self) -> Option<Run<'a>> {
        let Step::Packet { to, length } = self.queue.steps.get(self.step)? else {
            return None;
        };
        let segment = *length;
        let (mut count, mut total) = (1, segment);
        // An empty one is no segment.
        let most = if (1..=SEGMENT_BYTES).contains(&segment) {
            self.most
        } else {
            1
        };
        while count < most {
            match self.queue.steps.get(self.step + count) {
                Some(Step::Packet { to: next, length })
                    if next == to
                        && (1..=segment).contains(length)
                        && total + length <= RUN_BYTES =>
                {
                    total += length;
                    count += 1;
                    if *length < segment {
                        break;
                    }
                }
                _ => break,
            }
        }
        let data = &self.queue.bytes[self.at..self.at + total];
        self.step += count;
        self.at += total;
        Some(Run {
            to: to.as_ref(),
            data,
            count,
            segment,
        })
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
            queue.runs(1).map(|run| run.data.to_vec()).collect()
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
        assert_eq!(queue.runs(1).count(), 1);
        queue.pop();
        assert_eq!(
            (queue.runs(1).count(), queue.front()),
            (0, Some(&Step::DropPeer))
        );
        queue.pop();
        assert_eq!(
            queue.runs(1).next().map(|run| run.data),
            Some(&b"behind"[..])
        );
    }

    #[test]
    fn runs_are_of_one_address_and_one_length() {
        let mut queue = PacketQueue::default();
        let to = |port| Some(Address::Inet(([127, 0, 0, 1], port).into()));
        for (port, length) in [
            (1, 5),
            (1, 5),
            (1, 3), // shorter: the last
            (1, 5),
            (2, 5), // another address
            (2, 6), // longer
            (2, 0), // empty: none
            (2, 0),
            (2, 2000), // too long
            (2, 2000),
        ] {
            queue.push(to(port), &vec![0; length]);
        }
        let counts: Vec<_> = queue.runs(64).map(|run| (run.count, run.segment)).collect();
        let expected = [(3, 5), (1, 5), (1, 5), (1, 6), (1, 0), (1, 0)];
        assert_eq!(counts[..6], expected);
        assert_eq!(counts[6..], [(1, 2000), (1, 2000)]);
        let counts: Vec<_> = queue.runs(2).map(|run| run.count).collect();
        assert_eq!(counts[..3], [2, 1, 1]);
        let bytes: usize = queue.runs(64).map(|run| run.data.len()).sum();
        assert_eq!(bytes, 29 + 4000);
    }

    #[test]
    fn a_run_is_shorter_than_a_datagram_may_be() {
        let mut queue = PacketQueue::default();
        for _ in 0..128 {
            queue.push(None, &[0; 1400]);
        }
        let counts: Vec<_> = queue.runs(64).map(|run| run.count).collect();
        assert_eq!(counts, [45, 45, 38]);
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
        assert_eq!(
            queue.runs(1).next().map(|run| run.data),
            Some(&[7; 10_000][..])
        );
        queue.pop();
        assert!(queue.bytes.capacity() <= KEEP_BYTES);
    }
}
