//! The only meeting place of the threads.
//!
//! - [`submission`]: what the reactor shall do, a batch at a time, in order.
//! - [`completion`]: what has happened, a batch at a time, bounded.
//! - [`wire`]: the layout of both, shared with TypeScript.
//! - [`fence`]: how to wait until what was submitted is done.
//! - [`datagrams`]: the records of datagram channels.
//! - [`recut`]: framing for the thread that drains, when it has changed the delimiter under
//!   bytes that were already cut.

pub(crate) mod completion;
pub(crate) mod datagrams;
pub(crate) mod fence;
pub mod recut;
pub(crate) mod submission;
pub mod wire;
