//! Datagrams: echoed, flooded, or received.

#[cfg_attr(target_os = "linux", path = "batch_linux.rs")]
mod batch;
mod echo;
mod flood;
mod numbered;
mod sink;
mod socket;

pub(crate) use echo::Datagrams;
pub(crate) use flood::Flood;
pub(crate) use sink::Sink;
