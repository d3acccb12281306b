//! The replies of a connection: what arrives is compared with what is due, byte for byte.

use crate::error::LoadError;
use crate::messages::{Exchange, Messages};

#[derive(Debug)]
pub(crate) struct Replies {
    connection: usize,
    expected: Messages,
    /// Bytes of the pattern behind each of them.
    answer: usize,
    /// How much of the reply that is due has arrived.
    arrived: usize,
    /// Replies that were complete and right.
    completed: u64,
}

impl Replies {
    /// Of connection `connection`, to what connection `sender` sends.
    pub(crate) fn new(connection: usize, sender: usize, exchange: Exchange) -> Self {
        Self {
            connection,
            expected: exchange.replies(sender),
            answer: exchange.answer,
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
            let head = self.expected.as_bytes();
            let due = match head.get(self.arrived..) {
                Some(due @ [_, ..]) => due,
                _ => pattern(
                    self.arrived - head.len(),
                    head.len() + self.answer - self.arrived,
                ),
            };
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
            if self.arrived == head.len() + self.answer {
                self.expected.advance();
                self.arrived = 0;
                self.completed += 1;
                completed += 1;
            }
        }
        Ok(completed)
    }
}

/// At most `most` bytes of the alphabet, again and again, from the `offset`th on.
fn pattern(offset: usize, most: usize) -> &'static [u8] {
    const ALPHABET: &[u8; 26] = b"abcdefghijklmnopqrstuvwxyz";
    static PATTERN: [u8; 65_520] = {
        let mut bytes = [0; 65_520];
        let mut index = 0;
        while index < bytes.len() {
            bytes[index] = ALPHABET[index % ALPHABET.len()];
            index += 1;
        }
        bytes
    };
    let from = &PATTERN[offset % ALPHABET.len()..];
    &from[..most.min(from.len())]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::messages::Framing;

    const LINES: Exchange = Exchange {
        framing: Framing::Line,
        size: 20,
        answer: 0,
    };

    fn first(exchange: Exchange) -> Vec<u8> {
        exchange.replies(3).as_bytes().to_vec()
    }

    #[test]
    fn replies_may_come_in_any_pieces() {
        for framing in [Framing::Line, Framing::Length, Framing::Resp] {
            for answer in [0, 1, 100] {
                let exchange = Exchange {
                    framing,
                    answer,
                    ..LINES
                };
                let mut messages = exchange.replies(3);
                let mut stream = Vec::new();
                for _ in 0..5 {
                    stream.extend_from_slice(messages.as_bytes());
                    stream.extend((b'a'..=b'z').cycle().take(answer));
                    messages.advance();
                }
                for piece in [1, 7, 20, 33, 100] {
                    let mut replies = Replies::new(3, 3, exchange);
                    let mut due = 5;
                    for chunk in stream.chunks(piece) {
                        due -= replies.accept(chunk, due).unwrap();
                    }
                    assert_eq!(due, 0, "{framing:?} in pieces of {piece}");
                }
            }
        }
    }

    #[test]
    fn a_wrong_byte_is_found_wherever_it_is() {
        let message = first(LINES);
        for position in 0..message.len() {
            let mut wrong = message.clone();
            wrong[position] ^= 1;
            let error = Replies::new(3, 3, LINES).accept(&wrong, 1).unwrap_err();
            assert!(matches!(error, LoadError::Mismatch { .. }), "{error}");
        }
    }

    #[test]
    fn a_wrong_byte_of_a_long_answer_is_found() {
        let exchange = Exchange {
            answer: 200_000,
            ..LINES
        };
        let mut reply = first(exchange);
        reply.extend((b'a'..=b'z').cycle().take(exchange.answer));
        assert_eq!(Replies::new(3, 3, exchange).accept(&reply, 1).unwrap(), 1);
        for position in [20, 65_540, 200_019] {
            let mut wrong = reply.clone();
            wrong[position] ^= 1;
            assert!(Replies::new(3, 3, exchange).accept(&wrong, 1).is_err());
        }
    }

    #[test]
    fn a_reply_that_was_not_asked_for_is_found() {
        let error = Replies::new(3, 3, LINES)
            .accept(&first(LINES).repeat(2), 1)
            .unwrap_err();
        assert!(matches!(error, LoadError::Surplus { .. }), "{error}");
    }

    #[test]
    fn a_reply_to_another_message_is_found() {
        let mut replies = Replies::new(3, 3, LINES);
        assert_eq!(replies.accept(&first(LINES), 2).unwrap(), 1);
        assert!(replies.accept(&first(LINES), 1).is_err());
    }
}
