//! The receiving half of a datagram channel.

use std::io;

use super::records::{PassedOn, push_received};
use super::{Datagram, TURN_PACKETS};
use crate::queue::batch::Load;
use crate::source::context::Context;
use crate::source::fate::{Closing, Fate};
use crate::sys;
use crate::sys::packets::Inbound;
use crate::wire::syscall;

/// A socket that says this often in a row that it cannot receive never will again.
const MOST_ERRORS: u32 = 64;

impl Datagram {
    pub(super) fn read(&mut self, cx: &mut Context) -> Fate {
        let before = cx.filling.load();
        let fate = self.read_share(cx, before);
        cx.spend(&mut self.share, before);
        fate
    }

    /// Reads until there is no more, or the batch has this channel's share, or others are due.
    fn read_share(&mut self, cx: &mut Context, before: Load) -> Fate {
        let share = cx.share_left(self.share, cx.limit.share_of_frames());
        let mut budget = TURN_PACKETS;
        let mut served = false;
        while self.readable && self.may_read() {
            if cx.is_full() && !served {
                cx.requeue_for_room(self.id, &mut self.queued);
                return Fate::Keep;
            }
            let left = share.less(cx.filling.load().less(before));
            if cx.is_full() || left.is_used_up() {
                cx.requeue_for_batch(self.id, &mut self.queued);
                return Fate::Keep;
            }
            if budget == 0 {
                self.requeue(cx);
                return Fate::Keep;
            }
            served = true;
            let mut inbound = std::mem::take(&mut cx.inbound);
            let result = self.socket.carrier.receive(&mut inbound);
            let count = inbound.received.len();
            match result {
                Ok(()) => {
                    self.errors = 0;
                    budget = budget.saturating_sub(count.max(1));
                    self.readable = inbound.is_full()
                        || !sys::SHORT_IO_DRAINS
                        || self.thorough
                        || self.peer.is_some();
                    self.pass_on(cx, &inbound);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.errors = 0;
                    self.readable = false;
                    self.thorough = false;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) if self.was_answer(cx) => budget -= 1,
                Err(error) => {
                    self.errors += 1;
                    if self.errors >= MOST_ERRORS {
                        cx.inbound = inbound;
                        return Fate::Close(Closing::error(&error, syscall::RECVMSG));
                    }
                    budget -= 1;
                    self.report(cx, &error, syscall::RECVMSG, 0, self.peer.clone());
                }
            }
            cx.inbound = inbound;
        }
        Fate::Keep
    }

    fn pass_on(&self, cx: &mut Context, inbound: &Inbound) {
        let PassedOn { bytes, truncated } = push_received(&mut cx.filling, self.id, inbound);
        for received in &inbound.received {
            if let Some(kernel) = received.drops {
                cx.stats.drops += self.socket.saw_drops(kernel);
            }
        }
        self.socket.count_truncated(truncated);
        cx.stats.drops += truncated as u64;
        cx.count_received(self.id, bytes);
        cx.count_packets(inbound.received.len(), bytes);
    }
}
