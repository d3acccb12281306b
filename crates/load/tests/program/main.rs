//! The program as the benchmarks start it, against servers that are right and wrong.

#![expect(clippy::unwrap_used, reason = "the helpers are test code, too")]

mod cli;
mod datagrams;
mod streams;
mod support;
