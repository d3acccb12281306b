//! What the reactor shall do: batches of records, and a few requests too rare to be packed.
//!
//! ```text
//!   any thread: submit() ─▶ [batch of records][connect][batch]… ─▶ drain() : reactor thread
//!                               │
//!                               └ [op│flags][index][generation][length] payload, padded to 4 …
//! ```
//!
//! The order of submissions is kept, also between batches and requests. A side flag says whether
//! the reactor sleeps: only then is it worth the system call that wakes it.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::Duration;

use super::fence::Passage;
use super::wire::{HEADER_WORDS, flag, framing as kind, op, packet, reframe, start};
use crate::buffer::Piece;
use crate::framing::{Delimiter, Endian, Framing, LengthPrefix, RegExps};
use crate::id::ChannelId;
use crate::source::{Connect, Datagram, Listener, Stream};
use crate::sync::lock;

/// One thing handed to the reactor.
#[derive(Debug)]
pub(crate) enum Submission {
    /// Records; large writes and files stand beside them, in the order of their `WRITE_OWNED`s.
    Batch {
        records: Vec<u8>,
        owned: VecDeque<Piece>,
    },
    /// Begin to connect.
    Connect {
        id: ChannelId,
        connect: Box<Connect>,
    },
    /// A socket that listens already: begin to accept.
    Listen {
        id: ChannelId,
        listener: Box<Listener>,
    },
    /// A socket that is connected already: wait for JS to start it.
    Adopt { id: ChannelId, stream: Box<Stream> },
    /// Somebody waits until all that was submitted before is done.
    Fence(Passage),
    /// A datagram socket that is bound already.
    Bind {
        id: ChannelId,
        datagram: Box<Datagram>,
    },
}

/// One record of a batch.
#[derive(Debug)]
pub(crate) struct Record<'a> {
    pub(crate) id: ChannelId,
    pub(crate) request: Request<'a>,
}

/// What a record asks of its channel.
#[derive(Debug)]
pub(crate) enum Request<'a> {
    Write {
        data: &'a [u8],
        notify: bool,
    },
    WriteOwned {
        piece: Piece,
        notify: bool,
    },
    Start(Box<Start>),
    Reframe(Box<Reframe>),
    Pause,
    Resume,
    End,
    Shutdown,
    Close {
        /// Its peer shall not take it for the end.
        reset: bool,
    },
    Notify,
    Send {
        to: &'a [u8],
        data: &'a [u8],
        notify: bool,
    },
    SetPeer {
        to: &'a [u8],
    },
    DropPeer,
}

/// The channel's settings, given when JS is ready for its data.
#[derive(Debug)]
pub(crate) struct Start {
    pub(crate) idle: Option<Duration>,
    pub(crate) frame: Option<Duration>,
    pub(crate) linger: Duration,
    pub(crate) reframe: Reframe,
}

/// A change of framing; see [`crate::source`] for who cuts after it.
#[derive(Debug)]
pub(crate) struct Reframe {
    pub(crate) header: ReframeHeader,
    pub(crate) framing: Framing,
}

/// The fixed part of a reframe's payload.
#[derive(Debug)]
pub(crate) struct ReframeHeader {
    pub(crate) epoch: u32,
    pub(crate) adopt: bool,
    pub(crate) text: bool,
    pub(crate) last: bool,
    pub(crate) consumed: u64,
    pub(crate) limit: usize,
    kind: u32,
    parameter: u64,
    adjust: i64,
    delimiter: usize,
}

impl ReframeHeader {
    pub(crate) fn parse(payload: &[u8]) -> Option<Self> {
        let word = |at: u32| word(payload, at as usize);
        let wide = |low, high| Some(u64::from(word(low)?) | (u64::from(word(high)?) << 32));
        Some(Self {
            epoch: word(reframe::EPOCH)?,
            adopt: word(reframe::FLAGS)? & flag::ADOPT != 0,
            text: word(reframe::FLAGS)? & flag::TEXT != 0,
            last: word(reframe::FLAGS)? & flag::LAST != 0,
            consumed: wide(reframe::CONSUMED_LOW, reframe::CONSUMED_HIGH)?,
            limit: usize::try_from(wide(reframe::LIMIT_LOW, reframe::LIMIT_HIGH)?).ok()?,
            kind: word(reframe::KIND)?,
            parameter: wide(reframe::PARAMETER_LOW, reframe::PARAMETER_HIGH)?,
            adjust: wide(reframe::ADJUST_LOW, reframe::ADJUST_HIGH)?.cast_signed(),
            delimiter: word(reframe::DELIMITER_BYTES)? as usize,
        })
    }

    pub(crate) fn is_regexp(&self) -> bool {
        self.kind == kind::REGEXP
    }
}

/// The framing that a reframe's payload describes.
pub(crate) fn parse_framing(
    header: &ReframeHeader,
    payload: &[u8],
    regexps: &RegExps,
) -> Option<Framing> {
    let tail = payload.get(4 * reframe::WORDS as usize..)?;
    match header.kind {
        kind::RAW => Some(Framing::Raw),
        kind::DELIMITER => Delimiter::new(tail.get(..header.delimiter)?).map(Framing::Delimiter),
        kind::REGEXP => {
            let regexp = regexps.get(tail.get(..header.delimiter)?).ok()?;
            Some(Framing::RegExp(regexp))
        }
        kind::FIXED => match usize::try_from(header.parameter).ok()? {
            0 => None,
            n => Some(Framing::Fixed(n)),
        },
        kind::LENGTH_PREFIX => {
            let endian = if header.parameter >> 8 == 0 {
                Endian::Big
            } else {
                Endian::Little
            };
            let bytes = (header.parameter & 0xff) as usize;
            LengthPrefix::new(bytes, endian, header.adjust).map(Framing::LengthPrefix)
        }
        _ => None,
    }
}

fn parse_reframe(payload: &[u8], regexps: &RegExps) -> Option<Reframe> {
    let header = ReframeHeader::parse(payload)?;
    let framing = parse_framing(&header, payload, regexps)?;
    Some(Reframe { header, framing })
}

fn parse_start(payload: &[u8], regexps: &RegExps) -> Option<Start> {
    let millis = |at: u32| Some(u64::from(word(payload, at as usize)?));
    let timeout = |at| {
        Some(match millis(at)? {
            0 => None,
            n => Some(Duration::from_millis(n)),
        })
    };
    Some(Start {
        idle: timeout(start::IDLE_TIMEOUT)?,
        frame: timeout(start::FRAME_TIMEOUT)?,
        linger: Duration::from_millis(millis(start::LINGER_TIMEOUT)?),
        reframe: parse_reframe(payload.get(4 * start::WORDS as usize..)?, regexps)?,
    })
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(4 * at..4 * at + 4)?;
    Some(u32::from_ne_bytes(bytes.try_into().ok()?))
}

/// Calls `each` for every record of a batch, in order.
///
/// `None` where a record is malformed: the caller of `submit` broke the layout, and what follows
/// cannot be told apart from data.
pub(crate) fn each_record(
    records: &[u8],
    owned: &mut VecDeque<Piece>,
    regexps: &RegExps,
    mut each: impl FnMut(Record<'_>),
) -> Option<()> {
    let mut rest = records;
    while !rest.is_empty() {
        let (op, flags) = (word(rest, 0)? & 0xff, word(rest, 0)? >> 8);
        let id = ChannelId {
            index: word(rest, 1)?,
            generation: word(rest, 2)?,
        };
        let length = word(rest, 3)? as usize;
        let payload = rest.get(4 * HEADER_WORDS..4 * HEADER_WORDS + length)?;
        let notify = flags & flag::NOTIFY != 0;
        let request = match op {
            op::WRITE => Request::Write {
                data: payload,
                notify,
            },
            op::WRITE_OWNED => Request::WriteOwned {
                piece: owned.pop_front()?,
                notify,
            },
            op::START => Request::Start(Box::new(parse_start(payload, regexps)?)),
            op::REFRAME => Request::Reframe(Box::new(parse_reframe(payload, regexps)?)),
            op::PAUSE => Request::Pause,
            op::RESUME => Request::Resume,
            op::END => Request::End,
            op::SHUTDOWN => Request::Shutdown,
            op::CLOSE => Request::Close {
                reset: flags & flag::RESET != 0,
            },
            op::NOTIFY => Request::Notify,
            op::SEND => {
                let (to, data) =
                    payload.split_at_checked((flags >> packet::ADDRESS_SHIFT) as usize)?;
                Request::Send { to, data, notify }
            }
            op::SET_PEER => Request::SetPeer { to: payload },
            op::DROP_PEER => Request::DropPeer,
            _ => return None,
        };
        each(Record { id, request });
        rest = rest.get(4 * HEADER_WORDS + length.next_multiple_of(4)..)?;
    }
    Some(())
}

/// The channel and the bytes of a batch that is one write and nothing else, with nobody to notify.
pub(crate) fn lone_write(records: &[u8]) -> Option<(ChannelId, &[u8])> {
    let length = word(records, 3)? as usize;
    let lone = word(records, 0)? == op::WRITE
        && records.len() == 4 * HEADER_WORDS + length.next_multiple_of(4);
    let id = ChannelId {
        index: word(records, 1)?,
        generation: word(records, 2)?,
    };
    lone.then(|| (id, &records[4 * HEADER_WORDS..4 * HEADER_WORDS + length]))
}

/// The record of a write.
pub(crate) fn push_write(records: &mut Vec<u8>, id: ChannelId, data: &[u8]) {
    let length = u32::try_from(data.len()).expect("it came out of a record");
    for word in [op::WRITE, id.index, id.generation, length] {
        records.extend(word.to_ne_bytes());
    }
    records.extend_from_slice(data);
    records.resize(records.len().next_multiple_of(4), 0);
}

#[derive(Debug, Default)]
struct State {
    waiting: Vec<Submission>,
    asleep: bool,
    stop: bool,
}

/// The queue of submissions.
#[derive(Debug, Default)]
pub(crate) struct Submissions {
    state: Mutex<State>,
}

impl Submissions {
    /// Adds one; returns whether the reactor sleeps and has to be woken.
    pub(crate) fn push(&self, submission: Submission) -> bool {
        let mut state = lock(&self.state);
        state.waiting.push(submission);
        std::mem::take(&mut state.asleep)
    }

    /// Whether everything pushed so far has been done, and the reactor waits for more.
    pub(crate) fn is_settled(&self) -> bool {
        let state = lock(&self.state);
        state.asleep && state.waiting.is_empty()
    }

    /// How many wait.
    pub(crate) fn depth(&self) -> usize {
        lock(&self.state).waiting.len()
    }

    /// Moves all that waits into `into`; returns false when the reactor shall stop.
    pub(crate) fn drain(&self, into: &mut Vec<Submission>) -> bool {
        let mut state = lock(&self.state);
        state.asleep = false;
        // The two vectors change places, so that neither is allocated anew.
        std::mem::swap(&mut state.waiting, into);
        !state.stop
    }

    /// Before the reactor blocks: true where it may, because whoever submits from now on will
    /// wake it; false where something waits already.
    pub(crate) fn may_sleep(&self) -> bool {
        let mut state = lock(&self.state);
        state.asleep = state.waiting.is_empty() && !state.stop;
        state.asleep
    }

    /// Asks the reactor to stop.
    pub(crate) fn stop(&self) {
        lock(&self.state).stop = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(op: u32, payload: &[u8]) -> Vec<u8> {
        let mut bytes: Vec<u8> = [op, 1, 2, payload.len() as u32]
            .iter()
            .flat_map(|word| word.to_ne_bytes())
            .collect();
        bytes.extend_from_slice(payload);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes
    }

    #[test]
    fn reads_records_back() {
        let mut batch = record(op::WRITE | (flag::NOTIFY << 8), b"hello");
        batch.extend(record(op::PAUSE, b""));
        batch.extend(record(op::WRITE_OWNED, b""));
        batch.extend(record(op::CLOSE, b""));
        batch.extend(record(op::CLOSE | (flag::RESET << 8), b""));
        let mut owned = VecDeque::from([vec![1, 2, 3].into()]);
        let mut seen = Vec::new();
        let whole = each_record(&batch, &mut owned, &RegExps::default(), |record| {
            assert_eq!(
                record.id,
                ChannelId {
                    index: 1,
                    generation: 2
                }
            );
            seen.push(format!("{:?}", record.request));
        });
        assert_eq!(whole, Some(()));
        assert_eq!(
            seen,
            [
                "Write { data: [104, 101, 108, 108, 111], notify: true }",
                "Pause",
                "WriteOwned { piece: Bytes([1, 2, 3]), notify: false }",
                "Close { reset: false }",
                "Close { reset: true }",
            ]
        );
    }

    #[test]
    fn a_lone_write_is_one_and_alone() {
        let id = ChannelId {
            index: 1,
            generation: 2,
        };
        for data in [&b""[..], b"a", b"four", b"fiver"] {
            let mut records = Vec::new();
            push_write(&mut records, id, data);
            assert_eq!(records, record(op::WRITE, data));
            assert_eq!(lone_write(&records), Some((id, data)));
            records.extend(record(op::PAUSE, b""));
            assert_eq!(lone_write(&records), None);
        }
        assert_eq!(
            lone_write(&record(op::WRITE | (flag::NOTIFY << 8), b"a")),
            None
        );
        assert_eq!(lone_write(&record(op::CLOSE, b"")), None);
        assert_eq!(lone_write(b""), None);
    }

    #[test]
    fn a_malformed_batch_ends_where_it_is_malformed() {
        let mut batch = record(op::PAUSE, b"");
        batch.extend(&record(op::WRITE, b"cut off")[..18]);
        let mut count = 0;
        assert_eq!(
            each_record(&batch, &mut VecDeque::new(), &RegExps::default(), |_| {
                count += 1
            }),
            None
        );
        assert_eq!(count, 1);
        assert_eq!(
            each_record(
                &record(99, b""),
                &mut VecDeque::new(),
                &RegExps::default(),
                |_| ()
            ),
            None
        );
        assert_eq!(
            each_record(
                &record(op::START, b"no"),
                &mut VecDeque::new(),
                &RegExps::default(),
                |_| ()
            ),
            None
        );
    }

    #[test]
    fn only_a_sleeping_reactor_is_woken_and_only_once() {
        let queue = Submissions::default();
        let batch = || Submission::Batch {
            records: Vec::new(),
            owned: VecDeque::new(),
        };
        assert!(!queue.push(batch()));
        assert!(!queue.may_sleep(), "something waits");
        queue.drain(&mut Vec::new());
        assert!(queue.may_sleep());
        assert!(queue.push(batch()));
        assert!(!queue.push(batch()));
        queue.stop();
        assert!(!queue.drain(&mut Vec::new()));
        assert!(!queue.may_sleep());
    }
}
