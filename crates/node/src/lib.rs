//! The Node-API binding of pants-native: conversions only. It knows no socket.
//!
//! Free functions, each taking the engine it is for: a class's methods cost four times as much a
//! call. All of them run on the JS thread that opened the engine.

#![expect(
    missing_debug_implementations,
    unreachable_pub,
    reason = "napi exports what is `pub` to JavaScript, wherever it stands; nothing in Rust sees it"
)]

mod convert;
mod datagram;
mod doorbell;
mod engine;
mod file;
mod lent;
mod life;
mod regexp;
#[cfg(unix)]
mod seat;

use napi_derive::napi;

/// Whether the platform has Unix sockets, and sockets that can be adopted by number.
#[napi(catch_unwind)]
pub fn has_unix_sockets() -> bool {
    pants_core::UNIX_SOCKETS
}

/// The version of the native part.
#[napi(catch_unwind)]
pub fn version() -> &'static str {
    pants_core::VERSION
}
