//! The way past the reactor, for a lone write and for large ones.
//!
//! Handing a write over costs the other thread's wake-up, and a copy of its bytes. Where the reactor
//! holds nothing for the socket, the submitting thread sends by itself:
//!
//! ```text
//!   submitting thread                             reactor thread
//!   is done what I submitted for it? ◀─ `done` ── each batch of submissions, once it is done
//!   ┌ the way's lock ────────────┐                (it may be at work for others meanwhile)
//!   │ open, and clear?           │ ◀─ the same ── clear = nothing unsent, and writing is open
//!   │ send, and count            │ ◀─ the same ── close: the socket is taken away, and then
//!   └────────────────────────────┘                the count is final
//! ```
//!
//! Only submissions put bytes into the reactor's send buffer, and only the submitting thread
//! submits: from the first line on nothing comes before these bytes. The lock does the rest:
//! neither does the reactor close the socket between the send and its count, nor is a socket open
//! any longer that it has closed.

use std::io::{self, IoSlice};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::stream_socket::StreamSocket;
use crate::buffer::Sink as _;
use crate::clock::Clock;
use crate::sync::lock;

/// A socket that two threads may write to, one at a time.
#[derive(Debug)]
pub(crate) struct Shortcut {
    way: Mutex<Way>,
    clock: Clock,
    began: Instant,
    /// Microseconds from `began` to the last send by this way; 0: none.
    last: AtomicU64,
}

#[derive(Debug)]
struct Way {
    /// `None` once the channel has closed.
    socket: Option<Arc<StreamSocket>>,
    clear: bool,
    /// What a send has met: the operating system tells it once.
    error: Option<io::Error>,
}

impl Shortcut {
    pub(crate) fn new(socket: Arc<StreamSocket>, clock: Clock) -> Self {
        Self {
            way: Mutex::new(Way {
                socket: Some(socket),
                clear: true,
                error: None,
            }),
            began: clock.now(),
            clock,
            last: AtomicU64::new(0),
        }
    }

    /// The reactor says whether it holds nothing for the socket, and writing is open.
    pub(crate) fn set_clear(&self, clear: bool) {
        let mut way = lock(&self.way);
        way.clear = clear;
        if clear {
            // It has passed: what was to be sent then has left.
            way.error = None;
        }
    }

    /// What a send by this way has met.
    pub(crate) fn take_error(&self) -> Option<io::Error> {
        lock(&self.way).error.take()
    }

    /// Lets go of the socket: nothing is sent, or counted, by this way any more.
    pub(crate) fn close(&self) {
        lock(&self.way).socket = None;
    }

    /// When something was last sent by this way.
    pub(crate) fn last_sent(&self) -> Option<Instant> {
        // Relaxed: a time on its own, compared with nothing else.
        let micros = self.last.load(Ordering::Relaxed);
        (micros != 0).then(|| self.began + Duration::from_micros(micros))
    }

    /// Sends what the operating system takes now, and has it counted; 0 where it takes nothing, or
    /// the way is closed.
    ///
    /// An error is left for the reactor, which is given the same bytes, and fails with them.
    pub(crate) fn send(&self, slices: &[IoSlice<'_>], count: impl FnOnce(usize)) -> usize {
        let mut way = lock(&self.way);
        let Some(socket) = way.socket.as_ref().filter(|_| way.clear) else {
            return 0;
        };
        loop {
            match (&mut &**socket).write(slices) {
                Ok(sent) => {
                    let elapsed = self.clock.now().saturating_duration_since(self.began);
                    let micros = elapsed.as_micros() as u64;
                    self.last.store(micros.max(1), Ordering::Relaxed);
                    count(sent);
                    return sent;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return 0,
                Err(error) => {
                    way.clear = false;
                    way.error = Some(error);
                    return 0;
                }
            }
        }
    }
}
