//! What other threads ask of datagram channels.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use super::handle::{Adopted, Handle, Listening};
use super::submitted::Submitted;
use crate::addr::{self, Address};
use crate::id::ChannelId;
use crate::names;
use crate::options::{DatagramOptions, PacketOption};
use crate::source::{
    AdoptError, Datagram, DatagramSocket, ListenError, adopt_packets, has_no_ipv6,
};
use crate::sync::lock;
use crate::sys::Given;

impl Handle {
    /// Binds a datagram socket, on the calling thread; what arrives is received once JS starts it.
    ///
    /// An empty host is every interface, IPv6 and IPv4 alike. Of a name's addresses IPv4 comes
    /// first: nobody tells whether a datagram to the other has arrived. Blocks while a name is
    /// looked up.
    pub fn bind(
        &self,
        host: &str,
        port: u16,
        options: &DatagramOptions,
    ) -> Result<Listening, ListenError> {
        let mut first = None;
        for address in addresses(host, port, options.family)? {
            match DatagramSocket::bind(address, options) {
                Ok(socket) => return Ok(self.own_packets(socket)),
                Err(source) => {
                    let error = ListenError::system("bind", address, source);
                    // Without IPv6 on this machine, every interface is every IPv4 interface.
                    if host.is_empty() && !has_no_ipv6(&error) {
                        return Err(error);
                    }
                    first = first.or(Some(error));
                }
            }
        }
        Err(first.unwrap_or_else(|| ListenError::Resolve {
            host: host.to_owned(),
            source: io::ErrorKind::NotFound.into(),
        }))
    }

    /// Binds a Unix datagram socket to a path, an abstract name (which begins with NUL), or, where
    /// it is empty, to a name that the operating system picks.
    pub fn bind_path(
        &self,
        path: &[u8],
        options: &DatagramOptions,
    ) -> Result<Listening, ListenError> {
        let socket = DatagramSocket::bind_path(path, options)
            .map_err(|source| ListenError::system("bind", Address::Unix(path.into()), source))?;
        Ok(self.own_packets(socket))
    }

    /// Takes over a datagram socket that was bound elsewhere; `family` as for [`adopt`](Self::adopt).
    /// `about` has its own address and its peer's.
    pub fn adopt_datagram(
        &self,
        given: Given,
        family: u32,
        options: &DatagramOptions,
    ) -> Result<Adopted, AdoptError> {
        let socket = adopt_packets(given, family, options)?;
        let mut about = Vec::new();
        addr::encode(Address::of(socket.home()).as_ref(), &mut about);
        addr::encode(socket.peer().as_ref(), &mut about);
        let Listening { id, .. } = self.own_packets(socket);
        Ok(Adopted { id, about })
    }

    /// Sets an option of a datagram channel's socket; `None` where there is none any more.
    pub fn configure(&self, id: ChannelId, option: &PacketOption) -> Option<io::Result<()>> {
        let socket = lock(&self.shared.slots).packets(id)?;
        Some(socket.configure(option))
    }

    /// The sizes of a datagram channel's receive and send buffers.
    pub fn buffer_sizes(&self, id: ChannelId) -> Option<io::Result<(usize, usize)>> {
        let socket = lock(&self.shared.slots).packets(id)?;
        Some(socket.buffer_sizes())
    }

    fn own_packets(&self, socket: DatagramSocket) -> Listening {
        let socket = Arc::new(socket);
        let local = Address::of(socket.home());
        let descriptor = socket.carrier.descriptor();
        let id = lock(&self.shared.slots).allocate();
        let datagram = Box::new(Datagram::new(id, Arc::clone(&socket)));
        {
            let mut slots = lock(&self.shared.slots);
            slots.set_packets(id, socket);
            slots.set_way(id, datagram.way());
        }
        self.shared.submit(Submitted::Datagram { id, datagram });
        Listening {
            id,
            descriptor,
            local,
        }
    }
}

fn addresses(host: &str, port: u16, family: u8) -> Result<Vec<SocketAddr>, ListenError> {
    let fits = |address: &SocketAddr| match family {
        4 => address.is_ipv4(),
        6 => address.is_ipv6(),
        _ => true,
    };
    let mut found = if host.is_empty() {
        vec![
            (Ipv6Addr::UNSPECIFIED, port).into(),
            (Ipv4Addr::UNSPECIFIED, port).into(),
        ]
    } else if let Some(literal) = names::parse(host, port) {
        return Ok(vec![literal]);
    } else {
        let mut found = names::resolve(host, port).map_err(|source| ListenError::Resolve {
            host: host.to_owned(),
            source,
        })?;
        found.sort_by_key(SocketAddr::is_ipv6);
        found
    };
    found.retain(fits);
    Ok(found)
}
