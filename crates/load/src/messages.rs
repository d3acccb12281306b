//! What a connection sends, and what is expected back.

use std::ops::Range;

use clap::ValueEnum;

/// How messages are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Framing {
    /// A line feed behind each.
    Line,
    /// The length before each, as four bytes, the first the highest.
    Length,
    /// Commands of Redis: SET stores a value, and the GET behind it must bring that back.
    Resp,
}

/// What is asked and what is answered, by one connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Exchange {
    pub(crate) framing: Framing,
    /// Bytes of a line, its line feed included; of what follows a length; of a stored value.
    pub(crate) size: usize,
    /// Bytes of the pattern that the server sends behind each echo.
    pub(crate) answer: usize,
}

impl Exchange {
    pub(crate) fn requests(self, connection: usize) -> Messages {
        let Self { framing, size, .. } = self;
        let key = format!("key:{connection:05}");
        match framing {
            Framing::Line | Framing::Length => Messages::new(vec![self.frame(connection)]),
            Framing::Resp => Messages::new(vec![
                Frame::new(
                    format!("*3\r\n$3\r\nSET\r\n${}\r\n{key}\r\n${size}\r\n", key.len()).as_bytes(),
                    &body(connection, size),
                    b"\r\n",
                ),
                Frame::new(
                    format!("*2\r\n$3\r\nGET\r\n${}\r\n{key}\r\n", key.len()).as_bytes(),
                    b"",
                    b"",
                ),
            ]),
        }
    }

    pub(crate) fn replies(self, connection: usize) -> Messages {
        let Self { framing, size, .. } = self;
        match framing {
            Framing::Line | Framing::Length => Messages::new(vec![self.frame(connection)]),
            Framing::Resp => Messages::new(vec![
                Frame::new(b"+OK\r\n", b"", b""),
                Frame::new(
                    format!("${size}\r\n").as_bytes(),
                    &body(connection, size),
                    b"\r\n",
                ),
            ]),
        }
    }

    fn frame(self, connection: usize) -> Frame {
        match self.framing {
            Framing::Length => {
                let header = u32::try_from(self.size).expect("sizes are less than 4 GiB");
                Frame::new(&header.to_be_bytes(), &body(connection, self.size), b"")
            }
            _ => Frame::new(b"", &body(connection, self.size - 1), b"\n"),
        }
    }
}

/// Messages in their order: each of the frames in turn, then the same with numbers one higher.
#[derive(Clone, Debug)]
pub(crate) struct Messages {
    frames: Box<[Frame]>,
    next: usize,
}

impl Messages {
    fn new(frames: Vec<Frame>) -> Self {
        Self {
            frames: frames.into(),
            next: 0,
        }
    }

    /// The message that is next.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.frames[self.next].bytes
    }

    pub(crate) fn advance(&mut self) {
        self.frames[self.next].count_up();
        self.next = (self.next + 1) % self.frames.len();
    }
}

/// A message whose number is counted up in place.
#[derive(Clone, Debug)]
struct Frame {
    bytes: Box<[u8]>,
    digits: Range<usize>,
}

impl Frame {
    fn new(head: &[u8], body: &[u8], foot: &[u8]) -> Self {
        Self {
            bytes: [head, body, foot].concat().into(),
            digits: head.len()..head.len() + body.len().min(NUMBER_DIGITS),
        }
    }

    fn count_up(&mut self) {
        for digit in self.bytes[self.digits.clone()].iter_mut().rev() {
            if *digit != b'9' {
                *digit += 1;
                return;
            }
            *digit = b'0';
        }
    }
}

/// Text that no other connection and, for `10^digits` messages, no other message of this
/// connection has. Shorter ones keep what fits, the number first.
///
/// ```text
/// 0000000042 00007 abcdefgh…z
/// ╰ number ╯ ╰ connection ╯
/// ```
pub(crate) fn body(connection: usize, size: usize) -> Vec<u8> {
    let digits = size.min(NUMBER_DIGITS);
    let tag = format!("{:0digits$} {connection:05} ", 0);
    let mut bytes = tag.into_bytes();
    // Starts elsewhere on every connection, so that a mix-up shows also in later pieces.
    let filler = (b'a'..=b'z').cycle().skip(connection % 26);
    bytes.extend(filler.take(size.saturating_sub(bytes.len())));
    bytes.truncate(size);
    bytes
}

pub(crate) const NUMBER_DIGITS: usize = 10;

#[cfg(test)]
mod tests {
    use super::*;

    fn exchange(framing: Framing, size: usize) -> Exchange {
        Exchange {
            framing,
            size,
            answer: 0,
        }
    }

    #[test]
    fn lines_have_the_size_asked_for_and_one_line_feed() {
        for size in [2, 3, 10, 11, 12, 18, 19, 64, 65_536] {
            let line = exchange(Framing::Line, size).requests(7);
            assert_eq!(line.as_bytes().len(), size);
            let line_feed = line.as_bytes().iter().position(|byte| *byte == b'\n');
            assert_eq!(line_feed, Some(size - 1));
        }
    }

    #[test]
    fn lines_count_up_and_wrap() {
        let mut lines = exchange(Framing::Line, 3).requests(0);
        let mut seen = Vec::new();
        for _ in 0..101 {
            seen.push(String::from_utf8(lines.as_bytes().to_vec()).unwrap());
            lines.advance();
        }
        assert_eq!(&seen[..2], ["00\n", "01\n"]);
        assert_eq!(seen[10], "10\n");
        assert_eq!(seen[99], "99\n");
        assert_eq!(seen[100], "00\n");
    }

    #[test]
    fn a_length_stands_before_what_it_counts() {
        let mut messages = exchange(Framing::Length, 300).requests(0);
        messages.advance();
        let (header, body) = messages.as_bytes().split_at(4);
        assert_eq!(header, [0, 0, 1, 44]);
        assert_eq!(body.len(), 300);
        assert!(body.starts_with(b"0000000001 00000 abc"));
    }

    #[test]
    fn a_get_expects_what_the_set_before_it_has_stored() {
        let (mut requests, mut replies) = (
            exchange(Framing::Resp, 16).requests(7),
            exchange(Framing::Resp, 16).replies(7),
        );
        for value in ["0000000000 00007", "0000000001 00007"] {
            let set = format!("*3\r\n$3\r\nSET\r\n$9\r\nkey:00007\r\n$16\r\n{value}\r\n");
            assert_eq!(requests.as_bytes(), set.as_bytes());
            assert_eq!(replies.as_bytes(), b"+OK\r\n");
            requests.advance();
            replies.advance();
            assert_eq!(
                requests.as_bytes(),
                b"*2\r\n$3\r\nGET\r\n$9\r\nkey:00007\r\n"
            );
            assert_eq!(replies.as_bytes(), format!("$16\r\n{value}\r\n").as_bytes());
            requests.advance();
            replies.advance();
        }
    }
}
