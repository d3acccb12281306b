use std::time::Duration;

use super::{READABLE, Theatre};
use crate::id::ChannelId;
use crate::options::{ListenOptions, ProxyProtocol};
use crate::source::played::{Played, PlayedListener};
use crate::support::{Ask, Cut, Start};
use crate::wire::proxy;

const LINE: &[u8] = b"PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\r\n";
const SECOND: Duration = Duration::from_secs(1);

fn proxied(theatre: &mut Theatre, is_optional: bool) -> (ChannelId, PlayedListener) {
    let timeout = 5 * SECOND;
    theatre.listener_with(ListenOptions {
        proxy_protocol: Some(ProxyProtocol {
            is_optional,
            timeout,
        }),
        ..ListenOptions::default()
    })
}

/// A connection of this listener, and the id that it will have.
fn knock(theatre: &mut Theatre, (server, listener): &(ChannelId, PlayedListener)) -> Knocked {
    let played = Played::default();
    listener.knock(Ok(played.clone()));
    theatre.edge(*server, READABLE);
    let id = theatre.engine.handle().newest();
    Knocked { id, played }
}

struct Knocked {
    id: ChannelId,
    played: Played,
}

impl Knocked {
    fn say(&self, theatre: &mut Theatre, bytes: &[u8]) {
        self.played.arrive(bytes);
        theatre.edge(self.id, READABLE);
    }
}

#[test]
fn nobody_hears_of_it_before_its_header_is_whole() {
    let mut theatre = Theatre::new();
    let server = proxied(&mut theatre, false);
    let knocked = knock(&mut theatre, &server);
    for byte in &LINE[..LINE.len() - 1] {
        knocked.say(&mut theatre, &[*byte]);
        assert!(theatre.engine.log.accepted.is_empty());
    }
    knocked.say(&mut theatre, b"\nfirst\nsec");
    let [accepted] = theatre.engine.log.accepted.as_slice() else {
        panic!("{:?}", theatre.engine.log.accepted);
    };
    assert_eq!(accepted.remote, Some("192.0.2.1:56324".parse().unwrap()));
    assert_eq!(accepted.local, Some("198.51.100.7:443".parse().unwrap()));
    // What came with the header comes before what came after it.
    theatre.ask(Ask::default().start(knocked.id, &Start::new(Cut::lines())));
    knocked.say(&mut theatre, b"ond\n");
    assert_eq!(
        theatre.engine.log.frames(knocked.id),
        [b"first", &b"second"[..]]
    );
    assert_eq!(theatre.tally(server.0).accepted, 1);
}

#[test]
fn what_is_malformed_missing_or_late_is_refused_and_told() {
    let mut theatre = Theatre::new();
    let server = proxied(&mut theatre, false);
    knock(&mut theatre, &server).say(&mut theatre, b"GET / HTTP/1.1\r\n");
    knock(&mut theatre, &server).say(&mut theatre, b"PROXY TCP4 nonsense\r\n");
    let gone = knock(&mut theatre, &server);
    gone.played.finish();
    theatre.edge(gone.id, READABLE);
    let silent = knock(&mut theatre, &server);
    let begun = knock(&mut theatre, &server);
    begun.say(&mut theatre, &LINE[..20]);
    theatre.pass(
        5 * SECOND - Duration::from_millis(1),
        Duration::from_millis(1),
    );
    let told = |theatre: &Theatre| theatre.engine.log.proxy_failures.clone();
    let before = [proxy::MISSING, proxy::MALFORMED, proxy::MISSING];
    assert_eq!(told(&theatre), before);
    theatre.pass(Duration::from_millis(1), Duration::from_millis(1));
    assert_eq!(told(&theatre)[3..], [proxy::LATE, proxy::LATE]);
    assert!(theatre.engine.log.accepted.is_empty());
    assert_eq!(theatre.tally(server.0).bad_proxy_headers, 5);
    // Their slots are free again, and nothing of them is left.
    for id in [gone.id, silent.id, begun.id] {
        assert_eq!(theatre.engine.log.closed(id), None, "nobody knew of it");
    }
    assert_eq!(theatre.engine.handle().live(), 1);
}

#[test]
fn where_it_is_optional_what_says_nothing_is_served() {
    let mut theatre = Theatre::new();
    let server = proxied(&mut theatre, true);
    let silent = knock(&mut theatre, &server);
    let other = knock(&mut theatre, &server);
    // It may become a header yet.
    other.say(&mut theatre, b"PRO");
    assert!(theatre.engine.log.accepted.is_empty());
    other.say(&mut theatre, b"D\n");
    let begun = knock(&mut theatre, &server);
    begun.say(&mut theatre, &LINE[..20]);
    let ids = |theatre: &Theatre| -> Vec<_> {
        let accepted = theatre.engine.log.accepted.iter();
        accepted.map(|accepted| accepted.id).collect()
    };
    assert_eq!(ids(&theatre), [other.id]);
    theatre.pass(5 * SECOND, Duration::from_millis(1));
    assert_eq!(ids(&theatre), [other.id, silent.id]);
    assert_eq!(theatre.engine.log.proxy_failures, [proxy::LATE]);
    theatre.ask(Ask::default().start(other.id, &Start::new(Cut::lines())));
    assert_eq!(theatre.engine.log.frames(other.id), [b"PROD"]);
}

#[test]
fn a_listener_that_closes_takes_them_with_it() {
    let mut theatre = Theatre::new();
    let server = proxied(&mut theatre, false);
    knock(&mut theatre, &server);
    knock(&mut theatre, &server);
    theatre.ask(Ask::default().close(server.0));
    assert_eq!(theatre.engine.handle().live(), 0);
}

#[test]
fn a_listener_that_ends_waits_for_them() {
    let mut theatre = Theatre::new();
    let server = proxied(&mut theatre, false);
    let knocked = knock(&mut theatre, &server);
    let late = knock(&mut theatre, &server);
    theatre.ask(Ask::default().end(server.0));
    knocked.say(&mut theatre, LINE);
    assert_eq!(theatre.engine.log.accepted.len(), 1);
    assert_eq!(theatre.engine.log.closed(server.0), None);
    theatre.pass(5 * SECOND, Duration::from_millis(1));
    assert!(theatre.engine.log.closed(server.0).is_some());
    assert_eq!(theatre.engine.log.closed(late.id), None);
}

#[test]
fn a_listener_that_ends_accepts_what_waits_first() {
    let mut theatre = Theatre::new();
    let (id, played) = theatre.listener();
    (0..200).for_each(|_| played.knock(Ok(Played::default())));
    theatre.ask(Ask::default().end(id));
    assert_eq!(theatre.engine.log.accepted.len(), 200);
    assert!(theatre.engine.log.closed(id).is_some());
}
