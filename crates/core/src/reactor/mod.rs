//! The reactor: one loop that owns every socket of an engine, and what others hold of it.

mod apply;
mod cores;
mod datagrams;
mod handle;
mod newcomers;
mod seat;
mod shared;
mod submitted;
#[cfg(test)]
mod tests;
mod thread;
mod turn;

pub use handle::{Adopted, Handle, Listening};
pub use thread::{Driven, Driver, ReactorThread};
pub use turn::Reactor;
