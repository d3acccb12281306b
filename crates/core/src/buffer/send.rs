//! Bytes that were written and that the operating system has not taken yet.

use std::collections::VecDeque;
use std::io::{self, IoSlice};

/// Small writes are gathered into pieces of up to this size; a larger write is a piece of its own.
const PIECE_BYTES: usize = 16 * 1024;
/// An idle channel keeps an empty piece of at most this capacity.
const KEEP_BYTES: usize = 1024;
/// How many pieces one system call may take.
const MAX_SLICES: usize = 64;

/// A queue of bytes.
///
/// ```text
///   pieces  [· · · a b c][d e f g][h]          head = 3: that much of the first has been sent
///                  └──── len = 8 ────┘
/// ```
#[derive(Debug, Default)]
pub(crate) struct SendBuffer {
    pieces: VecDeque<Vec<u8>>,
    head: usize,
    len: usize,
}

impl SendBuffer {
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Appends a copy.
    pub(crate) fn push(&mut self, data: &[u8]) {
        self.len += data.len();
        match self.pieces.back_mut() {
            Some(last) if last.len() + data.len() <= PIECE_BYTES => last.extend_from_slice(data),
            _ => self.pieces.push_back(data.to_vec()),
        }
    }

    /// Appends without a copy.
    pub(crate) fn push_owned(&mut self, data: Vec<u8>) {
        if data.is_empty() {
            return;
        }
        self.len += data.len();
        if self.len == data.len() {
            self.pieces.clear();
        }
        self.pieces.push_back(data);
    }

    /// Hands as much to `write` as it takes in one call; returns how much that was.
    pub(crate) fn write_to(
        &mut self,
        write: impl FnOnce(&[IoSlice<'_>]) -> io::Result<usize>,
    ) -> io::Result<usize> {
        let mut slices = [IoSlice::new(&[]); MAX_SLICES];
        let mut count = 0;
        for (slice, piece) in slices.iter_mut().zip(&self.pieces) {
            let from = if count == 0 { self.head } else { 0 };
            *slice = IoSlice::new(&piece[from..]);
            count += 1;
        }
        let sent = write(&slices[..count])?;
        self.advance(sent);
        Ok(sent)
    }

    /// How many bytes one [`write_to`](Self::write_to) would offer.
    pub(crate) fn offered(&self) -> usize {
        if self.pieces.len() <= MAX_SLICES {
            return self.len;
        }
        self.pieces
            .iter()
            .take(MAX_SLICES)
            .map(Vec::len)
            .sum::<usize>()
            - self.head
    }

    fn advance(&mut self, mut sent: usize) {
        self.len -= sent;
        if self.len == 0 {
            return self.settle();
        }
        while let Some(first) = self.pieces.front() {
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

    /// Empties it; keeps one small piece, so that a request-response channel never allocates.
    fn settle(&mut self) {
        self.head = 0;
        self.pieces.truncate(1);
        if let Some(piece) = self.pieces.front_mut() {
            piece.clear();
            if piece.capacity() > KEEP_BYTES {
                self.pieces.clear();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes at most `most` bytes a call, until nothing is left.
    fn drain(buffer: &mut SendBuffer, most: usize) -> Vec<u8> {
        let mut out = Vec::new();
        while !buffer.is_empty() {
            let offered = buffer.offered();
            buffer
                .write_to(|slices| {
                    let all: Vec<u8> = slices.iter().flat_map(|s| s.iter().copied()).collect();
                    assert_eq!(all.len(), offered);
                    let n = all.len().min(most);
                    out.extend_from_slice(&all[..n]);
                    Ok(n)
                })
                .unwrap();
        }
        out
    }

    #[test]
    fn keeps_the_order_over_partial_writes() {
        for most in [1, 2, 3, 7, 1000, 100_000] {
            let mut buffer = SendBuffer::default();
            let mut expected = Vec::new();
            for round in 0..200_u32 {
                let data = vec![round as u8; (round % 50) as usize];
                if round % 7 == 0 {
                    buffer.push_owned(data.clone());
                } else {
                    buffer.push(&data);
                }
                expected.extend(data);
            }
            assert_eq!(buffer.len(), expected.len());
            assert_eq!(drain(&mut buffer, most), expected);
            buffer.push(b"again");
            assert_eq!(drain(&mut buffer, most), b"again");
        }
    }

    #[test]
    fn more_pieces_than_one_call_takes() {
        let mut buffer = SendBuffer::default();
        let expected: Vec<u8> = (0..300).map(|n| n as u8).collect();
        for byte in &expected {
            buffer.push_owned(vec![*byte]);
        }
        assert_eq!(drain(&mut buffer, usize::MAX), expected);
    }

    #[test]
    fn an_idle_buffer_holds_no_large_piece() {
        let mut buffer = SendBuffer::default();
        buffer.push(&[0; 10_000]);
        drain(&mut buffer, usize::MAX);
        assert!(buffer.pieces.is_empty());
        buffer.push(&[0; 100]);
        drain(&mut buffer, usize::MAX);
        assert_eq!(buffer.pieces.len(), 1);
    }

    #[test]
    fn an_error_loses_nothing() {
        let mut buffer = SendBuffer::default();
        buffer.push(b"abc");
        assert!(
            buffer
                .write_to(|_| Err(io::ErrorKind::WouldBlock.into()))
                .is_err()
        );
        assert_eq!(drain(&mut buffer, usize::MAX), b"abc");
    }
}
