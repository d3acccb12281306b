//! Addresses: as text for what is rare, as 24 bytes for what comes with every connection.

use std::io;
use std::net::{IpAddr, Ipv6Addr, SocketAddr, SocketAddrV6, ToSocketAddrs};

use crate::queue::wire::ADDRESS_BYTES;
use crate::sys;

/// One address as it crosses to JS.
///
/// ```text
///   byte 0    family: 0 none, 4, 6        bytes 4..20   the address, from its first byte
///   bytes 2–3 port, big-endian            bytes 20..24  IPv6 scope, little-endian
/// ```
pub fn encode(address: Option<SocketAddr>) -> [u8; ADDRESS_BYTES] {
    let mut bytes = [0; ADDRESS_BYTES];
    let Some(address) = address else { return bytes };
    bytes[2..4].copy_from_slice(&address.port().to_be_bytes());
    match address {
        SocketAddr::V4(v4) => {
            bytes[0] = 4;
            bytes[4..8].copy_from_slice(&v4.ip().octets());
        }
        SocketAddr::V6(v6) => {
            bytes[0] = 6;
            bytes[4..20].copy_from_slice(&v6.ip().octets());
            bytes[20..24].copy_from_slice(&v6.scope_id().to_le_bytes());
        }
    }
    bytes
}

/// The address of a literal such as `127.0.0.1`, `::1` or `fe80::1%eth0`; `None` for a name.
pub fn parse(host: &str, port: u16) -> Option<SocketAddr> {
    if let Ok(ip) = host.parse::<IpAddr>() {
        return Some(SocketAddr::new(ip, port));
    }
    let (ip, zone) = host.split_once('%')?;
    let ip = ip.parse::<Ipv6Addr>().ok()?;
    let scope = zone.parse().ok().or_else(|| sys::interface_index(zone))?;
    Some(SocketAddrV6::new(ip, port, 0, scope).into())
}

/// Every address of a literal or a name. Blocks while a name is looked up.
pub fn resolve(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    if let Some(address) = parse(host, port) {
        return Ok(vec![address]);
    }
    Ok((host, port).to_socket_addrs()?.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_and_names() {
        assert_eq!(
            parse("127.0.0.1", 80),
            Some("127.0.0.1:80".parse().unwrap())
        );
        assert_eq!(parse("::1", 80), Some("[::1]:80".parse().unwrap()));
        assert_eq!(
            parse("fe80::1%3", 80),
            Some("[fe80::1%3]:80".parse().unwrap())
        );
        assert_eq!(parse("localhost", 80), None);
        assert_eq!(parse("1.2.3", 80), None);
        assert!(
            resolve("localhost", 80)
                .unwrap()
                .iter()
                .all(|a| a.ip().is_loopback())
        );
    }

    #[test]
    fn encodes_both_families() {
        assert_eq!(encode(None), [0; ADDRESS_BYTES]);
        let v4 = encode("1.2.3.4:258".parse().ok());
        assert_eq!(v4[..8], [4, 0, 1, 2, 1, 2, 3, 4]);
        let v6 = encode("[::1%7]:258".parse().ok());
        assert_eq!((v6[0], v6[19], v6[20]), (6, 1, 7));
    }
}
