//! Files on real sockets.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::VecDeque;
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use pants_core::options::{ListenOptions, SocketOptions};
use pants_core::queue::wire::{batch, flag, framing, kind, op, reason, reframe, start};
use pants_core::{ChannelId, FileRange, Handle, Piece, ReactorThread};

const PATIENCE: Duration = Duration::from_secs(10);
const MIB: usize = 1024 * 1024;

/// A record of a completion, without its bytes.
#[derive(Debug, Clone)]
struct Record {
    kind: u32,
    flags: u32,
    id: ChannelId,
    words: Vec<u32>,
}

impl Record {
    /// The 64-bit number at a word.
    fn wide(&self, at: usize) -> u64 {
        u64::from(self.words[at]) | (u64::from(self.words[at + 1]) << 32)
    }
}

/// A reactor on its thread, and one connection that it has accepted.
struct Scene {
    reactor: ReactorThread,
    rings: Receiver<()>,
    records: VecDeque<Record>,
    peer: Option<TcpStream>,
    id: ChannelId,
}

impl Scene {
    fn new() -> Self {
        let (ring, rings) = channel();
        let reactor = ReactorThread::spawn(move || {
            // Nobody listens any more when a test is through.
            let _ = ring.send(());
        })
        .unwrap();
        let options = ListenOptions {
            socket: SocketOptions::default(),
            backlog: 8,
            ipv6_only: false,
            reuse_port: false,
            mode: None,
            max_connections: None,
        };
        let listening = reactor.handle().listen("127.0.0.1", 0, options).unwrap();
        let peer = TcpStream::connect(listening.local.unwrap().inet().unwrap()).unwrap();
        peer.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut scene = Self {
            reactor,
            rings,
            records: VecDeque::new(),
            peer: Some(peer),
            id: listening.id,
        };
        scene.id = scene.until(kind::ACCEPTED).id;
        let mut payload = vec![0; (start::WORDS + reframe::WORDS) as usize];
        payload[start::LINGER_TIMEOUT as usize] = 5000;
        payload[(start::WORDS + reframe::EPOCH) as usize] = 1;
        payload[(start::WORDS + reframe::KIND) as usize] = framing::RAW;
        let payload: Vec<u8> = payload.iter().flat_map(|word| word.to_ne_bytes()).collect();
        scene.submit(vec![record(op::START, scene.id, &payload)], []);
        scene
    }

    fn peer(&mut self) -> &mut TcpStream {
        self.peer.as_mut().expect("nobody has closed it")
    }

    fn handle(&self) -> &Handle {
        self.reactor.handle()
    }

    fn submit(&self, records: Vec<Vec<u8>>, pieces: impl Into<VecDeque<Piece>>) {
        self.handle().submit(&records.concat(), pieces.into());
    }

    fn send(&self, piece: Piece) {
        let head = op::WRITE_OWNED | (flag::NOTIFY << 8);
        self.submit(vec![record(head, self.id, b"")], [piece]);
    }

    /// The next record of a kind; others are passed over.
    fn until(&mut self, kind: u32) -> Record {
        loop {
            match self.records.pop_front() {
                Some(record) if record.kind == kind => return record,
                Some(_) => {}
                None => self.take(),
            }
        }
    }

    fn take(&mut self) {
        let mut words = vec![0; 4096];
        self.handle().take(&mut words);
        let end = (batch::WORDS + words[batch::RECORD_WORDS as usize]) as usize;
        self.handle()
            .fill(&mut vec![0; words[batch::BYTES as usize] as usize]);
        let mut at = batch::WORDS as usize;
        if at == end {
            self.rings.recv_timeout(PATIENCE).expect("news in time");
        }
        while at < end {
            let kind = words[at] & 0xff;
            let own = match kind {
                kind::DATA => 3 + 2 * words[at + 5] as usize,
                kind::END | kind::ACCEPT_ERROR => 1,
                kind::CONNECTED | kind::DRAINED => 2,
                kind::OVERFLOW => 3,
                kind::ACCEPTED => 4,
                kind::CLOSED => 5,
                other => panic!("a completion of kind {other}"),
            };
            self.records.push_back(Record {
                kind,
                flags: words[at] >> 8,
                id: ChannelId {
                    index: words[at + 1],
                    generation: words[at + 2],
                },
                words: words[at + 3..at + 3 + own].to_vec(),
            });
            at += 3 + own;
        }
    }

    fn receive(&mut self, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        self.peer().read_exact(&mut bytes).unwrap();
        bytes
    }

    fn receive_all(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.peer().read_to_end(&mut bytes).unwrap();
        bytes
    }
}

fn record(head: u32, id: ChannelId, payload: &[u8]) -> Vec<u8> {
    let words = [head, id.index, id.generation, payload.len() as u32];
    let mut bytes: Vec<u8> = words.iter().flat_map(|word| word.to_ne_bytes()).collect();
    bytes.extend_from_slice(payload);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

/// A file that is removed when the test is through.
struct Temporary {
    path: PathBuf,
    file: File,
}

impl Temporary {
    fn new(content: &[u8]) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("pants-files-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        let mut options = OpenOptions::new();
        let mut file = options
            .read(true)
            .write(true)
            .create_new(true)
            .open(&path)
            .unwrap();
        file.write_all(content).unwrap();
        Self { path, file }
    }

    /// Empty, and with room for as much as a socket never takes at once.
    fn huge() -> (Self, u64) {
        let file = Self::new(b"");
        let size = 256 * MIB as u64;
        file.file.set_len(size).unwrap();
        (file, size)
    }

    fn range(&self, offset: u64, len: u64) -> Piece {
        let file = File::open(&self.path).unwrap();
        Piece::File(FileRange::new(file, offset, len).unwrap())
    }

    /// How many descriptors of this process are open on it, besides its own.
    #[cfg(target_os = "linux")]
    fn descriptors(&self) -> usize {
        let open = |entry: fs::DirEntry| fs::read_link(entry.path()).ok();
        let links = fs::read_dir("/proc/self/fd").unwrap();
        links
            .filter_map(|entry| open(entry.ok()?))
            .filter(|path| *path == self.path)
            .count()
            - 1
    }

    /// Only Linux says which descriptors are open on what.
    #[cfg(not(target_os = "linux"))]
    fn descriptors(&self) -> usize {
        0
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

fn pattern(len: usize) -> Vec<u8> {
    (0..len).map(|at| (at * 7 + at / 251) as u8).collect()
}

#[test]
fn w19_files_and_writes_keep_their_order() {
    let mut scene = Scene::new();
    let content = pattern(100_000);
    let file = Temporary::new(&content);
    let (mut records, mut pieces) = (Vec::new(), VecDeque::new());
    let mut expected = Vec::new();
    for at in 0..200_usize {
        let text = vec![at as u8; at % 50];
        records.push(record(op::WRITE, scene.id, &text));
        let (offset, len) = (at * 313, 1 + at * 157);
        records.push(record(op::WRITE_OWNED, scene.id, b""));
        pieces.push_back(file.range(offset as u64, len as u64));
        expected.extend(text);
        expected.extend_from_slice(&content[offset..offset + len]);
    }
    records.push(record(op::END, scene.id, b""));
    scene.submit(records, pieces);
    assert!(scene.receive_all() == expected);
    scene.peer().shutdown(Shutdown::Write).unwrap();
    let closed = scene.until(kind::CLOSED);
    assert_eq!(closed.flags, reason::END);
    assert_eq!(closed.wide(2), expected.len() as u64);
    assert_eq!(file.descriptors(), 0);
}

#[test]
fn drained_comes_after_the_last_byte() {
    let mut scene = Scene::new();
    let (file, size) = Temporary::huge();
    scene.send(file.range(0, size));
    scene.receive(MIB);
    assert!(scene.handle().sent(scene.id).unwrap() < size);
    assert_eq!(file.descriptors(), 1);
    assert!(
        scene
            .receive(size as usize - MIB)
            .iter()
            .all(|byte| *byte == 0)
    );
    assert_eq!(scene.until(kind::DRAINED).wide(0), size);
    assert_eq!(file.descriptors(), 0);
}

/// The kernel's own files: it reads them, and says EINVAL to sendfile.
#[cfg(target_os = "linux")]
#[test]
fn what_sendfile_refuses_is_read_and_written() {
    let path = "/proc/self/cmdline";
    let content = fs::read(path).unwrap();
    let mut scene = Scene::new();
    let range = FileRange::new(File::open(path).unwrap(), 1, content.len() as u64 - 1).unwrap();
    scene.send(Piece::File(range));
    scene.send(b"after".to_vec().into());
    let expected = [&content[1..], b"after"].concat();
    assert_eq!(scene.receive(expected.len()), expected);
}

#[test]
fn w16_a_file_that_shrinks_ends_the_channel() {
    let mut scene = Scene::new();
    let (file, size) = Temporary::huge();
    scene.send(file.range(0, size));
    scene.send(b"never".to_vec().into());
    scene.receive(MIB);
    let kept = size / 2;
    file.file.set_len(kept).unwrap();
    assert_eq!(scene.receive_all().len(), kept as usize - MIB);
    let closed = scene.until(kind::CLOSED);
    assert_eq!(closed.flags, reason::TRUNCATED);
    assert_eq!(closed.wide(2), kept);
    assert_eq!(file.descriptors(), 0);
}

#[test]
fn w18_the_peer_closes_midway() {
    let mut scene = Scene::new();
    let (file, size) = Temporary::huge();
    scene.send(file.range(0, size));
    scene.receive(MIB);
    // With bytes unread: a reset.
    scene.peer = None;
    let closed = scene.until(kind::CLOSED);
    assert_eq!(closed.flags, reason::ERROR);
    assert_ne!(closed.words[0], 0, "an error of the operating system");
    assert!(closed.wide(2) < size);
    assert_eq!(file.descriptors(), 0);
}

#[test]
fn a_lone_write_does_not_overtake_a_file() {
    let mut scene = Scene::new();
    let (file, size) = Temporary::huge();
    scene.send(file.range(0, size));
    scene.receive(MIB);
    // The reactor sleeps now and then: the socket is full.
    for _ in 0..50 {
        scene.submit(vec![record(op::WRITE, scene.id, b"!")], []);
        std::thread::yield_now();
    }
    let rest = scene.receive(size as usize - MIB + 50);
    assert!(rest[..size as usize - MIB].iter().all(|byte| *byte == 0));
    assert!(rest[size as usize - MIB..].iter().all(|byte| *byte == b'!'));
}

#[test]
fn s1_files_for_nobody_are_closed() {
    let mut scene = Scene::new();
    let (file, size) = Temporary::huge();
    let stale = ChannelId {
        generation: scene.id.generation + 7,
        ..scene.id
    };
    let head = op::WRITE_OWNED | (flag::NOTIFY << 8);
    scene.submit(vec![record(head, stale, b"")], [file.range(0, 10)]);
    // Without a record of its own: the next batch does not get it.
    scene.submit(vec![record(op::NOTIFY, scene.id, b"")], [file.range(0, 10)]);
    scene.send(b"x".to_vec().into());
    assert_eq!(scene.receive(1), b"x");
    scene.until(kind::DRAINED);
    assert_eq!(file.descriptors(), 0);
    scene.send(file.range(0, size));
    scene.send(file.range(0, size));
    scene.receive(MIB);
    assert_eq!(file.descriptors(), 2);
    scene.reactor.stop();
    assert_eq!(file.descriptors(), 0);
}

#[test]
fn a_file_that_cannot_be_read_is_refused() {
    let file = Temporary::new(b"abc");
    let writable = OpenOptions::new().append(true).open(&file.path).unwrap();
    assert!(FileRange::new(writable, 0, 3).is_err());
    assert_eq!(file.descriptors(), 0);
}
