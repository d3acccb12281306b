//! Between JS values and the core's types.

use std::net::SocketAddr;
use std::time::Duration;

use napi::bindgen_prelude::*;
use napi_derive::napi;
use pants_core::addr::{self, Address};
use pants_core::blocked::Blocked;
use pants_core::options::{
    ConnectOptions, KeepAlive, ListenOptions, ProxyProtocol, STAGGER, SocketOptions,
};
use pants_core::{AdoptError, Adopted, Given, ListenError, Listening, Stats, names};

/// Options of a socket; durations in milliseconds.
#[napi(object)]
pub struct NativeSocketOptions {
    pub no_delay: bool,
    pub keep_alive: bool,
    pub keep_alive_idle: Option<u32>,
    pub keep_alive_interval: Option<u32>,
    pub keep_alive_count: Option<u32>,
    pub recv_buffer_size: Option<u32>,
    pub send_buffer_size: Option<u32>,
    pub user_timeout: Option<u32>,
    pub type_of_service: Option<u32>,
}

/// How to connect.
#[napi(object)]
pub struct NativeConnectOptions {
    pub socket: NativeSocketOptions,
    pub local_address: Option<String>,
    pub local_port: Option<u16>,
    /// Milliseconds.
    pub timeout: Option<u32>,
}

/// How to listen.
#[napi(object)]
pub struct NativeListenOptions {
    pub socket: NativeSocketOptions,
    pub backlog: i32,
    pub ipv6_only: bool,
    pub reuse_port: bool,
    pub max_connections: Option<u32>,
    /// The permissions of a Unix socket's file.
    pub mode: Option<u32>,
    /// As `Blocked::parse` takes it.
    pub blocked: Option<Uint8Array>,
    /// A proxy says whose its connections are: how long that may take, in milliseconds.
    pub proxy_timeout: Option<u32>,
    pub proxy_optional: Option<bool>,
}

/// A socket that listens, or why it does not.
#[napi(object)]
pub struct NativeListening {
    /// Index and generation.
    pub id: Vec<u32>,
    pub descriptor: i32,
    /// As `addr::encode` lays it out.
    pub local: Vec<u8>,
    pub failure: Option<NativeFailure>,
}

/// A connected socket that came from elsewhere, or why it was not taken.
#[napi(object)]
pub struct NativeAdopted {
    /// Index and generation.
    pub id: Vec<u32>,
    /// Both addresses and the peer, as `Transport::describe` lays them out.
    pub about: Vec<u8>,
    pub failure: Option<NativeFailure>,
}

/// An error of the operating system, or (errno 0) of a name's look-up, or a wrong kind of socket.
#[napi(object)]
pub struct NativeFailure {
    pub errno: i32,
    pub syscall: String,
    pub address: String,
    pub message: String,
}

/// Counters of one engine.
#[napi(object)]
pub struct NativeStats {
    pub turns: f64,
    pub rings: f64,
    pub accepted: f64,
    pub refused: f64,
    pub bytes_read: f64,
    pub bytes_written: f64,
    pub reads: f64,
    pub writes: f64,
    pub drops: f64,
    pub channels: f64,
    pub queued_batches: f64,
    pub queued_submissions: f64,
    pub bytes_copied: f64,
    pub spare_bytes: f64,
    /// Whether the loop drives the reactor, and how often it has begun to.
    pub is_the_loops: bool,
    pub hand_overs: f64,
}

fn millis(ms: Option<u32>) -> Option<Duration> {
    ms.map(|ms| Duration::from_millis(ms.into()))
}

impl From<NativeSocketOptions> for SocketOptions {
    fn from(from: NativeSocketOptions) -> Self {
        let keep_alive = KeepAlive {
            idle: millis(from.keep_alive_idle),
            interval: millis(from.keep_alive_interval),
            count: from.keep_alive_count,
        };
        Self {
            no_delay: from.no_delay,
            keep_alive: from.keep_alive.then_some(keep_alive),
            recv_buffer: from.recv_buffer_size.map(|bytes| bytes as usize),
            send_buffer: from.send_buffer_size.map(|bytes| bytes as usize),
            user_timeout: millis(from.user_timeout),
            type_of_service: from.type_of_service,
        }
    }
}

impl TryFrom<NativeConnectOptions> for ConnectOptions {
    type Error = Error;

    fn try_from(from: NativeConnectOptions) -> Result<Self> {
        let port = from.local_port.unwrap_or(0);
        let local = match &from.local_address {
            Some(host) => Some(address(host, port)?),
            None => None,
        };
        Ok(Self {
            socket: from.socket.into(),
            local,
            local_port: port,
            timeout: millis(from.timeout),
            stagger: STAGGER,
        })
    }
}

impl From<NativeListenOptions> for ListenOptions {
    fn from(from: NativeListenOptions) -> Self {
        Self {
            socket: from.socket.into(),
            backlog: from.backlog,
            ipv6_only: from.ipv6_only,
            reuse_port: from.reuse_port,
            mode: from.mode,
            max_connections: from.max_connections.map(|most| most as usize),
            blocked: from
                .blocked
                .and_then(|ranges| Blocked::parse(&ranges))
                .unwrap_or_default(),
            proxy_protocol: millis(from.proxy_timeout).map(|timeout| ProxyProtocol {
                is_optional: from.proxy_optional.unwrap_or(false),
                timeout,
            }),
        }
    }
}

impl<E: Into<NativeFailure>> From<std::result::Result<Listening, E>> for NativeListening {
    fn from(from: std::result::Result<Listening, E>) -> Self {
        match from {
            Ok(listening) => {
                let mut local = Vec::new();
                addr::encode(listening.local.as_ref(), &mut local);
                Self {
                    id: vec![listening.id.index, listening.id.generation],
                    descriptor: listening.descriptor,
                    local,
                    failure: None,
                }
            }
            Err(error) => Self {
                id: Vec::new(),
                descriptor: -1,
                local: Vec::new(),
                failure: Some(error.into()),
            },
        }
    }
}

impl From<std::result::Result<Adopted, AdoptError>> for NativeAdopted {
    fn from(from: std::result::Result<Adopted, AdoptError>) -> Self {
        match from {
            Ok(Adopted { id, about }) => Self {
                id: vec![id.index, id.generation],
                about,
                failure: None,
            },
            Err(error) => Self {
                id: Vec::new(),
                about: Vec::new(),
                failure: Some(error.into()),
            },
        }
    }
}

impl From<AdoptError> for NativeFailure {
    fn from(error: AdoptError) -> Self {
        let message = error.to_string();
        match error {
            AdoptError::Kind { expected, .. } => Self {
                errno: 0,
                syscall: String::new(),
                address: expected.to_owned(),
                message,
            },
            AdoptError::System {
                syscall, source, ..
            } => Self {
                errno: source.raw_os_error().unwrap_or(0),
                syscall: syscall.to_owned(),
                address: String::new(),
                message,
            },
        }
    }
}

impl From<ListenError> for NativeFailure {
    fn from(error: ListenError) -> Self {
        let message = error.to_string();
        match error {
            ListenError::Resolve { host, .. } => Self {
                errno: 0,
                syscall: "getaddrinfo".to_owned(),
                address: host,
                message,
            },
            ListenError::System {
                syscall,
                address,
                source,
            } => Self {
                errno: source.raw_os_error().unwrap_or(0),
                syscall: syscall.to_owned(),
                address: match address {
                    Address::Inet(inet) => inet.ip().to_string(),
                    // JS has it, and not only as much of it as is UTF-8.
                    Address::Unix(_) => String::new(),
                },
                message,
            },
        }
    }
}

impl From<Stats> for NativeStats {
    fn from(from: Stats) -> Self {
        Self {
            turns: from.turns as f64,
            rings: from.rings as f64,
            accepted: from.accepted as f64,
            refused: from.refused as f64,
            bytes_read: from.bytes_read as f64,
            bytes_written: from.bytes_written as f64,
            reads: from.reads as f64,
            writes: from.writes as f64,
            drops: from.drops as f64,
            channels: from.channels as f64,
            queued_batches: from.queued_batches as f64,
            queued_submissions: from.queued_submissions as f64,
            bytes_copied: from.bytes_copied as f64,
            spare_bytes: from.spare_bytes as f64,
            is_the_loops: false,
            hand_overs: 0.0,
        }
    }
}

/// A literal that JS has looked up or checked.
pub(crate) fn address(host: &str, port: u16) -> Result<SocketAddr> {
    names::parse(host, port).ok_or_else(|| {
        Error::new(
            Status::InvalidArg,
            format!("expected an IP address, got {host:?}"),
        )
    })
}

/// A descriptor that JavaScript gives away.
pub(crate) fn given(descriptor: i32) -> std::result::Result<Given, AdoptError> {
    // SAFETY: `{ fd }` gives it to the channel; `listen()`, `connect()` and the constructor say so.
    // It is looked at and taken within this call of JS, which stands still.
    let given = unsafe { Given::new(descriptor) };
    given.map_err(|source| AdoptError::System {
        syscall: "fcntl",
        descriptor,
        source,
    })
}
