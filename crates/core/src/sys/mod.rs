//! What differs between platforms. Each file of this folder exports exactly:
//!
//! - `SHORT_IO_DRAINS: bool`: whether a read or write that moved less than asked for has emptied
//!   or filled the socket, so that the next edge may be waited for without another call.
//! - `LISTENER_OPTIONS_INHERITED: bool`: whether accepted sockets have the listener's options.
//! - `descriptor(&impl AsRaw…) -> i32`: the number by which users know the socket.
//! - `is_shortage(&io::Error) -> bool`: accept failed for want of descriptors or memory.
//! - `is_transient_accept(&io::Error) -> bool`: accept failed for one peer; the next may do.
//! - `interface_index(&str) -> Option<u32>`: the index of a network interface.
//! - `send_file(&socket, &File, offset, most) -> io::Result<usize>`: sends bytes of the file past
//!   this process's memory; 0: the file has ended. `Unsupported`: it cannot, read them instead.
//! - `read_at(&File, &mut [u8], offset) -> io::Result<usize>`
//! - `mask_signals()`: the calling thread takes no signals.

#[cfg(unix)]
#[path = "unix.rs"]
mod imp;
#[cfg(windows)]
#[path = "windows.rs"]
mod imp;

pub(crate) use imp::*;
