//! Linux, macOS and the BSDs.
#![expect(
    unsafe_code,
    reason = "the platform layer: libc has no safe form of these calls"
)]

use std::ffi::CString;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::AsRawFd;

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
            | libc::EINTR
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
