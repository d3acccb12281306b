//! The command line.

use std::time::Duration;

use clap::{Parser, Subcommand};

use crate::address::Address;
use crate::budget::Limit;
use crate::messages::{Exchange, Framing};

/// Loads a server, checks everything that it sends, and prints one JSON object.
#[derive(Debug, Parser)]
#[command(name = "pants-load", version)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) mode: Mode,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Mode {
    /// Messages that a server echoes, over connections that stay open.
    Lines {
        #[command(flatten)]
        load: Load,

        /// How messages are told apart.
        #[arg(long, value_enum, default_value = "line")]
        framing: Framing,

        /// Bytes that the server sends behind each echo: the alphabet, again and again.
        #[arg(long, default_value = "0")]
        answer: usize,
    },
    /// Connect, one line, its echo, close: again and again on each of the connections.
    Churn(Load),
    /// Large messages, many in flight: for megabytes per second.
    #[command(mut_args(bulk_defaults))]
    Bulk(Load),
    /// Lines of the first connection that a server sends to every connection, having greeted each
    /// with a line `hello`. What is counted is what arrives.
    Fanout(Load),
    /// Lines at a fixed rate, whether or not those before were answered. A latency begins when
    /// the line was due.
    Paced {
        #[command(flatten)]
        load: Load,

        /// Lines a second, of all connections together.
        #[arg(long, default_value = "20000", value_parser = parse_positive)]
        rate: usize,
    },
    /// Opens connections and uses each once: for the memory that the server holds for them. The
    /// warm-up opens a tenth of the number.
    Idle(Load),
    /// Datagrams that a server echoes.
    Datagrams(Load),
    /// Datagrams as fast as they can be sent; the server answers `?` with how many it received.
    Flood(Load),
    /// Datagrams that a server sends, numbered, between `start <size>` and `stop`.
    Sink(Load),
}

#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Load {
    /// Where the server listens, e.g. 127.0.0.1:4040 or unix:/run/echo.
    #[arg(long)]
    pub(crate) address: Address,

    /// Connections, or sockets for datagrams, open at the same time.
    #[arg(long, default_value = "64", value_parser = parse_positive)]
    pub(crate) connections: usize,

    /// Messages in flight on each connection (always 1 for churn).
    #[arg(long, default_value = "1", value_parser = parse_positive)]
    pub(crate) depth: usize,

    /// Bytes of a message; of a line, its line feed included.
    #[arg(long, default_value = "64", value_parser = parse_size)]
    pub(crate) size: usize,

    /// How long to measure, in seconds.
    #[arg(long, default_value = "3", value_parser = parse_seconds)]
    pub(crate) seconds: Duration,

    /// How many messages to measure, instead of a time.
    #[arg(long, conflicts_with = "seconds")]
    pub(crate) messages: Option<u64>,

    /// How long to load the server before measuring, in seconds.
    #[arg(long, default_value = "1", value_parser = parse_seconds)]
    pub(crate) warm_up: Duration,

    /// How long the server may be silent with messages in flight, in seconds.
    #[arg(long, default_value = "10", value_parser = parse_seconds)]
    pub(crate) timeout: Duration,

    /// Print `ready` after the warm-up and wait for a line on stdin; after the report, wait for
    /// another one (or its end) before the connections close. Nothing is in flight meanwhile.
    #[arg(long)]
    pub(crate) step: bool,
}

impl Mode {
    pub(crate) fn load(&self) -> &Load {
        match self {
            Self::Lines { load, .. } | Self::Paced { load, .. } => load,
            Self::Churn(load)
            | Self::Bulk(load)
            | Self::Fanout(load)
            | Self::Idle(load)
            | Self::Datagrams(load)
            | Self::Flood(load)
            | Self::Sink(load) => load,
        }
    }

    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Lines { .. } => "lines",
            Self::Churn(_) => "churn",
            Self::Bulk(_) => "bulk",
            Self::Fanout(_) => "fanout",
            Self::Paced { .. } => "paced",
            Self::Idle(_) => "idle",
            Self::Datagrams(_) => "datagrams",
            Self::Flood(_) => "flood",
            Self::Sink(_) => "sink",
        }
    }

    /// What a message and its answer bring from the server.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Lines { load, answer, .. } => load.size + answer,
            _ => self.load().size,
        }
    }
}

impl Load {
    pub(crate) fn limit(&self) -> Limit {
        match self.messages {
            Some(count) => Limit::Count(count),
            None => Limit::Time(self.seconds),
        }
    }

    pub(crate) fn lines(&self) -> Exchange {
        Exchange {
            framing: Framing::Line,
            size: self.size,
            answer: 0,
        }
    }
}

fn bulk_defaults(arg: clap::Arg) -> clap::Arg {
    match arg.get_id().as_str() {
        "connections" => arg.default_value("4"),
        "depth" => arg.default_value("16"),
        "size" => arg.default_value("65536"),
        _ => arg,
    }
}

fn parse_positive(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) => Err("must be at least 1".to_owned()),
        Ok(number) => Ok(number),
        Err(error) => Err(format!("{error}")),
    }
}

fn parse_size(text: &str) -> Result<usize, String> {
    match parse_positive(text)? {
        1 => Err("must be at least 2: one byte to tell lines apart, one line feed".to_owned()),
        size if size > LARGEST => Err(format!("must be at most {LARGEST}")),
        size => Ok(size),
    }
}

fn parse_seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|error| format!("{error}"))?;
    if seconds > LONGEST {
        return Err(format!("must be at most {LONGEST}"));
    }
    Duration::try_from_secs_f64(seconds).map_err(|error| format!("{error}"))
}

/// What a length of four bytes can count, with room for what stands around it.
const LARGEST: usize = 1 << 30;

/// A day, in seconds: far from where adding to a clock overflows.
const LONGEST: f64 = 86_400.0;

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definition_is_consistent() {
        Args::command().debug_assert();
    }

    #[test]
    fn bulk_has_defaults_of_its_own() {
        let args = Args::parse_from(["pants-load", "bulk", "--address", "127.0.0.1:1"]);
        assert_eq!(args.mode.load().size, 65_536);
        let args = Args::parse_from(["pants-load", "lines", "--address", "127.0.0.1:1"]);
        assert_eq!(args.mode.load().size, 64);
    }

    #[test]
    fn refuses_what_makes_no_sense() {
        for wrong in [
            ["--connections", "0"],
            ["--depth", "0"],
            ["--size", "1"],
            ["--size", "4294967296"],
            ["--seconds", "-1"],
            ["--warm-up", "NaN"],
            ["--timeout", "1e18"],
            ["--framing", "none"],
        ] {
            let base = ["pants-load", "lines", "--address", "127.0.0.1:1"];
            assert!(
                Args::try_parse_from(base.iter().chain(&wrong)).is_err(),
                "{wrong:?}"
            );
        }
    }
}
