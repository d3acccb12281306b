//! What a socket is to be, before it is one.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};

use crate::blocked::Blocked;

/// Keep-alive probes; `None` leaves the operating system's default.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct KeepAlive {
    pub idle: Option<Duration>,
    pub interval: Option<Duration>,
    pub count: Option<u32>,
}

/// Options of a connected socket; a Unix one knows only its buffers.
#[derive(Debug, Clone, Default)]
pub struct SocketOptions {
    /// Send small writes at once (`TCP_NODELAY`).
    pub no_delay: bool,
    pub keep_alive: Option<KeepAlive>,
    /// `SO_RCVBUF`, in bytes; set before connect or listen, so that the window can grow to it.
    pub recv_buffer: Option<usize>,
    /// `SO_SNDBUF`, in bytes.
    pub send_buffer: Option<usize>,
    /// `TCP_USER_TIMEOUT`, where there is one.
    pub user_timeout: Option<Duration>,
    /// `IP_TOS` and `IPV6_TCLASS`.
    pub type_of_service: Option<u32>,
}

impl SocketOptions {
    /// Sets all of them. On a listener they hold for what it accepts on Linux; elsewhere they are
    /// set once more on each accepted socket.
    pub(crate) fn apply(&self, socket: &SockRef<'_>) -> std::io::Result<()> {
        self.apply_buffers(socket)?;
        if self.no_delay {
            socket.set_tcp_nodelay(true)?;
        }
        if let Some(keep_alive) = self.keep_alive {
            socket.set_tcp_keepalive(&keep_alive.into())?;
        }
        #[cfg(any(target_os = "linux", target_os = "android"))]
        if self.user_timeout.is_some() {
            socket.set_tcp_user_timeout(self.user_timeout)?;
        }
        #[cfg(unix)]
        if let Some(class) = self.type_of_service {
            // A socket for both families has both.
            let six = socket.set_tclass_v6(class);
            socket.set_tos_v4(class).or(six)?;
        }
        Ok(())
    }

    /// Sets all of them where others were set before.
    pub(crate) fn replace(&self, socket: &SockRef<'_>) -> std::io::Result<()> {
        self.apply(socket)?;
        if !self.no_delay {
            socket.set_tcp_nodelay(false)?;
        }
        if self.keep_alive.is_none() {
            socket.set_keepalive(false)?;
        }
        Ok(())
    }

    /// Sets those that mean something to a Unix socket as well.
    pub(crate) fn apply_buffers(&self, socket: &SockRef<'_>) -> std::io::Result<()> {
        if let Some(bytes) = self.recv_buffer {
            socket.set_recv_buffer_size(bytes)?;
        }
        if let Some(bytes) = self.send_buffer {
            socket.set_send_buffer_size(bytes)?;
        }
        Ok(())
    }
}

impl From<KeepAlive> for TcpKeepalive {
    fn from(from: KeepAlive) -> Self {
        let mut to = Self::new();
        if let Some(idle) = from.idle {
            to = to.with_time(idle);
        }
        if let Some(interval) = from.interval {
            to = to.with_interval(interval);
        }
        #[cfg(not(windows))]
        if let Some(count) = from.count {
            to = to.with_retries(count);
        }
        to
    }
}

/// RFC 8305's "Connection Attempt Delay".
pub const STAGGER: Duration = Duration::from_millis(250);

/// How to connect.
#[derive(Debug, Clone)]
pub struct ConnectOptions {
    pub socket: SocketOptions,
    /// Bind to this address first, port included.
    pub local: Option<SocketAddr>,
    /// Without `local`: bind to this port of any address; 0: let the operating system choose.
    pub local_port: u16,
    /// Bounds all attempts together; `None`: the operating system's patience.
    pub timeout: Option<Duration>,
    /// How long an attempt is alone before the next one starts beside it; see [`STAGGER`].
    pub stagger: Duration,
}

/// What a proxy is to say of a connection, before anything else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProxyProtocol {
    /// Or it says nothing.
    pub is_optional: bool,
    /// How long that may take.
    pub timeout: Duration,
}

/// How to listen.
#[derive(Debug, Clone, Default)]
pub struct ListenOptions {
    pub socket: SocketOptions,
    pub backlog: i32,
    /// Do not accept IPv4 on an IPv6 address.
    pub ipv6_only: bool,
    /// Let other sockets listen on the same port, and share its connections (`SO_REUSEPORT`).
    pub reuse_port: bool,
    /// The permissions of a Unix socket's file; `None`: what the process's umask leaves.
    pub mode: Option<u32>,
    /// Accepted channels beyond this number are closed at once; `None`: no bound.
    pub max_connections: Option<usize>,
    /// Nobody is to connect from these.
    pub blocked: Blocked,
    /// Connections come from a proxy, which says whose they are.
    pub proxy_protocol: Option<ProxyProtocol>,
}

/// What a datagram socket is to be.
#[derive(Debug, Clone, Default)]
pub struct DatagramOptions {
    /// Of a Unix socket's file: its permissions; `None`: as the process's umask has it.
    pub mode: Option<u32>,
    /// 4 or 6: only this family; 0: either.
    pub family: u8,
    /// Let others bind the same address (`SO_REUSEADDR`): the last one gets what is sent to it,
    /// and each what is sent to a group.
    pub reuse_addr: bool,
    /// Let others bind the same address, and share what is sent to it (`SO_REUSEPORT`).
    pub reuse_port: bool,
    /// No IPv4 on an IPv6 socket.
    pub ipv6_only: bool,
    pub broadcast: bool,
    /// `SO_RCVBUF`, in bytes.
    pub recv_buffer: Option<usize>,
    /// `SO_SNDBUF`, in bytes.
    pub send_buffer: Option<usize>,
}

impl DatagramOptions {
    /// Sets those that a bound socket takes as well.
    pub(crate) fn apply(&self, socket: &SockRef<'_>) -> std::io::Result<()> {
        if self.broadcast {
            socket.set_broadcast(true)?;
        }
        if let Some(bytes) = self.recv_buffer {
            socket.set_recv_buffer_size(bytes)?;
        }
        if let Some(bytes) = self.send_buffer {
            socket.set_send_buffer_size(bytes)?;
        }
        Ok(())
    }
}

/// A network interface, as an option of a datagram socket names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Interface {
    Address(IpAddr),
    Index(u32),
}

/// An option of a datagram socket that can be set at any time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PacketOption {
    Broadcast(bool),
    Ttl(u32),
    MulticastTtl(u32),
    MulticastLoopback(bool),
    MulticastInterface(Interface),
    Membership {
        join: bool,
        group: IpAddr,
        interface: Option<Interface>,
    },
    SourceMembership {
        join: bool,
        source: IpAddr,
        group: IpAddr,
        interface: Option<Interface>,
    },
    RecvBuffer(usize),
    SendBuffer(usize),
}
