//! What is on its way to and from one socket.

mod held;
mod packets;
mod recv;
mod send;

pub(crate) use packets::{PacketQueue, Run, Step};
pub(crate) use recv::{Fed, RecvBuffer};
pub(crate) use send::{SendBuffer, Sent, Sink};
