//! Waiting for sockets, bounded.

use std::io;
use std::time::Duration;

use mio::event::Source;
use mio::{Events, Interest, Poll, Token};

use crate::error::LoadError;

/// What a socket is ready for. mio's own events borrow the poll; these do not.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ready {
    pub(crate) connection: usize,
    pub(crate) writable: bool,
    pub(crate) readable: bool,
}

#[derive(Debug)]
pub(crate) struct Readiness {
    poll: Poll,
    events: Events,
    silence: Duration,
}

impl Readiness {
    pub(crate) fn new(silence: Duration) -> Result<Self, LoadError> {
        let poll = Poll::new().map_err(LoadError::Poll)?;
        Ok(Self {
            poll,
            events: Events::with_capacity(EVENTS),
            silence,
        })
    }

    pub(crate) fn add(&self, source: &mut impl Source, connection: usize) -> Result<(), LoadError> {
        let interest = Interest::READABLE | Interest::WRITABLE;
        self.poll
            .registry()
            .register(source, Token(connection), interest)
            .map_err(LoadError::Poll)
    }

    /// Waits until a socket is ready and appends what is to `ready`.
    pub(crate) fn wait(
        &mut self,
        ready: &mut Vec<Ready>,
        outstanding: usize,
    ) -> Result<(), LoadError> {
        if self.poll(ready, self.silence)? {
            return Ok(());
        }
        Err(LoadError::Silent {
            silence: self.silence,
            outstanding,
        })
    }

    /// Waits no longer than `timeout`. False: nothing was ready in that time.
    pub(crate) fn poll(
        &mut self,
        ready: &mut Vec<Ready>,
        timeout: Duration,
    ) -> Result<bool, LoadError> {
        match self.poll.poll(&mut self.events, Some(timeout)) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(true),
            Err(error) => return Err(LoadError::Poll(error)),
        }
        ready.extend(self.events.iter().map(|event| Ready {
            connection: event.token().0,
            writable: event.is_writable(),
            // Errors and hang-ups are read: the read says which it is.
            readable: event.is_readable() || event.is_read_closed() || event.is_error(),
        }));
        Ok(!self.events.is_empty())
    }

    /// How long the server may be silent.
    pub(crate) fn silence(&self) -> Duration {
        self.silence
    }
}

const EVENTS: usize = 1024;
