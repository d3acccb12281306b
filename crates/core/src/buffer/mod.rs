//! Bytes on their way to and from one socket.

mod recv;
mod send;

pub(crate) use recv::{Fed, RecvBuffer};
pub(crate) use send::SendBuffer;
