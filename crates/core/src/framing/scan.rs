//! How far bytes have been looked at.

use pants_regexp::Search;

/// What cutting remembers of the bytes at hand, from call to call; see [`Framing::cut`](super::Framing::cut).
#[derive(Debug, Clone, Default)]
pub struct Scan {
    /// The first so many bytes hold no delimiter's first byte.
    pub(super) offset: usize,
    /// No byte will follow those that are given.
    pub(super) ended: bool,
    search: Option<Box<Search>>,
}

impl Scan {
    /// The scan of bytes of which the first `offset` need not be looked at again, by what
    /// [`offset`](Self::offset) has said.
    pub fn at(offset: usize) -> Self {
        Self {
            offset,
            ..Self::default()
        }
    }

    /// How many bytes need not be looked at again. A search for a `RegExp` is more than a number:
    /// where this is passed on instead of the scan, it begins anew.
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// The stream has ended: a match that more bytes could have changed stands as it is.
    pub fn end(&mut self) {
        self.ended = true;
    }

    /// Others have had their turn: a search may go on for a while.
    pub(super) fn refuel(&mut self) {
        if let Some(search) = &mut self.search {
            search.refuel();
        }
    }

    pub(super) fn search(&mut self) -> &mut Search {
        self.search.get_or_insert_default()
    }
}
