//! Going step by step with the program that started this one.
//!
//! It reads the server's CPU clocks before and after the measurement; so that those cover exactly
//! the messages that are reported, nothing is in flight at either moment.

use std::io::{self, BufRead, Write};

use crate::error::LoadError;

#[derive(Debug)]
pub(crate) struct Step {
    enabled: bool,
}

impl Step {
    pub(crate) fn new(enabled: bool) -> Self {
        Self { enabled }
    }

    /// Says that the warm-up is over, and waits for the word to go on.
    pub(crate) fn ready(&self) -> Result<(), LoadError> {
        if !self.enabled {
            return Ok(());
        }
        let mut stdout = io::stdout().lock();
        stdout
            .write_all(b"ready\n")
            .and_then(|()| stdout.flush())
            .map_err(LoadError::Report)?;
        if wait_for_line() {
            Ok(())
        } else {
            Err(LoadError::NotStarted)
        }
    }

    /// Waits until the connections may close.
    pub(crate) fn done(&self) -> Result<(), LoadError> {
        if self.enabled {
            wait_for_line();
        }
        Ok(())
    }
}

/// False at the end of stdin.
fn wait_for_line() -> bool {
    let mut line = String::new();
    matches!(io::stdin().lock().read_line(&mut line), Ok(read) if read > 0)
}
