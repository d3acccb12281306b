//! What the operating system has to say.

use mio::event::Event;

/// What the operating system said of a socket. Hints, all of them: sources try and see.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Readiness {
    pub(crate) readable: bool,
    pub(crate) writable: bool,
    /// Urgent data or the end of the stream: read until WouldBlock, also past a short read.
    pub(crate) thorough: bool,
    /// The peer is gone, or an error waits to be fetched.
    pub(crate) broken: bool,
}

impl From<&Event> for Readiness {
    fn from(event: &Event) -> Self {
        let broken = event.is_error() || event.is_write_closed();
        Self {
            readable: event.is_readable() || event.is_read_closed() || broken,
            writable: event.is_writable() || broken,
            thorough: event.is_priority() || event.is_read_closed() || broken,
            broken,
        }
    }
}
