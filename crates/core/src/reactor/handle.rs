//! What other threads hold of a reactor.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::net::{Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, Weak};

use mio::Waker;
use mio::net::TcpListener;
use socket2::{Domain, Protocol, SockRef, Socket, Type};

use super::context::{Context, Stats};
use crate::addr;
use crate::buffer::Piece;
use crate::id::{ChannelId, Slots};
use crate::options::{ConnectOptions, ListenOptions};
use crate::queue::completion::Completions;
use crate::queue::submission::{Submission, Submissions, lone_write, push_write};
use crate::source::Listener;
use crate::sync::lock;
use crate::sys;

/// How many used submission buffers are kept for the next batches, and up to which size.
const SPARE_RECORDS: usize = 4;
const SPARE_BYTES: usize = 256 * 1024;

/// All that the reactor and its handles have in common; nothing here is a socket.
pub(crate) struct Shared {
    pub(super) submissions: Submissions,
    pub(super) completions: Completions,
    pub(super) slots: Mutex<Slots>,
    stats: Mutex<Stats>,
    /// What was sent past the reactor.
    past: Mutex<Stats>,
    spare: Mutex<Vec<Vec<u8>>>,
    /// Gone with the reactor: a handle that outlives it keeps no descriptor open.
    waker: Weak<Waker>,
    doorbell: Box<dyn Fn() + Send + Sync>,
}

impl Shared {
    pub(super) fn new(waker: Weak<Waker>, doorbell: Box<dyn Fn() + Send + Sync>) -> Self {
        Self {
            submissions: Submissions::default(),
            completions: Completions::default(),
            slots: Mutex::default(),
            stats: Mutex::default(),
            past: Mutex::default(),
            spare: Mutex::default(),
            waker,
            doorbell,
        }
    }

    pub(super) fn ring(&self) {
        (self.doorbell)();
    }

    /// Takes a used buffer back, for the next batch.
    pub(super) fn recycle(&self, mut records: Vec<u8>) {
        let mut spare = lock(&self.spare);
        if spare.len() < SPARE_RECORDS && records.capacity() <= SPARE_BYTES {
            records.clear();
            spare.push(records);
        }
    }

    /// Enters what a turn has counted and closed where other threads can see it.
    pub(super) fn account(&self, cx: &mut Context) {
        *lock(&self.stats) = cx.stats;
        if cx.released.is_empty() {
            return;
        }
        let mut slots = lock(&self.slots);
        for id in cx.released.drain(..) {
            slots.release(id);
        }
    }

    fn submit(&self, submission: Submission) {
        if self.submissions.push(submission) {
            self.wake();
        }
    }

    fn wake(&self) {
        if let Some(waker) = self.waker.upgrade() {
            // An eventfd, pipe or user event can only be full, which wakes just as well.
            let _ = waker.wake();
        }
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared")
            .field("completions", &self.completions)
            .finish_non_exhaustive()
    }
}

/// A cheap reference to a reactor, for any thread.
#[derive(Debug, Clone)]
pub struct Handle {
    shared: Arc<Shared>,
}

const _: () = {
    const fn is_send_and_sync<T: Send + Sync>() {}
    is_send_and_sync::<Handle>();
};

/// A socket that listens, before its first connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listening {
    pub id: ChannelId,
    /// The descriptor's number.
    pub descriptor: i32,
    pub local: Option<SocketAddr>,
}

/// Why a socket does not listen.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// The host's name has no address.
    #[error("no address for {host:?}: {source}")]
    Resolve { host: String, source: io::Error },
    /// The operating system refused.
    #[error("{syscall} {address}: {source}")]
    System {
        syscall: &'static str,
        address: SocketAddr,
        source: io::Error,
    },
}

impl Handle {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// Submits a batch of records, see [`crate::queue::wire`]. The bytes are copied; `owned` are
    /// the pieces of its `WRITE_OWNED` records, in order.
    pub fn submit(&self, records: &[u8], owned: VecDeque<Piece>) {
        let mut copy = lock(&self.shared.spare).pop().unwrap_or_default();
        match lone_write(records) {
            Some((id, data)) if owned.is_empty() => match self.send_past_reactor(id, data) {
                sent if sent == data.len() => return self.shared.recycle(copy),
                sent => push_write(&mut copy, id, &data[sent..]),
            },
            _ => copy.extend_from_slice(records),
        }
        self.shared.submit(Submission::Batch {
            records: copy,
            owned,
        });
    }

    /// Sends what it can of a lone write on this thread, where that keeps the order; see
    /// [`Shortcut`](crate::source::Shortcut). Returns how much that was.
    fn send_past_reactor(&self, id: ChannelId, data: &[u8]) -> usize {
        if !self.shared.submissions.is_settled() {
            return 0;
        }
        let Some(shortcut) = lock(&self.shared.slots).shortcut(id) else {
            return 0;
        };
        let sent = shortcut.send(data);
        if sent > 0 {
            lock(&self.shared.slots).add_sent(id, sent as u64);
            let mut past = lock(&self.shared.past);
            past.writes += 1;
            past.bytes_written += sent as u64;
        }
        sent
    }

    /// Begins to connect to the first of `to` that answers, trying them in this order.
    pub fn connect(&self, to: Vec<SocketAddr>, options: ConnectOptions) -> ChannelId {
        let id = lock(&self.shared.slots).allocate();
        self.shared.submit(Submission::Connect {
            id,
            to,
            options: Box::new(options),
        });
        id
    }

    /// Binds and listens, on the calling thread; connections are accepted from then on.
    ///
    /// An empty host is every interface, IPv6 and IPv4 alike. Blocks while a name is looked up.
    pub fn listen(
        &self,
        host: &str,
        port: u16,
        options: ListenOptions,
    ) -> Result<Listening, ListenError> {
        let socket = bind(host, port, &options)?;
        let socket = TcpListener::from_std(socket.into());
        let local = socket.local_addr().ok();
        let descriptor = sys::descriptor(&socket);
        let id = lock(&self.shared.slots).allocate();
        let listener = Box::new(Listener::new(
            id,
            socket,
            options.socket,
            options.max_connections,
        ));
        self.shared.submit(Submission::Listen { id, listener });
        Ok(Listening {
            id,
            descriptor,
            local,
        })
    }

    /// Takes what there is of completions: header and records are copied to `words`, see
    /// [`wire::batch`](crate::queue::wire::batch). The bytes follow with [`fill`](Self::fill).
    ///
    /// When there is nothing, the doorbell will ring for the next.
    pub fn take(&self, words: &mut [u32]) {
        if self.shared.completions.take(words).wake {
            self.shared.wake();
        }
    }

    /// Copies the bytes of what was taken last; call it once after each `take` that took any.
    pub fn fill(&self, target: &mut [u8]) -> usize {
        self.shared.completions.fill(target)
    }

    /// How many bytes of this channel the operating system has taken; `None` once it has closed.
    pub fn sent(&self, id: ChannelId) -> Option<u64> {
        lock(&self.shared.slots).sent(id)
    }

    /// The engine's counters, as of the last turn.
    pub fn stats(&self) -> Stats {
        let of_reactor = *lock(&self.shared.stats);
        let past = *lock(&self.shared.past);
        Stats {
            queued_batches: self.shared.completions.depth() as u64,
            writes: of_reactor.writes + past.writes,
            bytes_written: of_reactor.bytes_written + past.bytes_written,
            ..of_reactor
        }
    }

    /// How many ids are in use.
    pub fn live(&self) -> usize {
        lock(&self.shared.slots).count()
    }

    /// Asks the reactor to stop at its next turn, which is now.
    pub fn stop(&self) {
        self.shared.submissions.stop();
        self.shared.wake();
    }

    /// Says that the reactor has died, and rings.
    pub(super) fn fail(&self) {
        if self.shared.completions.fail() {
            self.shared.ring();
        }
    }
}

/// A socket bound to the first of the host's addresses that will do, and listening.
fn bind(host: &str, port: u16, options: &ListenOptions) -> Result<Socket, ListenError> {
    let addresses = if host.is_empty() {
        vec![
            SocketAddr::from((Ipv6Addr::UNSPECIFIED, port)),
            SocketAddr::from(([0; 4], port)),
        ]
    } else {
        addr::resolve(host, port).map_err(|source| ListenError::Resolve {
            host: host.to_owned(),
            source,
        })?
    };
    let mut last = None;
    for address in addresses {
        match bind_to(address, host.is_empty(), options) {
            Ok(socket) => return Ok(socket),
            Err(error) if host.is_empty() && !has_no_ipv6(&error) => return Err(error),
            Err(error) => last = Some(last.unwrap_or(error)),
        }
    }
    Err(last.unwrap_or_else(|| ListenError::Resolve {
        host: host.to_owned(),
        source: io::ErrorKind::NotFound.into(),
    }))
}

fn bind_to(address: SocketAddr, any: bool, options: &ListenOptions) -> Result<Socket, ListenError> {
    let fail = |syscall| {
        move |source| ListenError::System {
            syscall,
            address,
            source,
        }
    };
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )
    .map_err(fail("listen"))?;
    socket.set_nonblocking(true).map_err(fail("listen"))?;
    // On Windows this would let another process take the port over.
    if !cfg!(windows) {
        socket.set_reuse_address(true).map_err(fail("listen"))?;
    }
    #[cfg(all(
        unix,
        not(any(target_os = "solaris", target_os = "illumos", target_os = "cygwin"))
    ))]
    if options.reuse_port {
        socket.set_reuse_port(true).map_err(fail("listen"))?;
    }
    if address.is_ipv6() {
        // Systems differ in their default.
        let only = options.ipv6_only || !(any || address.ip().is_unspecified());
        socket.set_only_v6(only).map_err(fail("listen"))?;
    }
    options
        .socket
        .apply(&SockRef::from(&socket))
        .map_err(fail("listen"))?;
    socket.bind(&address.into()).map_err(fail("listen"))?;
    socket.listen(options.backlog).map_err(fail("listen"))?;
    Ok(socket)
}

/// Whether an address failed because the machine has no IPv6, so that IPv4 alone will do.
fn has_no_ipv6(error: &ListenError) -> bool {
    let ListenError::System {
        source, address, ..
    } = error
    else {
        return false;
    };
    #[cfg(unix)]
    let codes = [libc::EAFNOSUPPORT, libc::EADDRNOTAVAIL, libc::EINVAL];
    #[cfg(windows)]
    let codes = [10047, 10049, 10022];
    address.is_ipv6()
        && source
            .raw_os_error()
            .is_some_and(|code| codes.contains(&code))
}
