//! `RegExp`s as delimiters: compiled once, searched for by the reactor and, where bytes are cut
//! again, by JS.

use std::cell::{RefCell, RefMut};

use napi::bindgen_prelude::*;
use napi_derive::napi;
use pants_core::framing::RegExp;
use pants_core::framing::recut::Resume;

/// A compiled pattern.
pub struct NativeRegExp(RegExp);

/// How far JS has searched one channel's bytes for a pattern.
pub struct NativeSearch(RefCell<Resume>);

impl NativeRegExp {
    pub(crate) fn regexp(&self) -> &RegExp {
        &self.0
    }
}

impl NativeSearch {
    pub(crate) fn resume(&self) -> RefMut<'_, Resume> {
        self.0.borrow_mut()
    }
}

/// Compiles flags, a slash and source. What it throws says what kind of `RegExp` it takes.
#[napi(catch_unwind, strict)]
pub fn compile_reg_exp(text: &[u8]) -> Result<External<NativeRegExp>> {
    match RegExp::new(text) {
        Ok(regexp) => Ok(External::new(NativeRegExp(regexp))),
        Err(refusal) => Err(Error::new(Status::InvalidArg, refusal.to_string())),
    }
}

/// Begins to search the bytes of a channel.
#[napi(catch_unwind, strict)]
pub fn open_search(regexp: &External<NativeRegExp>) -> External<NativeSearch> {
    External::new(NativeSearch(RefCell::new(Resume::new(regexp.0.clone()))))
}
