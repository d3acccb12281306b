//! Where both threads find a channel.

use std::sync::Arc;

use super::packet_socket::PacketSocket;
use super::shortcut::Shortcut;
use super::stats::Tally;
use crate::id::ChannelId;

/// What both threads may ask of a channel without waiting for the other: whether it still is the
/// one it was, how far it has come, and the way to send more.
#[derive(Debug, Default)]
struct Slot {
    generation: u32,
    live: bool,
    tally: Tally,
    shortcut: Option<Arc<Shortcut>>,
    packets: Option<Arc<PacketSocket>>,
}

/// Gives and takes back ids. Behind a lock: the JS thread opens channels, the reactor accepts them.
#[derive(Debug, Default)]
pub(crate) struct Slots {
    slots: Vec<Slot>,
    free: Vec<u32>,
}

impl Slots {
    pub(crate) fn allocate(&mut self) -> ChannelId {
        let index = self.free.pop().unwrap_or_else(|| {
            self.slots.push(Slot::default());
            u32::try_from(self.slots.len() - 1).expect("fewer than 2^32 channels at a time")
        });
        let slot = &mut self.slots[index as usize];
        slot.generation = slot.generation.wrapping_add(1);
        slot.live = true;
        slot.tally = Tally::default();
        ChannelId {
            index,
            generation: slot.generation,
        }
    }

    pub(crate) fn release(&mut self, id: ChannelId) {
        if let Some(slot) = self.live(id) {
            slot.live = false;
            slot.shortcut = None;
            slot.packets = None;
            self.free.push(id.index);
        }
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

    pub(crate) fn set_packets(&mut self, id: ChannelId, packets: Arc<PacketSocket>) {
        if let Some(slot) = self.live(id) {
            slot.packets = Some(packets);
        }
    }

    pub(crate) fn packets(&mut self, id: ChannelId) -> Option<Arc<PacketSocket>> {
        self.live(id)?.packets.clone()
    }

    /// Lets go of the socket, which only the reactor keeps once the shortcut is closed: that is for
    /// the caller to do, without the lock on these slots, which whoever sends takes to count.
    pub(crate) fn drop_socket(&mut self, id: ChannelId) -> Option<Arc<Shortcut>> {
        let slot = self.live(id)?;
        slot.packets = None;
        slot.shortcut.take()
    }

    /// As above, of all channels.
    pub(crate) fn drop_sockets(&mut self) -> Vec<Arc<Shortcut>> {
        let slots = self.slots.iter_mut();
        slots
            .filter_map(|slot| {
                slot.packets = None;
                slot.shortcut.take()
            })
            .collect()
    }

    pub(crate) fn count(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    fn live(&mut self, id: ChannelId) -> Option<&mut Slot> {
        let slot = self.slots.get_mut(id.index as usize)?;
        (slot.live && slot.generation == id.generation).then_some(slot)
    }
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
