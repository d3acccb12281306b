//! Windows.

use std::fs::File;
use std::io;
use std::os::windows::fs::FileExt;
use std::os::windows::io::AsRawSocket;

use socket2::SockRef;

/// mio re-arms its AFD poll only when a call has said WouldBlock.
pub(crate) const SHORT_IO_DRAINS: bool = false;

pub(crate) const LISTENER_OPTIONS_INHERITED: bool = false;

/// Sockets are small numbers in practice, but not descriptors: the low 32 bits name them.
pub(crate) fn descriptor(socket: &impl AsRawSocket) -> i32 {
    socket.as_raw_socket() as i32
}

const WSAEINTR: i32 = 10004;
const WSAEMFILE: i32 = 10024;
const WSAECONNABORTED: i32 = 10053;
const WSAECONNRESET: i32 = 10054;
const WSAENOBUFS: i32 = 10055;

pub(crate) fn is_shortage(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(WSAEMFILE | WSAENOBUFS))
}

pub(crate) fn is_transient_accept(error: &io::Error) -> bool {
    matches!(
        error.raw_os_error(),
        Some(WSAEINTR | WSAECONNABORTED | WSAECONNRESET)
    )
}

pub(crate) fn interface_index(_name: &str) -> Option<u32> {
    None
}

/// The end of the file is an error here, as it never is elsewhere.
pub(crate) fn read_at(file: &File, into: &mut [u8], offset: u64) -> io::Result<usize> {
    const ERROR_HANDLE_EOF: i32 = 38;
    match file.seek_read(into, offset) {
        Err(error) if error.raw_os_error() == Some(ERROR_HANDLE_EOF) => Ok(0),
        other => other,
    }
}

/// TransmitFile wants overlapped sockets, and waits for them.
pub(crate) fn send_file(
    _socket: &impl AsRawSocket,
    _file: &File,
    _offset: u64,
    _most: usize,
) -> io::Result<usize> {
    Err(io::ErrorKind::Unsupported.into())
}

/// There are no signals that interrupt a thread.
pub(crate) fn mask_signals() {}

pub(crate) fn drop_handshakes(_: &SockRef<'_>) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}
