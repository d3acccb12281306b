//! A load generator for echo servers: one thread, N connections, D messages in flight on each.
//!
//! It is compiled, and checks every byte that comes back, so that what a benchmark measures is the
//! server. The loop is closed: the next message leaves when a reply has arrived. On success it
//! prints one JSON object; on any fault it says what went wrong and exits with status 1.

mod args;
mod budget;
mod churn;
mod connection;
mod error;
mod lines;
mod payload;
mod readiness;
mod report;
mod step;

use std::process::ExitCode;

use clap::Parser;
use cpu_time::ProcessTime;

use crate::args::{Args, Mode};
use crate::budget::{Limit, Outcome};
use crate::churn::Churn;
use crate::error::LoadError;
use crate::lines::Lines;
use crate::report::Report;
use crate::step::Step;

/// One way to load a server.
trait Scenario {
    /// Sends what `limit` allows and waits for the last reply: nothing is in flight afterwards.
    fn run(&mut self, limit: Limit) -> Result<Outcome, LoadError>;
}

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            error.print();
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> Result<(), LoadError> {
    let load = args.load();
    let step = Step::new(load.step);
    let mut scenario: Box<dyn Scenario> = match args.mode {
        Mode::Lines(_) | Mode::Bulk(_) => Box::new(Lines::connect(load)?),
        Mode::Churn(_) => Box::new(Churn::new(load)?),
    };
    if !load.warm_up.is_zero() {
        scenario.run(Limit::Time(load.warm_up))?;
    }

    step.ready()?;
    let cpu = ProcessTime::now();
    let outcome = scenario.run(load.limit())?;
    Report::new(args, &outcome, cpu.elapsed()).print()?;
    // The connections stay open until then: closing them costs the server CPU, too.
    step.done()
}
