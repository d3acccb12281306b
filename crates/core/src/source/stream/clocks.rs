//! The deadlines of a stream. Activity only moves them; a timer that comes too early is armed anew.

use std::time::Instant;

use super::{Reading, Stream};
use crate::source::context::Context;
use crate::source::fate::{Closing, Fate};
use crate::source::timers::Timer;
use crate::wire::reason;

impl Stream {
    pub(crate) fn timer(&mut self, cx: &mut Context, timer: Timer) -> Fate {
        match timer {
            Timer::Idle if self.idle_alarm.rings(cx.now) => self.idle_due(cx),
            Timer::Frame if self.frame_alarm.rings(cx.now) => self.frame_due(cx),
            Timer::Linger if self.linger_alarm.rings(cx.now) => self.linger_due(cx),
            _ => Fate::Keep,
        }
    }

    /// Whether this timer is the one that was armed last.
    pub(crate) fn awaits(&self, timer: Timer, at: Instant) -> bool {
        match timer {
            Timer::Idle => self.idle_alarm.is_for(at),
            Timer::Frame => self.frame_alarm.is_for(at),
            Timer::Linger => self.linger_alarm.is_for(at),
            Timer::Accept | Timer::Attempt | Timer::Connect | Timer::Send => false,
        }
    }

    /// Starts the clock of silence anew, or stops it.
    pub(super) fn watch_idle(&mut self, cx: &mut Context) {
        self.active_at = cx.now;
        self.arm_idle(cx);
    }

    fn arm_idle(&mut self, cx: &mut Context) {
        if let Some(at) = self.idle.map(|idle| self.active_at + idle)
            && self.idle_alarm.set(at)
        {
            cx.arm(self.id, Timer::Idle, at);
        }
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
        self.arm_idle(cx);
        Fate::Keep
    }

    /// Starts or stops the frame's clock. `progress`: what is held has begun just now.
    pub(super) fn watch_frame(&mut self, cx: &mut Context, progress: bool) {
        let is_timed = self.frame.is_some() && self.recv.has_partial();
        if !is_timed || self.paused || self.reading == Reading::Outgrown {
            self.frame_since = None;
        } else if progress || self.frame_since.is_none() {
            self.frame_since = Some(cx.now);
            self.arm_frame(cx);
        }
    }

    fn arm_frame(&mut self, cx: &mut Context) {
        if let (Some(limit), Some(since)) = (self.frame, self.frame_since)
            && self.frame_alarm.set(since + limit)
        {
            cx.arm(self.id, Timer::Frame, since + limit);
        }
    }

    fn frame_due(&mut self, cx: &mut Context) -> Fate {
        let (Some(limit), Some(since)) = (self.frame, self.frame_since) else {
            return Fate::Keep;
        };
        if self.is_discarding() || self.reading == Reading::Closed {
            return Fate::Keep;
        }
        let since = if self.is_behind() { cx.now } else { since };
        if since + limit <= cx.now {
            return self.time_is_up(cx, reason::FRAME);
        }
        self.frame_since = Some(since);
        self.arm_frame(cx);
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

    /// Starts the clock of an end anew.
    pub(super) fn watch_linger(&mut self, cx: &mut Context) {
        self.linger_since = Some(cx.now);
        self.arm_linger(cx);
    }

    fn arm_linger(&mut self, cx: &mut Context) {
        if let Some(at) = self.linger_since.map(|since| since + self.linger)
            && self.linger_alarm.set(at)
        {
            cx.arm(self.id, Timer::Linger, at);
        }
    }

    fn linger_due(&mut self, cx: &mut Context) -> Fate {
        let Some(since) = self.linger_since else {
            return Fate::Keep;
        };
        if since + self.linger <= cx.now {
            let reason = if self.send.is_empty() {
                reason::END
            } else {
                reason::LINGER
            };
            return Fate::Close(Closing::new(reason));
        }
        self.arm_linger(cx);
        Fate::Keep
    }
}
