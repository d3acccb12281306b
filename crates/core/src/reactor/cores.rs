//! Whether there are cores for two threads.
//!
//! ```text
//!                a WINDOW of large data, in which the thread and the loop used no
//!                more than one core together, and could have used more
//!   the thread drives ─────────────────────────────────────────▶ cores are scarce: the loop drives
//!           ▲                                                                   │
//!           └──────────── a spell is over: there may be cores again ────────────┘
//! ```
//!
//! Two threads do more than one where each has a core. Where other programs want the cores as well,
//! they take turns on one: then the loop can do the work of both, without their wake-ups, and with
//! the bytes still in that core's cache. With large data that is much, and the loop sends it in either
//! case. With messages it is a tenth, and would cost the loop the system calls of all of them.

use std::fmt;
use std::mem;
use std::time::{Duration, Instant};

use super::turn::Work;
use crate::sys::Times;

/// How long both are looked at. Reading their times costs some 10 µs.
const WINDOW: Duration = Duration::from_millis(250);
/// So many cores both have used together, at most …
const USED: f64 = 1.05;
/// … and so many they could have used, at least: what they have run, and what they have waited.
const WANTED: f64 = 1.25;
/// What large data is: so many bytes for each socket that had news.
const LARGE: u64 = 32 * 1024;
/// How long the loop drives before the thread tries again; each time that it tries in vain, twice
/// as long.
const SPELL: Duration = Duration::from_secs(1);
const LONGEST_SPELL: Duration = Duration::from_secs(8);

/// See the module's drawing. Who drives has it.
pub(super) struct Cores {
    /// What both threads have come to.
    read: Box<dyn Fn() -> Option<Times> + Send>,
    window: Option<(Instant, Times)>,
    /// In the window.
    bytes: u64,
    events: usize,
    scarce_until: Option<Instant>,
    spell: Duration,
}

impl Cores {
    /// `None` from `read`: there are cores.
    pub(super) fn new(read: impl Fn() -> Option<Times> + Send + 'static) -> Self {
        Self {
            read: Box::new(read),
            window: None,
            bytes: 0,
            events: 0,
            scarce_until: None,
            spell: SPELL,
        }
    }

    /// The thread drives from now on.
    pub(super) fn begin(&mut self) {
        self.window = None;
    }

    /// The thread has driven a turn, which ended at `now`. Whether the loop should drive.
    pub(super) fn turned(&mut self, work: Work, now: Instant) -> bool {
        self.bytes += work.bytes;
        self.events += work.events;
        match self.window {
            Some((began, _)) if now < began + WINDOW => return false,
            _ => {}
        }
        let (bytes, events) = (mem::take(&mut self.bytes), mem::take(&mut self.events));
        let before = self.window.take();
        self.window = (self.read)().map(|times| (now, times));
        let (Some((began, before)), Some((_, times))) = (before, self.window) else {
            return false;
        };
        let window = (now - began).as_secs_f64();
        let part =
            |now: Duration, before: Duration| now.saturating_sub(before).as_secs_f64() / window;
        let (ran, waited) = (
            part(times.ran, before.ran),
            part(times.waited, before.waited),
        );
        if !is_large(bytes, events) || ran > USED || ran + waited < WANTED {
            self.spell = SPELL;
            return false;
        }
        self.scarce_until = Some(now + self.spell);
        self.spell = (2 * self.spell).min(LONGEST_SPELL);
        true
    }

    /// The loop has driven a turn, which ended at `now`. Whether it should go on, though there was much.
    pub(super) fn are_scarce(&self, work: Work, now: Instant) -> bool {
        is_large(work.bytes, work.events) && self.scarce_until.is_some_and(|until| now < until)
    }
}

fn is_large(bytes: u64, events: usize) -> bool {
    bytes >= LARGE * (events as u64).max(1)
}

impl fmt::Debug for Cores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cores")
            .field("scarce_until", &self.scarce_until)
            .field("spell", &self.spell)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
#[path = "cores_tests.rs"]
mod tests;
