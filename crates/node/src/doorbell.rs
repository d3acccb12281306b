//! The doorbell: how the reactor's thread makes the JS thread look at its completions.

use std::sync::Arc;

use napi::bindgen_prelude::*;
use napi::sys;
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};

/// Weak: it does not keep the process alive unless [`Doorbell::hold`] says so. One place in its
/// queue: a ring while another one waits adds nothing.
type Callback = ThreadsafeFunction<(), (), (), Status, false, true, 1>;

/// Calls one JS function, without arguments, from any thread.
#[derive(Clone)]
pub(crate) struct Doorbell {
    callback: Arc<Callback>,
}

impl Doorbell {
    pub(crate) fn new(look: &Function<'_, (), ()>) -> Result<Self> {
        let callback = look
            .build_threadsafe_function::<()>()
            .weak::<true>()
            .max_queue_size::<1>()
            .build()?;
        Ok(Self {
            callback: Arc::new(callback),
        })
    }

    /// Never blocks. A full queue is a ring that has not been answered yet, and an environment
    /// that is ending needs none.
    pub(crate) fn ring(&self) {
        self.callback
            .call((), ThreadsafeFunctionCallMode::NonBlocking);
    }

    /// Whether the doorbell keeps the environment's loop alive.
    pub(crate) fn hold(&self, env: &Env, alive: bool) -> Result<()> {
        let raw = self.callback.raw();
        let status = if alive {
            // SAFETY: `raw` is live as long as `self.callback`, and this is its JS thread: only
            // functions that were handed an `Env` come here.
            unsafe { sys::napi_ref_threadsafe_function(env.raw(), raw) }
        } else {
            // SAFETY: as above.
            unsafe { sys::napi_unref_threadsafe_function(env.raw(), raw) }
        };
        check_status!(status)
    }
}
