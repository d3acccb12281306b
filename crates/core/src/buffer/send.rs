//! What was written and what the operating system has not taken yet.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, IoSlice};

use crate::queue::piece::Piece;

/// Small writes are gathered into pieces of up to this size; a larger write is a piece of its own.
const PIECE_BYTES: usize = 16 * 1024;
/// An idle channel keeps an empty piece of at most this capacity.
const KEEP_BYTES: usize = 1024;
/// How many pieces one system call may take.
const MAX_SLICES: usize = 64;
/// How much of a file one system call may take. It waits for the disk where the file is not in
/// memory, and everybody else with it.
const FILE_BYTES: usize = 64 * 1024;

/// Where it goes: a socket that does not block.
pub(crate) trait Sink {
    fn write(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize>;

    /// Sends at most `most` bytes of the file, from `offset` on; 0: there are none.
    /// [`io::ErrorKind::Unsupported`]: not of this file, or not on this platform.
    fn send_file(&mut self, file: &File, offset: u64, most: usize) -> io::Result<usize>;
}

/// What one call has sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sent {
    pub(crate) bytes: usize,
    /// The socket took less than it was offered.
    pub(crate) short: bool,
}

/// A queue of bytes, and of files that hold more of them.
///
/// ```text
///   pieces  [· · · a b c][d e f g][h][ file ═══════ ][i j]    head = 3: that much of the first
///                  └────────────── len ─────────────────┘     has been sent
/// ```
#[derive(Debug, Default)]
pub(crate) struct SendBuffer {
    pieces: VecDeque<Piece>,
    /// How much of a first piece of bytes has been sent; a file's range moves on by itself.
    head: usize,
    len: u64,
}

impl SendBuffer {
    #[cfg(test)]
    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Whether the next thing to send is a file.
    pub(crate) fn is_at_file(&self) -> bool {
        matches!(self.pieces.front(), Some(Piece::File(_)))
    }

    /// Appends a copy.
    pub(crate) fn push(&mut self, data: &[u8]) {
        if data.is_empty() {
            return;
        }
        self.len += data.len() as u64;
        match self.pieces.back_mut() {
            Some(Piece::Bytes(last)) if last.len() + data.len() <= PIECE_BYTES => {
                last.extend_from_slice(data);
            }
            _ => self.pieces.push_back(Piece::Bytes(data.to_vec())),
        }
    }

    /// Appends without a copy.
    pub(crate) fn push_owned(&mut self, piece: Piece) {
        if piece.len() == 0 {
            return;
        }
        if self.is_empty() {
            self.pieces.clear();
        }
        self.len += piece.len();
        self.pieces.push_back(piece);
    }

    /// Sends as much as `sink` takes in one call, and at most `most` bytes.
    ///
    /// [`io::ErrorKind::UnexpectedEof`]: a file has become shorter than what was to be sent of it.
    pub(crate) fn send_to(&mut self, sink: &mut impl Sink, most: usize) -> io::Result<Sent> {
        if let Some(Piece::File(range)) = self.pieces.front_mut() {
            let send = |file: &File, offset, most| sink.send_file(file, offset, most);
            if let Some(bytes) = range.send(most.min(FILE_BYTES), send)? {
                self.len -= bytes as u64;
                self.drop_first_if_sent();
                // Where the file has ended, or the socket is full, the next call will say so.
                return Ok(Sent {
                    bytes,
                    short: false,
                });
            }
            let bytes = range.read(FILE_BYTES)?;
            self.drop_first_if_sent();
            self.pieces.push_front(Piece::Bytes(bytes));
        }
        self.send_bytes(sink, most)
    }

    fn send_bytes(&mut self, sink: &mut impl Sink, most: usize) -> io::Result<Sent> {
        let mut slices = [IoSlice::new(&[]); MAX_SLICES];
        let (mut count, mut offered) = (0, 0);
        for (slice, piece) in slices.iter_mut().zip(&self.pieces) {
            let Some(bytes) = piece.bytes() else { break };
            let from = if count == 0 { self.head } else { 0 };
            let to = bytes.len().min(from.saturating_add(most - offered));
            *slice = IoSlice::new(&bytes[from..to]);
            offered += to - from;
            count += 1;
            if offered == most {
                break;
            }
        }
        let bytes = sink.write(&slices[..count])?;
        self.advance(bytes);
        Ok(Sent {
            bytes,
            short: bytes < offered,
        })
    }

    fn advance(&mut self, mut sent: usize) {
        self.len -= sent as u64;
        if self.len == 0 {
            return self.clear();
        }
        while let Some(first) = self.pieces.front().and_then(Piece::bytes) {
            let left = first.len() - self.head;
            if sent < left {
                self.head += sent;
                return;
            }
            sent -= left;
            self.head = 0;
            self.pieces.pop_front();
        }
    }

    /// Closes a file as soon as its last byte has left.
    fn drop_first_if_sent(&mut self) {
        if self.pieces.front().is_some_and(|first| first.len() == 0) {
            self.pieces.pop_front();
        }
    }

    /// Empties it; keeps one small piece, so that a request-response channel never allocates.
    fn clear(&mut self) {
        self.head = 0;
        self.pieces.truncate(1);
        match self.pieces.front_mut() {
            Some(Piece::Bytes(bytes)) if bytes.capacity() <= KEEP_BYTES => bytes.clear(),
            _ => self.pieces.clear(),
        }
    }
}

#[cfg(test)]
#[path = "send_tests.rs"]
mod tests;
