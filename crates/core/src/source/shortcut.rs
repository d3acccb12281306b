//! The way past the reactor, for a lone write.
//!
//! Handing a write over costs the other thread's wake-up. Where the reactor sleeps and holds
//! nothing for the socket, the submitting thread sends by itself:
//!
//! ```text
//!   submitting thread                          reactor thread
//!   all I submitted has been done ◀── lock ──  drained, asleep
//!   clear? (Acquire)              ◀──────────  clear = nothing unsent, open (Release)
//!   send
//! ```
//!
//! Only submissions put bytes into the reactor's send buffer, and only the submitting thread
//! submits: between the first line and the last, `clear` can only become true, or the socket die.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::Transport;

/// A socket that two threads may write to, one at a time.
#[derive(Debug)]
pub(crate) struct Shortcut {
    socket: Arc<Transport>,
    clear: AtomicBool,
    began: Instant,
    /// Microseconds from `began` to the last send by this way; 0: none.
    last: AtomicU64,
}

impl Shortcut {
    pub(crate) fn new(socket: Arc<Transport>, now: Instant) -> Self {
        Self {
            socket,
            clear: AtomicBool::new(true),
            began: now,
            last: AtomicU64::new(0),
        }
    }

    /// The reactor says whether it holds nothing for the socket, and writing is open.
    pub(crate) fn set_clear(&self, clear: bool) {
        // Release: pairs with the Acquire in `send`; the reactor's last write comes before.
        self.clear.store(clear, Ordering::Release);
    }

    /// When something was last sent by this way.
    pub(crate) fn last_sent(&self) -> Option<Instant> {
        // Relaxed: a time on its own, compared with nothing else.
        let micros = self.last.load(Ordering::Relaxed);
        (micros != 0).then(|| self.began + Duration::from_micros(micros))
    }

    /// Sends what the operating system takes now; 0 where it takes nothing, or the way is closed.
    ///
    /// An error is left for the reactor, which meets it with the same bytes.
    pub(crate) fn send(&self, data: &[u8]) -> usize {
        // Acquire: pairs with the Release in `set_clear`.
        if !self.clear.load(Ordering::Acquire) {
            return 0;
        }
        loop {
            match self.socket.write_one(data) {
                Ok(sent) => {
                    let micros = self.began.elapsed().as_micros() as u64;
                    self.last.store(micros.max(1), Ordering::Relaxed);
                    return sent;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return 0,
            }
        }
    }
}
