//! The messages, and what is expected back.

use crate::error::LoadError;

/// The next message of a connection: a line that no other connection and, for `10^digits`
/// messages, no other message of this connection has.
///
/// ```text
/// 0000000042 00007 abcdefgh…z\n
/// ╰ number ╯ ╰ connection ╯   one line feed, at the end
/// ```
///
/// Shorter messages keep what fits, the number first.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    bytes: Box<[u8]>,
    digits: usize,
}

impl Message {
    pub(crate) fn first(connection: usize, size: usize) -> Self {
        let body = size - 1;
        let digits = body.min(NUMBER_DIGITS);
        let tag = format!("{:0digits$} {connection:05} ", 0);
        let mut bytes: Vec<u8> = tag.into_bytes();
        // Starts elsewhere on every connection, so that a mix-up shows also in later pieces.
        let filler = (b'a'..=b'z').cycle().skip(connection % 26);
        bytes.extend(filler.take(body.saturating_sub(bytes.len())));
        bytes.truncate(body);
        bytes.push(b'\n');
        Self {
            bytes: bytes.into(),
            digits,
        }
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Counts its number up, in place.
    pub(crate) fn advance(&mut self) {
        for digit in self.bytes[..self.digits].iter_mut().rev() {
            if *digit != b'9' {
                *digit += 1;
                return;
            }
            *digit = b'0';
        }
    }
}

/// The replies of a connection: what arrives is compared with what was sent, byte for byte.
#[derive(Debug)]
pub(crate) struct Replies {
    connection: usize,
    expected: Message,
    /// How much of `expected` has arrived.
    arrived: usize,
    /// Replies that were complete and right.
    completed: u64,
}

impl Replies {
    pub(crate) fn new(connection: usize, size: usize) -> Self {
        Self {
            connection,
            expected: Message::first(connection, size),
            arrived: 0,
            completed: 0,
        }
    }

    /// Checks what has arrived; at most `outstanding` replies are due. Returns how many it
    /// completed.
    pub(crate) fn accept(
        &mut self,
        mut received: &[u8],
        outstanding: usize,
    ) -> Result<usize, LoadError> {
        let mut completed = 0;
        while !received.is_empty() {
            if completed == outstanding {
                return Err(LoadError::surplus(self.connection, received));
            }
            let due = &self.expected.as_bytes()[self.arrived..];
            let (piece, rest) = received.split_at(due.len().min(received.len()));
            if piece != &due[..piece.len()] {
                return Err(LoadError::mismatch(
                    self.connection,
                    self.completed,
                    due,
                    piece,
                ));
            }
            received = rest;
            self.arrived += piece.len();
            if piece.len() == due.len() {
                self.expected.advance();
                self.arrived = 0;
                self.completed += 1;
                completed += 1;
            }
        }
        Ok(completed)
    }
}

const NUMBER_DIGITS: usize = 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_have_the_size_asked_for_and_one_line_feed() {
        for size in [2, 3, 10, 11, 12, 18, 19, 64, 65_536] {
            let message = Message::first(7, size);
            assert_eq!(message.as_bytes().len(), size);
            let line_feed = message.as_bytes().iter().position(|byte| *byte == b'\n');
            assert_eq!(line_feed, Some(size - 1));
        }
    }

    #[test]
    fn messages_count_up_and_wrap() {
        let mut message = Message::first(0, 3);
        let mut seen = Vec::new();
        for _ in 0..101 {
            seen.push(String::from_utf8(message.as_bytes().to_vec()).unwrap());
            message.advance();
        }
        assert_eq!(&seen[..2], ["00\n", "01\n"]);
        assert_eq!(seen[10], "10\n");
        assert_eq!(seen[99], "99\n");
        assert_eq!(seen[100], "00\n");
    }

    #[test]
    fn replies_may_come_in_any_pieces() {
        let mut message = Message::first(3, 20);
        let mut stream = Vec::new();
        for _ in 0..5 {
            stream.extend_from_slice(message.as_bytes());
            message.advance();
        }
        for piece in [1, 7, 20, 33, 100] {
            let mut replies = Replies::new(3, 20);
            let mut due = 5;
            for chunk in stream.chunks(piece) {
                due -= replies.accept(chunk, due).unwrap();
            }
            assert_eq!(due, 0, "in pieces of {piece}");
        }
    }

    #[test]
    fn a_wrong_byte_is_found_wherever_it_is() {
        let message = Message::first(3, 20);
        for position in 0..20 {
            let mut wrong = message.as_bytes().to_vec();
            wrong[position] ^= 1;
            let error = Replies::new(3, 20).accept(&wrong, 1).unwrap_err();
            assert!(matches!(error, LoadError::Mismatch { .. }), "{error}");
        }
    }

    #[test]
    fn a_reply_that_was_not_asked_for_is_found() {
        let message = Message::first(3, 20);
        let error = Replies::new(3, 20)
            .accept(&message.as_bytes().repeat(2), 1)
            .unwrap_err();
        assert!(matches!(error, LoadError::Surplus { .. }), "{error}");
    }

    #[test]
    fn a_reply_to_another_message_is_found() {
        let mut replies = Replies::new(3, 20);
        let first = Message::first(3, 20);
        assert_eq!(replies.accept(first.as_bytes(), 2).unwrap(), 1);
        assert!(replies.accept(first.as_bytes(), 1).is_err());
    }
}
