//! A reactor on a thread of its own.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use super::handle::Handle;
use super::turn::Reactor;
use crate::sys;

/// Runs a reactor until it is stopped or dropped.
#[derive(Debug)]
pub struct ReactorThread {
    handle: Handle,
    thread: Option<JoinHandle<()>>,
}

impl ReactorThread {
    /// Starts the thread; `doorbell` is called on it. See [`Reactor::new`].
    pub fn spawn(doorbell: impl Fn() + Send + Sync + 'static) -> io::Result<Self> {
        #[expect(
            clippy::disallowed_methods,
            reason = "who drives a reactor gives it the time"
        )]
        let (reactor, handle) = Reactor::new(Instant::now, doorbell)?;
        let of_thread = handle.clone();
        let thread = thread::Builder::new()
            .name("pants-reactor".to_owned())
            .spawn(move || run(reactor, &of_thread))?;
        Ok(Self {
            handle,
            thread: Some(thread),
        })
    }

    pub fn handle(&self) -> &Handle {
        &self.handle
    }

    /// Stops the reactor and waits for its thread: when this returns, every socket is closed, and
    /// the doorbell is not, and will not be, in use.
    pub fn stop(&mut self) {
        if let Some(thread) = self.thread.take() {
            self.handle.stop();
            // `run` lets no panic out.
            let _ = thread.join();
            self.handle.silence();
        }
    }
}

impl Drop for ReactorThread {
    fn drop(&mut self) {
        self.stop();
    }
}

/// A panic in here is a defect of this crate. It ends the engine, not the process.
fn run(mut reactor: Reactor, handle: &Handle) {
    sys::mask_signals();
    let turns = catch_unwind(AssertUnwindSafe(|| {
        while reactor.turn(None)? {}
        Ok::<(), io::Error>(())
    }));
    // Sockets first: whoever hears of the end finds them closed.
    let closed = catch_unwind(AssertUnwindSafe(|| drop(reactor)));
    if !matches!((turns, closed), (Ok(Ok(())), Ok(()))) {
        handle.fail();
    }
}
