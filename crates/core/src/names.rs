//! From literals and names to addresses.

use std::io;
use std::net::{IpAddr, Ipv6Addr, SocketAddr, SocketAddrV6, ToSocketAddrs};

use crate::addr::plain;
use crate::sys;

/// The address of a literal such as `127.0.0.1`, `::1` or `fe80::1%eth0`; `None` for a name.
pub fn parse(host: &str, port: u16) -> Option<SocketAddr> {
    if let Ok(ip) = host.parse::<IpAddr>() {
        return Some(SocketAddr::new(ip.to_canonical(), port));
    }
    let (ip, zone) = host.split_once('%')?;
    let ip = ip.parse::<Ipv6Addr>().ok()?;
    let scope = zone.parse().ok().or_else(|| sys::interface_index(zone))?;
    Some(plain(SocketAddrV6::new(ip, port, 0, scope).into()))
}

/// The index of a network interface of this name.
pub fn interface_index(name: &str) -> Option<u32> {
    sys::interface_index(name)
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
        let v4 = Some("127.0.0.1:80".parse().unwrap());
        assert_eq!(parse("::ffff:127.0.0.1", 80), v4);
        assert_eq!(parse("::ffff:7f00:1", 80), v4);
        assert_eq!(parse("localhost", 80), None);
        assert_eq!(parse("1.2.3", 80), None);
        assert!(
            resolve("localhost", 80)
                .unwrap()
                .iter()
                .all(|a| a.ip().is_loopback())
        );
    }
}
