//! Part of a file on its way to a socket.

use std::fs::File;
use std::io;

use crate::sys;

/// A range of an open file. Dropping it closes the file.
///
/// ```text
///   file    ───────────[· · · · · · · · · ·]──────
///                 offset └────── len ─────┘       both move on as it is sent
/// ```
///
/// What stands there when it is sent is what is sent; it takes no memory before. A file that is
/// renamed or unlinked meanwhile is still there, one that has become shorter is an error.
#[derive(Debug)]
pub struct FileRange {
    file: File,
    offset: u64,
    len: u64,
    /// The operating system does not send this file by itself: it is read, and written.
    copied: bool,
}

impl FileRange {
    /// Fails where the file was not opened for reading.
    pub fn new(file: File, offset: u64, len: u64) -> io::Result<Self> {
        sys::read_at(&file, &mut [], offset)?;
        Ok(Self {
            file,
            offset,
            len,
            copied: false,
        })
    }

    /// How much is left of it.
    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    /// Lets `send` send at most `most` bytes of the file, from the offset it is given.
    ///
    /// `None` where it cannot, and says so by [`io::ErrorKind::Unsupported`]: [`read`](Self::read)
    /// instead. [`io::ErrorKind::UnexpectedEof`] where the file ends within the range.
    pub(crate) fn send(
        &mut self,
        most: usize,
        send: impl FnOnce(&File, u64, usize) -> io::Result<usize>,
    ) -> io::Result<Option<usize>> {
        if self.copied {
            return Ok(None);
        }
        match send(&self.file, self.offset, self.at_most(most)) {
            Ok(sent) => self.advance(sent).map(Some),
            Err(error) if error.kind() == io::ErrorKind::Unsupported => {
                self.copied = true;
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Takes the next bytes out of the range, at most `most`.
    pub(crate) fn read(&mut self, most: usize) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; self.at_most(most)];
        let read = sys::read_at(&self.file, &mut bytes, self.offset)?;
        bytes.truncate(self.advance(read)?);
        Ok(bytes)
    }

    fn at_most(&self, most: usize) -> usize {
        usize::try_from(self.len).unwrap_or(usize::MAX).min(most)
    }

    fn advance(&mut self, done: usize) -> io::Result<usize> {
        if done == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.offset += done as u64;
        self.len -= done as u64;
        Ok(done)
    }
}

#[cfg(test)]
pub(crate) mod testing {
    use std::fs::{File, OpenOptions};
    use std::io::Write;
    use std::sync::atomic::{AtomicU32, Ordering};

    /// An open file with this content, and without a name where the system allows that.
    pub(crate) fn file_of(content: &[u8]) -> File {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("pants-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .open(&path)
            .unwrap();
        file.write_all(content).unwrap();
        let _ = std::fs::remove_file(path);
        file
    }

    /// How many descriptors of this process are open on the file.
    #[cfg(target_os = "linux")]
    pub(crate) fn descriptors_of(file: &File) -> usize {
        use std::os::unix::fs::MetadataExt;
        let inode = file.metadata().unwrap().ino();
        std::fs::read_dir("/proc/self/fd")
            .unwrap()
            .filter_map(|entry| std::fs::metadata(entry.ok()?.path()).ok())
            .filter(|metadata| metadata.ino() == inode)
            .count()
    }
}
