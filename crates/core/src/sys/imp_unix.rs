//! Linux, macOS and the BSDs.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::fs::FileExt;

use nix::net::if_::if_nametoindex;
use nix::sys::signal::SigSet;
#[cfg(any(target_os = "linux", target_os = "android"))]
use socket2::SockFilter;
use socket2::SockRef;

/// epoll(7), kqueue(2): a short count means that the buffer was exhausted.
pub(crate) const SHORT_IO_DRAINS: bool = true;

/// tcp(7) on Linux: an accepted socket starts as a copy of the listener. BSDs copy less.
pub(crate) const LISTENER_OPTIONS_INHERITED: bool = cfg!(target_os = "linux");

pub(crate) fn descriptor(socket: &impl AsRawFd) -> i32 {
    socket.as_raw_fd()
}

pub(crate) fn is_shortage(error: &io::Error) -> bool {
    matches!(
        error.raw_os_error(),
        Some(libc::EMFILE | libc::ENFILE | libc::ENOBUFS | libc::ENOMEM)
    )
}

/// accept(2) passes on errors of the connection itself, and says to treat them like EAGAIN.
pub(crate) fn is_transient_accept(error: &io::Error) -> bool {
    match error.raw_os_error() {
        Some(
            libc::ECONNABORTED
            | libc::EPROTO
            | libc::EPERM
            | libc::ENETDOWN
            | libc::ENOPROTOOPT
            | libc::EHOSTDOWN
            | libc::EHOSTUNREACH
            | libc::EOPNOTSUPP
            | libc::ENETUNREACH
            | libc::ETIMEDOUT,
        ) => true,
        #[cfg(target_os = "linux")]
        Some(libc::ENONET) => true,
        _ => false,
    }
}

/// A filter of the socket's (Linux's `SO_ATTACH_FILTER`), which is asked after the kernel has decided
/// which of the sockets on a port a packet is for. Sockets that are accepted from then on inherit it,
/// and lose nothing: no packet of an open connection has that flag.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) fn drop_handshakes(socket: &SockRef<'_>) -> io::Result<()> {
    const LOAD_BYTE: u32 = libc::BPF_LD | libc::BPF_B | libc::BPF_ABS;
    const IF_ANY_BIT: u32 = libc::BPF_JMP | libc::BPF_JSET | libc::BPF_K;
    const ANSWER: u32 = libc::BPF_RET | libc::BPF_K;
    const FLAGS_AT: u32 = 13;
    const SYN: u32 = 0x02;
    let line = |code: u32, yes, no, operand| SockFilter::new(code as u16, yes, no, operand);
    socket.attach_filter(&[
        line(LOAD_BYTE, 0, 0, FLAGS_AT),
        line(IF_ANY_BIT, 0, 1, SYN),
        line(ANSWER, 0, 0, 0),
        line(ANSWER, 0, 0, u32::MAX),
    ])
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(crate) fn drop_handshakes(_: &SockRef<'_>) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

pub(crate) fn interface_index(name: &str) -> Option<u32> {
    if_nametoindex(name).ok()
}

pub(crate) fn read_at(file: &File, into: &mut [u8], offset: u64) -> io::Result<usize> {
    file.read_at(into, offset)
}

/// sendfile(2). A peer that is gone is SIGPIPE here, which no flag keeps away: every thread of a
/// Rust program and of Node ignores it, and the reactor's own blocks it.
pub(crate) fn send_file(
    socket: &impl AsFd,
    file: &File,
    offset: u64,
    most: usize,
) -> io::Result<usize> {
    let Ok(offset) = libc::off_t::try_from(offset) else {
        return Err(io::ErrorKind::Unsupported.into());
    };
    match sendfile(socket, file, offset, most) {
        // Not of this file system, or not on this kernel.
        Err(error) if matches!(error.raw_os_error(), Some(libc::EINVAL | libc::ENOSYS)) => {
            Err(io::ErrorKind::Unsupported.into())
        }
        other => other,
    }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn sendfile(
    socket: &impl AsFd,
    file: &File,
    mut at: libc::off_t,
    most: usize,
) -> io::Result<usize> {
    Ok(nix::sys::sendfile::sendfile(
        socket,
        file,
        Some(&mut at),
        most,
    )?)
}

/// What was sent before an error, such as a full socket, is told beside it.
#[cfg(any(target_os = "macos", target_os = "ios"))]
fn sendfile(socket: &impl AsFd, file: &File, at: libc::off_t, most: usize) -> io::Result<usize> {
    // 0 would mean: to the end of the file.
    let most = libc::off_t::try_from(most.max(1)).unwrap_or(libc::off_t::MAX);
    so_far(nix::sys::sendfile::sendfile(
        file,
        socket,
        at,
        Some(most),
        None,
        None,
    ))
}

/// What was sent before an error, such as a full socket, is told beside it.
#[cfg(target_os = "freebsd")]
fn sendfile(socket: &impl AsFd, file: &File, at: libc::off_t, most: usize) -> io::Result<usize> {
    let (most, no_flags) = (Some(most.max(1)), nix::sys::sendfile::SfFlags::empty());
    so_far(nix::sys::sendfile::sendfile(
        file, socket, at, most, None, None, no_flags, 0,
    ))
}

/// What was sent before an error, such as a full socket, is told beside it.
#[cfg(target_os = "dragonfly")]
fn sendfile(socket: &impl AsFd, file: &File, at: libc::off_t, most: usize) -> io::Result<usize> {
    so_far(nix::sys::sendfile::sendfile(
        file,
        socket,
        at,
        Some(most.max(1)),
        None,
        None,
    ))
}

#[cfg(any(
    target_os = "macos",
    target_os = "ios",
    target_os = "freebsd",
    target_os = "dragonfly"
))]
fn so_far((result, sent): (nix::Result<()>, libc::off_t)) -> io::Result<usize> {
    match (result, usize::try_from(sent)) {
        (Ok(()), Ok(sent)) | (Err(_), Ok(sent @ 1..)) => Ok(sent),
        (Err(errno), _) => Err(errno.into()),
        (Ok(()), Err(_)) => Ok(0),
    }
}

#[cfg(not(any(
    target_os = "linux",
    target_os = "android",
    target_os = "macos",
    target_os = "ios",
    target_os = "freebsd",
    target_os = "dragonfly"
)))]
fn sendfile(
    _socket: &impl AsFd,
    _file: &File,
    _at: libc::off_t,
    _most: usize,
) -> io::Result<usize> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Signals belong to the host's threads: a handler there may not expect to run here.
pub(crate) fn mask_signals() {
    // It fails for a wrong argument only.
    let _ = SigSet::all().thread_block();
}
