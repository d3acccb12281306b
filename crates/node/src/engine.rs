//! What JS calls.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

use napi::bindgen_prelude::*;
use napi::sys;
use napi_derive::napi;
use pants_core::framing::recut;
use pants_core::wire::batch;
use pants_core::{ChannelId, Driver, Handle, Piece, ReactorThread};

use crate::convert::{
    NativeAdopted, NativeConnectOptions, NativeListenOptions, NativeListening, NativeSocketOptions,
    NativeStats, address, given,
};
use crate::doorbell::Doorbell;
use crate::life::{Bell, Life};
use crate::regexp::{NativeRegExp, NativeSearch};
#[cfg(unix)]
use crate::seat::{self, Watch};

/// One reactor, and what the JS thread holds of it.
pub struct NativeEngine {
    life: Rc<Life>,
    /// Large writes and files, until the batch that refers to them is submitted.
    owned: RefCell<VecDeque<Piece>>,
}

impl NativeEngine {
    /// For the next `WRITE_OWNED` record.
    pub(crate) fn push(&self, piece: Piece) {
        self.owned.borrow_mut().push_back(piece);
    }

    /// Asks something of the reactor's handle.
    pub(crate) fn handle<T>(&self, ask: impl FnOnce(&Handle) -> T) -> T {
        ask(self.life.thread.borrow().handle())
    }
}

/// Starts a reactor. `look` is called on this thread when there are completions, after a `take`
/// that has found none. `driver` is who drives it: `thread`, `loop`, or `auto`, where this is Node,
/// and `thread` elsewhere.
///
/// The environment's end stops it: no thread of this addon outlives the hook that is set here.
#[napi(catch_unwind, strict)]
pub fn open_engine(
    env: &Env,
    look: Function<'_, (), ()>,
    driver: String,
) -> Result<External<NativeEngine>> {
    let doorbell = Doorbell::new(&look)?;
    let rings = doorbell.clone();
    let driver = match &*driver {
        #[cfg(unix)]
        "auto" if seat::is_possible() => Driver::Auto,
        #[cfg(unix)]
        "loop" if seat::is_possible() => Driver::Loop,
        _ => Driver::Thread,
    };
    let thread = ReactorThread::spawn(driver, move || rings.ring())
        .map_err(|error| Error::new(Status::GenericFailure, error.to_string()))?;
    let life = Rc::new(Life {
        bell: RefCell::default(),
        thread: RefCell::new(thread),
        lent: RefCell::default(),
    });
    #[cfg(unix)]
    let descriptor = life.thread.borrow_mut().take_descriptor();
    #[cfg(unix)]
    let watch = match descriptor {
        Some(descriptor) => {
            let whose = Rc::downgrade(&life);
            Some(Watch::new(env, &look, descriptor, whose)?)
        }
        None => None,
    };
    // Weak: an engine that nobody has any more stops by itself.
    let hook = env.add_env_cleanup_hook(Rc::downgrade(&life), |life| {
        if let Some(life) = life.upgrade() {
            life.end();
        }
    })?;
    life.bell.replace(Some(Bell {
        doorbell,
        hook,
        #[cfg(unix)]
        watch,
    }));
    Ok(External::new(NativeEngine {
        life,
        owned: RefCell::default(),
    }))
}

/// Stops the reactor and closes all its sockets; nothing is reported any more.
#[napi(catch_unwind, strict)]
pub fn close_engine(env: &Env, engine: &External<NativeEngine>) -> Result<()> {
    engine.life.end();
    engine.owned.take();
    match engine.life.bell.take() {
        Some(Bell { hook, .. }) => env.remove_env_cleanup_hook(hook),
        None => Ok(()),
    }
}

/// Whether the engine keeps the process alive.
#[napi(catch_unwind, strict)]
pub fn hold_engine(env: &Env, engine: &External<NativeEngine>, alive: bool) -> Result<()> {
    match &*engine.life.bell.borrow() {
        Some(bell) => bell.doorbell.hold(env, alive),
        None => Ok(()),
    }
}

/// Submits the first `length` bytes of a batch of records.
#[napi(catch_unwind, strict)]
pub fn submit(engine: &External<NativeEngine>, records: &[u8], length: u32) -> Result<()> {
    let records = records
        .get(..length as usize)
        .ok_or_else(|| Error::new(Status::InvalidArg, "a batch shorter than its length"))?;
    let owned = engine.owned.take();
    let rung = engine.life.thread.borrow().submit(records, owned);
    if rung {
        engine.life.look_soon();
    }
    Ok(())
}

/// Copies bytes of `data`, from `from` on, for the next `WRITE_OWNED` record: as many as it takes.
/// Returns where those that follow begin.
#[napi(catch_unwind, strict)]
pub fn push_owned(engine: &External<NativeEngine>, data: &[u8], from: f64) -> f64 {
    let data = data.get(from as usize..).unwrap_or_default();
    let block = engine.handle(|handle| handle.copy(data));
    let length = block.len();
    engine.push(block.into());
    from + length as f64
}

/// Sends what it can of a write on this thread, see `Handle::send`: behind the write that the record
/// at `at` of `records` gathers, if one begins there. Returns how many bytes have been taken.
#[napi(catch_unwind, strict)]
pub fn send(
    engine: &External<NativeEngine>,
    index: u32,
    generation: u32,
    after: f64,
    records: &[u8],
    at: u32,
    data: &[u8],
) -> f64 {
    let id = ChannelId { index, generation };
    let record = records.get(at as usize..).unwrap_or_default();
    engine.handle(|handle| handle.send(id, after as u64, record, data)) as f64
}

/// Makes a pattern known to the engine before a `REFRAME` or `START` refers to it.
#[napi(catch_unwind, strict)]
pub fn share_reg_exp(engine: &External<NativeEngine>, regexp: &External<NativeRegExp>) {
    engine.handle(|handle| handle.share(regexp.regexp()));
}

/// Takes completions into `words`, see `wire::batch`, and their bytes into `bytes`; none of them
/// where there is too little room.
#[napi(catch_unwind, strict)]
pub fn take(
    engine: &External<NativeEngine>,
    mut words: Uint32ArraySlice<'_>,
    mut bytes: Uint8ArraySlice<'_>,
) -> Result<()> {
    // SAFETY: the array is private to the engine's JS, which stands still during this call; no
    // other thread is ever given it.
    let words = unsafe { words.as_mut() };
    // SAFETY: as above.
    let bytes = unsafe { bytes.as_mut() };
    if !engine.life.thread.borrow().take(words, bytes) {
        return Err(Error::new(
            Status::InvalidArg,
            "words without room for a header",
        ));
    }
    if let Some(number) = words[batch::LOAN as usize].checked_sub(1) {
        engine.life.lent.borrow_mut().returned(number);
    }
    if words[batch::RECORD_WORDS as usize] + words[batch::NEEDED_WORDS as usize] == 0 {
        engine.life.rest();
    }
    Ok(())
}

/// Lends memory that the bytes of completions are read into, where they are many. JS does not touch it
/// until `take` says, by the same number, that it has it again; nor has anybody else a view of it.
///
/// The number is one after the last, or of memory that JS has again.
#[napi(catch_unwind, strict)]
pub fn lend(engine: &External<NativeEngine>, number: u32, memory: Uint8Array) -> Result<()> {
    let mut lent = engine.life.lent.borrow_mut();
    engine.handle(|handle| lent.lend(handle, number, memory))
}

/// Takes back the loans that wait to be filled, by their numbers. One that is being filled stays.
#[napi(catch_unwind, strict)]
pub fn reclaim(engine: &External<NativeEngine>) -> Vec<u32> {
    let mut lent = engine.life.lent.borrow_mut();
    engine.handle(|handle| lent.reclaim(handle))
}

/// How much may wait to be taken: this part of what is the most.
#[napi(catch_unwind)]
pub fn set_pace(engine: &External<NativeEngine>, pace: f64) {
    engine.handle(|handle| handle.set_pace(pace));
}

/// Cuts at most `most` frames off bytes that JS holds; see `framing::recut`. `search` for a `RegExp`.
#[napi(catch_unwind, strict)]
pub fn cut(
    payload: &[u8],
    bytes: &[u8],
    from: u32,
    scan: u32,
    most: u32,
    mut answer: Uint32ArraySlice<'_>,
    search: Option<&External<NativeSearch>>,
) -> Result<()> {
    // SAFETY: as in `take`.
    let answer = unsafe { answer.as_mut() };
    let bytes = bytes.get(from as usize..).unwrap_or_default();
    let mut search = search.map(|search| search.resume());
    if !recut::recut(payload, bytes, scan, search.as_deref_mut(), most, answer) {
        return Err(Error::new(
            Status::InvalidArg,
            "not the payload of a reframe",
        ));
    }
    Ok(())
}

/// Begins to connect to the first of `to` (literals) that answers; gives index and generation.
#[napi(catch_unwind, strict)]
pub fn connect(
    engine: &External<NativeEngine>,
    to: Vec<String>,
    port: u16,
    options: NativeConnectOptions,
) -> Result<Vec<u32>> {
    let to = to
        .iter()
        .map(|host| address(host, port))
        .collect::<Result<Vec<_>>>()?;
    let options = options.try_into()?;
    let id = engine.handle(|handle| handle.connect(to, options));
    Ok(vec![id.index, id.generation])
}

/// Connects to the Unix socket at a path; gives index and generation.
#[napi(catch_unwind, strict)]
pub fn connect_path(
    engine: &External<NativeEngine>,
    path: &[u8],
    options: NativeConnectOptions,
) -> Result<Vec<u32>> {
    let options = options.try_into()?;
    let id = engine.handle(|handle| handle.connect_path(path, options));
    Ok(vec![id.index, id.generation])
}

/// Binds and listens.
#[napi(catch_unwind, strict)]
pub fn listen(
    engine: &External<NativeEngine>,
    host: String,
    port: u16,
    options: NativeListenOptions,
) -> NativeListening {
    engine
        .handle(|handle| handle.listen(&host, port, options.into()))
        .into()
}

/// Binds a Unix socket to a path and listens.
#[napi(catch_unwind, strict)]
pub fn listen_path(
    engine: &External<NativeEngine>,
    path: &[u8],
    options: NativeListenOptions,
) -> NativeListening {
    engine
        .handle(|handle| handle.listen_path(path, options.into()))
        .into()
}

/// Takes a connected socket over, by its descriptor; `family` is one of `wire::family`.
#[napi(catch_unwind, strict)]
pub fn adopt(
    engine: &External<NativeEngine>,
    descriptor: i32,
    family: u32,
    options: NativeSocketOptions,
) -> NativeAdopted {
    let options = options.into();
    given(descriptor)
        .and_then(|given| engine.handle(|handle| handle.adopt(given, family, &options)))
        .into()
}

/// Takes a listening socket over, by its descriptor; `family` is one of `wire::family`.
#[napi(catch_unwind, strict)]
pub fn adopt_listener(
    engine: &External<NativeEngine>,
    descriptor: i32,
    family: u32,
    options: NativeListenOptions,
) -> NativeListening {
    let options = options.into();
    given(descriptor)
        .and_then(|given| engine.handle(|handle| handle.adopt_listener(given, family, options)))
        .into()
}

/// Waits until the reactor has done all that was submitted, or so many milliseconds have passed.
#[napi(catch_unwind)]
pub fn catch_up(engine: &External<NativeEngine>, milliseconds: u32) -> bool {
    let patience = Duration::from_millis(milliseconds.into());
    let (done, rung) = engine.life.thread.borrow().catch_up(patience);
    if rung {
        engine.life.look_soon();
    }
    done
}

/// How many bytes of a channel the operating system has taken; -1 when it has closed.
#[napi(catch_unwind, strict)]
pub fn sent(engine: &External<NativeEngine>, index: u32, generation: u32) -> f64 {
    let sent = engine.handle(|handle| handle.sent(ChannelId { index, generation }));
    sent.map_or(-1.0, |bytes| bytes as f64)
}

/// Writes `wire::tally` of a channel to `answer`; false where it has closed.
#[napi(catch_unwind, strict)]
pub fn tally(
    engine: &External<NativeEngine>,
    index: u32,
    generation: u32,
    mut answer: Float64ArraySlice<'_>,
) -> bool {
    let id = ChannelId { index, generation };
    let Some(tally) = engine.handle(|handle| handle.tally(id)) else {
        return false;
    };
    // SAFETY: the array is private to the engine's JS, which stands still during this call; no
    // other thread is ever given it.
    let answer = unsafe { answer.as_mut() };
    for (place, value) in answer.iter_mut().zip(tally.values()) {
        *place = value as f64;
    }
    true
}

/// The engine's counters.
#[napi(catch_unwind, strict)]
pub fn engine_stats(engine: &External<NativeEngine>) -> NativeStats {
    let thread = engine.life.thread.borrow();
    let (is_the_loops, hand_overs) = thread.is_the_loops();
    NativeStats {
        is_the_loops,
        hand_overs: hand_overs as f64,
        ..thread.handle().stats().into()
    }
}

/// Reports what a hook has thrown, at once, as an uncaught exception.
///
/// Returns when a handler has taken it; where there is none, the process ends as Node ends it.
#[napi(catch_unwind, strict)]
pub fn report_uncaught(env: &Env, error: Unknown<'_>) -> Result<()> {
    // SAFETY: both belong to the environment that is calling.
    check_status!(unsafe { sys::napi_fatal_exception(env.raw(), error.raw()) })
}
