//! One connection: messages out, replies in.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::time::Instant;

use crate::address::Address;
use crate::budget::Outcome;
use crate::error::LoadError;
use crate::messages::{Exchange, Messages};
use crate::replies::Replies;
use crate::stream::Stream;

#[derive(Debug)]
pub(crate) struct Connection {
    index: usize,
    stream: Stream,
    next: Messages,
    replies: Replies,
    outbox: Outbox,
    /// When each message in flight was sent, oldest first.
    sent: VecDeque<Instant>,
}

impl Connection {
    pub(crate) fn new(index: usize, stream: Stream, exchange: Exchange) -> Self {
        Self::listening_to(index, index, stream, exchange)
    }

    /// What it receives answers what connection `sender` sends.
    pub(crate) fn listening_to(
        sender: usize,
        index: usize,
        stream: Stream,
        exchange: Exchange,
    ) -> Self {
        Self {
            index,
            stream,
            next: exchange.requests(index),
            replies: Replies::new(index, sender, exchange),
            outbox: Outbox::default(),
            sent: VecDeque::new(),
        }
    }

    pub(crate) fn stream(&mut self) -> &mut Stream {
        &mut self.stream
    }

    pub(crate) fn outstanding(&self) -> usize {
        self.sent.len()
    }

    /// The connect of this socket, once it is writable.
    pub(crate) fn finish_connect(&self, address: &Address) -> Result<(), LoadError> {
        self.stream
            .finish_connect()
            .map_err(|source| LoadError::connect(address, source))
    }

    /// A message that was sent at `now`, by this connection or by another, is to be answered here.
    pub(crate) fn expect(&mut self, now: Instant) {
        self.sent.push_back(now);
    }

    /// Sends `count` messages, in one write if the socket takes them. They are due since `now`.
    pub(crate) fn send(&mut self, count: usize, now: Instant) -> Result<(), LoadError> {
        for _ in 0..count {
            self.outbox.push(self.next.as_bytes());
            self.next.advance();
            self.expect(now);
        }
        self.flush()
    }

    pub(crate) fn flush(&mut self) -> Result<(), LoadError> {
        self.outbox
            .flush(&mut self.stream)
            .map_err(|source| LoadError::Socket {
                connection: self.index,
                operation: "write",
                source,
            })
    }

    /// Reads and checks what has arrived. Returns how many messages were answered, and when.
    pub(crate) fn receive(
        &mut self,
        chunk: &mut [u8],
        outcome: &mut Outcome,
    ) -> Result<(usize, Instant), LoadError> {
        let mut answered = 0;
        loop {
            let received = match self.stream.read(chunk) {
                Ok(0) => {
                    let outstanding = self.sent.len();
                    return Err(LoadError::Closed {
                        connection: self.index,
                        outstanding,
                    });
                }
                Ok(received) => received,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    return Ok((answered, Instant::now()));
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(source) => {
                    let connection = self.index;
                    return Err(LoadError::Socket {
                        connection,
                        operation: "read",
                        source,
                    });
                }
            };
            let now = Instant::now();
            let completed = self.replies.accept(&chunk[..received], self.sent.len())?;
            for sent in self.sent.drain(..completed) {
                outcome.record(now - sent);
            }
            answered += completed;
            // epoll and kqueue: a short read has emptied the socket, and later bytes raise an edge
            // of their own. Saves one call a message, so that the server gets that time.
            if cfg!(unix) && received < chunk.len() {
                return Ok((answered, now));
            }
        }
    }
}

/// Bytes that the socket has not taken yet: `bytes[start..]`.
#[derive(Debug, Default)]
struct Outbox {
    bytes: Vec<u8>,
    start: usize,
}

impl Outbox {
    fn push(&mut self, message: &[u8]) {
        // Only once half of it is dead, so that each byte is moved at most once on average.
        if self.start > 0 && self.start >= self.bytes.len() / 2 {
            self.bytes.drain(..self.start);
            self.start = 0;
        }
        self.bytes.extend_from_slice(message);
    }

    fn flush(&mut self, stream: &mut Stream) -> io::Result<()> {
        while self.start < self.bytes.len() {
            match stream.write(&self.bytes[self.start..]) {
                Ok(written) => self.start += written,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.bytes.clear();
        self.start = 0;
        Ok(())
    }
}
