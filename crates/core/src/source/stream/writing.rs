//! The writing half of a stream: sends what was submitted, then FIN where this side has ended.

use std::io;

use super::{LAST_TURNS, Reading, Stream, TURN_BYTES, Writing};
use crate::buffer::Sent;
use crate::source::context::{Context, token};
use crate::source::fate::{Closing, Fate};
use crate::sys;
use crate::wire::{kind, reason, syscall};

impl Stream {
    pub(super) fn end(&mut self, cx: &mut Context) {
        self.writing = match self.writing {
            Writing::Open | Writing::ShuttingDown => Writing::Ending,
            Writing::Shut => Writing::Lingering,
            Writing::Ending | Writing::Lingering => return,
        };
        self.mark_clear();
        self.watch_linger(cx);
    }

    /// Says whether the submitting thread may send by itself.
    pub(super) fn mark_clear(&mut self) {
        let open = self.writing == Writing::Open && self.failure.is_none();
        let clear = open && self.send.is_empty();
        // It has a lock, which is held while somebody sends.
        if let Some(shortcut) = &self.shortcut
            && clear != self.clear
        {
            shortcut.set_clear(clear);
            self.clear = clear;
        }
    }

    /// The error that the submitting thread has met: the operating system tells of it once.
    pub(super) fn met_by_shortcut(&self) -> Option<io::Error> {
        self.shortcut.as_ref()?.take_error()
    }

    pub(super) fn flush(&mut self, cx: &mut Context) -> Fate {
        let mut budget = TURN_BYTES;
        while self.writable && !self.send.is_empty() && self.failure.is_none() {
            if budget == 0 {
                self.requeue(cx);
                return Fate::Keep;
            }
            let syscall = match self.send.is_at_file() {
                true => syscall::SENDFILE,
                false => syscall::WRITE,
            };
            match self.send.send_to(&mut &*self.socket, budget) {
                Ok(Sent { bytes: 0, .. }) => {
                    return self.write_failed(&io::ErrorKind::WriteZero.into(), syscall);
                }
                Ok(Sent { bytes, short }) => {
                    cx.count_sent(self.id, bytes);
                    self.active_at = cx.now;
                    budget -= bytes;
                    if self.writing == Writing::Ending {
                        self.linger_since = Some(cx.now);
                    }
                    if short && sys::SHORT_IO_DRAINS {
                        self.writable = false;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.writable = false,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return self.write_failed(&error, syscall),
            }
        }
        if let Err(error) = self.await_room(cx) {
            return self.write_failed(&error, syscall::WRITE);
        }
        if self.send.is_empty() && self.failure.is_none() {
            self.drained(cx)
        } else {
            Fate::Keep
        }
    }

    /// Has the operating system tell of room as long as it is wanted. A failure wants none.
    fn await_room(&mut self, cx: &Context) -> io::Result<()> {
        let wanted = !self.writable && !self.send.is_empty() && self.failure.is_none();
        if wanted == self.awaits_room || !self.socket.tells_room_on_request() {
            return Ok(());
        }
        self.awaits_room = wanted;
        self.socket
            .await_room(cx.registry(), token(self.id), wanted)
    }

    /// Sends what the operating system takes now: no other turn follows.
    pub(crate) fn send_out(&mut self, cx: &mut Context) {
        for _ in 0..LAST_TURNS {
            let may_send = self.writable && !self.send.is_empty() && self.failure.is_none();
            if !may_send || !matches!(self.flush(cx), Fate::Keep) {
                return;
            }
        }
    }

    fn drained(&mut self, cx: &mut Context) -> Fate {
        self.mark_clear();
        if std::mem::take(&mut self.wants_drain) {
            let sent = cx.tally(self.id).sent;
            let words = [sent as u32, (sent >> 32) as u32];
            cx.filling.push(kind::DRAINED, 0, self.id, &words);
        }
        if matches!(self.writing, Writing::Ending | Writing::ShuttingDown) {
            if let Err((error, syscall)) = self.finish() {
                return self.write_failed(&error, syscall);
            }
            self.writing = match self.writing {
                Writing::Ending => Writing::Lingering,
                _ => Writing::Shut,
            };
        }
        if self.writing == Writing::Lingering && self.reading == Reading::Closed {
            return Fate::Close(Closing::new(reason::END));
        }
        Fate::Keep
    }

    /// Sends FIN. Where this closes the socket now, that does it, and only a reset is looked for.
    fn finish(&self) -> Result<(), (io::Error, u32)> {
        let reset = || self.socket.take_error().ok().flatten();
        if self.writing == Writing::Ending && self.reading == Reading::Closed {
            return reset().map_or(Ok(()), |reset| Err((reset, syscall::READ)));
        }
        self.socket.shutdown_write().map_err(|error| match reset() {
            // "Not connected": it was reset, and nobody has looked since. That tells more.
            Some(reset) => (reset, syscall::READ),
            None => (error, syscall::SHUTDOWN),
        })
    }

    fn write_failed(&mut self, error: &io::Error, syscall: u32) -> Fate {
        let closing = match (error.kind(), self.met_by_shortcut()) {
            (io::ErrorKind::UnexpectedEof, _) => Closing::new(reason::TRUNCATED),
            (_, Some(first)) => Closing::error(&first, syscall::WRITE),
            _ => Closing::error(error, syscall),
        };
        if self.is_discarding() || self.reading == Reading::Closed {
            return Fate::Close(closing);
        }
        self.failed_unread(closing);
        Fate::Keep
    }
}
