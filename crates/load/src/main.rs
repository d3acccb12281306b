//! A load generator: one thread, N connections, D messages in flight on each.
//!
//! It is compiled, and checks every byte that comes back, so that what a benchmark measures is the
//! server. Unless a mode says otherwise the loop is closed: the next message leaves when a reply
//! has arrived. On success it prints one JSON object; on any fault it says what went wrong and
//! exits with status 1.

mod address;
mod args;
mod budget;
mod churn;
mod connection;
mod datagrams;
mod error;
mod fanout;
mod idle;
mod lines;
mod messages;
mod paced;
mod readiness;
mod replies;
mod report;
mod step;
mod stream;

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use cpu_time::ProcessTime;

use crate::args::{Args, Mode};
use crate::budget::{Limit, Outcome};
use crate::churn::Churn;
use crate::datagrams::{Datagrams, Flood, Sink};
use crate::error::LoadError;
use crate::fanout::Fanout;
use crate::idle::Idle;
use crate::lines::Lines;
use crate::messages::Exchange;
use crate::paced::Paced;
use crate::report::Report;
use crate::step::Step;

/// One way to load a server.
trait Scenario {
    /// Loads the server before anything is measured.
    fn warm_up(&mut self, duration: Duration) -> Result<(), LoadError> {
        self.run(Limit::Time(duration)).map(drop)
    }

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
    let load = args.mode.load();
    let step = Step::new(load.step);
    // Sockets, those of idle's warm-up too, and a few files of the process itself.
    let files = load.connections as u64 * 11 / 10 + 100;
    if rlimit::increase_nofile_limit(files).map_err(LoadError::OpenFiles)? < files {
        return Err(LoadError::TooManyConnections(load.connections));
    }
    let mut scenario: Box<dyn Scenario> = match args.mode {
        Mode::Lines {
            framing, answer, ..
        } => {
            let size = load.size;
            let exchange = Exchange {
                framing,
                size,
                answer,
            };
            Box::new(Lines::connect(load, exchange)?)
        }
        Mode::Bulk(_) => Box::new(Lines::connect(load, load.lines())?),
        Mode::Churn(_) => Box::new(Churn::new(load)?),
        Mode::Fanout(_) => Box::new(Fanout::connect(load)?),
        Mode::Paced { rate, .. } => Box::new(Paced::connect(load, rate)?),
        Mode::Idle(_) => Box::new(Idle::new(load)?),
        Mode::Datagrams(_) => Box::new(Datagrams::bind(load)?),
        Mode::Flood(_) => Box::new(Flood::bind(load)?),
        Mode::Sink(_) => Box::new(Sink::bind(load)?),
    };
    if !load.warm_up.is_zero() {
        scenario.warm_up(load.warm_up)?;
    }

    step.ready()?;
    let cpu = ProcessTime::now();
    let outcome = scenario.run(load.limit())?;
    Report::new(args, &outcome, cpu.elapsed()).print()?;
    // The connections stay open until then: closing them costs the server CPU, too.
    step.done()
}
