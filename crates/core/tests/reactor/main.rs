//! The reactor over real sockets of the loopback, a topic a file.
//!
//! A test whose name begins with a letter and a number (c3, w1, …) tries a fault that other systems
//! of this kind were once found to have.

#![expect(clippy::unwrap_used, reason = "the helpers are test code, too")]
#![expect(
    clippy::disallowed_methods,
    reason = "what the operating system does takes real time"
)]
#![expect(unreachable_pub, reason = "nothing outside can reach into a test")]

#[path = "../support/mod.rs"]
mod support;

mod accept;
mod allocations;
mod close;
mod connect;
mod connect_race;
mod end_of_stream;
mod files;
mod framing;
mod full_queue;
mod pause;
mod reframe;
mod thread;
mod timeouts;
mod write;
