//! Sockets that a test plays: what comes, in which pieces, how much may leave, and what goes wrong.

use std::collections::VecDeque;
use std::io::{self, IoSlice, Read, Write};
use std::net::Shutdown;
use std::sync::{Arc, Mutex};

use crate::sync::lock;

/// A connected socket; a test and a stream hold the same one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Played(Arc<Mutex<Stage>>);

#[derive(Debug, Default)]
struct Stage {
    /// What the next reads get: a piece each, its end, or an error. None: it would block.
    incoming: VecDeque<io::Result<Vec<u8>>>,
    /// How much it takes before it would block.
    room: usize,
    /// What the next write meets.
    refusal: Option<io::Error>,
    seen: Seen,
}

/// What a peer has seen of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) bytes: Vec<u8>,
    /// It has sent FIN.
    pub(crate) finished: bool,
    /// It closes by RST.
    pub(crate) reset: bool,
}

impl Played {
    /// The peer sends this, which arrives in one piece.
    pub(crate) fn arrive(&self, piece: &[u8]) {
        lock(&self.0).incoming.push_back(Ok(piece.to_vec()));
    }

    /// The peer has finished.
    pub(crate) fn finish(&self) {
        self.arrive(b"");
    }

    /// A read behind what has arrived fails with this.
    pub(crate) fn fail(&self, error: io::Error) {
        lock(&self.0).incoming.push_back(Err(error));
    }

    /// It takes so many bytes more.
    pub(crate) fn make_room(&self, bytes: usize) {
        lock(&self.0).room += bytes;
    }

    /// The next write fails with this.
    pub(crate) fn refuse(&self, error: io::Error) {
        lock(&self.0).refusal = Some(error);
    }

    pub(crate) fn seen(&self) -> Seen {
        lock(&self.0).seen.clone()
    }

    pub(crate) fn reset_on_close(&self) {
        lock(&self.0).seen.reset = true;
    }

    pub(crate) fn shutdown(&self, _: Shutdown) -> io::Result<()> {
        lock(&self.0).seen.finished = true;
        Ok(())
    }

    /// The error that a read would meet.
    pub(crate) fn take_error(&self) -> io::Result<Option<io::Error>> {
        let mut stage = lock(&self.0);
        let error = stage.incoming.iter().position(Result::is_err);
        let error = error.and_then(|at| stage.incoming.remove(at)?.err());
        Ok(error)
    }
}

impl Read for &Played {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let mut stage = lock(&self.0);
        let blocked = || Err(io::ErrorKind::WouldBlock.into());
        let mut piece = stage.incoming.pop_front().unwrap_or_else(blocked)?;
        let taken = piece.len().min(into.len());
        into[..taken].copy_from_slice(&piece[..taken]);
        if taken < piece.len() {
            piece.drain(..taken);
            stage.incoming.push_front(Ok(piece));
        }
        Ok(taken)
    }
}

impl Write for &Played {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut stage = lock(&self.0);
        if let Some(refusal) = stage.refusal.take() {
            return Err(refusal);
        }
        let taken = bytes.len().min(stage.room);
        if taken == 0 {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        stage.room -= taken;
        stage.seen.bytes.extend_from_slice(&bytes[..taken]);
        Ok(taken)
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        let all: Vec<u8> = slices.iter().flat_map(|slice| slice.to_vec()).collect();
        self.write(&all)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A listening socket; a test and a listener hold the same one.
#[derive(Debug, Clone, Default)]
pub(crate) struct PlayedListener(Arc<Mutex<Knocks>>);

#[derive(Debug, Default)]
struct Knocks {
    waiting: VecDeque<io::Result<Played>>,
    calls: usize,
    shares_port: bool,
    drops_handshakes: bool,
}

impl PlayedListener {
    /// What a further `accept` gets.
    pub(crate) fn knock(&self, knock: io::Result<Played>) {
        lock(&self.0).waiting.push_back(knock);
    }

    /// How often `accept` was called.
    pub(crate) fn calls(&self) -> usize {
        lock(&self.0).calls
    }

    /// From now on others may listen on its port.
    pub(crate) fn share_port(&self) {
        lock(&self.0).shares_port = true;
    }

    pub(crate) fn drops_handshakes(&self) -> bool {
        lock(&self.0).drops_handshakes
    }

    pub(crate) fn drop_handshakes(&self) -> io::Result<()> {
        let mut knocks = lock(&self.0);
        knocks.drops_handshakes = knocks.shares_port;
        match knocks.shares_port {
            true => Ok(()),
            false => Err(io::ErrorKind::Unsupported.into()),
        }
    }

    pub(crate) fn accept(&self) -> io::Result<Played> {
        let mut knocks = lock(&self.0);
        knocks.calls += 1;
        let next = knocks.waiting.pop_front();
        next.unwrap_or(Err(io::ErrorKind::WouldBlock.into()))
    }
}
