//! Addresses, as the operating system has them.

use std::io;

use socket2::SockAddr;

use super::domain::{unix_path, unix_sock_addr};
use crate::addr::Address;

impl Address {
    /// As the operating system tells it; `None` for a Unix socket without a name.
    pub(crate) fn of(address: &SockAddr) -> Option<Self> {
        let unix = || unix_path(address).map(Self::Unix);
        address.as_socket().map(Self::from).or_else(unix)
    }

    /// As the operating system takes it.
    pub(crate) fn to_system(&self) -> io::Result<SockAddr> {
        match self {
            Self::Inet(address) => Ok((*address).into()),
            Self::Unix(path) => unix_sock_addr(path),
        }
    }
}
