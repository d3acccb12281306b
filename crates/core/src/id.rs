//! Who a channel is, on both sides of the queues.

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
