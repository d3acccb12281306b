//! The records of a batch that was submitted.

use std::collections::VecDeque;
use std::iter;
use std::time::Duration;

use super::piece::Piece;
use crate::blocked::Blocked;
use crate::framing::RegExps;
use crate::framing::reframe::{Reframe, parse_reframe};
use crate::id::ChannelId;
use crate::options::{KeepAlive, SocketOptions};
use crate::wire::{HEADER_WORDS, change, flag, op, packet, settings, word};

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
        wants_drain: bool,
    },
    WriteOwned {
        piece: Piece,
        wants_drain: bool,
    },
    Start(Box<Start>),
    Configure(Box<Settings>),
    Block(Blocked),
    Reframe(Box<Reframe>),
    Pause,
    Resume,
    End,
    Shutdown,
    Close {
        /// Its peer shall not take it for the end.
        reset: bool,
    },
    WantsDrain,
    Send {
        to: &'a [u8],
        data: &'a [u8],
        wants_drain: bool,
    },
    SetPeer {
        to: &'a [u8],
    },
    DropPeer,
}

/// JS is ready for the channel's data.
#[derive(Debug)]
pub(crate) struct Start {
    pub(crate) settings: Settings,
    pub(crate) reframe: Reframe,
}

/// The settings of a channel, as far as they have changed.
#[derive(Debug, Default)]
pub(crate) struct Settings {
    /// `Some(None)`: there is no such timeout any more.
    pub(crate) idle: Option<Option<Duration>>,
    pub(crate) frame: Option<Option<Duration>>,
    pub(crate) linger: Option<Duration>,
    pub(crate) socket: Option<SocketOptions>,
}

fn parse_start(payload: &[u8], regexps: &RegExps) -> Option<Start> {
    let reframe = payload.get(4 * settings::WORDS as usize..)?;
    Some(Start {
        settings: parse_settings(payload)?,
        reframe: parse_reframe(reframe, regexps)?,
    })
}

fn parse_settings(payload: &[u8]) -> Option<Settings> {
    let word = |at: u32| word(payload, at as usize);
    let millis = |at| Some(Duration::from_millis(word(at)?.into()));
    let timeout = |at| Some(millis(at)?).map(|time| (!time.is_zero()).then_some(time));
    let size = |at| Some(word(at)?).map(|bytes| (bytes > 0).then_some(bytes as usize));
    let which = word(settings::SET)?;
    let count = word(settings::KEEP_ALIVE_COUNT)?;
    let class = word(settings::TYPE_OF_SERVICE)?;
    let keep_alive = KeepAlive {
        idle: timeout(settings::KEEP_ALIVE_IDLE)?,
        interval: timeout(settings::KEEP_ALIVE_INTERVAL)?,
        count: (count > 0).then_some(count),
    };
    let socket = SocketOptions {
        no_delay: word(settings::NO_DELAY)? != 0,
        keep_alive: (word(settings::KEEP_ALIVE)? != 0).then_some(keep_alive),
        recv_buffer: size(settings::RECV_BUFFER)?,
        send_buffer: size(settings::SEND_BUFFER)?,
        user_timeout: timeout(settings::USER_TIMEOUT)?,
        type_of_service: (class > 0).then_some(class),
    };
    let idle = timeout(settings::IDLE_TIMEOUT)?;
    let frame = timeout(settings::FRAME_TIMEOUT)?;
    let linger = millis(settings::LINGER_TIMEOUT)?;
    Some(Settings {
        idle: (which & change::IDLE != 0).then_some(idle),
        frame: (which & change::FRAME != 0).then_some(frame),
        linger: (which & change::LINGER != 0).then_some(linger),
        socket: (which & change::SOCKET != 0).then_some(socket),
    })
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
        let wants_drain = flags & flag::WANTS_DRAIN != 0;
        let request = match op {
            op::WRITE => Request::Write {
                data: payload,
                wants_drain,
            },
            op::WRITE_OWNED => Request::WriteOwned {
                piece: owned.pop_front()?,
                wants_drain,
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
            op::WANTS_DRAIN => Request::WantsDrain,
            op::SEND => {
                let (to, data) =
                    payload.split_at_checked((flags >> packet::ADDRESS_SHIFT) as usize)?;
                Request::Send {
                    to,
                    data,
                    wants_drain,
                }
            }
            op::SET_PEER => Request::SetPeer { to: payload },
            op::DROP_PEER => Request::DropPeer,
            op::BLOCK => Request::Block(Blocked::parse(payload)?),
            op::CONFIGURE => Request::Configure(Box::new(parse_settings(payload)?)),
            _ => return None,
        };
        each(Record { id, request });
        rest = rest.get(4 * HEADER_WORDS + length.next_multiple_of(4)..)?;
    }
    Some(())
}

/// The channel and the bytes of a batch that is one write and nothing else, where nobody wants to
/// hear of its drain.
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

/// The channel of a batch that is a few datagrams of one channel and nothing else, where
/// nobody wants to hear of their drain: at most `most`.
pub(crate) fn few_sends(records: &[u8], most: usize) -> Option<ChannelId> {
    let id = ChannelId {
        index: word(records, 1)?,
        generation: word(records, 2)?,
    };
    let (mut rest, mut count) = (records, 0);
    while !rest.is_empty() {
        let flags = word(rest, 0)? >> 8;
        let alike = word(rest, 0)? & 0xff == op::SEND
            && flags & flag::WANTS_DRAIN == 0
            && (word(rest, 1)?, word(rest, 2)?) == (id.index, id.generation);
        count += 1;
        if !alike || count > most {
            return None;
        }
        rest = behind(rest)?;
    }
    (count > 0).then_some(id)
}

/// Of a batch of datagrams: where each goes to, its bytes, and the records behind it.
pub(crate) fn sends(records: &[u8]) -> impl Iterator<Item = (&[u8], &[u8], &[u8])> {
    let mut rest = records;
    iter::from_fn(move || {
        let address = (word(rest, 0)? >> 8 >> packet::ADDRESS_SHIFT) as usize;
        let (to, data) = payload_of(rest).split_at_checked(address)?;
        rest = behind(rest)?;
        Some((to, data, rest))
    })
}

/// What is behind the first record.
fn behind(records: &[u8]) -> Option<&[u8]> {
    let length = word(records, 3)? as usize;
    records
        .get(4 * HEADER_WORDS..)?
        .get(length.next_multiple_of(4)..)
}

/// The payload of the record at the front; nothing, where there is none.
pub(crate) fn payload_of(records: &[u8]) -> &[u8] {
    let length = word(records, 3).unwrap_or(0) as usize;
    let payload = records.get(4 * HEADER_WORDS..).unwrap_or_default();
    payload.get(..length).unwrap_or_default()
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
        let mut batch = record(op::WRITE | (flag::WANTS_DRAIN << 8), b"hello");
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
                "Write { data: [104, 101, 108, 108, 111], wants_drain: true }",
                "Pause",
                "WriteOwned { piece: Bytes([1, 2, 3]), wants_drain: false }",
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
            lone_write(&record(op::WRITE | (flag::WANTS_DRAIN << 8), b"a")),
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

    /// A datagram without an address.
    fn datagram(channel: u32, wants_drain: bool, data: &[u8]) -> Vec<u8> {
        let flags = if wants_drain { flag::WANTS_DRAIN } else { 0 };
        let mut bytes = record(op::SEND | flags << 8, data);
        bytes[4..8].copy_from_slice(&channel.to_ne_bytes());
        bytes
    }

    #[test]
    fn few_datagrams_of_one_channel_and_nothing_else() {
        let few = [datagram(1, false, b"one"), datagram(1, false, b"")].concat();
        let id = few_sends(&few, 2);
        assert_eq!(id.map(|id| id.index), Some(1));
        let all: Vec<_> = sends(&few)
            .map(|(to, data, behind)| (to.len(), data, behind.len()))
            .collect();
        assert_eq!(all, [(0, &b"one"[..], 16), (0, b"", 0)]);
        assert_eq!(few_sends(&few, 1), None, "more than that");
        for other in [
            datagram(2, false, b"x"),
            datagram(1, true, b"x"),
            record(op::PAUSE, b""),
            vec![0; 3],
        ] {
            assert_eq!(few_sends(&[few.clone(), other].concat(), 32), None);
        }
        assert_eq!(few_sends(&[], 32), None);
    }
}
