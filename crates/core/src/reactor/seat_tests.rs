use super::*;

#[cfg(not(loom))]
mod sleeping {
    #![expect(clippy::disallowed_methods, reason = "the thread really sleeps")]

    use std::thread;

    use super::*;

    const FAR: Duration = Duration::from_secs(600);
    const STAYS: Left = Left {
        deadline: None,
        stays: true,
    };

    /// The thread leaves; gives what it came back with, and what `other` has done meanwhile.
    fn left<R>(
        seat: &Seat<u32>,
        deadline: Option<Instant>,
        other: impl FnOnce() -> R + Send,
    ) -> (Option<u32>, R)
    where
        R: Send,
    {
        let gone = "the thread has panicked";
        thread::scope(|scope| {
            let (ring, bell) = std::sync::mpsc::channel();
            let thread = scope.spawn(move || {
                seat.leave(0, deadline, OFFER, Instant::now, || {
                    ring.send(()).expect(gone)
                })
            });
            bell.recv().expect(gone);
            let done = other();
            (thread.join().expect(gone), done)
        })
    }

    #[test]
    fn the_loop_sits_only_where_the_seat_is_free_and_drives_only_where_it_sits() {
        let seat = Seat::<u32>::default();
        assert!(!seat.sit(), "the thread's");
        assert_eq!(seat.drive(|_| Some(STAYS)), None);
        let (back, ()) = left(&seat, None, || {
            assert_eq!(seat.drive(|_| Some(STAYS)), None, "nobody's");
            assert!(seat.sit());
            assert!(!seat.sit(), "the loop's already");
            let drive = |stays| {
                seat.drive(move |count| {
                    *count += 1;
                    Some(Left { stays, ..STAYS })
                })
            };
            assert_eq!(drive(true), Some(true));
            assert_eq!(seat.is_the_loops(), (true, 1));
            assert_eq!(drive(false), Some(false));
            assert_eq!(drive(true), None, "given back");
        });
        assert_eq!(back, Some(2));
        assert!(!seat.sit());
        assert_eq!(seat.is_the_loops(), (false, 1));
    }

    #[test]
    fn the_thread_takes_the_seat_where_nobody_comes_or_the_loop_does_not_drive() {
        let seat = Seat::default();
        let began = Instant::now();
        assert_eq!(left(&seat, None, || ()).0, Some(0));
        assert!(began.elapsed() >= OFFER);
        let began = Instant::now();
        assert_eq!(left(&seat, None, || seat.sit()), (Some(0), true));
        assert!(began.elapsed() >= LIMIT);
        assert_eq!(seat.drive(|_| Some(STAYS)), None);
    }

    #[test]
    fn while_the_loop_drives_it_keeps_the_seat() {
        let seat = Seat::default();
        let (back, times) = left(&seat, None, || {
            assert!(seat.sit());
            let until = Instant::now() + 5 * LIMIT;
            let mut times = 0;
            while Instant::now() < until && seat.drive(|_| Some(STAYS)).is_some() {
                times += 1;
                thread::yield_now();
            }
            assert!(Instant::now() >= until, "taken away after {times} times");
            times
        });
        assert_eq!(back, Some(0));
        assert!(times > 0);
    }

    #[test]
    fn a_deadline_that_comes_is_the_threads_also_one_that_was_set_since() {
        let seat = Seat::default();
        let soon = Instant::now() + LIMIT / 4;
        assert_eq!(left(&seat, Some(soon), || seat.sit()), (Some(0), true));
        assert!(Instant::now() >= soon);
        // A turn by the loop that never ends for others: it is set while the thread sleeps.
        let (back, soon) = left(&seat, None, || {
            assert!(seat.sit());
            let soon = Instant::now() + LIMIT / 4;
            let deadline = Some(soon);
            seat.drive(|_| Some(Left { deadline, ..STAYS }));
            soon
        });
        assert_eq!(back, Some(0));
        assert!(Instant::now() >= soon);
        let late = Some(Instant::now() + FAR);
        assert_eq!(
            left(&seat, late, || ()).0,
            Some(0),
            "one that is far is waited for by none"
        );
    }

    #[test]
    fn a_stop_and_a_loss_end_the_wait() {
        let seat = Seat::default();
        let (back, ()) = left(&seat, None, || {
            assert!(seat.sit());
            assert_eq!(seat.drive(|_| None), Some(false));
        });
        assert_eq!(back, None, "its turn has failed");
        let seat = Seat::default();
        let (back, ()) = left(&seat, None, || {
            assert!(seat.sit());
            seat.stop();
        });
        assert_eq!(back, Some(0));
        let (_, sat) = left(&seat, None, || seat.sit());
        assert!(!sat, "nobody sits down any more");
    }
}

/// All ways in which two threads and a clock can meet here: `npm run model`.
#[cfg(loom)]
mod model {
    use std::sync::Arc;

    use loom::sync::atomic::{AtomicBool, AtomicU32, Ordering};
    use loom::thread;

    use super::*;

    const STAYS: Left = Left {
        deadline: None,
        stays: true,
    };

    fn count(seat: &Seat<u32>, stays: bool) -> Option<bool> {
        seat.drive(|times| {
            *times += 1;
            Some(Left { stays, ..STAYS })
        })
    }

    /// loom's time stands still, and its waits have no end: what is not told is a deadlock.
    fn frozen() -> impl Fn() -> Instant {
        let now = Instant::now();
        move || now
    }

    #[test]
    fn what_is_given_back_arrives() {
        loom::model(|| {
            let seat = Arc::new(Seat::default());
            let of_loop = Arc::clone(&seat);
            let js = thread::spawn(move || {
                while !of_loop.sit() {
                    thread::yield_now();
                }
                assert_eq!(count(&of_loop, true), Some(true));
                assert_eq!(count(&of_loop, false), Some(false));
                assert_eq!(count(&of_loop, true), None);
            });
            assert_eq!(seat.leave(0, None, OFFER, frozen(), || ()), Some(2));
            js.join().unwrap();
        });
    }

    #[test]
    fn who_has_found_nothing_sits_or_is_rung() {
        loom::model(|| {
            let seat = Arc::new(Seat::default());
            // The completions' flag, which is behind a lock of its own.
            let armed = Arc::new(Mutex::new(false));
            let rung = Arc::new(AtomicBool::new(false));
            let (of_loop, armed_by, hears) =
                (Arc::clone(&seat), Arc::clone(&armed), Arc::clone(&rung));
            let js = thread::spawn(move || {
                *armed_by.lock().unwrap() = true;
                // Where the seat is not free yet, the ring will come.
                let sat = of_loop.sit() || {
                    while !hears.load(Ordering::Acquire) {
                        thread::yield_now();
                    }
                    of_loop.sit()
                };
                assert!(sat);
                count(&of_loop, false)
            });
            let ring = || {
                if std::mem::take(&mut *armed.lock().unwrap()) {
                    rung.store(true, Ordering::Release);
                }
            };
            assert_eq!(seat.leave(0, None, OFFER, frozen(), ring), Some(1));
            assert_eq!(js.join().unwrap(), Some(false));
        });
    }

    #[test]
    fn a_stop_is_heard() {
        loom::model(|| {
            let seat = Arc::new(Seat::default());
            let of_loop = Arc::clone(&seat);
            let js = thread::spawn(move || {
                let driven = of_loop.sit() && count(&of_loop, true).is_some();
                of_loop.stop();
                u32::from(driven)
            });
            let back = seat.leave(0, None, OFFER, frozen(), || ());
            assert_eq!(back, Some(js.join().unwrap()));
        });
    }

    #[test]
    fn the_thread_takes_it_from_a_loop_that_is_slow_and_nobody_drives_two_at_a_time() {
        loom::model(|| {
            let seat = Arc::new(Seat::default());
            let start = Instant::now();
            let passed = Arc::new(AtomicU32::new(0));
            let (of_loop, of_clock, passes) =
                (Arc::clone(&seat), Arc::clone(&seat), Arc::clone(&passed));
            let deadline = Some(start + LIMIT);
            let js = thread::spawn(move || {
                let turn = |times: &mut u32| {
                    *times += 1;
                    Some(Left { deadline, ..STAYS })
                };
                of_loop.sit() && of_loop.drive(turn).is_some()
            });
            // The ends of waits, which the thread cannot miss: so they come between two looks. One at
            // any time, and one when the loop does nothing any more.
            let clock = thread::spawn(move || {
                let pass = || {
                    let state = of_clock.lock();
                    passes.fetch_add(1, Ordering::AcqRel);
                    drop(state);
                    of_clock.news.notify_all();
                };
                pass();
                let driven = js.join().unwrap();
                pass();
                driven
            });
            let now = || start + passed.load(Ordering::Acquire) * 1000 * LIMIT;
            let back = seat.leave(0, deadline, OFFER, now, || ());
            assert_eq!(back, Some(u32::from(clock.join().unwrap())));
        });
    }
}
