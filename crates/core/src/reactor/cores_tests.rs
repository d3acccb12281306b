use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::super::turn::Work;
use super::{Cores, LARGE, LONGEST_SPELL, SPELL, WINDOW};
use crate::sys::Times;

fn turn_of(events: usize, bytes: u64) -> Work {
    Work {
        events,
        bytes,
        ..Work::default()
    }
}

/// Threads that are told what they have come to.
struct Threads {
    times: Arc<Mutex<Option<Times>>>,
    cores: Cores,
    now: Instant,
    /// What each turn comes to.
    work: Work,
}

impl Threads {
    fn new() -> Self {
        let times = Arc::new(Mutex::new(Some(Times::default())));
        let told = Arc::clone(&times);
        #[expect(clippy::disallowed_methods, reason = "a time to begin with")]
        let now = Instant::now();
        Self {
            times,
            cores: Cores::new(move || *told.lock().unwrap()),
            now,
            work: turn_of(2, 2 * LARGE),
        }
    }

    /// A window passes, of which both have run and waited these parts. Whether the loop should drive.
    fn window(&mut self, ran: f64, waited: f64) -> bool {
        let begun = self.cores.turned(self.work, self.now);
        assert!(!begun, "the window begins");
        self.pass(WINDOW / 2);
        let half = self.cores.turned(self.work, self.now);
        assert!(!half, "it is not over");
        if let Some(times) = &mut *self.times.lock().unwrap() {
            times.ran += WINDOW.mul_f64(ran);
            times.waited += WINDOW.mul_f64(waited);
        }
        self.pass(WINDOW / 2);
        let scarce = self.cores.turned(self.work, self.now);
        self.cores.begin();
        scarce
    }

    fn pass(&mut self, time: Duration) {
        self.now += time;
    }

    /// How long the loop stays.
    fn spell(&mut self) -> Duration {
        let began = self.now;
        while self.cores.are_scarce(self.work, self.now) {
            self.pass(Duration::from_millis(100));
        }
        self.now - began
    }
}

#[test]
fn two_that_wait_for_the_cores_and_use_one_give_the_work_to_the_loop() {
    let mut threads = Threads::new();
    assert!(!threads.cores.are_scarce(threads.work, threads.now));
    assert!(threads.window(0.97, 0.5));
    assert_eq!(threads.spell(), SPELL);
}

#[test]
fn two_that_do_more_than_one_could_go_on() {
    let mut threads = Threads::new();
    assert!(!threads.window(1.3, 0.6));
    assert_eq!(threads.spell(), Duration::ZERO);
}

#[test]
fn two_that_wait_for_work_and_not_for_cores_go_on() {
    let mut threads = Threads::new();
    assert!(!threads.window(0.8, 0.1));
    assert_eq!(threads.spell(), Duration::ZERO);
}

#[test]
fn the_thread_tries_again_ever_more_seldom_until_there_are_cores() {
    let mut threads = Threads::new();
    let mut spells = Vec::new();
    for _ in 0..5 {
        assert!(threads.window(0.97, 0.5));
        spells.push(threads.spell());
    }
    let longest = [LONGEST_SPELL, LONGEST_SPELL];
    assert_eq!(
        spells,
        [&[SPELL, 2 * SPELL, 4 * SPELL], &longest[..]].concat()
    );
    assert!(!threads.window(1.5, 0.1));
    assert!(threads.window(0.97, 0.5));
    assert_eq!(threads.spell(), SPELL);
}

#[test]
fn what_the_loop_did_meanwhile_is_in_no_window() {
    let mut threads = Threads::new();
    assert!(!threads.cores.turned(threads.work, threads.now));
    // The loop drives, and is busy; the thread comes back.
    threads.times.lock().unwrap().as_mut().unwrap().waited += WINDOW;
    threads.pass(WINDOW);
    threads.cores.begin();
    assert!(!threads.cores.turned(threads.work, threads.now));
}

#[test]
fn where_nobody_tells_there_are_cores() {
    let mut threads = Threads::new();
    *threads.times.lock().unwrap() = None;
    assert!(!threads.window(0.97, 0.5));
}

#[test]
fn with_messages_the_thread_goes_on() {
    let mut threads = Threads::new();
    threads.work = turn_of(64, 64 * 4096);
    assert!(!threads.window(0.97, 0.5));
    assert_eq!(threads.spell(), Duration::ZERO);
}

#[test]
fn where_messages_come_meanwhile_the_loop_does_not_stay() {
    let mut threads = Threads::new();
    assert!(threads.window(0.97, 0.5));
    let messages = turn_of(64, 64 * 4096);
    assert!(!threads.cores.are_scarce(messages, threads.now));
    assert!(threads.cores.are_scarce(threads.work, threads.now));
}
