//! A clock that a test moves.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

#[derive(Debug, Clone)]
pub(super) struct Clock(Arc<Mutex<Instant>>);

impl Clock {
    /// It says when it was made, until it is moved.
    #[expect(clippy::disallowed_methods, reason = "any time will do")]
    pub(super) fn new() -> Self {
        Self(Arc::new(Mutex::new(Instant::now())))
    }

    pub(super) fn now(&self) -> Instant {
        *self.0.lock().unwrap()
    }

    pub(super) fn advance(&self, by: Duration) {
        *self.0.lock().unwrap() += by;
    }
}
