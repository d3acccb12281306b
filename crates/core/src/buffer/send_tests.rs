use proptest::prelude::*;

use super::*;
use crate::queue::file::FileRange;
#[cfg(target_os = "linux")]
use crate::queue::file::testing::descriptors_of;
use crate::queue::file::testing::file_of;
use crate::sys;

/// A socket that takes at most `most` bytes a call.
struct Taker {
    most: usize,
    sends_files: bool,
    out: Vec<u8>,
    calls: usize,
}

impl Taker {
    fn new(most: usize) -> Self {
        Self {
            most,
            sends_files: true,
            out: Vec::new(),
            calls: 0,
        }
    }

    /// Takes all there is.
    fn drain(&mut self, buffer: &mut SendBuffer, at_most: usize) -> Vec<u8> {
        while !buffer.is_empty() {
            let before = buffer.len();
            let sent = buffer.send_to(self, at_most).unwrap();
            assert!(sent.bytes > 0 && sent.bytes <= at_most);
            assert_eq!(before - buffer.len(), sent.bytes as u64);
        }
        std::mem::take(&mut self.out)
    }
}

impl Sink for Taker {
    fn write(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.calls += 1;
        let all: Vec<u8> = slices.iter().flat_map(|s| s.iter().copied()).collect();
        let taken = all.len().min(self.most);
        self.out.extend_from_slice(&all[..taken]);
        Ok(taken)
    }

    fn send_file(&mut self, file: &File, offset: u64, most: usize) -> io::Result<usize> {
        self.calls += 1;
        if !self.sends_files {
            return Err(io::ErrorKind::Unsupported.into());
        }
        let mut bytes = vec![0; most.min(self.most)];
        let taken = sys::read_at(file, &mut bytes, offset)?;
        self.out.extend_from_slice(&bytes[..taken]);
        Ok(taken)
    }
}

fn range(file: &File, offset: u64, len: u64) -> Piece {
    Piece::File(FileRange::new(file.try_clone().unwrap(), offset, len).unwrap())
}

fn pattern(len: usize) -> Vec<u8> {
    (0..len).map(|at| (at * 7 + at / 256) as u8).collect()
}

#[test]
fn keeps_the_order_over_partial_writes() {
    for most in [1, 2, 3, 7, 1000, 100_000] {
        let mut buffer = SendBuffer::default();
        let mut expected = Vec::new();
        for round in 0..200_u32 {
            let data = vec![round as u8; (round % 50) as usize];
            if round % 7 == 0 {
                buffer.push_owned(data.clone().into());
            } else {
                buffer.push(&data);
            }
            expected.extend(data);
        }
        assert_eq!(buffer.len(), expected.len() as u64);
        let mut socket = Taker::new(most);
        assert_eq!(socket.drain(&mut buffer, usize::MAX), expected);
        buffer.push(b"again");
        assert_eq!(socket.drain(&mut buffer, usize::MAX), b"again");
    }
}

#[test]
fn more_pieces_than_one_call_takes() {
    let mut buffer = SendBuffer::default();
    let expected: Vec<u8> = (0..300).map(|n| n as u8).collect();
    for byte in &expected {
        buffer.push_owned(vec![*byte].into());
    }
    let mut socket = Taker::new(usize::MAX);
    assert_eq!(socket.drain(&mut buffer, usize::MAX), expected);
}

#[test]
fn one_call_offers_no_more_than_it_may() {
    let mut buffer = SendBuffer::default();
    buffer.push_owned(vec![1; 300].into());
    buffer.push_owned(vec![2; 300].into());
    let mut socket = Taker::new(usize::MAX);
    for expected in [250, 250, 100] {
        let sent = buffer.send_to(&mut socket, 250).unwrap();
        assert_eq!((sent.bytes, sent.short), (expected, false));
    }
    assert!(buffer.is_empty());
}

#[test]
fn a_short_write_is_told_from_a_small_one() {
    let mut buffer = SendBuffer::default();
    buffer.push(b"abcd");
    let mut socket = Taker::new(3);
    assert!(buffer.send_to(&mut socket, 100).unwrap().short);
    assert!(!buffer.send_to(&mut socket, 100).unwrap().short);
}

#[test]
fn an_idle_buffer_holds_no_large_piece() {
    let mut buffer = SendBuffer::default();
    let mut socket = Taker::new(usize::MAX);
    buffer.push(&[0; 10_000]);
    socket.drain(&mut buffer, usize::MAX);
    assert!(buffer.pieces.is_empty());
    buffer.push(&[0; 100]);
    socket.drain(&mut buffer, usize::MAX);
    assert_eq!(buffer.pieces.len(), 1);
}

#[test]
fn an_error_loses_nothing() {
    struct Full;
    impl Sink for Full {
        fn write(&mut self, _: &[IoSlice<'_>]) -> io::Result<usize> {
            Err(io::ErrorKind::WouldBlock.into())
        }
        fn send_file(&mut self, _: &File, _: u64, _: usize) -> io::Result<usize> {
            Err(io::ErrorKind::WouldBlock.into())
        }
    }
    let mut buffer = SendBuffer::default();
    buffer.push(b"abc");
    assert!(buffer.send_to(&mut Full, 10).is_err());
    let mut socket = Taker::new(usize::MAX);
    assert_eq!(socket.drain(&mut buffer, usize::MAX), b"abc");
    buffer.push_owned(range(&file_of(b"file"), 0, 4));
    assert!(buffer.send_to(&mut Full, 10).is_err());
    assert_eq!(socket.drain(&mut buffer, usize::MAX), b"file");
}

#[test]
fn a_file_is_sent_in_bounded_calls() {
    let content = pattern(3 * FILE_BYTES + 5);
    let mut buffer = SendBuffer::default();
    buffer.push_owned(range(&file_of(&content), 0, content.len() as u64));
    let mut socket = Taker::new(usize::MAX);
    assert_eq!(socket.drain(&mut buffer, usize::MAX), content);
    assert_eq!(socket.calls, 4);
}

#[cfg(target_os = "linux")]
#[test]
fn a_file_is_closed_with_its_last_byte() {
    let file = file_of(b"abcdef");
    let mut buffer = SendBuffer::default();
    buffer.push_owned(range(&file, 2, 3));
    buffer.push(b"after");
    let mut socket = Taker::new(2);
    buffer.send_to(&mut socket, 100).unwrap();
    assert_eq!(descriptors_of(&file), 2);
    buffer.send_to(&mut socket, 100).unwrap();
    assert_eq!(descriptors_of(&file), 1);
    assert_eq!(buffer.len(), 5);
}

#[cfg(target_os = "linux")]
#[test]
fn a_dropped_buffer_closes_its_files() {
    let file = file_of(b"abcdef");
    let mut buffer = SendBuffer::default();
    buffer.push(b"before");
    buffer.push_owned(range(&file, 0, 6));
    drop(buffer);
    assert_eq!(descriptors_of(&file), 1);
}

#[test]
fn a_file_that_has_shrunk_is_an_error_and_no_padding() {
    for sends_files in [true, false] {
        let file = file_of(&[b'x'; 3 * FILE_BYTES]);
        let mut buffer = SendBuffer::default();
        buffer.push_owned(range(&file, 0, 3 * FILE_BYTES as u64));
        buffer.push(b"never");
        let mut socket = Taker::new(3000);
        socket.sends_files = sends_files;
        buffer.send_to(&mut socket, 100).unwrap();
        let kept = FILE_BYTES + 400;
        file.set_len(kept as u64).unwrap();
        let error = loop {
            match buffer.send_to(&mut socket, usize::MAX) {
                Ok(sent) => assert!(sent.bytes > 0),
                Err(error) => break error,
            }
        };
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
        assert_eq!(socket.out, vec![b'x'; kept]);
        assert_eq!(buffer.len(), (3 * FILE_BYTES + 5 - kept) as u64);
    }
}

#[test]
fn a_file_without_bytes_is_nothing() {
    let file = file_of(b"abc");
    let mut buffer = SendBuffer::default();
    buffer.push_owned(range(&file, 3, 0));
    assert!(buffer.is_empty() && buffer.pieces.is_empty());
    buffer.push_owned(range(&file, 0, 3));
    buffer.push(b"");
    buffer.push_owned(range(&file, 1, 0));
    buffer.push_owned(range(&file, 2, 1));
    assert_eq!(Taker::new(9).drain(&mut buffer, usize::MAX), b"abcc");
}

#[derive(Debug, Clone)]
enum Step {
    Push(usize),
    Owned(usize),
    File(usize, usize),
    Send(usize, usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0..40_usize).prop_map(Step::Push),
        (0..40_usize).prop_map(Step::Owned),
        (0..100_usize, 0..100_usize).prop_map(|(from, len)| Step::File(from, len)),
        (1..200_usize, 1..60_usize).prop_map(|(most, taken)| Step::Send(most, taken)),
    ]
}

proptest! {
    #[test]
    fn everything_leaves_in_order(
        steps in prop::collection::vec(step(), 0..60),
        sends_files: bool,
    ) {
        let content = pattern(200);
        let file = file_of(&content);
        let mut buffer = SendBuffer::default();
        let mut socket = Taker::new(0);
        socket.sends_files = sends_files;
        let mut expected = Vec::new();
        for (at, step) in steps.into_iter().enumerate() {
            match step {
                Step::Push(len) => {
                    buffer.push(&vec![at as u8; len]);
                    expected.extend(vec![at as u8; len]);
                }
                Step::Owned(len) => {
                    buffer.push_owned(vec![at as u8; len].into());
                    expected.extend(vec![at as u8; len]);
                }
                Step::File(from, len) => {
                    buffer.push_owned(range(&file, from as u64, len as u64));
                    expected.extend_from_slice(&content[from..from + len]);
                }
                Step::Send(..) if buffer.is_empty() => {}
                Step::Send(most, taken) => {
                    socket.most = taken;
                    let sent = buffer.send_to(&mut socket, most).unwrap().bytes;
                    prop_assert!(sent > 0 && sent <= most.min(taken));
                }
            }
            prop_assert_eq!(
                buffer.len(),
                (expected.len() - socket.out.len()) as u64
            );
        }
        socket.most = 50;
        while !buffer.is_empty() {
            buffer.send_to(&mut socket, usize::MAX).unwrap();
        }
        prop_assert_eq!(socket.out, expected);
    }
}
