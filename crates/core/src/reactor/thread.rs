//! A reactor with a thread of its own, which lets another loop drive it while that is quicker.

use std::collections::VecDeque;
use std::io;
#[cfg(unix)]
use std::os::fd::OwnedFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::cores::Cores;
use super::handle::Handle;
use super::seat::{LONG_OFFER, Left, OFFER, Seat};
use super::turn::{Reactor, Work};
use crate::queue::piece::Piece;
use crate::source::TURN_PACKETS;
use crate::sys::{self, ThreadTimes};

/// So many turns in a row with little to do that found the other side asleep, and the loop is offered
/// the seat: each of them cost a wake-up of either thread.
const QUIET_TURNS: u32 = 8;
/// What little is: for the thread, to offer the seat …
const LITTLE: Most = Most {
    events: 4,
    requests: 8,
    bytes: 128 * 1024,
    datagrams: TURN_PACKETS / 2,
};
/// … and for the loop, to stay there: above this, it gives the seat back. With more, the loop would
/// have more to do than the wake-ups cost it.
const MUCH: Most = Most {
    events: 8,
    requests: 16,
    bytes: 256 * 1024,
    // Fewer than what one channel receives in a turn at most: so many, and there are more than the
    // loop is through with.
    datagrams: TURN_PACKETS - 1,
};

/// A bound on the work of a turn. How many frames there were does not count: the other side has them
/// to handle in either case.
struct Most {
    events: usize,
    requests: usize,
    bytes: u64,
    datagrams: usize,
}

/// Who may drive a reactor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Driver {
    /// The thread, and the loop of the other side while there is little to do.
    Auto,
    /// Only the thread.
    Thread,
    /// The loop whenever it can: for tests.
    Loop,
}

/// Runs a reactor until it is stopped or dropped.
///
/// Who holds this is the other side. Where it has a loop that can wait for
/// [its descriptor](Self::take_descriptor), it may [`sit`](Self::sit) down and [`drive`](Self::drive).
#[derive(Debug)]
pub struct ReactorThread {
    handle: Handle,
    thread: Option<JoinHandle<()>>,
    seat: Arc<Seat<Driving>>,
    driver: Driver,
    #[cfg(unix)]
    descriptor: Option<OwnedFd>,
}

/// What changes hands.
#[derive(Debug)]
struct Driving {
    reactor: Reactor,
    cores: Cores,
}

/// What a turn by the other side's loop came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Driven {
    /// There are completions to take, which nobody rings for.
    pub rung: bool,
    /// The loop still sits there.
    pub stays: bool,
}

impl ReactorThread {
    /// Starts the thread; `doorbell` is called on it. See [`Reactor::new`].
    pub fn spawn(driver: Driver, doorbell: impl Fn() + Send + Sync + 'static) -> io::Result<Self> {
        #[expect(
            clippy::disallowed_methods,
            reason = "who drives a reactor gives it the time"
        )]
        let (reactor, handle) = Reactor::new(Instant::now, doorbell)?;
        let seat = Arc::new(Seat::default());
        #[cfg(unix)]
        let descriptor = match driver {
            Driver::Thread => None,
            Driver::Auto | Driver::Loop => Some(reactor.descriptor()?),
        };
        let (of_thread, seat_of_thread) = (handle.clone(), Arc::clone(&seat));
        let loops = ThreadTimes::of_this_thread();
        let thread = thread::Builder::new()
            .name("pants-reactor".to_owned())
            .spawn(move || {
                let own = ThreadTimes::of_this_thread();
                let times = move || {
                    let times = [own.as_ref()?.read()?, loops.as_ref()?.read()?];
                    Some(times.into_iter().sum())
                };
                let cores = Cores::new(times);
                let driving = Driving { reactor, cores };
                run(driving, &of_thread, &seat_of_thread, driver);
            })?;
        Ok(Self {
            handle,
            thread: Some(thread),
            seat,
            driver,
            #[cfg(unix)]
            descriptor,
        })
    }

    pub fn handle(&self) -> &Handle {
        &self.handle
    }

    /// Readable while there is something for [`drive`](Self::drive) to do, and the caller's to close;
    /// `None` where only the thread may drive, and the second time.
    #[cfg(unix)]
    pub fn take_descriptor(&mut self) -> Option<OwnedFd> {
        self.descriptor.take()
    }

    /// The loop sits down, where the thread has offered that; returns whether it has. It is to be
    /// asked whenever a `take` has found nothing.
    pub fn sit(&self) -> bool {
        self.driver != Driver::Thread && self.seat.sit()
    }

    /// One turn, on the calling thread, which is the other side's: nobody is rung. `None` where the
    /// loop does not sit.
    pub fn drive(&self) -> Option<Driven> {
        let mut rung = false;
        let driven = catch_unwind(AssertUnwindSafe(|| {
            self.seat.drive(|Driving { reactor, cores }| {
                // Where it has been stopped, the thread finds that out itself.
                reactor.turn_unrung().ok()?;
                let work = reactor.work();
                rung = work.rings > 0;
                let stays = self.driver == Driver::Loop
                    || work.is_within(&MUCH)
                    || cores.are_scarce(work, reactor.now());
                Some(Left {
                    deadline: reactor.rest(),
                    stays,
                })
            })
        }));
        let stays = driven.unwrap_or_else(|_| {
            self.seat.lose();
            Some(false)
        });
        stays.map(|stays| Driven { rung, stays })
    }

    /// As [`Handle::submit`]; where the loop sits, it is done when this returns. Returns whether
    /// there are completions, which nobody rings for.
    pub fn submit(&self, records: &[u8], owned: VecDeque<Piece>) -> bool {
        self.handle.push(records, owned) && self.see_to_it()
    }

    /// As [`Handle::take`]. Where that lets the reactor go on, and the loop sits, it has done so when
    /// this returns.
    pub fn take(&self, words: &mut [u32], bytes: &mut [u8]) -> bool {
        match self.handle.take_completions(words, bytes) {
            Some(wake) => {
                if wake {
                    // There are completions in the caller's hands: it will look once more.
                    self.see_to_it();
                }
                true
            }
            None => false,
        }
    }

    /// As [`Handle::catch_up`]; also returns whether there are completions, which nobody rings for.
    pub fn catch_up(&self, patience: Duration) -> (bool, bool) {
        let (fence, asleep) = self.handle.fence();
        let rung = asleep && self.see_to_it();
        (fence.wait(patience), rung)
    }

    /// The reactor sleeps and has something to do.
    fn see_to_it(&self) -> bool {
        match self.drive() {
            Some(driven) => driven.rung,
            None => {
                self.handle.shared.wake();
                false
            }
        }
    }

    /// Whether the loop sits, and how often it has sat down.
    pub fn is_the_loops(&self) -> (bool, u64) {
        self.seat.is_the_loops()
    }

    /// Stops the reactor and waits for its thread: when this returns, every socket is closed, and
    /// the doorbell is not, and will not be, in use.
    pub fn stop(&mut self) {
        if let Some(thread) = self.thread.take() {
            self.handle.stop();
            self.seat.stop();
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

impl Work {
    fn is_within(self, most: &Most) -> bool {
        self.events <= most.events
            && self.requests <= most.requests
            && self.bytes <= most.bytes
            && self.datagrams <= most.datagrams
    }
}

/// A panic in here is a defect of this crate. It ends the engine, not the process.
fn run(driving: Driving, handle: &Handle, seat: &Seat<Driving>, driver: Driver) {
    sys::mask_signals();
    let mut driving = Some(driving);
    let turns = catch_unwind(AssertUnwindSafe(|| {
        turns(&mut driving, handle, seat, driver)
    }));
    // Sockets first: whoever hears of the end finds them closed.
    let closed = catch_unwind(AssertUnwindSafe(|| drop(driving)));
    if !matches!((turns, closed), (Ok(Ok(())), Ok(()))) {
        handle.fail();
    }
}

/// Drives, and lets the loop drive; the reactor is in its place unless that has lost it.
fn turns(
    place: &mut Option<Driving>,
    handle: &Handle,
    seat: &Seat<Driving>,
    driver: Driver,
) -> io::Result<()> {
    let mut quiet = 0;
    let mut scarce = false;
    loop {
        let offers = match driver {
            Driver::Auto => quiet >= QUIET_TURNS || scarce,
            Driver::Thread => false,
            Driver::Loop => true,
        };
        if offers {
            quiet = 0;
            *place = place.take().and_then(|driving| {
                let deadline = driving.reactor.rest();
                let now = || handle.shared.clock.now();
                let offer = if scarce { LONG_OFFER } else { OFFER };
                seat.leave(driving, deadline, offer, now, || handle.call())
            });
            if let Some(Driving { cores, .. }) = place {
                cores.begin();
            }
        }
        let Some(Driving { reactor, cores }) = place else {
            return Err(io::ErrorKind::Other.into());
        };
        if !reactor.turn(None)? {
            return Ok(());
        }
        let work = reactor.work();
        if !work.is_within(&LITTLE) || work.unheard > 0 {
            quiet = 0;
        } else if work.rings > 0 {
            quiet += 1;
        }
        scarce = driver == Driver::Auto && cores.turned(work, reactor.now());
    }
}
