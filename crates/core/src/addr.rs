//! Addresses: as text for what is rare, as a few bytes for what comes with every connection.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV6};

use crate::wire::{ADDRESS_BYTES, UNIX_ADDRESS_BYTES, family};

/// Where a socket is, or shall be. Made with `From`, or by [`decode`] or [`parse`](crate::names::parse): then an IPv4
/// address is one, however it was written; a socket for both families knows it in the form of
/// IPv6 (`::ffff:192.0.2.1`).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Address {
    Inet(SocketAddr),
    /// A path, as bytes; one that begins with NUL is a name in Linux's abstract namespace.
    Unix(Box<[u8]>),
}

impl Address {
    pub fn inet(&self) -> Option<SocketAddr> {
        match self {
            Self::Inet(address) => Some(*address),
            Self::Unix(_) => None,
        }
    }
}

impl From<SocketAddr> for Address {
    fn from(address: SocketAddr) -> Self {
        Self::Inet(plain(address))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Inet(address) => address.fmt(f),
            Self::Unix(path) => path.escape_ascii().fmt(f),
        }
    }
}

/// Who is at the other end of a Unix socket, as the operating system vouches for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Credentials {
    /// `None` where the platform does not say, or the process has no number here.
    pub pid: Option<u32>,
    pub uid: u32,
    pub gid: u32,
}

/// Appends one address as it crosses to JS.
///
/// ```text
///   byte 0    the family: see wire::family
///   Inet…     bytes 2–3 port, big-endian            bytes 4..20   the address, from its first byte
///             bytes 20..24 IPv6 scope, little-endian
///   Unix      bytes 2–3 length, big-endian          bytes 4..     the path
///   none      4 bytes of 0
/// ```
pub fn encode(address: Option<&Address>, into: &mut Vec<u8>) {
    match address {
        None => into.extend([0; UNIX_ADDRESS_BYTES]),
        Some(Address::Inet(address)) => into.extend(encode_inet(*address)),
        Some(Address::Unix(path)) => {
            let length = u16::try_from(path.len()).expect("sockaddr_un is shorter than 64 KiB");
            into.extend([family::UNIX as u8, 0]);
            into.extend(length.to_be_bytes());
            into.extend_from_slice(path);
        }
    }
}

/// The address that [`encode`] has laid out; `None` where that is none.
pub fn decode(bytes: &[u8]) -> Option<Address> {
    let half = |at: usize| Some(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?));
    match u32::from(*bytes.first()?) {
        family::UNIX => {
            let path = bytes.get(UNIX_ADDRESS_BYTES..)?.get(..half(2)?.into())?;
            Some(Address::Unix(path.into()))
        }
        family::INET => {
            let ip: [u8; 4] = bytes.get(..ADDRESS_BYTES)?[4..8].try_into().ok()?;
            Some(Address::Inet((Ipv4Addr::from(ip), half(2)?).into()))
        }
        family::INET6 => {
            let ip: [u8; 16] = bytes.get(4..20)?.try_into().ok()?;
            let scope = u32::from_le_bytes(bytes.get(20..24)?.try_into().ok()?);
            let address = SocketAddrV6::new(ip.into(), half(2)?, 0, scope);
            Some(SocketAddr::from(address).into())
        }
        _ => None,
    }
}

/// Appends what is known of the peer: process, user and group, little-endian; nothing where
/// nothing is known.
pub fn encode_credentials(credentials: Option<Credentials>, into: &mut Vec<u8>) {
    if let Some(Credentials { pid, uid, gid }) = credentials {
        for number in [pid.unwrap_or(0), uid, gid] {
            into.extend(number.to_le_bytes());
        }
    }
}

fn encode_inet(address: SocketAddr) -> [u8; ADDRESS_BYTES] {
    let mut bytes = [0; ADDRESS_BYTES];
    bytes[2..4].copy_from_slice(&address.port().to_be_bytes());
    match address {
        SocketAddr::V4(v4) => {
            bytes[0] = family::INET as u8;
            bytes[4..8].copy_from_slice(&v4.ip().octets());
        }
        SocketAddr::V6(v6) => {
            bytes[0] = family::INET6 as u8;
            bytes[4..20].copy_from_slice(&v6.ip().octets());
            bytes[20..24].copy_from_slice(&v6.scope_id().to_le_bytes());
        }
    }
    bytes
}

/// IPv4 in its own form.
pub(crate) fn plain(address: SocketAddr) -> SocketAddr {
    match address.ip().to_canonical() {
        ip @ IpAddr::V4(_) => SocketAddr::new(ip, address.port()),
        // Its scope belongs to it.
        IpAddr::V6(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_encoded_is_decoded() {
        let inet = ["1.2.3.4:258", "[::1%7]:258", "[2001:db8::2]:65535"];
        let mut addresses: Vec<Address> =
            inet.map(|text| Address::Inet(text.parse().unwrap())).into();
        addresses.push(Address::Unix(b"/run/a path".as_slice().into()));
        addresses.push(Address::Unix(b"\0name".as_slice().into()));
        for address in addresses {
            let mut bytes = Vec::new();
            encode(Some(&address), &mut bytes);
            assert_eq!(decode(&bytes), Some(address));
            assert_eq!(decode(&bytes[..bytes.len() - 1]), None);
        }
        let mut mapped = Vec::new();
        let bytes = Address::Inet("[::ffff:1.2.3.4]:5".parse().unwrap());
        encode(Some(&bytes), &mut mapped);
        assert_eq!(
            decode(&mapped),
            Some(Address::Inet("1.2.3.4:5".parse().unwrap()))
        );
        let mut none = Vec::new();
        encode(None, &mut none);
        assert_eq!((decode(&none), decode(b"")), (None, None));
    }

    #[test]
    fn encodes_each_family() {
        let encoded = |address: Option<Address>| {
            let mut bytes = Vec::new();
            encode(address.as_ref(), &mut bytes);
            bytes
        };
        let inet = |text: &str| Some(Address::Inet(text.parse().unwrap()));
        assert_eq!(encoded(None), [0; UNIX_ADDRESS_BYTES]);
        let v4 = encoded(inet("1.2.3.4:258"));
        assert_eq!((v4.len(), &v4[..8]), (24, &[4, 0, 1, 2, 1, 2, 3, 4][..]));
        let v6 = encoded(inet("[::1%7]:258"));
        assert_eq!((v6[0], v6[19], v6[20]), (6, 1, 7));
        let path = encoded(Some(Address::Unix(Box::from(*b"\0ab"))));
        assert_eq!(path, *b"\x01\0\0\x03\0ab");
    }

    #[test]
    fn encodes_what_is_known_of_a_peer() {
        let mut bytes = Vec::new();
        encode_credentials(None, &mut bytes);
        assert!(bytes.is_empty());
        let known = Credentials {
            pid: None,
            uid: 258,
            gid: 1,
        };
        encode_credentials(Some(known), &mut bytes);
        assert_eq!(bytes, [0, 0, 0, 0, 2, 1, 0, 0, 1, 0, 0, 0]);
    }
}
