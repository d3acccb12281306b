//! What differs between platforms. Each file of this folder exports exactly:
//!
//! - `SHORT_IO_DRAINS: bool`: whether a read or write that moved less than asked for has emptied
//!   or filled the socket, so that the next edge may be waited for without another call.
//! - `LISTENER_OPTIONS_INHERITED: bool`: whether accepted sockets have the listener's options.
//! - `descriptor(&impl AsRaw…) -> i32`: the number by which users know the socket.
//! - `is_shortage(&io::Error) -> bool`: accept failed for want of descriptors or memory.
//! - `is_transient_accept(&io::Error) -> bool`: accept failed for one peer; the next may do.
//! - `drop_handshakes(&SockRef) -> io::Result<()>`: a listening socket drops packets that begin a
//!   connection, and keeps those of handshakes that are under way.
//! - `interface_index(&str) -> Option<u32>`: the index of a network interface.
//! - `send_file(&socket, &File, offset, most) -> io::Result<usize>`: sends bytes of the file past
//!   this process's memory; 0: the file has ended. `Unsupported`: it cannot, read them instead.
//! - `read_at(&File, &mut [u8], offset) -> io::Result<usize>`
//! - `mask_signals()`: the calling thread takes no signals.
//!
//! And of Unix sockets and of descriptors, which not every platform has:
//!
//! - `UNIX_SOCKETS: bool`: whether it has them. Where not, the rest answers `Unsupported`.
//! - `UnixStream`, `UnixListener`: as mio has them. `unix_stream(Socket)`, `unix_listener(Socket)`,
//!   `accept_unix(&UnixListener)` make them; `watch_unix(&UnixStream, …)` registers them anew.
//! - `unix_sock_addr(&[u8]) -> io::Result<SockAddr>`, `unix_path(&SockAddr) -> Option<Box<[u8]>>`.
//! - `peer_credentials(&UnixStream) -> Option<Credentials>`
//! - `SocketFile`: what `bind` makes in a directory, and what removes it.
//! - `Given`: a descriptor that somebody else has opened, and gives away: `new(i32)`, `socket()`,
//!   `descriptor()`, `take() -> Socket`.
//!
//! `packets` exports datagram sockets: `Carrier`, and what it receives into and sends from; `answers`
//! what the network has said of datagrams that were sent; `Pages`: memory straight from the system;
//! `ThreadTimes`: what a thread has run, where the system tells.

mod address;
pub(crate) mod answers;
#[cfg(windows)]
#[path = "domain_windows.rs"]
mod domain;
#[cfg(unix)]
#[path = "domain_unix.rs"]
mod domain;
#[cfg(unix)]
mod drops;
#[cfg(unix)]
#[path = "imp_unix.rs"]
mod imp;
#[cfg(windows)]
#[path = "imp_windows.rs"]
mod imp;
#[cfg(unix)]
mod messages;
mod packet;
#[cfg(unix)]
#[path = "packets_unix.rs"]
pub(crate) mod packets;
#[cfg(windows)]
#[path = "packets_windows.rs"]
pub(crate) mod packets;
mod pages;
#[cfg(unix)]
mod socket_file;
#[cfg(unix)]
mod source_group;
mod thread_times;

pub use domain::Given;
pub(crate) use domain::*;
pub(crate) use imp::*;
pub(crate) use pages::Pages;
#[cfg(unix)]
pub(crate) use socket_file::SocketFile;
pub(crate) use thread_times::{ThreadTimes, Times};
