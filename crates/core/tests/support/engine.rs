//! A reactor, whoever turns it, and the side that drains it.

use std::collections::HashSet;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::panic::Location;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use pants_core::options::{ConnectOptions, ListenOptions};
use pants_core::wire::batch;
use pants_core::{ChannelId, Handle, ListenError, Listening, Reactor, ReactorThread, Stats};

use super::ask::{Ask, Cut, Start};
use super::completion::{Closed, decode};
use super::log::{Accepted, Log};
use super::options::{connect_options, listen_options};
use super::peer;

/// How long anything may take before the test fails.
pub const PATIENCE: Duration = Duration::from_secs(20);
/// How long one step of waiting for something may block.
const STEP: Duration = Duration::from_millis(5);

pub struct Engine {
    driver: Driver,
    handle: Handle,
    pub log: Log,
    words: Vec<u32>,
    bytes: Vec<u8>,
    /// The bytes of the largest batch so far.
    pub largest: usize,
    /// Where [`pair`](Self::pair) connects to.
    server: Option<Server>,
    paired: HashSet<ChannelId>,
    rings: Arc<AtomicU64>,
    heard: u64,
}

/// A channel that listens.
#[derive(Debug, Clone, Copy)]
pub struct Server {
    pub id: ChannelId,
    pub descriptor: i32,
    pub address: SocketAddr,
}

enum Driver {
    Turns(Box<Reactor>),
    Thread(ReactorThread, Receiver<()>),
}

impl Engine {
    /// The test turns the reactor, and knows when nothing happens.
    pub fn by_turns() -> Self {
        Self::at(Instant::now)
    }

    /// The same, and it is whatever time the test says.
    pub fn at(now: impl Fn() -> Instant + Send + Sync + 'static) -> Self {
        let rings = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&rings);
        let (reactor, handle) = Reactor::new(now, move || {
            count.fetch_add(1, Ordering::Relaxed);
        })
        .unwrap();
        Self::new(Driver::Turns(Box::new(reactor)), handle, rings)
    }

    /// The reactor has a thread of its own.
    pub fn on_thread() -> Self {
        let rings = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&rings);
        let (ring, bell) = channel();
        let thread = ReactorThread::spawn(pants_core::Driver::Thread, move || {
            count.fetch_add(1, Ordering::Relaxed);
            // Nobody listens any more while the engine is dropped.
            let _ = ring.send(());
        })
        .unwrap();
        let handle = thread.handle().clone();
        Self::new(Driver::Thread(thread, bell), handle, rings)
    }

    fn new(driver: Driver, handle: Handle, rings: Arc<AtomicU64>) -> Self {
        Self {
            driver,
            handle,
            log: Log::default(),
            words: vec![0; 1024],
            bytes: Vec::new(),
            largest: 0,
            server: None,
            paired: HashSet::new(),
            rings,
            heard: 0,
        }
    }

    pub fn handle(&self) -> &Handle {
        &self.handle
    }

    pub fn stats(&self) -> Stats {
        self.handle.stats()
    }

    /// How often the doorbell has rung.
    pub fn rings(&self) -> u64 {
        self.rings.load(Ordering::Relaxed)
    }

    /// Stops a reactor that has a thread, and waits for it.
    pub fn stop(&mut self) {
        match &mut self.driver {
            Driver::Turns(_) => panic!("nothing to stop"),
            Driver::Thread(thread, _) => thread.stop(),
        }
    }

    // Asking

    pub fn ask(&self, ask: Ask) {
        self.handle.submit(&ask.records, ask.owned);
    }

    pub fn start(&self, id: ChannelId, cut: Cut) {
        self.ask(Ask::default().start(id, &Start::new(cut)));
    }

    pub fn write(&self, id: ChannelId, data: &[u8]) {
        self.ask(Ask::default().write(id, data));
    }

    pub fn end(&self, id: ChannelId) {
        self.ask(Ask::default().end(id));
    }

    pub fn close(&self, id: ChannelId) {
        self.ask(Ask::default().close(id));
    }

    pub fn listen(&self) -> Server {
        self.listen_with(listen_options())
    }

    #[track_caller]
    pub fn listen_with(&self, options: ListenOptions) -> Server {
        self.listen_on("127.0.0.1", 0, options).unwrap()
    }

    pub fn listen_on(
        &self,
        host: &str,
        port: u16,
        options: ListenOptions,
    ) -> Result<Server, ListenError> {
        let Listening {
            id,
            descriptor,
            local,
        } = self.handle.listen(host, port, options)?;
        let address = local.and_then(|local| local.inet()).unwrap();
        Ok(Server {
            id,
            descriptor,
            address,
        })
    }

    pub fn connect(&self, to: SocketAddr) -> ChannelId {
        self.connect_with(&[to], connect_options())
    }

    pub fn connect_with(&self, to: &[SocketAddr], options: ConnectOptions) -> ChannelId {
        self.handle.connect(to.to_vec(), options)
    }

    /// An accepted channel, not started yet, and its peer.
    #[track_caller]
    pub fn pair(&mut self) -> (ChannelId, TcpStream) {
        let server = match self.server {
            Some(server) => server,
            None => *self.server.insert(self.listen()),
        };
        let peer = peer::connect(server.address);
        let accepted = self.accept_from(&peer);
        (accepted.id, peer)
    }

    /// An accepted channel that reads, and its peer.
    #[track_caller]
    pub fn started(&mut self, cut: Cut) -> (ChannelId, TcpStream) {
        let (id, peer) = self.pair();
        self.start(id, cut);
        self.settle();
        (id, peer)
    }

    /// The channel whose other end is `peer`.
    #[track_caller]
    pub fn accept_from(&mut self, peer: &TcpStream) -> Accepted {
        let from = peer.local_addr().unwrap();
        let paired = self.paired.clone();
        let accepted = self.until("a connection is accepted", |log| {
            // The port may have been another's before.
            log.accepted
                .iter()
                .find(|a| a.remote == Some(from) && !paired.contains(&a.id))
                .cloned()
        });
        self.paired.insert(accepted.id);
        accepted
    }

    /// The peer of a channel that connects to `listener`.
    #[track_caller]
    pub fn accept_at(&mut self, listener: &TcpListener) -> TcpStream {
        peer::prepared(self.with_peer(|| listener.accept().unwrap().0))
    }

    // Turning and taking

    /// The reactor that the test turns.
    pub fn reactor(&mut self) -> &mut Reactor {
        match &mut self.driver {
            Driver::Turns(reactor) => reactor,
            Driver::Thread(..) => panic!("the reactor has a thread of its own"),
        }
    }

    /// One turn, and nothing is taken.
    pub fn turn(&mut self, timeout: Duration) {
        assert!(self.reactor().turn(Some(timeout)).unwrap());
    }

    /// Turns for as long as this, with nothing taken; returns how many turns that were.
    pub fn turns_within(&mut self, time: Duration) -> u64 {
        let (until, before) = (Instant::now() + time, self.stats().turns);
        loop {
            let left = until.saturating_duration_since(Instant::now());
            self.turn(left);
            if left.is_zero() {
                return self.stats().turns - before;
            }
        }
    }

    /// Takes once what there is; returns whether there was anything.
    pub fn take(&mut self) -> bool {
        let header = batch::WORDS as usize;
        assert!(self.handle.take(&mut self.words, &mut self.bytes));
        let needed_words = self.words[batch::NEEDED_WORDS as usize] as usize;
        let needed_bytes = self.words[batch::NEEDED_BYTES as usize] as usize;
        if needed_words > 0 {
            let fits = needed_words <= self.words.len() && needed_bytes <= self.bytes.len();
            assert!(!fits, "not needed");
            self.words.resize(needed_words.max(self.words.len()), 0);
            self.bytes.resize(needed_bytes.max(self.bytes.len()), 0);
            return self.take();
        }
        assert_eq!(
            self.words[batch::FAILED as usize],
            0,
            "the reactor has failed"
        );
        let count = self.words[batch::RECORD_WORDS as usize] as usize;
        if count == 0 {
            return false;
        }
        let bytes = &self.bytes[..self.words[batch::BYTES as usize] as usize];
        self.largest = self.largest.max(bytes.len());
        for (id, completion) in decode(&self.words[header..header + count], bytes) {
            self.log.add(id, completion, bytes);
        }
        true
    }

    pub fn take_all(&mut self) {
        while self.take() {}
    }

    /// One step: lets the reactor work, and takes what it has rung for.
    pub fn pump(&mut self) {
        let rung = match &mut self.driver {
            Driver::Turns(reactor) => {
                assert!(reactor.turn(Some(STEP)).unwrap());
                let rings = self.rings.load(Ordering::Relaxed);
                std::mem::replace(&mut self.heard, rings) != rings
            }
            Driver::Thread(_, bell) => bell.recv_timeout(STEP).is_ok(),
        };
        if rung {
            self.take_all();
        }
    }

    /// Works until nothing happens any more by itself. A reactor with a thread is left to it.
    #[track_caller]
    pub fn settle(&mut self) {
        if let Driver::Thread(..) = self.driver {
            return;
        }
        let began = Instant::now();
        let mut quiet = 0;
        while quiet < 2 {
            assert!(
                began.elapsed() < PATIENCE,
                "it never settles: {:?}",
                self.stats()
            );
            let before = (self.busy(), self.log.records);
            self.turn(Duration::ZERO);
            self.heard = self.rings();
            self.take_all();
            quiet = if before == (self.busy(), self.log.records) {
                quiet + 1
            } else {
                0
            };
        }
    }

    /// All counters of work done.
    fn busy(&self) -> Stats {
        Stats {
            turns: 0,
            ..self.stats()
        }
    }

    /// Runs the peer's side on another thread, and works until it is done.
    #[track_caller]
    pub fn with_peer<T: Send>(&mut self, work: impl FnOnce() -> T + Send) -> T {
        thread::scope(|scope| {
            let peer = scope.spawn(work);
            while !peer.is_finished() {
                self.pump();
            }
            peer.join().unwrap()
        })
    }

    // Expecting

    /// Works until `found` finds something.
    #[track_caller]
    pub fn until<T>(&mut self, what: &str, mut found: impl FnMut(&Log) -> Option<T>) -> T {
        let caller = Location::caller();
        let began = Instant::now();
        loop {
            if let Some(value) = found(&self.log) {
                return value;
            }
            assert!(
                began.elapsed() < PATIENCE,
                "{caller}: waited in vain until {what}; {:?}",
                self.stats()
            );
            self.pump();
        }
    }

    #[track_caller]
    pub fn expect_connected(&mut self, id: ChannelId) -> (i32, SocketAddr, SocketAddr) {
        self.until("it is connected", |log| {
            let (descriptor, local, remote) = log.of(id).connected?;
            Some((descriptor, local?, remote?))
        })
    }

    /// The frames of a channel, once there are so many.
    #[track_caller]
    pub fn expect_frames(&mut self, id: ChannelId, count: usize) -> Vec<Vec<u8>> {
        let frames = self.until("there are enough frames", |log| {
            let frames = log.of(id).frames();
            (frames.len() >= count).then(|| frames.map(<[u8]>::to_vec).collect::<Vec<_>>())
        });
        assert_eq!(frames.len(), count, "no more frames than expected");
        frames
    }

    /// Waits until so many bytes have been passed on, in chunks.
    #[track_caller]
    pub fn expect_received(&mut self, id: ChannelId, count: usize) {
        self.until("there are enough bytes", |log| {
            (log.of(id).received.len() >= count).then_some(())
        });
        assert_eq!(
            self.log.of(id).received.len(),
            count,
            "no more bytes than expected"
        );
    }

    /// Waits for the peer's end; what came with it.
    #[track_caller]
    pub fn expect_end(&mut self, id: ChannelId) -> Vec<u8> {
        self.until("the peer has finished", |log| log.of(id).end.clone())
    }

    #[track_caller]
    pub fn expect_closed(&mut self, id: ChannelId) -> Closed {
        let closed = self.until("it is closed", |log| log.closed(id).cloned());
        assert_eq!(self.handle.sent(id), None, "the id is free");
        closed
    }
}
