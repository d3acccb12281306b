//! Files on their way to a socket.

use std::cell::RefCell;
use std::fs::File;
use std::io;

use napi::bindgen_prelude::*;
use napi_derive::napi;
use pants_core::{FileRange, Piece};

use crate::engine::NativeEngine;

/// A range of a file that is held open until it is pushed or closed; at last when JS forgets it.
pub struct NativeFile {
    range: RefCell<Option<FileRange>>,
}

/// Holds part of the file open by a descriptor of its own, or gives the number of the error.
#[napi(catch_unwind, strict)]
pub fn open_file(descriptor: i32, offset: f64, length: f64) -> Either<External<NativeFile>, i32> {
    let range =
        duplicate(descriptor).and_then(|file| FileRange::new(file, offset as u64, length as u64));
    match range {
        Ok(range) => Either::A(External::new(NativeFile {
            range: RefCell::new(Some(range)),
        })),
        Err(error) => Either::B(error.raw_os_error().unwrap_or(0)),
    }
}

/// Hands it over for the next `WRITE_OWNED` record.
#[napi(catch_unwind, strict)]
pub fn push_file(engine: &External<NativeEngine>, file: &External<NativeFile>) -> Result<()> {
    let range = file.range.take();
    let range = range.ok_or_else(|| Error::new(Status::InvalidArg, "a file that was pushed"))?;
    engine.push(Piece::File(range));
    Ok(())
}

/// Closes a file that is not to be sent; a no-op for one that was pushed.
#[napi(catch_unwind, strict)]
pub fn close_file(file: &External<NativeFile>) {
    file.range.take();
}

/// Another descriptor for the same file: whoever opened the first closes it when they like.
#[cfg(unix)]
fn duplicate(descriptor: i32) -> io::Result<File> {
    use std::os::fd::BorrowedFd;

    if descriptor < 0 {
        return Err(io::Error::from_raw_os_error(EBADF));
    }
    // SAFETY: not -1. It is borrowed for one call only, which fails where it is not open.
    let borrowed = unsafe { BorrowedFd::borrow_raw(descriptor) };
    borrowed.try_clone_to_owned().map(File::from)
}

/// EBADF, on every Unix.
#[cfg(unix)]
const EBADF: i32 = 9;

/// A descriptor is the host's own number for a handle there; libuv knows which.
#[cfg(windows)]
fn duplicate(descriptor: i32) -> io::Result<File> {
    use std::ffi::c_void;
    use std::os::windows::io::BorrowedHandle;

    type GetHandle = unsafe extern "C" fn(i32) -> *mut c_void;
    #[link(name = "kernel32")]
    unsafe extern "system" {
        fn GetModuleHandleW(name: *const u16) -> *mut c_void;
        fn GetProcAddress(module: *mut c_void, name: *const u8) -> *const c_void;
    }
    const INVALID_HANDLE_VALUE: isize = -1;

    // SAFETY: a null name stands for the process's own image, which is never unloaded.
    let host = unsafe { GetModuleHandleW(std::ptr::null()) };
    // SAFETY: the name is NUL-terminated, the module is loaded.
    let found = unsafe { GetProcAddress(host, c"uv_get_osfhandle".as_ptr().cast()) };
    if found.is_null() {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: `uv_os_fd_t uv_get_osfhandle(int fd)`, stable since libuv 1.12.
    let get_handle = unsafe { std::mem::transmute::<*const c_void, GetHandle>(found) };
    // SAFETY: it takes any number, and gives INVALID_HANDLE_VALUE where that is no open file.
    let handle = unsafe { get_handle(descriptor) };
    if handle as isize == INVALID_HANDLE_VALUE || handle.is_null() {
        const ERROR_INVALID_HANDLE: i32 = 6;
        return Err(io::Error::from_raw_os_error(ERROR_INVALID_HANDLE));
    }
    // SAFETY: neither null nor invalid; it is borrowed for one call only.
    let borrowed = unsafe { BorrowedHandle::borrow_raw(handle) };
    borrowed.try_clone_to_owned().map(File::from)
}
