use std::time::Duration;

use super::{READABLE, Theatre, WRITABLE};
use crate::support::{Ask, Cut, Start};
use crate::wire::{change, reason};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

#[test]
fn x10_nothing_for_a_minute_and_not_a_millisecond_less() {
    let mut theatre = Theatre::new();
    let (id, _played) = theatre.stream(&Start::new(Cut::lines()).idle(MINUTE));
    assert_eq!(theatre.closes_after(id), MINUTE);
    assert_eq!(theatre.reason(id), reason::IDLE);
}

#[test]
fn x10_what_is_received_or_sent_puts_it_off() {
    let mut theatre = Theatre::new();
    let start = Start::new(Cut::lines()).idle(MINUTE);
    let (id, played) = theatre.stream(&start);
    played.make_room(usize::MAX);
    for round in 0..20 {
        theatre.pass(50 * SECOND, SECOND);
        if round % 2 == 0 {
            played.arrive(b"partial");
            theatre.edge(id, READABLE);
        } else {
            // Alone, and while the reactor sleeps: it goes past it.
            theatre.engine.write(id, b"x");
        }
    }
    assert_eq!(theatre.closes_after(id), MINUTE);
    assert_eq!(theatre.reason(id), reason::IDLE);
    assert_eq!(played.seen().bytes, [b'x'; 10]);
}

#[test]
fn x10_what_is_dropped_after_an_end_puts_it_off_as_well() {
    let mut theatre = Theatre::new();
    let start = Start::new(Cut::lines()).idle(MINUTE).linger(100 * MINUTE);
    let (id, played) = theatre.stream(&start);
    theatre.ask(Ask::default().end(id));
    for _ in 0..10 {
        theatre.pass(50 * SECOND, SECOND);
        played.arrive(b"still here");
        theatre.edge(id, READABLE);
    }
    assert_eq!(theatre.closes_after(id), MINUTE);
    assert_eq!(theatre.reason(id), reason::IDLE);
}

#[test]
fn a_frame_has_its_time_from_its_first_byte() {
    let mut theatre = Theatre::new();
    let (id, played) = theatre.stream(&Start::new(Cut::lines()).frame(MINUTE));
    theatre.pass(10 * MINUTE, MINUTE);
    for _ in 0..59 {
        // A byte now and then is no progress.
        played.arrive(b".");
        theatre.edge(id, READABLE);
        theatre.pass(SECOND, SECOND);
    }
    assert_eq!(theatre.closes_after(id), SECOND);
    assert_eq!(theatre.reason(id), reason::FRAME);
}

#[test]
fn frames_that_are_completed_have_time_each() {
    let mut theatre = Theatre::new();
    let (id, played) = theatre.stream(&Start::new(Cut::lines()).frame(MINUTE));
    for _ in 0..20 {
        played.arrive(b"rest\nbegun, ");
        theatre.edge(id, READABLE);
        theatre.pass(59 * SECOND, SECOND);
    }
    assert_eq!(theatre.engine.log.closed(id), None);
    // A pause stops the clock, and it begins anew.
    theatre.ask(Ask::default().pause(id));
    theatre.pass(10 * MINUTE, MINUTE);
    theatre.ask(Ask::default().resume(id));
    assert_eq!(theatre.closes_after(id), MINUTE);
    assert_eq!(theatre.reason(id), reason::FRAME);
}

#[test]
fn an_end_lingers_from_the_last_byte_that_left() {
    let mut theatre = Theatre::new();
    let (id, played) = theatre.stream(&Start::new(Cut::lines()).linger(MINUTE));
    theatre.ask(Ask::default().write(id, &[0; 100]).end(id));
    for _ in 0..20 {
        theatre.pass(50 * SECOND, SECOND);
        played.make_room(1);
        theatre.edge(id, WRITABLE);
    }
    assert_eq!(theatre.closes_after(id), MINUTE);
    assert_eq!(theatre.reason(id), reason::LINGER);
    assert_eq!(played.seen().bytes.len(), 20);
    assert!(played.seen().reset, "bytes were dropped");
}

#[test]
fn an_end_that_has_all_sent_waits_for_the_peer_as_long() {
    let mut theatre = Theatre::new();
    let (id, played) = theatre.stream(&Start::new(Cut::lines()).linger(MINUTE));
    played.make_room(100);
    theatre.ask(Ask::default().write(id, b"all").end(id));
    assert!(played.seen().finished);
    assert_eq!(theatre.closes_after(id), MINUTE);
    assert_eq!(theatre.reason(id), reason::END);
}

#[test]
fn settings_that_change_hold_from_then_on() {
    let mut theatre = Theatre::new();
    let none = Start::new(Cut::lines());
    let (id, played) = theatre.stream(&none);
    let minute = none.clone().idle(MINUTE).frame(MINUTE);
    theatre.pass(10 * MINUTE, MINUTE);
    // However long nothing has happened: the clock begins when it is set.
    theatre.ask(Ask::default().configure(id, change::IDLE, &minute));
    theatre.pass(59 * SECOND, SECOND);
    theatre.ask(Ask::default().configure(id, change::IDLE, &none));
    theatre.pass(10 * MINUTE, MINUTE);
    played.arrive(b"begun");
    theatre.edge(id, READABLE);
    theatre.pass(MINUTE, SECOND);
    theatre.ask(Ask::default().configure(id, change::FRAME, &minute));
    assert_eq!(theatre.closes_after(id), MINUTE);
    assert_eq!(theatre.reason(id), reason::FRAME);
}

#[test]
fn a_clock_that_is_made_shorter_rings_sooner_and_a_longer_one_later() {
    let mut theatre = Theatre::new();
    let none = Start::new(Cut::lines());
    for (first, second) in [(MINUTE, SECOND), (SECOND, MINUTE)] {
        let (id, _played) = theatre.stream(&none.clone().idle(first));
        theatre.pass(SECOND / 2, SECOND / 10);
        theatre.ask(Ask::default().configure(id, change::IDLE, &none.clone().idle(second)));
        assert_eq!(theatre.closes_after(id), second);
        let (id, _played) = theatre.stream(&none.clone().linger(first));
        theatre.ask(
            Ask::default()
                .write(id, b"more than there is room for")
                .end(id),
        );
        theatre.pass(SECOND / 2, SECOND / 10);
        theatre.ask(Ask::default().configure(id, change::LINGER, &none.clone().linger(second)));
        assert_eq!(theatre.closes_after(id), second);
        assert_eq!(theatre.reason(id), reason::LINGER);
    }
}

#[test]
fn settings_that_change_all_the_time_leave_a_bounded_number_of_timers() {
    let mut theatre = Theatre::new();
    let none = Start::new(Cut::lines());
    let (id, played) = theatre.stream(&none.clone().idle(MINUTE));
    for round in 0..5_000 {
        let idle = if round % 2 == 0 { 1 } else { 60_000 };
        let settings = none.clone().idle(Duration::from_millis(idle));
        theatre.ask(Ask::default().configure(id, change::IDLE, &settings));
        if round % 2 == 1 {
            theatre.clock.advance(Duration::from_millis(2));
            played.arrive(b"still here\n");
            theatre.edge(id, READABLE);
        }
    }
    assert_eq!(theatre.engine.log.closed(id), None);
    assert!(theatre.engine.reactor().timers() <= 2 * 1024);
}
