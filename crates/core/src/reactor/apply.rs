//! What the reactor does with what was submitted.

use std::io;
use std::sync::Arc;

use super::submitted::Submitted;
use super::turn::Reactor;
use crate::id::ChannelId;
use crate::queue::records::{Request, each_record};
use crate::source::Source;
use crate::source::fate::{Closing, Fate};
use crate::wire::syscall;

impl Reactor {
    /// Does what was submitted; false where the reactor shall stop.
    ///
    /// An error where a batch breaks the wire's layout: nobody knows what else it asked for, or of
    /// whom, so the engine ends, and says so.
    pub(super) fn apply_submissions(&mut self) -> io::Result<bool> {
        let mut submitted = std::mem::take(&mut self.submitted);
        let go_on = self.shared.submissions.take_all(&mut submitted);
        for submission in submitted.drain(..) {
            match submission {
                Submitted::Batch {
                    number,
                    records,
                    mut owned,
                } => {
                    let shared = Arc::clone(&self.shared);
                    let mut sends = None;
                    let whole = each_record(&records, &mut owned, &shared.regexps, |record| {
                        // Many datagrams of one socket are one system call.
                        let is_send = matches!(record.request, Request::Send { .. });
                        let before = sends.replace((record.id, is_send));
                        let goes_on = is_send && before == sends;
                        self.work.requests += usize::from(!goes_on);
                        self.call(record.id, |source, cx| source.request(cx, record.request));
                    });
                    whole.ok_or(io::ErrorKind::InvalidData)?;
                    self.shared.batches.done(number);
                    self.shared.recycle(records);
                }
                Submitted::Fence(passage) => drop(passage),
                Submitted::Connect { id, connect } => {
                    self.add(id, Source::Connect(connect));
                    self.call(id, |source, cx| match source {
                        Source::Connect(connect) => connect.begin(cx),
                        _ => Fate::Keep,
                    });
                }
                Submitted::Listen { id, mut listener } => {
                    let registered = listener.register(&self.cx);
                    self.add(id, Source::Listener(listener));
                    self.check_registered(id, registered, syscall::ACCEPT);
                }
                Submitted::Adopt { id, mut stream } => {
                    let registered = stream.register(&self.cx);
                    self.add(id, Source::Stream(stream));
                    self.check_registered(id, registered, syscall::READ);
                }
                Submitted::Datagram { id, datagram } => {
                    let registered = datagram.register(&self.cx);
                    self.add(id, Source::Datagram(datagram));
                    self.check_registered(id, registered, syscall::BIND);
                }
            }
        }
        self.submitted = submitted;
        Ok(go_on)
    }

    fn check_registered(&mut self, id: ChannelId, registered: io::Result<()>, syscall: u32) {
        if let Err(error) = registered {
            self.remove(id, Closing::error(&error, syscall));
        }
    }
}
