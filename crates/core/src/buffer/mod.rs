//! What is on its way to and from one socket.

pub(crate) mod file;
mod packets;
mod recv;
mod send;

pub use file::FileRange;
pub(crate) use packets::{PacketQueue, Run, Step};
pub(crate) use recv::{Fed, RecvBuffer};
pub use send::Piece;
pub(crate) use send::{SendBuffer, Sent, Sink};
