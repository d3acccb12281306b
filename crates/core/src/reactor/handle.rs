//! What other threads hold of a reactor.

use std::collections::VecDeque;
use std::io::IoSlice;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use super::shared::Shared;
use super::submitted::Submitted;
use crate::addr::Address;
use crate::framing::RegExp;
use crate::id::ChannelId;
use crate::options::{ConnectOptions, ListenOptions, SocketOptions};
use crate::queue::block::Block;
use crate::queue::completions::Taken;
use crate::queue::fence::Fence;
use crate::queue::memory::Loan;
use crate::queue::piece::Piece;
use crate::queue::records::{few_sends, lone_write, payload_of, push_write, sends};
use crate::source::{
    AdoptError, Connect, ListenError, Listener, ListenerSocket, Stats, Stream, Tally,
    adopt_listener, adopt_stream, listen, listen_path,
};
use crate::sync::lock;
use crate::sys::Given;

/// So many datagrams are few: their system call costs about what waking the reactor does. More are
/// sent while this thread goes on.
const FEW: usize = 32;

/// A cheap reference to a reactor, for any thread.
#[derive(Debug, Clone)]
pub struct Handle {
    pub(super) shared: Arc<Shared>,
}

const _: () = {
    const fn is_send_and_sync<T: Send + Sync>() {}
    is_send_and_sync::<Handle>();
};

/// A socket that listens, before its first connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listening {
    pub id: ChannelId,
    /// The descriptor's number.
    pub descriptor: i32,
    pub local: Option<Address>,
}

/// A connected socket that came from elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adopted {
    pub id: ChannelId,
    /// Both addresses and the peer, as a [`CONNECTED`](crate::wire::kind::CONNECTED) has
    /// them.
    pub about: Vec<u8>,
}

impl Handle {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// Submits a batch of records, see [`crate::wire`]. The bytes are copied; `owned` are
    /// the pieces of its `WRITE_OWNED` records, in order.
    pub fn submit(&self, records: &[u8], owned: VecDeque<Piece>) {
        if self.push(records, owned) {
            self.shared.wake();
        }
    }

    /// Returns whether the reactor sleeps and has to be woken.
    pub(super) fn push(&self, records: &[u8], owned: VecDeque<Piece>) -> bool {
        let mut copy = lock(&self.shared.spare).pop().unwrap_or_default();
        let number = self.shared.batches.submit();
        match lone_write(records) {
            Some((id, data)) if owned.is_empty() => match self.send_lone(id, data) {
                sent if sent == data.len() => {
                    // With all that was submitted before.
                    self.shared.batches.done(number);
                    self.shared.recycle(copy);
                    return false;
                }
                sent => push_write(&mut copy, id, &data[sent..]),
            },
            _ => match self.send_datagrams(records) {
                [] => {
                    self.shared.batches.done(number);
                    self.shared.recycle(copy);
                    return false;
                }
                left => copy.extend_from_slice(left),
            },
        }
        lock(&self.shared.stats).bytes_copied += copy.len() as u64;
        self.shared.submissions.push(Submitted::Batch {
            number,
            records: copy,
            owned,
        })
    }

    /// Sends what it can of a write on this thread, where that keeps the order: where the first
    /// `after` batches that were submitted are done, and the reactor holds nothing for the channel.
    /// Later ones must have no write to it. What the record of a write before it has, which was not
    /// submitted, goes first. Returns how many bytes of both the operating system has taken.
    ///
    /// Never waits. An error is left for the reactor, which meets it with the bytes that are
    /// submitted next.
    pub fn send(&self, id: ChannelId, after: u64, record: &[u8], data: &[u8]) -> usize {
        if !self.shared.batches.are_done(after) {
            return 0;
        }
        let parts = [IoSlice::new(payload_of(record)), IoSlice::new(data)];
        self.send_past_reactor(
            id,
            if parts[0].is_empty() {
                &parts[1..]
            } else {
                &parts
            },
        )
    }

    /// A copy of the first bytes of a large write, as many as a block has room for: for a
    /// `WRITE_OWNED`.
    pub fn copy(&self, data: &[u8]) -> Block {
        let block = self.shared.pool.copy(data);
        lock(&self.shared.stats).bytes_copied += block.len() as u64;
        block
    }

    /// Waits until all that was submitted by now is done, what was closed included, but no longer
    /// than that. Returns whether it is.
    pub fn catch_up(&self, patience: Duration) -> bool {
        let (fence, asleep) = self.fence();
        if asleep {
            self.shared.wake();
        }
        fence.wait(patience)
    }

    /// What waits until all that was submitted by now is done, and whether the reactor has to be
    /// woken for it.
    pub(super) fn fence(&self) -> (Arc<Fence>, bool) {
        let (fence, passage) = Fence::new();
        let asleep = self.shared.submissions.push(Submitted::Fence(passage));
        (fence, asleep)
    }

    /// Makes a pattern known before a reframe refers to it, so that the reactor need not compile it.
    pub fn share(&self, regexp: &RegExp) {
        self.shared.regexps.share(regexp);
    }

    /// Sends what it can of a lone write on this thread, where the reactor would have to be woken
    /// for it.
    fn send_lone(&self, id: ChannelId, data: &[u8]) -> usize {
        match self.shared.submissions.is_caught_up() {
            true => self.send_past_reactor(id, &[IoSlice::new(data)]),
            false => 0,
        }
    }

    /// Sends a few datagrams of one channel on this thread, where the reactor would have to be woken
    /// for them, and they are all that is asked. Returns the records of what is left.
    fn send_datagrams<'a>(&self, records: &'a [u8]) -> &'a [u8] {
        let Some(id) = few_sends(records, FEW) else {
            return records;
        };
        if !self.shared.submissions.is_caught_up() {
            return records;
        }
        let Some(way) = lock(&self.shared.slots).way(id) else {
            return records;
        };
        let datagrams = sends(records).map(|(to, data, _)| (to, data));
        let sent = way.send(datagrams, |datagrams, bytes| {
            if let Some(tally) = lock(&self.shared.slots).tally(id) {
                tally.writes += 1;
                tally.sent += bytes as u64;
                tally.datagrams += datagrams as u64;
            }
            let mut stats = lock(&self.shared.stats);
            stats.writes += 1;
            stats.bytes_written += bytes as u64;
        });
        match sent {
            0 => records,
            sent => sends(records)
                .nth(sent - 1)
                .map_or(&[], |(.., behind)| behind),
        }
    }

    /// See [`Shortcut`](crate::source::Shortcut).
    fn send_past_reactor(&self, id: ChannelId, parts: &[IoSlice<'_>]) -> usize {
        let Some(shortcut) = lock(&self.shared.slots).shortcut(id) else {
            return 0;
        };
        shortcut.send(parts, |sent| {
            if let Some(tally) = lock(&self.shared.slots).tally(id) {
                tally.writes += 1;
                tally.sent += sent as u64;
            }
            let mut stats = lock(&self.shared.stats);
            stats.writes += 1;
            stats.bytes_written += sent as u64;
        })
    }

    /// Begins to connect to the first of `to` that answers, trying them in this order.
    pub fn connect(&self, to: Vec<SocketAddr>, options: ConnectOptions) -> ChannelId {
        let id = lock(&self.shared.slots).allocate();
        self.begin(id, Connect::new(id, to, options))
    }

    /// Connects to the Unix socket at a path; how it went is reported like any connect.
    pub fn connect_path(&self, path: &[u8], options: ConnectOptions) -> ChannelId {
        let id = lock(&self.shared.slots).allocate();
        self.begin(id, Connect::to_path(id, path, options))
    }

    fn begin(&self, id: ChannelId, connect: Connect) -> ChannelId {
        let connect = Box::new(connect);
        self.shared.submit(Submitted::Connect { id, connect });
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
        Ok(self.accept_from(listen(host, port, &options)?, options))
    }

    /// Binds a Unix socket to a path, or to a name that begins with NUL, and listens.
    ///
    /// A socket file that nobody answers on is replaced. The file is removed with the channel.
    pub fn listen_path(
        &self,
        path: &[u8],
        options: ListenOptions,
    ) -> Result<Listening, ListenError> {
        Ok(self.accept_from(listen_path(path, &options)?, options))
    }

    /// Takes over a socket that was bound elsewhere, and listens on it. `family` is one of
    /// [`wire::family`](crate::wire::family): either kind, TCP or Unix.
    ///
    /// The descriptor is the engine's from then on; where this fails, it is still the caller's.
    pub fn adopt_listener(
        &self,
        given: Given,
        family: u32,
        options: ListenOptions,
    ) -> Result<Listening, AdoptError> {
        let socket = adopt_listener(given, family, &options)?;
        Ok(self.accept_from(socket, options))
    }

    fn accept_from(&self, socket: ListenerSocket, options: ListenOptions) -> Listening {
        let local = socket.local();
        let descriptor = socket.descriptor();
        let id = lock(&self.shared.slots).allocate();
        let listener = Box::new(Listener::new(id, socket, options));
        self.shared.submit(Submitted::Listen { id, listener });
        Listening {
            id,
            descriptor,
            local,
        }
    }

    /// Takes over a socket that was connected elsewhere; `family` as above.
    ///
    /// The descriptor is the engine's from then on; where this fails, it is still the caller's.
    pub fn adopt(
        &self,
        given: Given,
        family: u32,
        options: &SocketOptions,
    ) -> Result<Adopted, AdoptError> {
        let socket = adopt_stream(given, family, options)?;
        let peer = socket.peer().ok().flatten();
        let about = socket.describe(socket.local().as_ref(), peer.as_ref());
        let id = lock(&self.shared.slots).allocate();
        let stream = Box::new(Stream::new(id, socket, None, self.shared.clock.now()));
        self.shared.submit(Submitted::Adopt { id, stream });
        Ok(Adopted { id, about })
    }

    /// Takes what there is of completions, and there is room for: header and records are copied to
    /// `words`, see [`wire::batch`](crate::wire::batch), their bytes to `bytes`. False where
    /// `words` has no room for the header.
    ///
    /// Where there is too little room, nothing is taken, and the header says how much is needed.
    /// When there is nothing, the doorbell will ring for the next.
    pub fn take(&self, words: &mut [u32], bytes: &mut [u8]) -> bool {
        match self.take_completions(words, bytes) {
            Some(wake) => {
                if wake {
                    self.shared.wake();
                }
                true
            }
            None => false,
        }
    }

    /// As [`take`](Self::take); returns whether the reactor has to be woken.
    pub(super) fn take_completions(&self, words: &mut [u32], bytes: &mut [u8]) -> Option<bool> {
        let Taken { wake, copied } = self.shared.completions.take(words, bytes)?;
        if copied > 0 {
            lock(&self.shared.stats).bytes_copied += copied as u64;
        }
        Some(wake)
    }

    /// Lends memory for what is read, where that is much: it is the caller's again with the batch
    /// that says so, see [`wire::batch`](crate::wire::batch), and is not to be touched before, as
    /// long as there is a reactor. False where it is too little to be of use, and is not taken.
    pub fn lend(&self, loan: Loan) -> bool {
        self.shared.completions.lend(loan)
    }

    /// The loans that wait to be filled, which are the caller's again. What is being filled stays.
    pub fn reclaim(&self) -> Vec<Loan> {
        self.shared.completions.reclaim()
    }

    /// How much may wait to be taken: this part (0 to 1) of what is the most. It is in front of
    /// everybody: whoever is slow with what it takes says so here.
    pub fn set_pace(&self, pace: f64) {
        self.shared.completions.set_pace(pace);
    }

    /// How many bytes of this channel the operating system has taken; `None` once it has closed.
    pub fn sent(&self, id: ChannelId) -> Option<u64> {
        lock(&self.shared.slots).tally(id).map(|tally| tally.sent)
    }

    /// How far a channel has come; `None` once it has closed.
    pub fn tally(&self, id: ChannelId) -> Option<Tally> {
        let (mut tally, packets) = {
            let mut slots = lock(&self.shared.slots);
            (*slots.tally(id)?, slots.packets(id))
        };
        if let Some(socket) = packets {
            let new = socket.ask_drops();
            if new > 0 {
                lock(&self.shared.stats).drops += new;
            }
            tally.drops = socket.lost();
        }
        Some(tally)
    }

    /// The engine's counters, as of the last turn; but what the kernel has dropped, as of now.
    pub fn stats(&self) -> Stats {
        let packets = lock(&self.shared.slots).all_packets();
        let drops: u64 = packets.iter().map(|socket| socket.ask_drops()).sum();
        lock(&self.shared.stats).drops += drops;
        Stats {
            queued_batches: self.shared.completions.depth() as u64,
            queued_submissions: self.shared.submissions.depth() as u64,
            spare_bytes: self.shared.pool.idle_bytes() as u64,
            ..*lock(&self.shared.stats)
        }
    }

    #[cfg(test)]
    pub(super) fn newest(&self) -> ChannelId {
        lock(&self.shared.slots).newest().expect("there is one")
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

    /// The reactor is gone: lets go of the doorbell.
    pub(super) fn silence(&self) {
        lock(&self.shared.doorbell).take();
    }

    /// Rings, where the other side waits for it.
    pub(super) fn call(&self) {
        if self.shared.completions.disarm() {
            lock(&self.shared.stats).rings += 1;
            self.shared.ring();
        }
    }

    /// Says that the reactor has died, and rings.
    pub(super) fn fail(&self) {
        if self.shared.completions.fail() {
            self.shared.ring();
        }
    }
}
