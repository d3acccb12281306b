//! The reactor of pants-native: sockets, framing and queues, without a word of Node.
//!
//! ```text
//!  socket ─▶ reactor turn ─▶ source ─▶ framing ─▶ completion queue ─▶ take          (any thread)
//!  socket ◀─ source ◀─ send buffer ◀─ reactor turn ◀─ submission queue ◀─ Handle    (any thread)
//! ```
//!
//! [`Reactor`] owns every socket and does all the work, one [`Reactor::turn`] at a time, on
//! whichever thread calls it. Every other thread holds a [`Handle`]. [`ReactorThread`] runs a
//! reactor on a thread of its own.
#![deny(unsafe_code)]

pub mod addr;
pub mod blocked;
mod buffer;
mod clock;
pub mod framing;
mod id;
pub mod names;
pub mod options;
mod queue;
mod reactor;
mod source;
mod sync;
mod sys;
pub mod wire;

/// The tests of `tests/` and those in here use the same helpers.
#[cfg(test)]
extern crate self as pants_core;
#[cfg(test)]
#[path = "../tests/support/mod.rs"]
#[expect(
    dead_code,
    unused_imports,
    unsafe_code,
    unreachable_pub,
    clippy::disallowed_methods,
    reason = "shared with the tests over real sockets, which use the rest"
)]
mod support;

/// The version of the package.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Whether the platform has Unix sockets, and sockets that can be adopted by number.
pub const UNIX_SOCKETS: bool = sys::UNIX_SOCKETS;

pub use id::ChannelId;
pub use queue::block::Block;
pub use queue::file::FileRange;
pub use queue::memory::Loan;
pub use queue::piece::Piece;
pub use reactor::{Adopted, Driven, Driver, Handle, Listening, Reactor, ReactorThread};
pub use source::{AdoptError, ListenError, Stats, Tally};
pub use sys::Given;
