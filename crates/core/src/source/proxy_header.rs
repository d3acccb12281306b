//! The PROXY protocol's header, versions 1 and 2: what a proxy says of the connection behind it.
//!
//! ```text
//!   1   PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\n                        107 bytes at most
//!   2   \r\n\r\n\0\r\nQUIT\n [2|command][family|transport][length]             16 bytes
//!       source, destination: address and port of each                         12, 36 or 216
//!       [type][length] value …                                                TLVs, up to the length
//! ```

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::{self, FromStr};

use crate::addr::Address;

/// The longest header that is taken.
pub(crate) const MOST_BYTES: usize = 4096;

const LINE: &[u8] = b"PROXY ";
const LINE_BYTES: usize = 107;
const SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";
/// Of version 2, what is before the addresses.
const FRONT: usize = 16;
const UNIX_BYTES: usize = 108;
/// The TLV that holds a checksum of the whole header.
const CRC32C: u8 = 0x03;

/// What a header says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) version: u8,
    /// The proxy speaks for itself (`LOCAL`), as in a check of its server's health.
    pub(crate) local: bool,
    /// Both ends, source first, where they are told: else the connection's own are all there are.
    pub(crate) ends: Option<(Option<Address>, Option<Address>)>,
    /// As they came: type, length (2 bytes, big-endian), value.
    pub(crate) tlvs: Vec<u8>,
}

/// What stands at the beginning of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Parsed {
    /// It may become a header.
    Incomplete,
    /// It is none, and never will be.
    None,
    /// It began as one.
    Malformed,
    /// A header of so many bytes.
    Whole(Header, usize),
}

/// Looks at all that has come so far.
pub(crate) fn parse(bytes: &[u8]) -> Parsed {
    let begins = |with: &[u8]| bytes.iter().zip(with).all(|(one, other)| one == other);
    if begins(SIGNATURE) {
        return match bytes.get(..FRONT) {
            Some(front) => binary(bytes, front),
            None => Parsed::Incomplete,
        };
    }
    if !begins(LINE) {
        return Parsed::None;
    }
    let window = &bytes[..bytes.len().min(LINE_BYTES)];
    match memchr::memmem::find(window, b"\r\n") {
        Some(end) => match line(&window[..end]) {
            Some(header) => Parsed::Whole(header, end + 2),
            None => Parsed::Malformed,
        },
        None if bytes.len() < LINE_BYTES => Parsed::Incomplete,
        None => Parsed::Malformed,
    }
}

fn line(text: &[u8]) -> Option<Header> {
    let text = str::from_utf8(text).ok()?;
    let mut words = text.split(' ').skip(1);
    let ends = match words.next()? {
        // Whatever follows is nobody's business.
        "UNKNOWN" => None,
        family => {
            let words: Vec<_> = words.collect();
            let [source, destination, from, to] = words.as_slice() else {
                return None;
            };
            let ip = |text: &str| match family {
                "TCP4" => Ipv4Addr::from_str(text).ok().map(IpAddr::V4),
                "TCP6" => Ipv6Addr::from_str(text).ok().map(IpAddr::V6),
                _ => None,
            };
            let end = |host, port| Some(SocketAddr::new(ip(host)?, decimal(port)?).into());
            Some((Some(end(source, from)?), Some(end(destination, to)?)))
        }
    };
    Some(Header {
        version: 1,
        local: false,
        ends,
        tlvs: Vec::new(),
    })
}

/// A port: no sign, no zeros in front.
fn decimal(text: &str) -> Option<u16> {
    let port: u16 = text.parse().ok()?;
    (port.to_string() == text).then_some(port)
}

fn binary(bytes: &[u8], front: &[u8]) -> Parsed {
    let length = FRONT + usize::from(u16::from_be_bytes([front[14], front[15]]));
    if !matches!(front[12], 0x20 | 0x21) || length > MOST_BYTES {
        return Parsed::Malformed;
    }
    match bytes.get(..length) {
        None => Parsed::Incomplete,
        Some(header) => match body(header) {
            Some(header) => Parsed::Whole(header, length),
            None => Parsed::Malformed,
        },
    }
}

fn body(header: &[u8]) -> Option<Header> {
    let local = header[12] == 0x20;
    let (family, transport) = (header[13] >> 4, header[13] & 0xf);
    if family > 3 || transport > 2 {
        return None;
    }
    let rest = &header[FRONT..];
    let (ends, tlvs) = match family {
        1 => {
            let (ends, tlvs) = rest.split_at_checked(12)?;
            let v4 = |at: usize| Ipv4Addr::from(array::<4>(&ends[at..]));
            (Some((inet(v4(0), ends, 8), inet(v4(4), ends, 10))), tlvs)
        }
        2 => {
            let (ends, tlvs) = rest.split_at_checked(36)?;
            let v6 = |at: usize| Ipv6Addr::from(array::<16>(&ends[at..]));
            (Some((inet(v6(0), ends, 32), inet(v6(16), ends, 34))), tlvs)
        }
        3 => {
            let (ends, tlvs) = rest.split_at_checked(2 * UNIX_BYTES)?;
            let (source, destination) = ends.split_at(UNIX_BYTES);
            (Some((path(source), path(destination))), tlvs)
        }
        _ => (None, rest),
    };
    check(header, tlvs)?;
    Some(Header {
        version: 2,
        local,
        // Of a LOCAL one, and without a transport, they mean nothing.
        ends: ends.filter(|_| !local && transport != 0),
        tlvs: tlvs.to_vec(),
    })
}

fn inet(ip: impl Into<IpAddr>, bytes: &[u8], port: usize) -> Option<Address> {
    let port = u16::from_be_bytes(array(&bytes[port..]));
    Some(SocketAddr::new(ip.into(), port).into())
}

/// Padded with zeros; one that begins with a zero is an abstract name, if it is anything.
fn path(bytes: &[u8]) -> Option<Address> {
    let end = bytes.iter().rposition(|byte| *byte != 0)? + 1;
    Some(Address::Unix(bytes[..end].into()))
}

/// The first `N` bytes, which are there.
fn array<const N: usize>(bytes: &[u8]) -> [u8; N] {
    std::array::from_fn(|at| bytes[at])
}

/// Whether each TLV is whole, and the checksum, if there is one, is that of the header.
fn check(header: &[u8], tlvs: &[u8]) -> Option<()> {
    let mut rest = tlvs;
    while let Some((head, more)) = rest.split_at_checked(3) {
        let (value, more) = more.split_at_checked(u16::from_be_bytes(array(&head[1..])).into())?;
        if head[0] == CRC32C {
            let told = u32::from_be_bytes(value.try_into().ok()?);
            // It was made with zeros in its own place.
            let at = header.len() - more.len() - value.len();
            let mut zeroed = header.to_vec();
            zeroed[at..at + 4].fill(0);
            if crc32c(&zeroed) != told {
                return None;
            }
        }
        rest = more;
    }
    rest.is_empty().then_some(())
}

fn crc32c(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| {
            (sum >> 1) ^ (0x82f6_3b78 & (sum & 1).wrapping_neg())
        })
    })
}

#[cfg(test)]
#[path = "proxy_header_tests.rs"]
mod tests;
