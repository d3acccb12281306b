//! Where both threads find a channel.

use std::sync::Arc;

use slotmap::{DefaultKey, Key, KeyData, SlotMap};

use super::datagram_socket::DatagramSocket;
use super::datagram_way::Way;
use super::shortcut::Shortcut;
use super::stats::Tally;
use crate::id::ChannelId;

/// What both threads may ask of a channel without waiting for the other: how far it has come, and
/// the way to send more.
#[derive(Debug, Default)]
struct Slot {
    tally: Tally,
    shortcut: Option<Arc<Shortcut>>,
    packets: Option<Arc<DatagramSocket>>,
    way: Option<Arc<Way>>,
}

/// Gives and takes back ids. Behind a lock: the JS thread opens channels, the reactor accepts them.
#[derive(Debug, Default)]
pub(crate) struct Slots {
    slots: SlotMap<DefaultKey, Slot>,
}

impl Slots {
    pub(crate) fn allocate(&mut self) -> ChannelId {
        let key = self.slots.insert(Slot::default()).data().as_ffi();
        ChannelId {
            index: key as u32,
            generation: (key >> 32) as u32,
        }
    }

    pub(crate) fn release(&mut self, id: ChannelId) {
        self.slots.remove(key(id));
    }

    /// How far the channel has come, `None` when it has closed.
    pub(crate) fn tally(&mut self, id: ChannelId) -> Option<&mut Tally> {
        self.live(id).map(|slot| &mut slot.tally)
    }

    pub(crate) fn set_shortcut(&mut self, id: ChannelId, shortcut: Arc<Shortcut>) {
        if let Some(slot) = self.live(id) {
            slot.shortcut = Some(shortcut);
        }
    }

    pub(crate) fn shortcut(&mut self, id: ChannelId) -> Option<Arc<Shortcut>> {
        self.live(id)?.shortcut.clone()
    }

    pub(crate) fn set_packets(&mut self, id: ChannelId, packets: Arc<DatagramSocket>) {
        if let Some(slot) = self.live(id) {
            slot.packets = Some(packets);
        }
    }

    pub(crate) fn packets(&mut self, id: ChannelId) -> Option<Arc<DatagramSocket>> {
        self.live(id)?.packets.clone()
    }

    /// Of all datagram channels.
    pub(crate) fn all_packets(&self) -> Vec<Arc<DatagramSocket>> {
        let slots = self.slots.values();
        slots.filter_map(|slot| slot.packets.clone()).collect()
    }

    pub(crate) fn set_way(&mut self, id: ChannelId, way: Arc<Way>) {
        if let Some(slot) = self.live(id) {
            slot.way = Some(way);
        }
    }

    pub(crate) fn way(&mut self, id: ChannelId) -> Option<Arc<Way>> {
        self.live(id)?.way.clone()
    }

    /// Lets go of the socket, which only the reactor keeps once the shortcut is closed: that is for
    /// the caller to do, without the lock on these slots, which whoever sends takes to count.
    pub(crate) fn drop_socket(&mut self, id: ChannelId) -> Option<Arc<Shortcut>> {
        let slot = self.live(id)?;
        (slot.packets, slot.way) = (None, None);
        slot.shortcut.take()
    }

    /// As above, of all channels.
    pub(crate) fn drop_sockets(&mut self) -> Vec<Arc<Shortcut>> {
        let slots = self.slots.values_mut();
        slots
            .filter_map(|slot| {
                (slot.packets, slot.way) = (None, None);
                slot.shortcut.take()
            })
            .collect()
    }

    #[cfg(test)]
    pub(crate) fn newest(&self) -> Option<ChannelId> {
        let ids = self.slots.keys().map(|key| key.data().as_ffi());
        // In a test that gives each index once, the highest.
        ids.max_by_key(|id| *id as u32).map(|id| ChannelId {
            index: id as u32,
            generation: (id >> 32) as u32,
        })
    }

    pub(crate) fn count(&self) -> usize {
        self.slots.len()
    }

    fn live(&mut self, id: ChannelId) -> Option<&mut Slot> {
        self.slots.get_mut(key(id))
    }
}

fn key(id: ChannelId) -> DefaultKey {
    KeyData::from_ffi(u64::from(id.generation) << 32 | u64::from(id.index)).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_comes_back_with_another_generation() {
        let mut slots = Slots::default();
        let first = slots.allocate();
        slots.tally(first).unwrap().sent += 5;
        slots.release(first);
        slots.release(first);
        let second = slots.allocate();
        assert_eq!(first.index, second.index);
        assert_ne!(first.generation, second.generation);
        assert_eq!(slots.tally(first), None);
        assert_eq!(slots.tally(second), Some(&mut Tally::default()));
        assert_ne!(
            slots.allocate().index,
            second.index,
            "released twice, given once"
        );
    }
}
