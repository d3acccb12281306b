//! What an engine has reported, and whether it was in order.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::ops::Range;

use pants_core::ChannelId;

use super::completion::{Closed, Completion};

/// Everything reported so far.
///
/// Adding to it checks what every channel promises: `(connected | accepted)? data* end? closed`,
/// each of the last two once, and nothing after.
#[derive(Debug, Default)]
pub struct Log {
    channels: HashMap<ChannelId, Channel>,
    /// In the order in which they were accepted.
    pub accepted: Vec<Accepted>,
    /// Of each listener that could not accept: the error.
    pub accept_errors: Vec<(ChannelId, i32)>,
    /// How many connections were told to be refused.
    pub dropped: usize,
    /// Why proxies' headers were.
    pub proxy_failures: Vec<u32>,
    /// How many records there were.
    pub records: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    pub id: ChannelId,
    pub server: ChannelId,
    pub descriptor: i32,
    pub local: Option<SocketAddr>,
    pub remote: Option<SocketAddr>,
}

#[derive(Debug, Default)]
pub struct Channel {
    /// Descriptor, local and remote address.
    pub connected: Option<(i32, Option<SocketAddr>, Option<SocketAddr>)>,
    pub chunks: Vec<Chunk>,
    /// The bytes of all chunks.
    pub received: Vec<u8>,
    /// Where in `received` each frame is.
    frames: Vec<Range<usize>>,
    /// What had been received when a frame outgrew its limit.
    pub overflow: Option<Vec<u8>>,
    /// What came with the peer's end.
    pub end: Option<Vec<u8>>,
    pub closed: Option<Closed>,
    pub drained: Vec<u64>,
    /// How many bytes the reactor has passed on: those of chunks, overflows and the end.
    pub passed_on: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    pub epoch: u32,
    pub ascii: bool,
    pub bytes: Range<usize>,
    pub frames: Range<usize>,
}

impl Log {
    /// What was reported of a channel; an empty record where nothing was.
    pub fn of(&self, id: ChannelId) -> &Channel {
        static NONE: std::sync::LazyLock<Channel> = std::sync::LazyLock::new(Channel::default);
        self.channels.get(&id).unwrap_or(&NONE)
    }

    /// The frames of a channel, in order.
    pub fn frames(&self, id: ChannelId) -> Vec<&[u8]> {
        self.of(id).frames().collect()
    }

    pub fn closed(&self, id: ChannelId) -> Option<&Closed> {
        self.of(id).closed.as_ref()
    }

    pub(super) fn add(&mut self, id: ChannelId, completion: Completion, bytes: &[u8]) {
        self.records += 1;
        let channel = self.channels.entry(id).or_default();
        assert_eq!(
            channel.closed, None,
            "after the end of {id:?}: {completion:?}"
        );
        match completion {
            Completion::Data {
                epoch,
                ascii,
                bytes: range,
                frames,
            } => channel.add_chunk(epoch, ascii, &bytes[range], &frames),
            Completion::End(rest) => {
                assert_eq!(channel.end, None, "{id:?} has two ends");
                channel.passed_on += rest.len() as u64;
                channel.end = Some(bytes[rest].to_vec());
            }
            Completion::Closed(closed) => channel.closed = Some(closed),
            Completion::Connected {
                descriptor,
                local,
                remote,
            } => {
                assert_eq!(channel.connected, None, "{id:?} has connected twice");
                assert_eq!(channel.passed_on, 0, "data before connected");
                channel.connected = Some((descriptor, local, remote));
            }
            Completion::Accepted {
                server,
                descriptor,
                local,
                remote,
            } => {
                assert_eq!(channel.passed_on, 0, "data before accepted");
                self.accepted.push(Accepted {
                    id,
                    server,
                    descriptor,
                    local,
                    remote,
                });
            }
            Completion::AcceptError(errno) => self.accept_errors.push((id, errno)),
            Completion::Dropped => self.dropped += 1,
            Completion::ProxyFailed(why) => self.proxy_failures.push(why),
            Completion::Drained(sent) => channel.drained.push(sent),
            Completion::Overflow(range) => {
                assert_eq!(channel.end, None, "an overflow after the end");
                channel.passed_on += range.len() as u64;
                channel.overflow = Some(bytes[range].to_vec());
            }
        }
    }
}

impl Channel {
    pub fn frames(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        self.frames
            .iter()
            .map(|frame| &self.received[frame.clone()])
    }

    fn add_chunk(&mut self, epoch: u32, ascii: bool, bytes: &[u8], frames: &[(u32, u32)]) {
        assert_eq!(self.end, None, "data after the end");
        assert!(!bytes.is_empty(), "a chunk of no bytes");
        let (from, first) = (self.received.len(), self.frames.len());
        let mut least = 0;
        for &(start, end) in frames {
            assert!(least <= start && start <= end && end as usize <= bytes.len());
            least = end;
            self.frames.push(from + start as usize..from + end as usize);
        }
        assert!(
            epoch != 0 || frames.is_empty(),
            "uncut bytes have no frames"
        );
        assert!(
            epoch == 0 || !frames.is_empty(),
            "a chunk that was cut has a frame"
        );
        self.received.extend_from_slice(bytes);
        self.passed_on += bytes.len() as u64;
        self.chunks.push(Chunk {
            epoch,
            ascii,
            bytes: from..self.received.len(),
            frames: first..self.frames.len(),
        });
    }
}
