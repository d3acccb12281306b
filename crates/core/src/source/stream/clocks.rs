//! The deadlines of a stream. Activity only moves them; a timer that comes too early is armed anew.

use super::Stream;
use crate::source::context::Context;
use crate::source::fate::{Closing, Fate};
use crate::source::timers::Timer;
use crate::wire::reason;

impl Stream {
    pub(crate) fn timer(&mut self, cx: &mut Context, timer: Timer) -> Fate {
        match timer {
            Timer::Idle => self.idle_due(cx),
            Timer::Frame => self.frame_due(cx),
            Timer::Linger => self.linger_due(cx),
            Timer::Accept | Timer::Attempt | Timer::Connect | Timer::Send => Fate::Keep,
        }
    }

    /// Starts or stops the frame's clock. `progress`: what is held has begun just now.
    pub(super) fn watch_frame(&mut self, cx: &mut Context, progress: bool) {
        let Some(limit) = self.frame else { return };
        if !self.recv.has_partial() || self.paused || self.outgrown {
            self.frame_since = None;
        } else if progress || self.frame_since.is_none() {
            self.frame_since = Some(cx.now);
            if !std::mem::replace(&mut self.frame_armed, true) {
                cx.arm(self.id, Timer::Frame, cx.now + limit);
            }
        }
    }

    fn frame_due(&mut self, cx: &mut Context) -> Fate {
        self.frame_armed = false;
        let (Some(limit), Some(since)) = (self.frame, self.frame_since) else {
            return Fate::Keep;
        };
        if self.is_discarding() || self.read_closed {
            return Fate::Keep;
        }
        let since = if self.is_behind() { cx.now } else { since };
        if since + limit <= cx.now {
            return self.time_is_up(cx, reason::FRAME);
        }
        self.frame_since = Some(since);
        self.frame_armed = true;
        cx.arm(self.id, Timer::Frame, since + limit);
        Fate::Keep
    }

    fn idle_due(&mut self, cx: &mut Context) -> Fate {
        let Some(idle) = self.idle else {
            return Fate::Keep;
        };
        let past = self
            .shortcut
            .as_ref()
            .and_then(|shortcut| shortcut.last_sent());
        self.active_at = past.map_or(self.active_at, |at| at.max(self.active_at));
        if self.is_behind() {
            self.active_at = cx.now;
        } else if self.active_at + idle <= cx.now {
            return self.time_is_up(cx, reason::IDLE);
        }
        cx.arm(self.id, Timer::Idle, self.active_at + idle);
        Fate::Keep
    }

    /// Closes when what is held has been passed on, which waits for room: with many channels whose
    /// time is up together, no batch has more than it holds.
    fn time_is_up(&mut self, cx: &mut Context, reason: u32) -> Fate {
        let closing = Closing::new(reason);
        if self.is_discarding() || !self.recv.has_partial() {
            return Fate::Close(closing);
        }
        self.failure.get_or_insert(closing);
        self.mark_clear();
        self.read(cx)
    }

    fn linger_due(&mut self, cx: &mut Context) -> Fate {
        let Some(until) = self.linger_until else {
            return Fate::Keep;
        };
        if until <= cx.now {
            let reason = if self.send.is_empty() {
                reason::END
            } else {
                reason::LINGER
            };
            return Fate::Close(Closing::new(reason));
        }
        cx.arm(self.id, Timer::Linger, until);
        Fate::Keep
    }
}
