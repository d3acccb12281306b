//! What an engine and its channels have done.

use crate::wire::tally;

/// Counters of one engine, since it began.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stats {
    /// Rounds of the reactor's loop.
    pub turns: u64,
    /// Times the other side was rung.
    pub rings: u64,
    /// Connections accepted.
    pub accepted: u64,
    /// Connections closed at once because of `maxConnections`.
    pub refused: u64,
    pub bytes_read: u64,
    pub bytes_written: u64,
    /// Calls that read from, and wrote to, a socket.
    pub reads: u64,
    pub writes: u64,
    /// Datagrams that arrived and were lost: dropped by the kernel for want of room, or too long.
    pub drops: u64,
    /// Open channels.
    pub channels: u64,
    /// Batches of completions that wait for the other side.
    pub queued_batches: u64,
    /// Submissions that wait for the reactor.
    pub queued_submissions: u64,
    /// Bytes that were copied on their way from one side to the other, in and out.
    pub bytes_copied: u64,
    /// Bytes of memory that is kept for large writes, and given back where it is not needed for a
    /// second.
    pub spare_bytes: u64,
}

impl Stats {
    /// Counts what has been done since.
    pub(crate) fn add(&mut self, more: Self) {
        self.turns += more.turns;
        self.rings += more.rings;
        self.accepted += more.accepted;
        self.refused += more.refused;
        self.bytes_read += more.bytes_read;
        self.bytes_written += more.bytes_written;
        self.reads += more.reads;
        self.writes += more.writes;
        self.drops += more.drops;
    }
}

/// What one channel has done since it began.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Bytes that came from the operating system, and that it has taken.
    pub received: u64,
    pub sent: u64,
    /// The calls that moved them.
    pub reads: u64,
    pub writes: u64,
    /// Bytes of datagrams that it has refused.
    pub failed: u64,
    /// Datagrams that it has taken or refused.
    pub datagrams: u64,
    /// Datagrams that arrived and were lost.
    pub drops: u64,
    /// Connections of a listener: accepted, and closed at once because of `maxConnections`.
    pub accepted: u64,
    pub refused: u64,
    /// Connections that it has closed because their proxy did not say whose they are.
    pub bad_proxy_headers: u64,
}

impl Tally {
    /// As [`wire::tally`](crate::wire::tally) has it.
    pub fn values(&self) -> [u64; tally::WORDS as usize] {
        let mut values = [0; tally::WORDS as usize];
        for (at, value) in [
            (tally::RECEIVED, self.received),
            (tally::SENT, self.sent),
            (tally::READS, self.reads),
            (tally::WRITES, self.writes),
            (tally::FAILED, self.failed),
            (tally::DATAGRAMS, self.datagrams),
            (tally::DROPS, self.drops),
            (tally::ACCEPTED, self.accepted),
            (tally::REFUSED, self.refused),
            (tally::BAD_PROXY_HEADERS, self.bad_proxy_headers),
        ] {
            values[at as usize] = value;
        }
        values
    }
}
