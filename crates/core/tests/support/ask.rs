//! Submissions, by the constants of `wire`.

use std::collections::VecDeque;
use std::time::Duration;

use pants_core::wire::{change, flag, framing, op, reframe, settings};
use pants_core::{ChannelId, FileRange, Piece};

/// A batch of submissions.
#[derive(Debug, Default)]
pub struct Ask {
    pub records: Vec<u8>,
    pub owned: VecDeque<Piece>,
}

impl Ask {
    pub fn start(self, id: ChannelId, start: &Start) -> Self {
        self.record(op::START, 0, id, &start.payload())
    }

    /// Sets some of the settings that a start has: `which`, by `wire::change`.
    pub fn configure(self, id: ChannelId, which: u32, start: &Start) -> Self {
        self.record(op::CONFIGURE, 0, id, &start.settings(which))
    }

    pub fn reframe(self, id: ChannelId, cut: &Cut) -> Self {
        self.record(op::REFRAME, 0, id, &cut.payload())
    }

    pub fn write(self, id: ChannelId, data: &[u8]) -> Self {
        self.record(op::WRITE, 0, id, data)
    }

    /// A write that is reported when it has left.
    pub fn write_wants_drain(self, id: ChannelId, data: &[u8]) -> Self {
        self.record(op::WRITE, flag::WANTS_DRAIN, id, data)
    }

    pub fn write_owned(mut self, id: ChannelId, data: impl Into<Piece>) -> Self {
        self.owned.push_back(data.into());
        self.record(op::WRITE_OWNED, 0, id, &[])
    }

    pub fn write_file(mut self, id: ChannelId, range: FileRange) -> Self {
        self.owned.push_back(Piece::File(range));
        self.record(op::WRITE_OWNED, 0, id, &[])
    }

    pub fn wants_drain(self, id: ChannelId) -> Self {
        self.record(op::WANTS_DRAIN, 0, id, &[])
    }

    pub fn pause(self, id: ChannelId) -> Self {
        self.record(op::PAUSE, 0, id, &[])
    }

    pub fn resume(self, id: ChannelId) -> Self {
        self.record(op::RESUME, 0, id, &[])
    }

    pub fn end(self, id: ChannelId) -> Self {
        self.record(op::END, 0, id, &[])
    }

    pub fn shutdown(self, id: ChannelId) -> Self {
        self.record(op::SHUTDOWN, 0, id, &[])
    }

    pub fn close(self, id: ChannelId) -> Self {
        self.record(op::CLOSE, 0, id, &[])
    }

    /// Closes by a reset.
    pub fn reset(self, id: ChannelId) -> Self {
        self.record(op::CLOSE, flag::RESET, id, &[])
    }

    fn record(mut self, op: u32, flags: u32, id: ChannelId, payload: &[u8]) -> Self {
        let length = u32::try_from(payload.len()).unwrap();
        for word in [op | (flags << 8), id.index, id.generation, length] {
            self.records.extend(word.to_ne_bytes());
        }
        self.records.extend_from_slice(payload);
        let padded = self.records.len().next_multiple_of(4);
        self.records.resize(padded, 0);
        self
    }
}

/// How a channel begins to read.
#[derive(Debug, Clone)]
pub struct Start {
    pub idle: Duration,
    pub frame: Duration,
    pub linger: Duration,
    pub cut: Cut,
}

impl Start {
    /// No timeouts but a generous one for lingering.
    pub fn new(cut: Cut) -> Self {
        Self {
            idle: Duration::ZERO,
            frame: Duration::ZERO,
            linger: Duration::from_secs(5),
            cut,
        }
    }

    pub fn idle(self, idle: Duration) -> Self {
        Self { idle, ..self }
    }

    pub fn frame(self, frame: Duration) -> Self {
        Self { frame, ..self }
    }

    pub fn linger(self, linger: Duration) -> Self {
        Self { linger, ..self }
    }

    fn payload(&self) -> Vec<u8> {
        let mut payload = self.settings(change::TIMEOUTS);
        payload.extend(self.cut.payload());
        payload
    }

    fn settings(&self, which: u32) -> Vec<u8> {
        let mut words = [0; settings::WORDS as usize];
        words[settings::SET as usize] = which;
        words[settings::IDLE_TIMEOUT as usize] = self.idle.as_millis() as u32;
        words[settings::FRAME_TIMEOUT as usize] = self.frame.as_millis() as u32;
        words[settings::LINGER_TIMEOUT as usize] = self.linger.as_millis() as u32;
        words.iter().flat_map(|word| word.to_ne_bytes()).collect()
    }
}

/// A framing as it crosses: who cuts, how, and from which byte on.
#[derive(Debug, Clone)]
pub struct Cut {
    kind: u32,
    parameter: u64,
    adjust: i64,
    delimiter: Vec<u8>,
    limit: u64,
    epoch: u32,
    flags: u32,
    passed_on: u64,
}

impl Cut {
    pub fn raw() -> Self {
        Self {
            kind: framing::RAW,
            parameter: 0,
            adjust: 0,
            delimiter: Vec::new(),
            limit: 64 * 1024,
            epoch: 1,
            flags: flag::MAY_CUT,
            passed_on: 0,
        }
    }

    pub fn delimiter(sequence: &[u8]) -> Self {
        Self {
            kind: framing::SEQUENCE,
            delimiter: sequence.to_vec(),
            ..Self::raw()
        }
    }

    pub fn lines() -> Self {
        Self::delimiter(b"\n")
    }

    pub fn fixed(length: u64) -> Self {
        Self {
            kind: framing::FIXED,
            parameter: length,
            ..Self::raw()
        }
    }

    /// A big-endian header of so many bytes.
    pub fn prefix(bytes: u64) -> Self {
        Self {
            kind: framing::LENGTH_PREFIX,
            parameter: bytes,
            ..Self::raw()
        }
    }

    pub fn little_endian(self) -> Self {
        Self {
            parameter: self.parameter | (1 << 8),
            ..self
        }
    }

    pub fn adjust(self, adjust: i64) -> Self {
        Self { adjust, ..self }
    }

    pub fn limit(self, limit: u64) -> Self {
        Self { limit, ..self }
    }

    pub fn epoch(self, epoch: u32) -> Self {
        Self { epoch, ..self }
    }

    /// How many bytes of what the reactor has passed on the other side has taken in.
    pub fn passed_on(self, passed_on: u64) -> Self {
        Self { passed_on, ..self }
    }

    pub fn text(self) -> Self {
        Self {
            flags: self.flags | flag::TEXT,
            ..self
        }
    }

    /// The other side cuts.
    pub fn uncut(self) -> Self {
        Self {
            flags: self.flags & !flag::MAY_CUT,
            ..self
        }
    }

    /// How many bytes separate two frames.
    pub fn separator(&self) -> usize {
        self.delimiter.len()
    }

    pub fn payload(&self) -> Vec<u8> {
        let mut words = [0; reframe::WORDS as usize];
        let mut wide = |low: u32, high: u32, value: u64| {
            words[low as usize] = value as u32;
            words[high as usize] = (value >> 32) as u32;
        };
        wide(
            reframe::PASSED_ON_LOW,
            reframe::PASSED_ON_HIGH,
            self.passed_on,
        );
        wide(reframe::LIMIT_LOW, reframe::LIMIT_HIGH, self.limit);
        wide(
            reframe::PARAMETER_LOW,
            reframe::PARAMETER_HIGH,
            self.parameter,
        );
        wide(
            reframe::ADJUST_LOW,
            reframe::ADJUST_HIGH,
            self.adjust.cast_unsigned(),
        );
        words[reframe::EPOCH as usize] = self.epoch;
        words[reframe::FLAGS as usize] = self.flags;
        words[reframe::KIND as usize] = self.kind;
        words[reframe::DELIMITER_BYTES as usize] = self.delimiter.len() as u32;
        let mut payload: Vec<u8> = words.iter().flat_map(|word| word.to_ne_bytes()).collect();
        payload.extend_from_slice(&self.delimiter);
        payload
    }
}
