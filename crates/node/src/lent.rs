//! Memory of JS that is lent to the reactor.

use std::slice;

use napi::bindgen_prelude::Uint8Array;
use napi::{Error, Result, Status};
use pants_core::{Handle, Loan};

/// The loans of one engine, by number: what keeps each alive while the reactor has it. They outlive
/// the reactor, or are returned before.
#[derive(Default)]
pub(crate) struct Lent(Vec<Option<Uint8Array>>);

impl Lent {
    /// Lends; the number is one after the last, or of memory that JS has again.
    pub(crate) fn lend(
        &mut self,
        handle: &Handle,
        number: u32,
        mut memory: Uint8Array,
    ) -> Result<()> {
        let place = number as usize;
        if place > self.0.len() || self.0.get(place).is_some_and(Option::is_some) {
            return Err(Error::new(Status::InvalidArg, "a number that is not free"));
        }
        // SAFETY: nobody else has a view of it.
        let bytes = unsafe { memory.as_mut() };
        let (start, length) = (bytes.as_mut_ptr(), bytes.len());
        // SAFETY: it stays where it is, and alive, as it is kept here until it is returned or the
        // reactor has ended; that comes before the environment's end.
        let bytes: &'static mut [u8] = unsafe { slice::from_raw_parts_mut(start, length) };
        if !handle.lend(Loan { number, bytes }) {
            return Err(Error::new(Status::InvalidArg, "too little memory"));
        }
        match self.0.get_mut(place) {
            Some(free) => *free = Some(memory),
            None => self.0.push(Some(memory)),
        }
        Ok(())
    }

    /// JS has it again.
    pub(crate) fn returned(&mut self, number: u32) {
        if let Some(kept) = self.0.get_mut(number as usize) {
            *kept = None;
        }
    }

    /// JS has those again that wait to be filled.
    pub(crate) fn reclaim(&mut self, handle: &Handle) -> Vec<u32> {
        let loans = handle.reclaim().into_iter();
        let numbers: Vec<u32> = loans.map(|loan| loan.number).collect();
        for &number in &numbers {
            self.returned(number);
        }
        numbers
    }
}
