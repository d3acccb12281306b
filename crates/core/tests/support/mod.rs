//! The vocabulary of these tests.
//!
//! ```text
//!   test ── ask(Ask) ──▶ Handle ──▶ Reactor: turned by the test itself, or by its own thread
//!     │                                │ socket
//!     └── peer: a blocking TcpStream ──┘          until(…), expect_…(): completions, by predicate
//! ```
//!
//! An [`Engine`] plays the part of JavaScript: it takes completions only when the doorbell has
//! rung, so that a ring that is lost fails a test, and holds every completion against the order
//! that channels promise (see [`Log`]).

use std::io;

mod ask;
mod completion;
mod engine;
mod log;
mod options;
mod peer;

pub use ask::{Ask, Cut, Start};
pub use engine::{Engine, PATIENCE};
pub use log::Log;
pub use options::{connect_options, listen_options};
#[cfg(target_os = "linux")]
pub use peer::BlackHole;
pub use peer::{Peer, connect, listen, pattern, unused_address};

/// Runs a test twice: turning the reactor on the test's thread, and with a thread of its own.
#[track_caller]
pub fn on_both(test: impl Fn(&mut Engine)) {
    test(&mut Engine::by_turns());
    test(&mut Engine::on_thread());
}

/// The operating system's number of an error.
pub fn errno_of(kind: io::ErrorKind) -> i32 {
    (1..12_000)
        .find(|errno| io::Error::from_raw_os_error(*errno).kind() == kind)
        .unwrap()
}

/// Looks at a socket of the reactor from outside, by its number.
#[cfg(unix)]
pub fn with_descriptor<T>(descriptor: i32, look: impl FnOnce(socket2::SockRef<'_>) -> T) -> T {
    // SAFETY: the reactor keeps the channel's socket open for the duration of the call.
    let borrowed = unsafe { std::os::fd::BorrowedFd::borrow_raw(descriptor) };
    look(socket2::SockRef::from(&borrowed))
}
