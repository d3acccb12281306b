//! The only meeting place of the threads.
//!
//! - [`submissions`]: what the reactor shall do, in order; most of it are [`records`].
//! - [`piece`]: what is handed over whole: a [`file`], or a [`block`] of a large write.
//! - [`completions`]: what has happened, a [`batch`] at a time, bounded; in its own [`memory`], or
//!   where there is much in memory that was lent.
//! - [`fence`]: how to wait until what was submitted is done.

pub(crate) mod batch;
pub(crate) mod block;
pub(crate) mod completions;
pub(crate) mod fence;
pub(crate) mod file;
pub(crate) mod memory;
pub(crate) mod piece;
pub(crate) mod records;
pub(crate) mod submissions;
