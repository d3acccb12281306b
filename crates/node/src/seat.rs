//! Node's own loop in the reactor's seat: it waits for the reactor's descriptor, and drives.
//!
//! ```text
//!   uv_poll: readable ─▶ drive ─▶ completions? ─▶ look: hooks; what they submit is done at once
//!                          └─ the seat is the thread's: it is waited for no more
//! ```
//!
//! libuv's functions are found at run time: the addon is one file for all hosts of Node-API. Whether
//! this one is Node, JS says: others may export these names for functions that only abort.

use std::cell::{Cell, OnceCell};
use std::ffi::{CStr, c_int, c_void};
use std::mem::{size_of, transmute};
use std::os::fd::{AsRawFd, OwnedFd};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::rc::{Rc, Weak};
use std::sync::OnceLock;

use napi::bindgen_prelude::*;
use napi::sys;
use pants_core::Driven;

/// `UV_POLL` of `uv_handle_type`, and `UV_READABLE` of `uv_poll_event`.
const UV_POLL: c_int = 8;
const UV_READABLE: c_int = 1;
/// So often one callback has JS look at what hooks have set off; then it is rung for.
const LOOKS: usize = 4;

/// A `uv_poll_t`, whose size only libuv knows.
type Handle = c_void;
type OnPoll = unsafe extern "C" fn(*mut Handle, c_int, c_int);
type OnClose = unsafe extern "C" fn(*mut Handle);

/// What is used of libuv.
struct Uv {
    handle_size: unsafe extern "C" fn(c_int) -> usize,
    poll_init: unsafe extern "C" fn(*mut sys::uv_loop_s, *mut Handle, c_int) -> c_int,
    poll_start: unsafe extern "C" fn(*mut Handle, c_int, OnPoll) -> c_int,
    poll_stop: unsafe extern "C" fn(*mut Handle) -> c_int,
    unref: unsafe extern "C" fn(*mut Handle),
    close: unsafe extern "C" fn(*mut Handle, OnClose),
    set_data: unsafe extern "C" fn(*mut Handle, *mut c_void),
    get_data: unsafe extern "C" fn(*const Handle) -> *mut c_void,
}

/// Whether Node's loop can drive: this process has libuv.
pub(crate) fn is_possible() -> bool {
    Uv::get().is_some()
}

/// Whose reactor is driven.
pub(crate) trait Drives {
    /// One turn on this thread, which is the loop's: where it sits.
    fn drive(&self) -> Option<Driven>;

    /// Has JS look at its completions, later.
    fn ring(&self);
}

/// Waits for a reactor's descriptor on the loop of an environment, for as long as this lives.
///
/// It never keeps the process alive: the doorbell does.
pub(crate) struct Watch(Rc<Watched>);

/// What the handle refers to: it goes when libuv has let go of that.
struct Watched {
    uv: &'static Uv,
    env: sys::napi_env,
    /// The function of JS, and the context that it is called in.
    look: sys::napi_ref,
    context: sys::napi_async_context,
    whose: Weak<dyn Drives>,
    handle: OnceCell<Box<[u128]>>,
    /// One of our own: libuv and mio do not meet in one registration.
    descriptor: Cell<Option<OwnedFd>>,
    closed: Cell<bool>,
    /// A callback is under way, and looks at what there is before it ends.
    under_way: Cell<bool>,
    rung: Cell<bool>,
}

impl Watch {
    pub(crate) fn new(
        env: &Env,
        look: &Function<'_, (), ()>,
        descriptor: OwnedFd,
        whose: Weak<dyn Drives>,
    ) -> Result<Self> {
        let uv = Uv::get().ok_or_else(|| Error::from_reason("there is no libuv"))?;
        let env = env.raw();
        let mut uv_loop = ptr::null_mut();
        // SAFETY: the environment that is calling, and a place for the answer.
        let status = unsafe { sys::napi_get_uv_event_loop(env, &raw mut uv_loop) };
        check_status!(status)?;
        let name = c"PANTS_ENGINE";
        let mut resource_name = ptr::null_mut();
        // SAFETY: as above; -1: the name ends with NUL.
        let status =
            unsafe { sys::napi_create_string_utf8(env, name.as_ptr(), -1, &raw mut resource_name) };
        check_status!(status)?;
        let mut context = ptr::null_mut();
        // SAFETY: as above; without an object of ours, Node-API makes one.
        let status =
            unsafe { sys::napi_async_init(env, ptr::null_mut(), resource_name, &raw mut context) };
        check_status!(status)?;
        let mut reference = ptr::null_mut();
        // SAFETY: as above.
        let status = unsafe { sys::napi_create_reference(env, look.raw(), 1, &raw mut reference) };
        check_status!(status)?;
        // SAFETY: it takes any type of handle that libuv has.
        let size = unsafe { (uv.handle_size)(UV_POLL) };
        let watched = Rc::new(Watched {
            uv,
            env,
            look: reference,
            context,
            whose,
            handle: OnceCell::from(vec![0; size.div_ceil(size_of::<u128>())].into_boxed_slice()),
            descriptor: Cell::default(),
            closed: Cell::new(false),
            under_way: Cell::new(false),
            rung: Cell::new(false),
        });
        let (handle, fd) = (watched.handle(), descriptor.as_raw_fd());
        watched.descriptor.set(Some(descriptor));
        // SAFETY: the environment's loop, on its thread; memory of the size that libuv asks for,
        // which stays where it is until `on_closed`; an open descriptor.
        let failed = unsafe { (uv.poll_init)(uv_loop, handle, fd) };
        if failed != 0 {
            return Err(Error::from_reason(format!("uv_poll_init: {failed}")));
        }
        // SAFETY: the handle is initialized. What it refers to is let go of in `on_closed`.
        unsafe { (uv.set_data)(handle, Rc::into_raw(Rc::clone(&watched)).cast_mut().cast()) };
        // SAFETY: as above.
        unsafe { (uv.unref)(handle) };
        Ok(Self(watched))
    }

    /// The loop has sat down: waits from now on.
    pub(crate) fn start(&self) {
        // SAFETY: the handle is open as long as this lives, and this is its loop's thread.
        unsafe { (self.0.uv.poll_start)(self.0.handle(), UV_READABLE, on_readable) };
    }

    /// There is something to look at. Returns whether a callback is under way, which does that.
    pub(crate) fn looks_again(&self) -> bool {
        self.0.rung.set(self.0.under_way.get());
        self.0.under_way.get()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let watched = &self.0;
        watched.closed.set(true);
        // SAFETY: this is the environment's thread; nothing calls the function after this.
        unsafe { sys::napi_delete_reference(watched.env, watched.look) };
        // SAFETY: as above.
        unsafe { sys::napi_async_destroy(watched.env, watched.context) };
        // SAFETY: the handle is open, and closed only here.
        unsafe { (watched.uv.close)(watched.handle(), on_closed) };
        // libuv polls it no more, and does not wait for a turn of the loop, which may never come.
        watched.descriptor.take();
    }
}

impl Watched {
    fn handle(&self) -> *mut Handle {
        let memory = self.handle.get().expect("it is made with its memory");
        memory.as_ptr().cast_mut().cast()
    }

    fn readable(&self) {
        let Some(whose) = self.whose.upgrade() else {
            return self.stop();
        };
        let driven = whose.drive();
        if !driven.is_some_and(|driven| driven.stays) {
            self.stop();
        }
        self.rung.set(driven.is_some_and(|driven| driven.rung));
        self.under_way.set(true);
        for _ in 0..LOOKS {
            if self.closed.get() || !self.rung.replace(false) {
                break;
            }
            self.call();
        }
        self.under_way.set(false);
        if self.rung.replace(false) {
            whose.ring();
        }
    }

    fn stop(&self) {
        // SAFETY: as in `start`; a handle that is closing is not stopped, but this is only called
        // before JS is, which alone closes it.
        unsafe { (self.uv.poll_stop)(self.handle()) };
    }

    /// Has JS look, as any callback from the loop.
    fn call(&self) {
        let mut scope = ptr::null_mut();
        // SAFETY: the environment is alive as long as the handle is open.
        if unsafe { sys::napi_open_handle_scope(self.env, &raw mut scope) } != sys::Status::napi_ok
        {
            return;
        }
        self.call_in_scope();
        // SAFETY: it was opened above.
        unsafe { sys::napi_close_handle_scope(self.env, scope) };
    }

    fn call_in_scope(&self) {
        let (env, mut look, mut global) = (self.env, ptr::null_mut(), ptr::null_mut());
        // SAFETY: the reference is deleted when the handle is closed.
        unsafe { sys::napi_get_reference_value(env, self.look, &raw mut look) };
        // SAFETY: as in `call`.
        unsafe { sys::napi_get_global(env, &raw mut global) };
        // SAFETY: both values are of this scope; there are no arguments, and no result is wanted.
        let status = unsafe {
            sys::napi_make_callback(
                env,
                self.context,
                global,
                look,
                0,
                ptr::null(),
                ptr::null_mut(),
            )
        };
        if status != sys::Status::napi_pending_exception {
            return;
        }
        let mut error = ptr::null_mut();
        // SAFETY: as in `call`. Where the environment is ending there is none, which is no error.
        let status = unsafe { sys::napi_get_and_clear_last_exception(env, &raw mut error) };
        if status == sys::Status::napi_ok && !error.is_null() {
            // SAFETY: the error is of this scope.
            unsafe { sys::napi_fatal_exception(env, error) };
        }
    }
}

unsafe extern "C" fn on_readable(handle: *mut Handle, _status: c_int, _events: c_int) {
    let Some(uv) = Uv::get() else { return };
    // SAFETY: libuv gives the handle back that it was given.
    let data = unsafe { (uv.get_data)(handle) };
    // SAFETY: `new` has set it, and `on_closed`, which lets go of it, runs after this.
    let watched = unsafe { &*data.cast::<Watched>() };
    // A panic is a defect of this addon; the thread takes the seat back when nobody drives.
    let _ = catch_unwind(AssertUnwindSafe(|| watched.readable()));
}

unsafe extern "C" fn on_closed(handle: *mut Handle) {
    let Some(uv) = Uv::get() else { return };
    // SAFETY: as in `on_readable`.
    let data = unsafe { (uv.get_data)(handle) };
    // SAFETY: `new` has made it of an `Rc`, and nobody refers to it any more.
    drop(unsafe { Rc::from_raw(data.cast_const().cast::<Watched>()) });
}

impl Uv {
    fn get() -> Option<&'static Self> {
        static UV: OnceLock<Option<Uv>> = OnceLock::new();
        UV.get_or_init(Self::find).as_ref()
    }

    fn find() -> Option<Self> {
        let [handle_size, poll_init, poll_start, poll_stop] = [
            symbol(c"uv_handle_size")?,
            symbol(c"uv_poll_init")?,
            symbol(c"uv_poll_start")?,
            symbol(c"uv_poll_stop")?,
        ];
        let [unref, close, set_data, get_data] = [
            symbol(c"uv_unref")?,
            symbol(c"uv_close")?,
            symbol(c"uv_handle_set_data")?,
            symbol(c"uv_handle_get_data")?,
        ];
        Some(Self {
            // SAFETY: here, and below: libuv's function of this name, as its header declares it.
            handle_size: unsafe {
                transmute::<*mut c_void, unsafe extern "C" fn(c_int) -> usize>(handle_size)
            },
            // SAFETY: as above.
            poll_init: unsafe {
                transmute::<
                    *mut c_void,
                    unsafe extern "C" fn(*mut sys::uv_loop_s, *mut Handle, c_int) -> c_int,
                >(poll_init)
            },
            // SAFETY: as above.
            poll_start: unsafe {
                transmute::<*mut c_void, unsafe extern "C" fn(*mut Handle, c_int, OnPoll) -> c_int>(
                    poll_start,
                )
            },
            // SAFETY: as above.
            poll_stop: unsafe {
                transmute::<*mut c_void, unsafe extern "C" fn(*mut Handle) -> c_int>(poll_stop)
            },
            // SAFETY: as above.
            unref: unsafe { transmute::<*mut c_void, unsafe extern "C" fn(*mut Handle)>(unref) },
            // SAFETY: as above.
            close: unsafe {
                transmute::<*mut c_void, unsafe extern "C" fn(*mut Handle, OnClose)>(close)
            },
            // SAFETY: as above.
            set_data: unsafe {
                transmute::<*mut c_void, unsafe extern "C" fn(*mut Handle, *mut c_void)>(set_data)
            },
            // SAFETY: as above.
            get_data: unsafe {
                transmute::<*mut c_void, unsafe extern "C" fn(*const Handle) -> *mut c_void>(
                    get_data,
                )
            },
        })
    }
}

fn symbol(name: &CStr) -> Option<*mut c_void> {
    // SAFETY: a name that ends with NUL, looked for in what this process has loaded.
    let found = unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) };
    (!found.is_null()).then_some(found)
}
