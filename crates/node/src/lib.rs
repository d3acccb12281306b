//! The Node-API binding of pants-native: conversions only.

use napi_derive::napi;

/// The version of the native part.
#[napi]
pub fn version() -> &'static str {
    pants_core::VERSION
}
