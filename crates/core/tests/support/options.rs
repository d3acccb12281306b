//! Options, where a test does not care.

use pants_core::options::{ConnectOptions, ListenOptions, STAGGER, SocketOptions};

/// Small writes go at once; everything else is the operating system's default.
pub fn socket_options() -> SocketOptions {
    SocketOptions {
        no_delay: true,
        ..SocketOptions::default()
    }
}

pub fn listen_options() -> ListenOptions {
    ListenOptions {
        socket: socket_options(),
        backlog: 1024,
        ipv6_only: false,
        reuse_port: false,
        mode: None,
        max_connections: None,
        blocked: pants_core::blocked::Blocked::default(),
        proxy_protocol: None,
    }
}

pub fn connect_options() -> ConnectOptions {
    ConnectOptions {
        socket: socket_options(),
        local: None,
        local_port: 0,
        timeout: None,
        stagger: STAGGER,
    }
}
