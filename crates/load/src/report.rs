//! What a run prints.

use std::io::{self, Write};
use std::time::Duration;

use serde::Serialize;

use crate::args::Args;
use crate::budget::Outcome;
use crate::error::LoadError;

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Report {
    mode: &'static str,
    connections: usize,
    depth: usize,
    size: usize,
    messages: u64,
    /// Datagrams that were not answered, or never arrived.
    lost: u64,
    seconds: f64,
    /// Messages a second.
    throughput: f64,
    /// Megabytes (10^6) a second, one way: of what the server sends.
    megabytes: f64,
    /// Microseconds.
    latency: Latency,
    /// What this program itself used while it measured.
    cpu_seconds: f64,
}

#[derive(Debug, Serialize)]
struct Latency {
    p50: f64,
    p90: f64,
    p99: f64,
    #[serde(rename = "p99.9")]
    p99_9: f64,
    max: f64,
}

impl Report {
    pub(crate) fn new(args: &Args, outcome: &Outcome, cpu: Duration) -> Self {
        let load = args.mode.load();
        let seconds = outcome.elapsed.as_secs_f64();
        let throughput = outcome.messages as f64 / seconds;
        let quantile = |quantile| microseconds(outcome.latency.value_at_quantile(quantile));
        Self {
            mode: args.mode.name(),
            connections: load.connections,
            depth: load.depth,
            size: load.size,
            messages: outcome.messages,
            lost: outcome.lost,
            seconds,
            throughput,
            megabytes: throughput * args.mode.bytes() as f64 / 1e6,
            latency: Latency {
                p50: quantile(0.5),
                p90: quantile(0.9),
                p99: quantile(0.99),
                p99_9: quantile(0.999),
                max: microseconds(outcome.latency.max()),
            },
            cpu_seconds: cpu.as_secs_f64(),
        }
    }

    pub(crate) fn print(&self) -> Result<(), LoadError> {
        let mut stdout = io::stdout().lock();
        serde_json::to_writer(&mut stdout, self)
            .map_err(|error| LoadError::Report(error.into()))?;
        stdout
            .write_all(b"\n")
            .and_then(|()| stdout.flush())
            .map_err(LoadError::Report)
    }
}

fn microseconds(nanoseconds: u64) -> f64 {
    nanoseconds as f64 / 1e3
}
