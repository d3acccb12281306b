//! Memory straight from the system, which has it back at once when it is dropped.
//!
//! What an allocator is given back it keeps for later, on Linux for ever where something small lies
//! behind it: after 10,000 begun frames of 60 KiB, up to 600 MiB.

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
    use memmap2::MmapMut;

    #[derive(Debug)]
    pub(super) struct Memory(MmapMut);

    impl Memory {
        pub(super) fn new(length: usize) -> Option<Self> {
            MmapMut::map_anon(length).ok().map(Self)
        }

        /// The system moves the pages, not what is in them.
        #[cfg(target_os = "linux")]
        #[expect(unsafe_code, reason = "it is safe for memory that no file is behind")]
        pub(super) fn resize(&mut self, length: usize) -> bool {
            let may_move = memmap2::RemapOptions::new().may_move(true);
            // SAFETY: no reference to it is alive, since `self` is borrowed mutably, and there is
            // no file whose end it could be beyond.
            unsafe { self.0.remap(length, may_move) }.is_ok()
        }

        #[cfg(not(target_os = "linux"))]
        pub(super) fn resize(&mut self, _length: usize) -> bool {
            false
        }

        pub(super) fn bytes(&self) -> &[u8] {
            &self.0
        }

        pub(super) fn bytes_mut(&mut self) -> &mut [u8] {
            &mut self.0
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
