//! The reading half of a stream: reads as far as others have room, cuts, and passes on.

use std::io;

use super::{Reading, Stream, TURN_BYTES, Writing};
use crate::buffer::Fed;
use crate::framing::reframe::Reframe;
use crate::queue::batch::{Load, READ_BYTES};
use crate::source::context::Context;
use crate::source::fate::{Closing, Fate};
use crate::wire::{kind, reason, syscall};

/// A frame takes two words of a chunk.
const FRAME_WORDS: usize = 2;

impl Stream {
    /// JS has set another delimiter or limit.
    ///
    /// The reactor can cut under it only from a byte that JS agrees on: where JS has taken in all
    /// that was passed on, that is the next one. Otherwise chunks cut under the old delimiter are
    /// on their way; JS cuts those itself, and everything after them, until it asks again.
    pub(super) fn reframe(&mut self, reframe: Reframe) {
        let header = reframe.header;
        if self.reading == Reading::Outgrown {
            self.reading = Reading::Open;
        }
        self.recv.set_text(header.text);
        if header.may_cut && header.passed_on == self.recv.passed_on() {
            self.recv
                .cut_under(reframe.framing, header.limit, header.epoch);
        } else {
            self.recv.stop_cutting();
        }
    }

    pub(super) fn read(&mut self, cx: &mut Context) -> Fate {
        if self.is_discarding() {
            return self.discard(cx);
        }
        let before = cx.filling.load();
        let fate = self.read_share(cx, before);
        cx.spend(&mut self.share, before);
        fate
    }

    /// Reads until there is no more, or the batch has this channel's share, or others are due.
    fn read_share(&mut self, cx: &mut Context, before: Load) -> Fate {
        let whole = match self.recv.is_cutting() {
            true => cx.limit.share_of_frames(),
            false => cx.limit.share(),
        };
        let share = cx.share_left(self.share, whole);
        let mut budget = TURN_BYTES;
        let mut served = false;
        while self.may_read() {
            let left = share.less(cx.filling.load().less(before));
            if cx.is_full() && !served {
                cx.requeue_for_room(self.id, &mut self.queued);
                return Fate::Keep;
            }
            if cx.is_full() || left.is_used_up() {
                cx.requeue_for_batch(self.id, &mut self.queued);
                return Fate::Keep;
            }
            if budget == 0 {
                self.requeue(cx);
                return Fate::Keep;
            }
            served = true;
            let most = left.words.div_ceil(FRAME_WORDS);
            if self.recv.has_uncut() {
                let before = self.recv.passed_on();
                let fed = self.recv.cut_held(&mut cx.filling, self.id, most);
                self.fed(cx, fed, before);
                continue;
            }
            if !self.readable || self.is_cut_short() {
                break;
            }
            let most_bytes = match self.recv.is_cutting() {
                true => READ_BYTES,
                false => cx.filling.most_to_read(),
            };
            let asked = left.bytes.min(most_bytes);
            match self.receive(cx.filling.room(asked)) {
                Ok(0) => return self.end_of_stream(cx),
                Ok(n) => {
                    cx.count_received(self.id, n);
                    self.active_at = cx.now;
                    budget = budget.saturating_sub(n);
                    self.readable = self.more_to_read(n, asked);
                    let before = self.recv.passed_on();
                    let fed = self.recv.take_in(&mut cx.filling, self.id, n, most);
                    self.fed(cx, fed, before);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.would_block(),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return self.read_failed(cx, &error),
            }
        }
        // All there was has been read.
        if self.failure.is_some() && matches!(self.reading, Reading::Open | Reading::Closed) {
            self.failed(cx)
        } else {
            Fate::Keep
        }
    }

    fn receive(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.early.is_empty() {
            return self.socket.read(into);
        }
        let n = into.len().min(self.early.len());
        into[..n].copy_from_slice(&self.early[..n]);
        self.early.drain(..n);
        Ok(n)
    }

    /// What the reading side does after `end()`: the peer's bytes are read, so that closing does
    /// not answer them with a reset that would cost the peer the tail of ours, and dropped.
    fn discard(&mut self, cx: &mut Context) -> Fate {
        let mut budget = TURN_BYTES;
        while self.readable && self.reading != Reading::Closed {
            if budget == 0 {
                self.requeue(cx);
                return Fate::Keep;
            }
            match self.socket.read(cx.filling.scratch()) {
                Ok(0) => self.reading = Reading::Closed,
                Ok(n) => {
                    self.active_at = cx.now;
                    budget = budget.saturating_sub(n);
                    self.readable = self.more_to_read(n, READ_BYTES);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.would_block(),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return self.read_failed(cx, &error),
            }
        }
        if self.reading == Reading::Closed && self.writing == Writing::Lingering {
            return Fate::Close(Closing::new(reason::END));
        }
        Fate::Keep
    }

    fn fed(&mut self, cx: &mut Context, fed: Fed, passed_on_before: u64) {
        if fed == Fed::Outgrown {
            let held = self.recv.take_all();
            self.recv.stop_cutting();
            self.reading = Reading::Outgrown;
            cx.filling
                .push_bytes(kind::OVERFLOW, 0, self.id, &[], held.bytes());
        }
        self.watch_frame(cx, self.recv.passed_on() != passed_on_before);
    }

    fn end_of_stream(&mut self, cx: &mut Context) -> Fate {
        if self.failure.is_some() {
            return self.failed(cx);
        }
        // After a reset that the submitting thread has met this is no end.
        if let Some(error) = self.met_by_shortcut() {
            return self.read_failed(cx, &error);
        }
        self.reading = Reading::Closed;
        self.frame_since = None;
        let rest = self.recv.take_all();
        cx.filling
            .push_bytes(kind::FINISHED, 0, self.id, &[], rest.bytes());
        Fate::Keep
    }

    fn read_failed(&mut self, cx: &mut Context, error: &io::Error) -> Fate {
        match self.failure {
            Some(_) => self.failed(cx),
            None => self.close(cx, Closing::error(error, syscall::READ)),
        }
    }

    pub(super) fn failed(&mut self, cx: &mut Context) -> Fate {
        match self.failure.take() {
            Some(closing) => self.close(cx, closing),
            None => Fate::Keep,
        }
    }

    /// Closes for a reason that JS does not know yet.
    ///
    /// What is held goes to JS first, uncut: it may have set a delimiter under which these bytes
    /// are whole frames, and the news of it is on its way here.
    pub(super) fn close(&mut self, cx: &mut Context, closing: Closing) -> Fate {
        if !self.is_discarding() {
            self.recv.stop_cutting();
            if self.recv.has_uncut() {
                self.recv.cut_held(&mut cx.filling, self.id, usize::MAX);
            }
        }
        Fate::Close(closing)
    }

    fn more_to_read(&self, got: usize, asked: usize) -> bool {
        got == asked || self.thorough || !self.socket.short_read_drains()
    }

    fn would_block(&mut self) {
        self.readable = false;
        self.thorough = false;
    }

    fn may_read(&self) -> bool {
        // Where writing has failed nothing more will come: what has is passed on, also to a channel
        // that is paused, so that it hears of the failure. JS holds it back.
        let paused = self.paused && self.failure.is_none();
        self.reading == Reading::Open && !paused
    }

    /// Whether the peer may have sent more that was not read yet, for want of room or of budget:
    /// then it is not the peer that is late.
    pub(super) fn is_behind(&self) -> bool {
        (self.readable || self.recv.has_uncut()) && self.may_read()
    }

    pub(super) fn is_discarding(&self) -> bool {
        matches!(self.writing, Writing::Ending | Writing::Lingering)
    }

    /// It is not the socket that has failed: its peer may go on for ever, and only what has been
    /// read already is delivered.
    fn is_cut_short(&self) -> bool {
        let failure = self.failure.as_ref();
        failure.is_some_and(|closing| closing.reason != reason::ERROR)
    }
}
