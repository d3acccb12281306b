//! The memory of a batch: its own, or lent by the other side for bytes that are many.
//!
//! ```text
//!   other side ──lend()──▶ loans ──▶ the batch that is filled: sockets are read into it
//!       ▲                    ▲                    │
//!       │                    └── few bytes: copied┤
//!       └────── take(): the batch, and the loan that its bytes stand in, are the other side's
//! ```
//!
//! Who lends does not touch the memory until it is its own again: it changes hands whole, as the
//! batch does.

/// What a batch holds before it is full, where its memory is its own.
pub(super) const OWN_BYTES: usize = 256 * 1024;
/// Own memory that grew past this (one large frame) is given back.
const KEEP_BYTES: usize = 1024 * 1024;

/// Memory of the other side.
#[derive(Debug)]
pub struct Loan {
    /// By which the other side knows it.
    pub number: u32,
    pub bytes: &'static mut [u8],
}

/// See the module's drawing.
#[derive(Debug, Default)]
pub(super) struct Memory {
    own: Vec<u8>,
    loan: Option<Loan>,
    /// One record was longer than the loan: all bytes stand in its own memory.
    outgrown: bool,
}

impl Memory {
    pub(super) fn is_lent(&self) -> bool {
        self.loan.is_some() && !self.outgrown
    }

    /// How much there is behind the first `used` bytes, before it is full.
    pub(super) fn room(&self, used: usize) -> usize {
        match &self.loan {
            Some(loan) if !self.outgrown => loan.bytes.len() - used,
            _ => OWN_BYTES.saturating_sub(used),
        }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        match &self.loan {
            Some(loan) if !self.outgrown => loan.bytes,
            _ => &self.own,
        }
    }

    /// At least `needed` bytes, the first `used` as they were.
    pub(super) fn reserve(&mut self, used: usize, needed: usize) -> &mut [u8] {
        if !self.is_lent() {
            return self.own(needed);
        }
        if self.room(used) < needed - used {
            self.own(needed);
            self.outgrown = true;
            if let Some(loan) = &self.loan {
                self.own[..used].copy_from_slice(&loan.bytes[..used]);
            }
        }
        match &mut self.loan {
            Some(loan) if !self.outgrown => loan.bytes,
            _ => &mut self.own,
        }
    }

    /// Bytes that nobody keeps.
    pub(super) fn scratch(&mut self, used: usize, n: usize) -> &mut [u8] {
        let from = if self.is_lent() { 0 } else { used };
        &mut self.own(from + n)[from..from + n]
    }

    /// Zeroed once; it is used again and again.
    fn own(&mut self, needed: usize) -> &mut [u8] {
        if self.own.len() < needed {
            self.own.resize(needed, 0);
        }
        &mut self.own
    }

    /// For another batch.
    pub(super) fn set_loan(&mut self, loan: Option<Loan>) {
        if loan.is_some() {
            self.own = Vec::new();
        }
        self.loan = loan;
        self.outgrown = false;
    }

    pub(super) fn take_loan(&mut self) -> Option<Loan> {
        self.loan.take()
    }

    pub(super) fn shrink(&mut self) {
        if self.own.len() > KEEP_BYTES {
            self.own = Vec::new();
        }
    }
}
