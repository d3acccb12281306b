//! The socket under a datagram channel, as both threads hold it.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};
use std::sync::Mutex;

use mio::{Registry, Token};
use socket2::{Domain, InterfaceIndexOrAddress, SockAddr, SockRef, Socket, Type};

use crate::addr::Address;
use crate::options::{DatagramOptions, Interface, PacketOption};
use crate::sync::lock;
use crate::sys;
use crate::sys::SocketFile;
use crate::sys::packets::{Carrier, any_unix_address};

/// A bound datagram socket. The reactor sends and receives; any thread may set options and ask.
#[derive(Debug)]
pub(crate) struct DatagramSocket {
    /// Before the socket, so that it is removed before: see [`SocketFile`].
    _file: Option<SocketFile>,
    pub(crate) carrier: Carrier,
    domain: Domain,
    /// What it was bound to.
    home: SockAddr,
    lost: Mutex<Lost>,
}

/// Datagrams that arrived and were not received.
#[derive(Debug, Default)]
struct Lost {
    /// The kernel's counter, as it was last seen.
    kernel: u32,
    total: u64,
}

impl DatagramSocket {
    pub(crate) fn bind(to: SocketAddr, options: &DatagramOptions) -> io::Result<Self> {
        let socket = open(Domain::for_address(to), options)?;
        socket.bind(&to.into())?;
        Self::new(socket, None, Domain::for_address(to))
    }

    /// A Unix socket, at a path, with an abstract name, or where that is empty with any name.
    pub(crate) fn bind_path(path: &[u8], options: &DatagramOptions) -> io::Result<Self> {
        let socket = open(Domain::UNIX, options)?;
        if path.is_empty() {
            socket.bind(&any_unix_address()?)?;
            return Self::new(socket, None, Domain::UNIX);
        }
        let file = SocketFile::bind(&socket, path, options.mode, |_| Ok(()))?;
        Self::new(socket, file, Domain::UNIX)
    }

    /// One that was bound elsewhere; a Unix socket's file is left to who made it.
    pub(crate) fn adopt(socket: Socket, domain: Domain) -> io::Result<Self> {
        Self::new(socket, None, domain)
    }

    fn new(socket: Socket, file: Option<SocketFile>, domain: Domain) -> io::Result<Self> {
        let home = socket.local_addr()?;
        let carrier = Carrier::new(socket)?;
        Ok(Self {
            _file: file,
            carrier,
            domain,
            home,
            lost: Mutex::default(),
        })
    }

    pub(crate) fn register(&self, registry: &Registry, token: Token) -> io::Result<()> {
        self.carrier.register(registry, token)
    }

    /// What it was bound to.
    pub(crate) fn home(&self) -> &SockAddr {
        &self.home
    }

    /// Who it sends to, where that was set.
    pub(crate) fn peer(&self) -> Option<Address> {
        Address::of(&self.carrier.options().peer_addr().ok()?)
    }

    pub(crate) fn is_unix(&self) -> bool {
        !(self.domain == Domain::IPV4 || self.domain == Domain::IPV6)
    }

    /// The address as this socket takes it: one for IPv6 knows IPv4 in a form of its own.
    pub(crate) fn address_of(&self, to: &Address) -> io::Result<SockAddr> {
        match to {
            Address::Inet(SocketAddr::V4(v4)) if self.domain == Domain::IPV6 => {
                Ok(SocketAddr::from((v4.ip().to_ipv6_mapped(), v4.port())).into())
            }
            _ => to.to_system(),
        }
    }

    /// Gives it a peer; returns the address that it has then.
    pub(crate) fn set_peer(&self, to: &Address) -> io::Result<SockAddr> {
        let address = self.address_of(to)?;
        self.carrier.options().connect(&address)?;
        self.carrier.options().local_addr()
    }

    /// Takes the peer back. Where that takes a port that the system had chosen as well, it is
    /// bound again: whoever knows it shall find this socket there.
    pub(crate) fn drop_peer(&self) -> io::Result<()> {
        self.carrier.disconnect()?;
        let options = self.carrier.options();
        let now = options.local_addr()?;
        match (now.as_socket(), self.home.as_socket()) {
            (Some(now), Some(home)) if now.port() != home.port() => options.bind(&self.home),
            _ => Ok(()),
        }
    }

    /// Takes the kernel's drop counter in; returns how many are new. Readings may come late.
    pub(crate) fn saw_drops(&self, kernel: u32) -> u64 {
        let mut lost = lock(&self.lost);
        let new = kernel.wrapping_sub(lost.kernel);
        if new.cast_signed() <= 0 {
            return 0;
        }
        lost.kernel = kernel;
        lost.total += u64::from(new);
        u64::from(new)
    }

    /// Asks the kernel; returns how many are new.
    pub(crate) fn ask_drops(&self) -> u64 {
        self.carrier.drops().map_or(0, |now| self.saw_drops(now))
    }

    /// So many were received, but not whole.
    pub(crate) fn count_truncated(&self, datagrams: usize) {
        lock(&self.lost).total += datagrams as u64;
    }

    /// All that arrived and were lost, as far as is known.
    pub(crate) fn lost(&self) -> u64 {
        lock(&self.lost).total
    }

    /// Sets an option of the socket.
    pub(crate) fn configure(&self, option: &PacketOption) -> io::Result<()> {
        let socket = self.carrier.options();
        let v6 = self.domain == Domain::IPV6;
        match option {
            PacketOption::Broadcast(on) => socket.set_broadcast(*on),
            PacketOption::RecvBuffer(bytes) => socket.set_recv_buffer_size(*bytes),
            PacketOption::SendBuffer(bytes) => socket.set_send_buffer_size(*bytes),
            PacketOption::Ttl(hops) if v6 => {
                socket.set_unicast_hops_v6(*hops)?;
                // For what it sends to IPv4; a socket for IPv6 alone has no such option.
                let _ = socket.set_ttl_v4(*hops);
                Ok(())
            }
            PacketOption::Ttl(hops) => socket.set_ttl_v4(*hops),
            PacketOption::MulticastTtl(hops) if v6 => {
                socket.set_multicast_hops_v6(*hops)?;
                let _ = socket.set_multicast_ttl_v4(*hops);
                Ok(())
            }
            PacketOption::MulticastTtl(hops) => socket.set_multicast_ttl_v4(*hops),
            PacketOption::MulticastLoopback(on) if v6 => {
                socket.set_multicast_loop_v6(*on)?;
                let _ = socket.set_multicast_loop_v4(*on);
                Ok(())
            }
            PacketOption::MulticastLoopback(on) => socket.set_multicast_loop_v4(*on),
            PacketOption::MulticastInterface(interface) => {
                self.set_multicast_interface(&socket, interface)
            }
            PacketOption::Membership {
                join,
                group,
                interface,
            } => membership(&socket, *join, *group, interface.as_ref()),
            PacketOption::SourceMembership {
                join,
                source,
                group,
                interface,
            } => self.source_membership(&socket, *join, *source, *group, interface.as_ref()),
        }
    }

    /// The sizes of the receive and the send buffer, as the operating system counts them.
    pub(crate) fn buffer_sizes(&self) -> io::Result<(usize, usize)> {
        let socket = self.carrier.options();
        Ok((socket.recv_buffer_size()?, socket.send_buffer_size()?))
    }

    fn set_multicast_interface(
        &self,
        socket: &SockRef<'_>,
        interface: &Interface,
    ) -> io::Result<()> {
        match interface {
            Interface::Address(IpAddr::V4(v4)) => socket.set_multicast_if_v4(v4),
            Interface::Address(IpAddr::V6(v6)) if v6.is_unspecified() => {
                socket.set_multicast_if_v6(0)
            }
            Interface::Index(index) if self.domain == Domain::IPV6 => {
                socket.set_multicast_if_v6(*index)
            }
            _ => Err(invalid()),
        }
    }

    fn source_membership(
        &self,
        socket: &SockRef<'_>,
        join: bool,
        source: IpAddr,
        group: IpAddr,
        interface: Option<&Interface>,
    ) -> io::Result<()> {
        match (source, group) {
            (IpAddr::V4(source), IpAddr::V4(group)) => {
                let interface = match interface {
                    None => Ipv4Addr::UNSPECIFIED,
                    Some(Interface::Address(IpAddr::V4(v4))) => *v4,
                    Some(_) => return Err(invalid()),
                };
                if join {
                    socket.join_ssm_v4(&source, &group, &interface)
                } else {
                    socket.leave_ssm_v4(&source, &group, &interface)
                }
            }
            (IpAddr::V6(source), IpAddr::V6(group)) => self.carrier.source_group_v6(
                join,
                SocketAddrV6::new(group, 0, 0, 0),
                SocketAddrV6::new(source, 0, 0, 0),
                index_v6(interface)?,
            ),
            _ => Err(invalid()),
        }
    }
}

fn open(domain: Domain, options: &DatagramOptions) -> io::Result<Socket> {
    let socket = Socket::new(domain, Type::DGRAM, None)?;
    socket.set_nonblocking(true)?;
    if options.reuse_addr {
        socket.set_reuse_address(true)?;
    }
    #[cfg(all(
        unix,
        not(any(target_os = "solaris", target_os = "illumos", target_os = "cygwin"))
    ))]
    if options.reuse_port {
        socket.set_reuse_port(true)?;
    }
    if domain == Domain::IPV6 {
        // Systems differ in their default.
        socket.set_only_v6(options.ipv6_only)?;
    }
    options.apply(&SockRef::from(&socket))?;
    Ok(socket)
}

fn membership(
    socket: &SockRef<'_>,
    join: bool,
    group: IpAddr,
    interface: Option<&Interface>,
) -> io::Result<()> {
    match group {
        IpAddr::V4(group) => {
            let interface = match interface {
                None => InterfaceIndexOrAddress::Address(Ipv4Addr::UNSPECIFIED),
                Some(Interface::Address(IpAddr::V4(v4))) => InterfaceIndexOrAddress::Address(*v4),
                Some(Interface::Index(index)) => InterfaceIndexOrAddress::Index(*index),
                Some(Interface::Address(IpAddr::V6(_))) => return Err(invalid()),
            };
            if join {
                socket.join_multicast_v4_n(&group, &interface)
            } else {
                socket.leave_multicast_v4_n(&group, &interface)
            }
        }
        IpAddr::V6(group) => {
            let index = index_v6(interface)?;
            if join {
                socket.join_multicast_v6(&group, index)
            } else {
                socket.leave_multicast_v6(&group, index)
            }
        }
    }
}

fn index_v6(interface: Option<&Interface>) -> io::Result<u32> {
    match interface {
        None | Some(Interface::Address(IpAddr::V6(Ipv6Addr::UNSPECIFIED))) => Ok(0),
        Some(Interface::Index(index)) => Ok(*index),
        Some(Interface::Address(_)) => Err(invalid()),
    }
}

fn invalid() -> io::Error {
    io::Error::from_raw_os_error(sys::packets::EINVAL)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn socket(address: &str) -> DatagramSocket {
        let address: SocketAddr = address.parse().unwrap();
        DatagramSocket::bind(address, &DatagramOptions::default()).unwrap()
    }

    #[test]
    fn counts_drops_over_the_counters_end_and_not_twice() {
        let socket = socket("127.0.0.1:0");
        assert_eq!(socket.saw_drops(10), 10);
        assert_eq!(socket.saw_drops(7), 0, "a reading that comes late");
        assert_eq!(socket.saw_drops(10), 0);
        assert_eq!(socket.saw_drops(0x7fff_0000), 0x7fff_0000 - 10);
        assert_eq!(socket.saw_drops(0xfff0_0000), 0x7ff1_0000);
        assert_eq!(socket.saw_drops(5), 0x0010_0005);
        assert_eq!(socket.lost(), 0x1_0000_0005);
    }

    #[test]
    fn keeps_its_port_when_it_loses_its_peer() {
        let socket = socket("0.0.0.0:0");
        let peer = Address::Inet("127.0.0.1:9".parse().unwrap());
        let local = socket.set_peer(&peer).unwrap().as_socket().unwrap();
        assert!(local.ip().is_loopback());
        socket.drop_peer().unwrap();
        let now = socket.carrier.options().local_addr().unwrap();
        assert_eq!(now.as_socket(), socket.home().as_socket());
    }

    #[test]
    fn knows_ipv4_as_its_family_does() {
        let v4: SocketAddr = "1.2.3.4:5".parse().unwrap();
        let mapped: SocketAddr = "[::ffff:1.2.3.4]:5".parse().unwrap();
        let of = |socket: &DatagramSocket, address: SocketAddr| {
            socket.address_of(&address.into()).unwrap().as_socket()
        };
        let four = socket("127.0.0.1:0");
        assert_eq!((of(&four, v4), of(&four, mapped)), (Some(v4), Some(v4)));
        let Ok(six) = DatagramSocket::bind(
            SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0)),
            &DatagramOptions::default(),
        ) else {
            return; // A machine without IPv6.
        };
        assert_eq!(
            (of(&six, v4), of(&six, mapped)),
            (Some(mapped), Some(mapped))
        );
    }
}
