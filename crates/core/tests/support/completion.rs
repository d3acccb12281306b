//! Completions, by the constants of `wire`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::ops::Range;

use pants_core::ChannelId;
use pants_core::wire::{ADDRESS_BYTES, UNIX_ADDRESS_BYTES, family, flag, kind, tally};

/// One completion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Completion {
    Data {
        epoch: u32,
        ascii: bool,
        bytes: Range<usize>,
        frames: Vec<(u32, u32)>,
    },
    End(Range<usize>),
    Closed(Closed),
    Connected {
        descriptor: i32,
        local: Option<SocketAddr>,
        remote: Option<SocketAddr>,
    },
    Accepted {
        server: ChannelId,
        descriptor: i32,
        local: Option<SocketAddr>,
        remote: Option<SocketAddr>,
    },
    AcceptError(i32),
    Dropped,
    ProxyFailed(u32),
    Drained(u64),
    Overflow(Range<usize>),
}

/// The last word on a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closed {
    pub reason: u32,
    pub errno: i32,
    pub syscall: u32,
    /// How many bytes the operating system has taken, all in all.
    pub sent: u64,
    pub detail: String,
}

impl Closed {
    /// Of a failed connect: what sums it up, then errno and the rest of each attempt's line.
    #[track_caller]
    pub fn attempts(&self) -> (&str, Vec<(i32, String)>) {
        let (summary, lines) = self.detail.split_once('\n').unwrap();
        let attempt = |line: &str| {
            let (errno, rest) = line.split_once(' ').unwrap();
            (errno.parse().unwrap(), rest.to_owned())
        };
        (summary, lines.lines().map(attempt).collect())
    }
}

/// Reads the records of a batch; the ranges are of `bytes`, all of which they cover.
pub fn decode(words: &[u32], bytes: &[u8]) -> Vec<(ChannelId, Completion)> {
    let (mut at, mut from, mut all) = (0, 0, Vec::new());
    let mut next = || {
        at += 1;
        words.get(at - 1).copied()
    };
    let mut take = |n: u32| {
        from += n as usize;
        from - n as usize..from
    };
    while let Some(head) = next() {
        let (record, flags) = (head & 0xff, head >> 8);
        let mut word = || next().expect("a record is whole");
        let id = ChannelId {
            index: word(),
            generation: word(),
        };
        let completion = match record {
            kind::DATA => {
                let epoch = word();
                let bytes = take(word());
                let frames = (0..word()).map(|_| (word(), word())).collect();
                Completion::Data {
                    epoch,
                    ascii: flags & flag::ASCII != 0,
                    bytes,
                    frames,
                }
            }
            kind::FINISHED => Completion::End(take(word())),
            kind::CLOSED => {
                let (errno, syscall) = (word(), word());
                let numbers: Vec<_> = (0..tally::WORDS).map(|_| wide(word(), word())).collect();
                let detail = &bytes[take(word())];
                Completion::Closed(Closed {
                    reason: flags,
                    errno: errno.cast_signed(),
                    syscall,
                    sent: numbers[tally::SENT as usize],
                    detail: String::from_utf8(detail.to_vec()).unwrap(),
                })
            }
            kind::CONNECTED => {
                let descriptor = word().cast_signed();
                let (local, remote) = addresses(&bytes[take(word())]);
                Completion::Connected {
                    descriptor,
                    local,
                    remote,
                }
            }
            kind::ACCEPTED => {
                let server = ChannelId {
                    index: word(),
                    generation: word(),
                };
                let descriptor = word().cast_signed();
                let about = &bytes[take(word())];
                let (local, remote) = match flags & flag::PROXIED {
                    0 => addresses(about),
                    _ => {
                        let (local, rest) = address(about);
                        (local, address(rest).0)
                    }
                };
                Completion::Accepted {
                    server,
                    descriptor,
                    local,
                    remote,
                }
            }
            kind::ACCEPT_ERROR => Completion::AcceptError(word().cast_signed()),
            kind::DROPPED => {
                take(word());
                Completion::Dropped
            }
            kind::PROXY_FAILED => {
                let why = word();
                take(word());
                Completion::ProxyFailed(why)
            }
            kind::DRAINED => Completion::Drained(wide(word(), word())),
            kind::OVERFLOW => Completion::Overflow(take(word())),
            other => panic!("a completion of kind {other}"),
        };
        all.push((id, completion));
    }
    assert_eq!(from, bytes.len(), "the records cover the batch's bytes");
    all
}

fn wide(low: u32, high: u32) -> u64 {
    u64::from(low) | (u64::from(high) << 32)
}

/// Both addresses; paths are JavaScript's to read, and `None` here.
fn addresses(bytes: &[u8]) -> (Option<SocketAddr>, Option<SocketAddr>) {
    let (local, rest) = address(bytes);
    let (remote, rest) = address(rest);
    let inet = local.is_some() && remote.is_some();
    let credentials = if rest.is_empty() { 0 } else { 12 };
    assert_eq!(rest.len(), credentials);
    assert!(
        !inet || rest.is_empty(),
        "credentials come with Unix sockets only"
    );
    (local, remote)
}

/// The first address, and what is behind it.
fn address(bytes: &[u8]) -> (Option<SocketAddr>, &[u8]) {
    let ip = match u32::from(bytes[0]) {
        family::NONE => return (None, &bytes[UNIX_ADDRESS_BYTES..]),
        family::UNIX => {
            let length = u16::from_be_bytes(bytes[2..4].try_into().unwrap());
            return (None, &bytes[UNIX_ADDRESS_BYTES + usize::from(length)..]);
        }
        family::INET => {
            let octets: [u8; 4] = bytes[4..8].try_into().unwrap();
            IpAddr::from(Ipv4Addr::from(octets))
        }
        family::INET6 => {
            let octets: [u8; 16] = bytes[4..20].try_into().unwrap();
            IpAddr::from(Ipv6Addr::from(octets))
        }
        other => panic!("an address of family {other}"),
    };
    let port = u16::from_be_bytes(bytes[2..4].try_into().unwrap());
    (Some(SocketAddr::new(ip, port)), &bytes[ADDRESS_BYTES..])
}
