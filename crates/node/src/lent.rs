//! Memory of JS that is lent to the reactor.

use std::slice;

use napi::bindgen_prelude::Uint8Array;
use napi::{Error, Result, Status};
use pants_core::{Handle, Loan};

/// The loans of one engine, by number. They outlive the reactor, or are returned before.
#[derive(Default)]
pub(crate) struct Lent(Vec<Entry>);

struct Entry {
    /// Keeps it alive.
    _memory: Uint8Array,
    /// JS has it again.
    returned: bool,
}

impl Lent {
    /// Lends; the number is one after the last, or of memory that JS has again.
    pub(crate) fn lend(
        &mut self,
        handle: &Handle,
        number: u32,
        mut memory: Uint8Array,
    ) -> Result<()> {
        let place = number as usize;
        if place > self.0.len() || self.0.get(place).is_some_and(|entry| !entry.returned) {
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
        let entry = Entry {
            _memory: memory,
            returned: false,
        };
        match self.0.get_mut(place) {
            Some(before) => *before = entry,
            None => self.0.push(entry),
        }
        Ok(())
    }

    /// JS has it again.
    pub(crate) fn returned(&mut self, number: u32) {
        if let Some(entry) = self.0.get_mut(number as usize) {
            entry.returned = true;
        }
    }
}
