//! Linux, macOS and the BSDs.
#![expect(
    unsafe_code,
    reason = "the platform layer: libc has no safe form of these calls"
)]

use std::ffi::CString;
use std::fs::File;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::AsRawFd;
use std::os::unix::fs::FileExt;

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

pub(crate) fn interface_index(name: &str) -> Option<u32> {
    let name = CString::new(name).ok()?;
    // SAFETY: `name` is a NUL-terminated string that outlives the call.
    let index = unsafe { libc::if_nametoindex(name.as_ptr()) };
    (index != 0).then_some(index)
}

pub(crate) fn read_at(file: &File, into: &mut [u8], offset: u64) -> io::Result<usize> {
    file.read_at(into, offset)
}

/// sendfile(2). A peer that is gone is SIGPIPE here, which no flag keeps away: every thread of a
/// Rust program and of Node ignores it, and the reactor's own blocks it.
pub(crate) fn send_file(
    socket: &impl AsRawFd,
    file: &File,
    offset: u64,
    most: usize,
) -> io::Result<usize> {
    let Ok(offset) = libc::off_t::try_from(offset) else {
        return Err(io::ErrorKind::Unsupported.into());
    };
    match sendfile(socket.as_raw_fd(), file.as_raw_fd(), offset, most) {
        // Not of this file system, or not on this kernel.
        Err(error) if matches!(error.raw_os_error(), Some(libc::EINVAL | libc::ENOSYS)) => {
            Err(io::ErrorKind::Unsupported.into())
        }
        other => other,
    }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn sendfile(socket: i32, file: i32, mut at: libc::off_t, most: usize) -> io::Result<usize> {
    // SAFETY: both descriptors are open: their owners are borrowed. `at` is valid for a write.
    let sent = unsafe { libc::sendfile(socket, file, &raw mut at, most) };
    usize::try_from(sent).map_err(|_| io::Error::last_os_error())
}

/// What was sent before an error, such as a full socket, is told beside it.
#[cfg(any(target_os = "macos", target_os = "ios"))]
fn sendfile(socket: i32, file: i32, at: libc::off_t, most: usize) -> io::Result<usize> {
    // 0 would mean: to the end of the file.
    let mut sent = libc::off_t::try_from(most.max(1)).unwrap_or(libc::off_t::MAX);
    // SAFETY: both descriptors are open: their owners are borrowed. `sent` is valid for a write.
    // No headers are given.
    let result =
        unsafe { libc::sendfile(file, socket, at, &raw mut sent, std::ptr::null_mut(), 0) };
    match usize::try_from(sent) {
        Ok(sent) if result == 0 || sent > 0 => Ok(sent),
        _ => Err(io::Error::last_os_error()),
    }
}

/// What was sent before an error, such as a full socket, is told beside it.
#[cfg(any(target_os = "freebsd", target_os = "dragonfly"))]
fn sendfile(socket: i32, file: i32, at: libc::off_t, most: usize) -> io::Result<usize> {
    let mut sent: libc::off_t = 0;
    // SAFETY: both descriptors are open: their owners are borrowed. `sent` is valid for a write.
    // No headers are given.
    let result = unsafe {
        libc::sendfile(
            file,
            socket,
            at,
            most.max(1),
            std::ptr::null_mut(),
            &raw mut sent,
            0,
        )
    };
    match usize::try_from(sent) {
        Ok(sent) if result == 0 || sent > 0 => Ok(sent),
        _ => Err(io::Error::last_os_error()),
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
fn sendfile(_socket: i32, _file: i32, _at: libc::off_t, _most: usize) -> io::Result<usize> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Signals belong to the host's threads: a handler there may not expect to run here.
pub(crate) fn mask_signals() {
    let mut all = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: `all` is valid for a write of a sigset_t.
    unsafe { libc::sigfillset(all.as_mut_ptr()) };
    // SAFETY: sigfillset has just initialised it; it cannot fail for a valid pointer.
    let all = unsafe { all.assume_init() };
    // SAFETY: `all` is initialised; a null old set is allowed.
    unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, &raw const all, std::ptr::null_mut()) };
}
