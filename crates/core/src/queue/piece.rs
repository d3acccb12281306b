//! Something to send that is handed over whole.

use super::block::Block;
use super::file::FileRange;

/// Something to send that is handed over whole.
#[derive(Debug)]
pub enum Piece {
    Bytes(Vec<u8>),
    Block(Block),
    File(FileRange),
}

impl Piece {
    pub(crate) fn len(&self) -> u64 {
        match self {
            Self::File(range) => range.len(),
            _ => self.bytes().map_or(0, <[u8]>::len) as u64,
        }
    }

    /// Those that are in memory.
    pub(crate) fn bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Bytes(bytes) => Some(bytes),
            Self::Block(block) => Some(block),
            Self::File(_) => None,
        }
    }
}

impl From<Vec<u8>> for Piece {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(bytes)
    }
}

impl From<Block> for Piece {
    fn from(block: Block) -> Self {
        Self::Block(block)
    }
}
