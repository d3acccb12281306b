//! Everything that ends a run.

use std::io::{self, Write};
use std::time::Duration;

use thiserror::Error;

use crate::address::Address;

#[derive(Debug, Error)]
pub(crate) enum LoadError {
    #[error("cannot connect to {address}: {source}")]
    Connect { address: Address, source: io::Error },

    #[error("connection {connection}: {operation} failed: {source}")]
    Socket {
        connection: usize,
        operation: &'static str,
        source: io::Error,
    },

    #[error("connection {connection}: the server closed it, {outstanding} replies are missing")]
    Closed {
        connection: usize,
        outstanding: usize,
    },

    #[error(
        "connection {connection}, reply {number}: expected \"{expected}\", received \"{received}\""
    )]
    Mismatch {
        connection: usize,
        number: u64,
        expected: String,
        received: String,
    },

    #[error("connection {connection}: received \"{received}\", which answers nothing")]
    Surplus { connection: usize, received: String },

    #[error("the server has been silent for {silence:?}, {outstanding} replies are missing")]
    Silent {
        silence: Duration,
        outstanding: usize,
    },

    #[error("this mode sends datagrams, and {0} is no UDP address")]
    NoDatagrams(Address),

    #[error("a datagram needs at least {0} bytes, for its number")]
    TooSmall(usize),

    #[error("the server answered \"{0}\" to the question how many datagrams it has received")]
    Answer(String),

    #[error("the server says that it received {received} of {sent} datagrams")]
    Miscounted { sent: u64, received: u64 },

    #[error("the server goes on sending after it was told to stop")]
    NotStopped,

    #[error("the server greeted with \"{0}\" instead of a line \"hello\"")]
    Greeting(String),

    #[error("{0} connections are more files than this process may open: see `ulimit -n`")]
    TooManyConnections(usize),

    #[error("the limit of open files cannot be raised: {0}")]
    OpenFiles(#[source] io::Error),

    #[error("waiting for sockets failed: {0}")]
    Poll(#[source] io::Error),

    #[error("cannot write the report: {0}")]
    Report(#[source] io::Error),

    #[error("stdin ended before the measurement was to begin")]
    NotStarted,
}

impl LoadError {
    pub(crate) fn connect(address: &Address, source: io::Error) -> Self {
        Self::Connect {
            address: address.clone(),
            source,
        }
    }

    pub(crate) fn mismatch(
        connection: usize,
        number: u64,
        expected: &[u8],
        received: &[u8],
    ) -> Self {
        let expected = excerpt(expected);
        Self::Mismatch {
            connection,
            number,
            expected,
            received: excerpt(received),
        }
    }

    pub(crate) fn surplus(connection: usize, received: &[u8]) -> Self {
        Self::Surplus {
            connection,
            received: excerpt(received),
        }
    }

    /// Tells stderr. When that is gone as well, the exit status has to do.
    pub(crate) fn print(&self) {
        let _ = writeln!(io::stderr(), "pants-load: {self}");
    }
}

pub(crate) fn excerpt(bytes: &[u8]) -> String {
    let shown = bytes[..bytes.len().min(EXCERPT)].escape_ascii().to_string();
    if bytes.len() > EXCERPT {
        format!("{shown}…")
    } else {
        shown
    }
}

const EXCERPT: usize = 80;
