//! Build script of `crates/node`: linker flags that a Node addon needs on each platform.
//!
//! On Linux one of them (`-z nodelete`) keeps the library mapped after its last environment has
//! ended, so that a thread-local destructor never runs in unmapped memory.

fn main() {
    napi_build::setup();
}
