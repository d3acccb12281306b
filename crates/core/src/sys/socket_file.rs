//! The file that a listening Unix socket has in a directory.

use std::ffi::CString;
use std::fmt;
use std::io;
use std::os::fd::OwnedFd;
use std::thread;
use std::time::Duration;

use nix::fcntl::Flock;
use socket2::{Domain, Socket};

use super::domain::{
    FileId, Stat, chmod_at, chmod_socket, open_directory, open_to_lock, stat_at, try_lock,
    unix_sock_addr, unlink_at,
};

/// How long to wait for others who bind in the same directory, which takes them microseconds: the
/// JavaScript thread stands still meanwhile.
const LOCK_TRIES: u32 = 100;
const LOCK_WAIT: Duration = Duration::from_millis(1);

/// A socket's file, from `bind` on. Dropped, it is removed, if it is still the one that was bound.
///
/// Drop it before its socket: while that is open, the kernel keeps the inode, and no other file can
/// have its number.
pub(crate) struct SocketFile {
    directory: OwnedFd,
    name: CString,
    id: FileId,
}

impl SocketFile {
    /// Binds a socket to a path, and lets `then` make it answer there. `None` for an abstract name.
    ///
    /// ```text
    ///   lock the directory ─▶ bind ─▶ chmod ─▶ listen ─▶ unlock
    ///                          │ EADDRINUSE: is it a socket, and refuses? then remove it, once
    ///                          └─▶ bind
    /// ```
    ///
    /// The lock (`flock` on the directory, so that nothing is left behind) holds off others who do
    /// the same: without it two that find a stale file could each remove the other's new one, and
    /// one that is bound and does not listen yet would look stale. Who cannot have it removes
    /// nothing. Nobody can connect before `listen`, so permissions set before it have no gap.
    pub(crate) fn bind(
        socket: &Socket,
        path: &[u8],
        mode: Option<u32>,
        then: impl FnOnce(&Socket) -> io::Result<()>,
    ) -> io::Result<Option<Self>> {
        let address = unix_sock_addr(path)?;
        if path.starts_with(b"\0") {
            socket.bind(&address)?;
            then(socket)?;
            return Ok(None);
        }
        let mode = mode.map(|mode| mode as libc::mode_t);
        if let Some(mode) = mode {
            // Where it is not supported, what follows will do for all but datagrams.
            let _ = chmod_socket(socket, mode);
        }
        let (parent, name) = split(path)?;
        let directory = open_directory(&parent)?;
        let lock = lock(&parent);
        match socket.bind(&address) {
            Err(error) if error.raw_os_error() == Some(libc::EADDRINUSE) && lock.is_some() => {
                if !remove_stale(socket, path, &directory, &name)? {
                    return Err(error);
                }
                socket.bind(&address)?;
            }
            other => other?,
        }
        let Stat { id, mode: is, .. } = stat_at(&directory, &name)?;
        let file = Self {
            directory,
            name,
            id,
        };
        if let Some(mode) = mode.filter(|mode| *mode != is) {
            chmod_at(&file.directory, &file.name, mode)?;
        }
        then(socket)?;
        Ok(Some(file))
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if stat_at(&self.directory, &self.name).is_ok_and(|found| found.id == self.id) {
            // Its directory may have been closed to us meanwhile; nobody could do anything then.
            let _ = unlink_at(&self.directory, &self.name);
        }
    }
}

impl fmt::Debug for SocketFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SocketFile").field(&self.name).finish()
    }
}

/// The directory of a path and the name in it, both relative to where the path is.
fn split(path: &[u8]) -> io::Result<(CString, CString)> {
    let (parent, name) = match path.iter().rposition(|byte| *byte == b'/') {
        Some(0) => (&b"/"[..], &path[1..]),
        Some(at) => (&path[..at], &path[at + 1..]),
        None => (&b"."[..], path),
    };
    Ok((CString::new(parent)?, CString::new(name)?))
}

/// `None` where the directory cannot be locked, or somebody does not let go of it.
fn lock(directory: &CString) -> Option<Flock<OwnedFd>> {
    let mut directory = open_to_lock(directory).ok()?;
    for _ in 0..LOCK_TRIES {
        match try_lock(directory) {
            Ok(locked) => return Some(locked),
            Err((unlocked, error)) => match error.kind() {
                io::ErrorKind::WouldBlock => {
                    thread::sleep(LOCK_WAIT);
                    directory = unlocked;
                }
                io::ErrorKind::Interrupted => directory = unlocked,
                _ => return None,
            },
        }
    }
    None
}

/// Removes what stands in the way if it is a socket, and nobody answers on it.
fn remove_stale(
    socket: &Socket,
    path: &[u8],
    directory: &OwnedFd,
    name: &CString,
) -> io::Result<bool> {
    let found = match stat_at(directory, name) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(true),
        other => other?,
    };
    if !found.is_socket || !refuses(socket, path)? {
        return Ok(false);
    }
    match stat_at(directory, name) {
        Ok(still) if still.id == found.id => unlink_at(directory, name).map(|()| true),
        _ => Ok(false),
    }
}

/// Anything but a refusal is an answer, also "try again" (its backlog is full) and "wrong type".
fn refuses(socket: &Socket, path: &[u8]) -> io::Result<bool> {
    let probe = Socket::new(Domain::UNIX, socket.r#type()?, None)?;
    probe.set_nonblocking(true)?;
    let answer = probe.connect(&unix_sock_addr(path)?);
    Ok(matches!(answer, Err(error) if error.kind() == io::ErrorKind::ConnectionRefused))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_a_directory_and_a_name() {
        let parts = |path: &[u8]| {
            let (parent, name) = split(path).unwrap();
            format!("{} {}", parent.to_str().unwrap(), name.to_str().unwrap())
        };
        assert_eq!(parts(b"/run/app/sock"), "/run/app sock");
        assert_eq!(parts(b"/sock"), "/ sock");
        assert_eq!(parts(b"sock"), ". sock");
        assert_eq!(parts(b"a/../sock"), "a/.. sock");
        assert!(split(b"a\0b").is_err());
    }
}
