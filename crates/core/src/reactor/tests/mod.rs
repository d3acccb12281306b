//! The state machines, over sockets that the test plays and at times that it chooses.
//!
//! ```text
//!   test ── arrive, make_room, knock ──▶ Played ◀── read, write, accept ── source
//!     │ advance                            │ seen                             ▲
//!     ├── Clock ◀──────────── now ─────────┼───────────────────────────── Reactor
//!     └── edge(readable, …): what mio would have said ────────────────────────┘
//! ```

mod accepting;
mod clock;
mod clocks;
mod datagrams;
mod proxied;
mod streams;

use std::time::Duration;

use clock::Clock;

use super::submitted::Submitted;
use crate::id::ChannelId;
use crate::options::ListenOptions;
use crate::source::played::{Played, PlayedListener};
use crate::source::readiness::Readiness;
use crate::source::{Listener, ListenerSocket, Stream, StreamSocket, Tally};
use crate::support::{Ask, Engine, Start};
use crate::sync::lock;

const READABLE: Readiness = Readiness {
    readable: true,
    writable: false,
    thorough: false,
    broken: false,
};
const WRITABLE: Readiness = Readiness {
    readable: false,
    writable: true,
    ..READABLE
};
const BROKEN: Readiness = Readiness {
    readable: true,
    writable: true,
    thorough: true,
    broken: true,
};

/// An engine on a clock.
struct Theatre {
    clock: Clock,
    engine: Engine,
}

impl Theatre {
    fn new() -> Self {
        let clock = Clock::new();
        let of_engine = clock.clone();
        let engine = Engine::at(move || of_engine.now());
        Self { clock, engine }
    }

    /// A stream that has begun to read.
    fn stream(&mut self, start: &Start) -> (ChannelId, Played) {
        let (played, shared) = (Played::default(), &self.engine.handle().shared);
        let id = lock(&shared.slots).allocate();
        let socket = StreamSocket::Played(played.clone());
        let stream = Box::new(Stream::new(id, socket, None, self.clock.now()));
        shared.submit(Submitted::Adopt { id, stream });
        self.engine.ask(Ask::default().start(id, start));
        self.turn();
        (id, played)
    }

    fn listener(&mut self) -> (ChannelId, PlayedListener) {
        self.listener_with(ListenOptions::default())
    }

    fn listener_with(&mut self, options: ListenOptions) -> (ChannelId, PlayedListener) {
        let (played, shared) = (PlayedListener::default(), &self.engine.handle().shared);
        let id = lock(&shared.slots).allocate();
        let socket = ListenerSocket::Played(played.clone());
        let listener = Box::new(Listener::new(id, socket, options));
        shared.submit(Submitted::Listen { id, listener });
        self.turn();
        (id, played)
    }

    fn tally(&self, id: ChannelId) -> Tally {
        self.engine.handle().tally(id).expect("it is open")
    }

    fn ask(&mut self, ask: Ask) {
        self.engine.ask(ask);
        self.turn();
    }

    /// The operating system has news of a channel.
    fn edge(&mut self, id: ChannelId, readiness: Readiness) {
        self.engine.reactor().tell(id, readiness);
        self.turn();
    }

    /// Turns until nothing happens by itself, and takes what there is.
    fn turn(&mut self) {
        self.engine.settle();
    }

    /// Time passes, and the reactor is turned at each of its milliseconds that are a multiple of
    /// `step`.
    fn pass(&mut self, time: Duration, step: Duration) {
        let until = self.clock.now() + time;
        while self.clock.now() < until {
            self.clock.advance(step);
            self.turn();
        }
    }

    /// How long it takes until the channel closes by itself, in steps of a millisecond.
    fn closes_after(&mut self, id: ChannelId) -> Duration {
        let began = self.clock.now();
        while self.engine.log.closed(id).is_none() {
            self.clock.advance(Duration::from_millis(1));
            self.engine.turn(Duration::ZERO);
            self.engine.take_all();
            assert!(self.clock.now() < began + Duration::from_secs(600), "never");
        }
        self.clock.now() - began
    }

    #[track_caller]
    fn reason(&self, id: ChannelId) -> u32 {
        self.engine.log.closed(id).expect("it has closed").reason
    }
}
