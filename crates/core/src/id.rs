//! Who a channel is, on both sides of the queues.

use std::sync::Arc;

use crate::source::{PacketSocket, Shortcut};

/// Names one channel for as long as the engine lives.
///
/// ```text
///   index       where the channel's state is kept; given again after the channel has closed
///   generation  how often the index had been given before; never the same twice
/// ```
///
/// A command, an event or a write that names a closed channel finds another generation at its
/// index, and is dropped: nothing meant for one channel can reach the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ChannelId {
    pub index: u32,
    pub generation: u32,
}

/// What both threads may ask of a channel without waiting for the other: whether it still is the
/// one it was, how many of its bytes the operating system has taken, and the way to send more.
#[derive(Debug, Default)]
struct Slot {
    generation: u32,
    live: bool,
    sent: u64,
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
        slot.sent = 0;
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

    pub(crate) fn add_sent(&mut self, id: ChannelId, bytes: u64) {
        if let Some(slot) = self.live(id) {
            slot.sent += bytes;
        }
    }

    /// The bytes the operating system has taken, `None` when the channel has closed.
    pub(crate) fn sent(&mut self, id: ChannelId) -> Option<u64> {
        self.live(id).map(|slot| slot.sent)
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

    /// Lets go of the socket, which only the reactor keeps from then on.
    pub(crate) fn drop_socket(&mut self, id: ChannelId) {
        if let Some(slot) = self.live(id) {
            slot.shortcut = None;
            slot.packets = None;
        }
    }

    pub(crate) fn drop_sockets(&mut self) {
        for slot in &mut self.slots {
            slot.shortcut = None;
            slot.packets = None;
        }
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
        slots.add_sent(first, 5);
        slots.release(first);
        slots.release(first);
        let second = slots.allocate();
        assert_eq!(first.index, second.index);
        assert_ne!(first.generation, second.generation);
        assert_eq!((slots.sent(first), slots.sent(second)), (None, Some(0)));
        assert_ne!(
            slots.allocate().index,
            second.index,
            "released twice, given once"
        );
    }
}
