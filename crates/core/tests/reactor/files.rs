use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use pants_core::wire::{reason, syscall};
use pants_core::{ChannelId, FileRange, Piece};

use crate::support::{Ask, Cut, Engine, Peer, on_both, pattern};

const MIB: usize = 1024 * 1024;
/// More than sockets ever take at once.
const HUGE: usize = 64 * MIB;

#[test]
fn w19_files_and_writes_keep_their_order() {
    on_both(|engine| {
        let (id, peer) = engine.started(Cut::raw());
        let content = pattern(100_000);
        let file = Temporary::new(&content);
        let (mut ask, mut expected) = (Ask::default(), Vec::new());
        for at in 0..200_usize {
            let text = vec![at as u8; at % 50];
            let (offset, len) = (at * 313, 1 + at * 157);
            ask = ask
                .write(id, &text)
                .write_file(id, file.range(offset as u64, len as u64));
            expected.extend(text);
            expected.extend_from_slice(&content[offset..offset + len]);
        }
        engine.ask(ask.end(id));
        assert!(engine.with_peer(|| peer.receive_all()) == expected);
        peer.finish();
        let closed = engine.expect_closed(id);
        assert_eq!(
            (closed.reason, closed.sent),
            (reason::END, expected.len() as u64)
        );
        assert_eq!(file.descriptors(), 0);
    });
}

#[test]
fn a_file_drains_with_its_last_byte() {
    on_both(|engine| {
        let (id, peer) = engine.started(Cut::raw());
        let file = Temporary::sparse(HUGE);
        engine.ask(
            Ask::default()
                .write_file(id, file.range(0, HUGE as u64))
                .wants_drain(id),
        );
        engine.with_peer(|| peer.receive(MIB));
        assert!(engine.handle().sent(id).unwrap() < HUGE as u64);
        assert!(engine.log.of(id).drained.is_empty());
        assert_eq!(file.descriptors(), 1);
        let rest = engine.with_peer(|| peer.receive(HUGE - MIB));
        assert!(rest.iter().all(|byte| *byte == 0));
        engine.until("it has drained", |log| {
            (log.of(id).drained == [HUGE as u64]).then_some(())
        });
        assert_eq!(file.descriptors(), 0);
    });
}

/// Of all that moves bytes from a file to a socket, only sendfile counts them as written.
#[cfg(target_os = "linux")]
#[test]
fn a_file_leaves_by_sendfile() {
    // Not on every kernel, and of this thread, which is the reactor's here.
    fn written() -> Option<u64> {
        let counters = fs::read_to_string("/proc/thread-self/io").ok()?;
        let mut lines = counters.lines();
        lines.find_map(|line| line.strip_prefix("wchar: ")?.parse().ok())
    }

    let mut engine = Engine::by_turns();
    let (id, peer) = engine.started(Cut::raw());
    let file = Temporary::sparse(MIB);
    let Some(before) = written() else { return };
    engine.ask(Ask::default().write_file(id, file.range(0, MIB as u64)));
    engine.with_peer(|| peer.receive(MIB));
    let written = written().unwrap() - before;
    assert!(written >= MIB as u64, "{written}");
}

/// The kernel's own files: it reads them, and says EINVAL to sendfile.
#[cfg(target_os = "linux")]
#[test]
fn what_sendfile_refuses_is_read_and_written() {
    on_both(|engine| {
        let (id, peer) = engine.started(Cut::raw());
        let path = "/proc/self/cmdline";
        let content = fs::read(path).unwrap();
        let file = File::open(path).unwrap();
        let range = FileRange::new(file, 1, content.len() as u64 - 1).unwrap();
        engine.ask(Ask::default().write_file(id, range).write(id, b"after"));
        let expected = [&content[1..], b"after"].concat();
        assert_eq!(engine.with_peer(|| peer.receive(expected.len())), expected);
    });
}

#[test]
fn w16_a_file_that_shrinks_ends_the_channel() {
    on_both(|engine| {
        let (id, peer) = engine.started(Cut::raw());
        let file = Temporary::sparse(HUGE);
        engine.ask(
            Ask::default()
                .write_file(id, file.range(0, HUGE as u64))
                .write(id, b"never"),
        );
        engine.with_peer(|| peer.receive(MIB));
        let kept = HUGE / 2;
        file.file.set_len(kept as u64).unwrap();
        // It is cut off, and shall not look whole.
        engine.with_peer(|| peer.expect_reset());
        let closed = engine.expect_closed(id);
        assert_eq!(
            (closed.reason, closed.sent),
            (reason::TRUNCATED, kept as u64)
        );
        assert_eq!(file.descriptors(), 0);
    });
}

#[test]
fn w18_the_peer_closes_midway() {
    on_both(|engine| {
        let (id, peer) = engine.started(Cut::raw());
        let file = Temporary::sparse(HUGE);
        engine.ask(Ask::default().write_file(id, file.range(0, HUGE as u64)));
        engine.with_peer(|| peer.receive(MIB));
        peer.reset();
        let closed = engine.expect_closed(id);
        assert_eq!(closed.reason, reason::ERROR);
        assert!(matches!(closed.syscall, syscall::SENDFILE | syscall::READ));
        assert_ne!(closed.errno, 0);
        assert!(closed.sent >= MIB as u64 && closed.sent < HUGE as u64);
        assert_eq!(file.descriptors(), 0);
    });
}

/// The reactor sleeps while the socket is full: a lone write could go past it, if it were let.
#[test]
fn a_lone_write_does_not_overtake_a_file() {
    let mut engine = Engine::on_thread();
    let (id, peer) = engine.started(Cut::raw());
    let file = Temporary::sparse(HUGE);
    engine.ask(Ask::default().write_file(id, file.range(0, HUGE as u64)));
    engine.with_peer(|| peer.receive(MIB));
    for _ in 0..50 {
        engine.write(id, b"!");
        thread::yield_now();
    }
    let rest = engine.with_peer(|| peer.receive(HUGE - MIB + 50));
    let (zeros, marks) = rest.split_at(HUGE - MIB);
    assert!(zeros.iter().all(|byte| *byte == 0));
    assert_eq!(marks, [b'!'; 50]);
}

/// Each turn sends a portion of it, and others have theirs.
#[test]
fn a_file_does_not_starve_others() {
    let mut engine = Engine::by_turns();
    let (busy, reader) = engine.started(Cut::raw());
    let (quick, peer) = engine.started(Cut::raw());
    let file = Temporary::sparse(HUGE);
    engine.ask(Ask::default().write_file(busy, file.range(0, HUGE as u64)));
    let reading = thread::spawn(move || reader.receive(HUGE));
    for _ in 0..20 {
        engine.write(quick, b"x");
        let before = engine.handle().sent(busy).unwrap();
        engine.turn(Duration::ZERO);
        assert_eq!(peer.receive(1), b"x");
        let sent = engine.handle().sent(busy).unwrap() - before;
        assert!(sent <= 512 * 1024, "{sent} bytes in one turn");
    }
    engine.with_peer(|| reading.join().unwrap());
}

#[test]
fn s1_files_for_nobody_are_closed() {
    let mut engine = Engine::on_thread();
    let (id, peer) = engine.started(Cut::raw());
    let file = Temporary::sparse(HUGE);
    let stale = ChannelId {
        generation: id.generation + 7,
        ..id
    };
    engine.ask(Ask::default().write_file(stale, file.range(0, 10)));
    // Without a record of its own: the next batch does not get it.
    let mut ask = Ask::default()
        .write_owned(id, b"x".to_vec())
        .wants_drain(id);
    ask.owned.push_back(Piece::File(file.range(0, 10)));
    engine.ask(ask);
    assert_eq!(engine.with_peer(|| peer.receive(1)), b"x");
    engine.ask(
        Ask::default()
            .write_owned(id, b"y".to_vec())
            .wants_drain(id),
    );
    assert_eq!(engine.with_peer(|| peer.receive(1)), b"y");
    engine.until("it has drained", |log| log.of(id).drained.get(1).copied());
    assert_eq!(file.descriptors(), 0);

    let huge = || file.range(0, HUGE as u64);
    engine.ask(Ask::default().write_file(id, huge()).write_file(id, huge()));
    engine.with_peer(|| peer.receive(MIB));
    assert_eq!(file.descriptors(), 2);
    engine.stop();
    assert_eq!(file.descriptors(), 0);
}

#[test]
fn s1_a_closed_channel_closes_its_files() {
    on_both(|engine| {
        let (id, peer) = engine.started(Cut::raw());
        let file = Temporary::sparse(HUGE);
        engine.ask(Ask::default().write_file(id, file.range(0, HUGE as u64)));
        engine.with_peer(|| peer.receive(MIB));
        engine.close(id);
        engine.expect_closed(id);
        assert_eq!(file.descriptors(), 0);
    });
}

#[test]
fn a_file_that_cannot_be_read_is_refused() {
    let file = Temporary::new(b"abc");
    let writable = OpenOptions::new().append(true).open(&file.path).unwrap();
    assert!(FileRange::new(writable, 0, 3).is_err());
    assert_eq!(file.descriptors(), 0);
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
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .open(&path)
            .unwrap();
        file.write_all(content).unwrap();
        Self { path, file }
    }

    fn sparse(size: usize) -> Self {
        let temporary = Self::new(b"");
        temporary.file.set_len(size as u64).unwrap();
        temporary
    }

    fn range(&self, offset: u64, len: u64) -> FileRange {
        FileRange::new(File::open(&self.path).unwrap(), offset, len).unwrap()
    }

    /// How many descriptors of this process are open on it, besides its own.
    #[cfg(target_os = "linux")]
    fn descriptors(&self) -> usize {
        let links = fs::read_dir("/proc/self/fd").unwrap();
        let paths = links.filter_map(|entry| fs::read_link(entry.ok()?.path()).ok());
        paths.filter(|path| *path == self.path).count() - 1
    }

    /// Only Linux tells which descriptors are open on what.
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
