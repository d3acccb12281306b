//! Something to send that is handed over whole.

use super::file::FileRange;

/// Something to send that is handed over whole.
#[derive(Debug)]
pub enum Piece {
    Bytes(Vec<u8>),
    File(FileRange),
}

impl Piece {
    pub(crate) fn len(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::File(range) => range.len(),
        }
    }
}

impl From<Vec<u8>> for Piece {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(bytes)
    }
}
