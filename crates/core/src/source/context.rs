//! What a source may touch while it is driven.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use mio::{Registry, Token};

use super::shortcut::Shortcut;
use super::slots::Slots;
use super::stats::{Stats, Tally};
use super::stream_socket::StreamSocket;
use super::timers::{Timer, Timers};
use crate::addr::Address;
use crate::clock::Clock;
use crate::id::ChannelId;
use crate::options::ProxyProtocol;
use crate::queue::batch::{Batch, Load};
use crate::sync::lock;
use crate::sys::packets::Inbound;

/// What a source has put into a batch: none fills each batch alone.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Share {
    batch_number: u64,
    used: Load,
}

/// A connection that a listener has accepted, registered under the id of the stream to be.
#[derive(Debug)]
pub(crate) struct Newcomer {
    pub(crate) id: ChannelId,
    pub(crate) server: ChannelId,
    pub(crate) socket: StreamSocket,
    /// Its proxy is to say whose it is.
    pub(crate) announced: Option<Announced>,
}

/// A connection's own two ends, and how its proxy is to name others.
#[derive(Debug)]
pub(crate) struct Announced {
    pub(crate) peer: Option<Address>,
    pub(crate) local: Option<Address>,
    pub(crate) how: ProxyProtocol,
}

/// What of a turn was datagrams.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Packets {
    /// How many were received and sent.
    pub(crate) count: usize,
    /// What they were together.
    pub(crate) bytes: usize,
}

/// The reactor's own state, without the sources themselves.
#[derive(Debug)]
pub(crate) struct Context {
    /// The time of this turn: the only one that a source goes by.
    pub(crate) now: Instant,
    pub(crate) clock: Clock,
    /// The batch of completions that this turn writes to.
    pub(crate) filling: Batch,
    /// What that may hold.
    pub(crate) limit: Load,
    /// Its number: a share of it is of this batch only.
    pub(crate) batch_number: u64,
    /// What has been done since it was last entered where others see it.
    pub(crate) stats: Stats,
    /// How many there are.
    pub(crate) channels: u64,
    /// Room for what datagram sockets receive.
    pub(crate) inbound: Inbound,
    pub(crate) packets: Packets,
    pub(crate) registry: Registry,
    pub(crate) timers: Timers,
    /// Sources that stopped before WouldBlock: with edge triggering nobody else will wake them.
    /// Some of them had their share of the batch, and wait for the next.
    pub(crate) again: VecDeque<ChannelId>,
    /// The same, of those that could not even begin, because the batch was full. They come first
    /// the next time: whoever fills each batch would else be the only one that is ever read.
    pub(crate) unserved: VecDeque<ChannelId>,
    /// One of them has work that needs no other batch.
    pub(crate) at_once: bool,
    /// Connections accepted in this turn, on their way to the table of sources.
    pub(crate) accepted: Vec<Newcomer>,
    /// Ids that are free again when the turn ends, so that no event of this turn meets a new owner.
    pub(crate) released: Vec<ChannelId>,
    /// Listeners that wait for descriptors to become free.
    pub(crate) short: Vec<ChannelId>,
    pub(crate) slots: Arc<Mutex<Slots>>,
}

impl Context {
    /// Whether reads and accepts have to wait until the other side has taken a batch.
    pub(crate) fn is_full(&self) -> bool {
        self.filling.is_full() || self.limit.less(self.filling.load()).is_used_up()
    }

    /// What a source may still put into this batch, where `whole` is all that it may.
    pub(crate) fn share_left(&self, share: Share, whole: Load) -> Load {
        let used = if share.batch_number == self.batch_number {
            share.used
        } else {
            Load::default()
        };
        whole.less(used)
    }

    /// Enters what a source has put into this batch, since there were `before` in it.
    pub(crate) fn spend(&self, share: &mut Share, before: Load) {
        if share.batch_number != self.batch_number {
            *share = Share {
                batch_number: self.batch_number,
                used: Load::default(),
            };
        }
        share.used = share.used.and(self.filling.load().less(before));
    }

    pub(crate) fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Calls the source again in the next turn, which is at once. `queued`: whether it is in one
    /// of the lists already.
    pub(crate) fn requeue(&mut self, id: ChannelId, queued: &mut bool) {
        self.at_once = true;
        if !std::mem::replace(queued, true) {
            self.again.push_back(id);
        }
    }

    /// Calls the source again when there is another batch: it has had its share of this one.
    pub(crate) fn requeue_for_batch(&mut self, id: ChannelId, queued: &mut bool) {
        if !std::mem::replace(queued, true) {
            self.again.push_back(id);
        }
    }

    /// Calls the source again when there is room in the batch, before those that have had theirs.
    pub(crate) fn requeue_for_room(&mut self, id: ChannelId, queued: &mut bool) {
        if !std::mem::replace(queued, true) {
            self.unserved.push_back(id);
        }
    }

    pub(crate) fn arm(&mut self, id: ChannelId, timer: Timer, at: Instant) {
        self.timers.arm(id, timer, at);
    }

    /// Calls the listener again as soon as a channel of this engine has closed.
    pub(crate) fn call_when_free(&mut self, id: ChannelId) {
        if !self.short.contains(&id) {
            self.short.push(id);
        }
    }

    pub(crate) fn allocate(&self) -> ChannelId {
        lock(&self.slots).allocate()
    }

    pub(crate) fn release_at_turn_end(&mut self, id: ChannelId) {
        self.released.push(id);
    }

    /// Makes a stream of a connection.
    pub(crate) fn add_accepted(&mut self, newcomer: Newcomer) {
        self.accepted.push(newcomer);
    }

    pub(crate) fn count_received(&mut self, id: ChannelId, bytes: usize) {
        self.stats.reads += 1;
        self.stats.bytes_read += bytes as u64;
        self.count(id, |tally| {
            tally.reads += 1;
            tally.received += bytes as u64;
        });
    }

    pub(crate) fn count_sent(&mut self, id: ChannelId, bytes: usize) {
        self.stats.writes += 1;
        self.stats.bytes_written += bytes as u64;
        self.count(id, |tally| {
            tally.writes += 1;
            tally.sent += bytes as u64;
        });
    }

    /// So many datagrams, besides what is counted of any channel.
    pub(crate) fn count_packets(&mut self, count: usize, bytes: usize) {
        self.packets.count += count;
        self.packets.bytes += bytes;
    }

    /// Enters what the channel alone has to know of.
    pub(crate) fn count(&self, id: ChannelId, count: impl FnOnce(&mut Tally)) {
        lock(&self.slots).tally(id).map(count);
    }

    /// Lets the submitting thread send by itself when the reactor sleeps.
    pub(crate) fn set_shortcut(&self, id: ChannelId, shortcut: Arc<Shortcut>) {
        lock(&self.slots).set_shortcut(id, shortcut);
    }

    /// The socket is about to be closed: nobody else may keep it open.
    pub(crate) fn drop_socket(&self, id: ChannelId) {
        let shortcut = lock(&self.slots).drop_socket(id);
        if let Some(shortcut) = shortcut {
            shortcut.close();
        }
    }

    /// How far the channel has come.
    pub(crate) fn tally(&self, id: ChannelId) -> Tally {
        lock(&self.slots)
            .tally(id)
            .map_or_else(Tally::default, |tally| *tally)
    }
}

/// The index alone: an event that comes too late finds nobody there, or a channel that tries its
/// socket in vain, which is what any spurious event comes to.
pub(crate) fn token(id: ChannelId) -> Token {
    Token(id.index as usize)
}
