//! An engine from its reactor's start to its end, and what ties it to its environment.

use std::cell::RefCell;
use std::rc::Weak;

use napi::CleanupEnvHook;
#[cfg(unix)]
use pants_core::Driven;
use pants_core::ReactorThread;

use crate::doorbell::Doorbell;
use crate::lent::Lent;
#[cfg(unix)]
use crate::seat::{Drives, Watch};

/// From the reactor's start to its end, or the environment's.
pub(crate) struct Life {
    /// `None` once the engine is closed: it refers to the engine's JS, which refers to this.
    pub(crate) bell: RefCell<Option<Bell>>,
    pub(crate) thread: RefCell<ReactorThread>,
    /// Kept until the reactor has ended.
    pub(crate) lent: RefCell<Lent>,
}

/// What ties an engine to its environment.
pub(crate) struct Bell {
    pub(crate) doorbell: Doorbell,
    pub(crate) hook: CleanupEnvHook<Weak<Life>>,
    /// `None` where the loop cannot drive, or is not to.
    #[cfg(unix)]
    pub(crate) watch: Option<Watch>,
}

impl Life {
    /// Has JS look at its completions, later.
    pub(crate) fn ring(&self) {
        if let Some(bell) = &*self.bell.borrow() {
            bell.doorbell.ring();
        }
    }

    /// There are completions that nobody rings for.
    pub(crate) fn look_soon(&self) {
        #[cfg(unix)]
        if let Some(bell) = &*self.bell.borrow()
            && bell.watch.as_ref().is_some_and(Watch::looks_again)
        {
            return;
        }
        self.ring();
    }

    /// JS has found nothing: its loop sits down where it may.
    pub(crate) fn rest(&self) {
        #[cfg(unix)]
        if let Some(bell) = &*self.bell.borrow()
            && let Some(watch) = &bell.watch
            && self.thread.borrow().sit()
        {
            watch.start();
        }
    }

    /// The loop lets go of the reactor's descriptor, and the reactor stops.
    pub(crate) fn end(&self) {
        #[cfg(unix)]
        if let Some(bell) = &mut *self.bell.borrow_mut() {
            bell.watch = None;
        }
        self.thread.borrow_mut().stop();
    }
}

#[cfg(unix)]
impl Drives for Life {
    fn drive(&self) -> Option<Driven> {
        self.thread.borrow().drive()
    }

    fn ring(&self) {
        self.ring();
    }
}

impl Drop for Life {
    fn drop(&mut self) {
        self.end();
    }
}
