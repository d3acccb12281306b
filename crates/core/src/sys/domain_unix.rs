//! Unix sockets, and sockets that come as a number.
#![expect(
    unsafe_code,
    reason = "a number that somebody gives is no descriptor that Rust knows of"
)]

use std::ffi::{CStr, OsStr};
use std::io;
use std::mem::ManuallyDrop;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net;
use std::path::Path;

use mio::event::Source as _;
pub(crate) use mio::net::{UnixListener, UnixStream};
use mio::unix::SourceFd;
use mio::{Interest, Registry, Token};
use nix::errno::Errno;
use nix::fcntl::{self, AtFlags, Flock, FlockArg, OFlag};
#[cfg(any(target_os = "linux", target_os = "android"))]
use nix::sys::socket::{getsockopt, sockopt};
use nix::sys::stat::{self, FchmodatFlags, Mode};
use nix::unistd::{self, UnlinkatFlags};
use socket2::{SockAddr, SockRef, Socket};

use crate::addr::Credentials;

pub(crate) const UNIX_SOCKETS: bool = true;

/// The address of a path, or of an abstract name where there are such. EINVAL, as Node has it, for
/// one that is too long: nothing is cut off, neither there nor at a NUL.
pub(crate) fn unix_sock_addr(path: &[u8]) -> io::Result<SockAddr> {
    let invalid = || io::Error::from_raw_os_error(libc::EINVAL);
    let is_abstract =
        path.starts_with(b"\0") && cfg!(any(target_os = "linux", target_os = "android"));
    if path.is_empty() || (path.contains(&0) && !is_abstract) {
        return Err(invalid());
    }
    SockAddr::unix(Path::new(OsStr::from_bytes(path))).map_err(|_| invalid())
}

/// The path, or the abstract name with its NUL; `None` for a socket without a name.
pub(crate) fn unix_path(address: &SockAddr) -> Option<Box<[u8]>> {
    if let Some(path) = address.as_pathname() {
        return Some(path.as_os_str().as_bytes().into());
    }
    let name = address.as_abstract_namespace()?;
    Some([b"\0", name].concat().into())
}

pub(crate) fn unix_stream(socket: Socket) -> io::Result<UnixStream> {
    Ok(UnixStream::from_std(net::UnixStream::from(OwnedFd::from(
        socket,
    ))))
}

pub(crate) fn unix_listener(socket: Socket) -> io::Result<UnixListener> {
    Ok(UnixListener::from_std(net::UnixListener::from(
        OwnedFd::from(socket),
    )))
}

/// Changes what a socket that is registered is watched for; it tells at once of what is so already.
pub(crate) fn watch_unix(
    socket: &UnixStream,
    registry: &Registry,
    token: Token,
    interest: Interest,
) -> io::Result<()> {
    SourceFd(&socket.as_raw_fd()).reregister(registry, token, interest)
}

pub(crate) fn accept_unix(listener: &UnixListener) -> io::Result<UnixStream> {
    listener.accept().map(|(socket, _)| socket)
}

/// unix(7): who had the other end when the two were connected.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) fn peer_credentials(socket: &UnixStream) -> Option<Credentials> {
    let peer = getsockopt(socket, sockopt::PeerCredentials).ok()?;
    let (pid, uid, gid) = (peer.pid(), peer.uid(), peer.gid());
    // Of a socket that has no peer the kernel knows nobody.
    (uid != libc::uid_t::MAX).then_some(Credentials {
        pid: u32::try_from(pid).ok().filter(|pid| *pid != 0),
        uid,
        gid,
    })
}

/// getpeereid(3), which does not tell the process.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(crate) fn peer_credentials(socket: &UnixStream) -> Option<Credentials> {
    let (uid, gid) = unistd::getpeereid(socket).ok()?;
    Some(Credentials {
        pid: None,
        uid: uid.as_raw(),
        gid: gid.as_raw(),
    })
}

/// A descriptor that its owner gives away, if it is what it is taken for; else it stays open, and
/// the owner's.
#[derive(Debug)]
pub struct Given(ManuallyDrop<Socket>);

impl Given {
    /// EBADF for a number that is no open descriptor.
    ///
    /// # Safety
    ///
    /// The caller owns the descriptor, if it is open, and lets nobody close it while this lives. Where
    /// it has been taken it is the caller's no longer.
    pub unsafe fn new(fd: RawFd) -> io::Result<Self> {
        // SAFETY: asks for flags of a number, whatever it is.
        Errno::result(unsafe { libc::fcntl(fd, libc::F_GETFD) })?;
        // SAFETY: it is open, hence not -1, and the caller's to give; it is not closed by this.
        let owned = unsafe { OwnedFd::from_raw_fd(fd) };
        Ok(Self(ManuallyDrop::new(Socket::from(owned))))
    }

    pub(crate) fn socket(&self) -> SockRef<'_> {
        SockRef::from(&*self.0)
    }

    pub(crate) fn descriptor(&self) -> i32 {
        self.0.as_raw_fd()
    }

    pub(crate) fn take(self) -> Socket {
        ManuallyDrop::into_inner(self.0)
    }
}

/// The device and the inode of a file.
pub(super) type FileId = (libc::dev_t, libc::ino_t);

/// What a name in a directory is; symbolic links are not followed.
pub(super) struct Stat {
    pub(super) id: FileId,
    pub(super) is_socket: bool,
    pub(super) mode: libc::mode_t,
}

/// Opens a directory to name files in it, which takes no right to list it.
pub(super) fn open_directory(path: &CStr) -> io::Result<OwnedFd> {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    let access = OFlag::O_PATH;
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let access = OFlag::O_RDONLY;
    open(path, access)
}

/// Opens a directory to lock it.
pub(super) fn open_to_lock(path: &CStr) -> io::Result<OwnedFd> {
    open(path, OFlag::O_RDONLY)
}

fn open(directory: &CStr, access: OFlag) -> io::Result<OwnedFd> {
    let flags = access | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    Ok(fcntl::open(directory, flags, Mode::empty())?)
}

/// Locks an open file against other lockers, if nobody has it now; dropped, it is unlocked. Where it
/// cannot be locked, it is given back.
pub(super) fn try_lock(file: OwnedFd) -> Result<Flock<OwnedFd>, (OwnedFd, io::Error)> {
    let locked = Flock::lock(file, FlockArg::LockExclusiveNonblock);
    locked.map_err(|(file, errno)| (file, errno.into()))
}

pub(super) fn stat_at(directory: &OwnedFd, name: &CStr) -> io::Result<Stat> {
    let stat = stat::fstatat(directory, name, AtFlags::AT_SYMLINK_NOFOLLOW)?;
    Ok(Stat {
        id: (stat.st_dev, stat.st_ino),
        is_socket: stat.st_mode & libc::S_IFMT == libc::S_IFSOCK,
        mode: stat.st_mode & 0o7777,
    })
}

/// Sets the permissions of a name in a directory, not those of what a symbolic link points to.
pub(super) fn chmod_at(directory: &OwnedFd, name: &CStr, mode: libc::mode_t) -> io::Result<()> {
    let change = |follow| stat::fchmodat(directory, name, Mode::from_bits_retain(mode), follow);
    match change(FchmodatFlags::NoFollowSymlink) {
        // An old C library, or no /proc: by the name alone.
        Err(Errno::EOPNOTSUPP | Errno::ENOSYS | Errno::ENOENT) => {
            Ok(change(FchmodatFlags::FollowSymlink)?)
        }
        other => Ok(other?),
    }
}

/// Sets the permissions that the socket's file will have at most, where the platform knows that.
pub(super) fn chmod_socket(socket: &Socket, mode: libc::mode_t) -> io::Result<()> {
    Ok(stat::fchmod(socket, Mode::from_bits_retain(mode))?)
}

pub(super) fn unlink_at(directory: &OwnedFd, name: &CStr) -> io::Result<()> {
    Ok(unistd::unlinkat(
        directory,
        name,
        UnlinkatFlags::NoRemoveDir,
    )?)
}
