//! Memory straight from the system, which has it back at once when it is dropped.
//!
//! What an allocator is given back it keeps for later, on Linux for ever where something small lies
//! behind it: after 10,000 begun frames of 60 KiB, up to 600 MiB.

#![cfg_attr(
    unix,
    expect(unsafe_code, reason = "mapping memory is a matter of pointers")
)]

use std::ops::{Deref, DerefMut};

#[derive(Debug)]
pub(crate) struct Pages(imp::Memory);

impl Pages {
    /// Zeroed memory of this length, which is not 0; `None` where the system has none to give.
    pub(crate) fn new(length: usize) -> Option<Self> {
        imp::Memory::new(length).map(Self)
    }

    /// Makes it longer or shorter, and keeps what is in it; false where that cannot be done.
    pub(crate) fn resize(&mut self, length: usize) -> bool {
        self.0.resize(length)
    }
}

impl Deref for Pages {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.0.bytes()
    }
}

impl DerefMut for Pages {
    fn deref_mut(&mut self) -> &mut [u8] {
        self.0.bytes_mut()
    }
}

#[cfg(unix)]
mod imp {
    use std::ptr::{NonNull, null_mut};
    use std::slice;

    /// A mapping that nobody else has.
    #[derive(Debug)]
    pub(super) struct Memory {
        start: NonNull<u8>,
        length: usize,
    }

    // SAFETY: it owns the mapping, as a Box owns its memory, whichever thread has it.
    unsafe impl Send for Memory {}

    impl Memory {
        pub(super) fn new(length: usize) -> Option<Self> {
            let access = libc::PROT_READ | libc::PROT_WRITE;
            let kind = libc::MAP_PRIVATE | libc::MAP_ANON;
            // SAFETY: a new mapping, where the system likes, touches nobody's memory.
            let start = unsafe { libc::mmap(null_mut(), length, access, kind, -1, 0) };
            mapped(start).map(|start| Self { start, length })
        }

        /// The system moves the pages, not what is in them.
        #[cfg(target_os = "linux")]
        pub(super) fn resize(&mut self, length: usize) -> bool {
            let (start, before) = (self.start.as_ptr().cast(), self.length);
            // SAFETY: the mapping is ours, and no reference to it is alive: `self` is borrowed
            // mutably. Where this fails it is as it was.
            let moved = unsafe { libc::mremap(start, before, length, libc::MREMAP_MAYMOVE) };
            let Some(start) = mapped(moved) else {
                return false;
            };
            (self.start, self.length) = (start, length);
            true
        }

        #[cfg(not(target_os = "linux"))]
        pub(super) fn resize(&mut self, _length: usize) -> bool {
            false
        }

        pub(super) fn bytes(&self) -> &[u8] {
            // SAFETY: mapped, initialised (the system zeroes it), and ours as long as `self` is.
            unsafe { slice::from_raw_parts(self.start.as_ptr(), self.length) }
        }

        pub(super) fn bytes_mut(&mut self) -> &mut [u8] {
            // SAFETY: as above; and `self` is borrowed mutably.
            unsafe { slice::from_raw_parts_mut(self.start.as_ptr(), self.length) }
        }
    }

    /// The mapping that a call has made, if it has.
    fn mapped(start: *mut libc::c_void) -> Option<NonNull<u8>> {
        let failed = start == libc::MAP_FAILED;
        NonNull::new(start.cast()).filter(|_| !failed)
    }

    impl Drop for Memory {
        fn drop(&mut self) {
            // SAFETY: the mapping is ours, and no reference to it is alive.
            unsafe { libc::munmap(self.start.as_ptr().cast(), self.length) };
        }
    }
}

/// There the allocator gives large blocks back by itself.
#[cfg(windows)]
mod imp {
    #[derive(Debug)]
    pub(super) struct Memory(Vec<u8>);

    impl Memory {
        pub(super) fn new(length: usize) -> Option<Self> {
            Some(Self(vec![0; length]))
        }

        pub(super) fn resize(&mut self, length: usize) -> bool {
            self.0.resize(length, 0);
            self.0.shrink_to_fit();
            true
        }

        pub(super) fn bytes(&self) -> &[u8] {
            &self.0
        }

        pub(super) fn bytes_mut(&mut self) -> &mut [u8] {
            &mut self.0
        }
    }
}
