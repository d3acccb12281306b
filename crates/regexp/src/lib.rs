//! Frames that end at a match of a JavaScript `RegExp`: the leftmost one, and of those that begin
//! at the same byte the one that JavaScript prefers. The match is dropped.
//!
//! ```text
//!   source, flags ─▶ Node ─▶ Nfa ─┬▶ Automaton    whole, and small: one look-up a byte
//!                                 └▶ Lazy         otherwise: made, and forgotten, as it is needed
//!   bytes ─▶ Search over one of both, resumable ─▶ frames
//! ```
//!
//! - The pattern is matched against the bytes as UTF-8. A character is a code point, as under the
//!   flag `u`, also without it. Bytes that are not UTF-8 are data that nothing matches.
//! - What precedes a frame is out of sight: `^` is the frame's begin (under `m` the begin of a
//!   line, too), `$` the end of the stream.
//! - A match counts when no byte to come can change it, or when the stream has ended: how the bytes
//!   arrive makes no difference. So `\r\n?` waits for the byte behind `\r`, and `\r?\n` for none.
//! - A match, with what it takes to decide on it, is at most [`MATCH_BYTES`] long.
//! - Every byte is looked at once, and a bounded number of times more where bytes behind a match
//!   have to be read before it is certain.

#![forbid(unsafe_code)]

mod automaton;
mod chars;
mod context;
mod draft;
mod hope;
mod lazy;
mod nfa;
mod node;
mod search;
mod syntax;
mod table;
#[cfg(test)]
mod tests;
mod utf8;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use automaton::Automaton;
use lazy::Lazy;
use nfa::Nfa;
pub use search::{MATCH_BYTES, Search, Verdict};

/// How long a pattern may be, in bytes.
const MOST_SOURCE_BYTES: usize = 16 * 1024;

/// A `RegExp`, ready to be searched for. Cheap to clone, and the same for all threads.
#[derive(Clone)]
pub struct RegExp(Arc<Compiled>);

struct Compiled {
    /// What it was made from: the flags, a slash and the source.
    text: Box<[u8]>,
    nfa: Arc<Nfa>,
    engine: Engine,
}

/// What searches go by; the results are the same.
#[derive(Debug)]
enum Engine {
    Whole(Automaton),
    /// Locked for one cut. Each thread that cuts has its own, see [`RegExp::apart`].
    Lazy(Mutex<Lazy>),
}

/// Why a `RegExp` cannot be a delimiter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RegExpError {
    /// No automaton can match it.
    #[error("without {0}")]
    Construct(&'static str),
    /// It is no syntax that is known here.
    #[error("of a syntax that is supported, which {0:?} is not")]
    Unknown(String),
    /// A delimiter of no bytes would never make progress.
    #[error("that does not match the empty string")]
    Empty,
    /// There is nothing that it matches.
    #[error("that matches something")]
    Never,
    /// It takes more states, or more time to find that out, than the bounds allow.
    #[error("with a smaller automaton: fewer or shorter counted repetitions")]
    TooLarge,
}

impl RegExp {
    /// Compiles a pattern, in a few milliseconds and a few megabytes at most. `text`: the flags, a slash and the source,
    /// as `RegExp.prototype.flags` and `.source` give them.
    pub fn new(text: &[u8]) -> Result<Self, RegExpError> {
        let unknown = || RegExpError::Unknown(text.escape_ascii().to_string());
        let whole = std::str::from_utf8(text).map_err(|_| unknown())?;
        let (flags, source) = whole.split_once('/').ok_or_else(unknown)?;
        if source.len() > MOST_SOURCE_BYTES {
            return Err(RegExpError::TooLarge);
        }
        let node = syntax::parse(source, flags)?;
        if node.may_be_empty() {
            return Err(RegExpError::Empty);
        }
        let nfa = Arc::new(Nfa::new(&node)?);
        let lazy = Lazy::new(&nfa);
        if !lazy.is_alive() {
            return Err(RegExpError::Never);
        }
        let engine = match Automaton::of(&nfa) {
            Some(automaton) => Engine::Whole(automaton),
            None => Engine::Lazy(Mutex::new(lazy)),
        };
        Ok(Self::with(text, nfa, engine))
    }

    fn with(text: &[u8], nfa: Arc<Nfa>, engine: Engine) -> Self {
        let text = text.into();
        Self(Arc::new(Compiled { text, nfa, engine }))
    }

    /// The same, for another thread: they would wait for each other where one automaton is made as
    /// it is needed.
    #[must_use]
    pub fn apart(&self) -> Self {
        match &self.0.engine {
            Engine::Whole(_) => self.clone(),
            Engine::Lazy(_) => {
                let nfa = Arc::clone(&self.0.nfa);
                let lazy = Lazy::new(&nfa);
                Self::with(self.text(), nfa, Engine::Lazy(Mutex::new(lazy)))
            }
        }
    }

    /// What it was made from.
    pub fn text(&self) -> &[u8] {
        &self.0.text
    }

    /// Roughly how much memory it takes at most, in bytes.
    pub fn size(&self) -> usize {
        let engine = match &self.0.engine {
            Engine::Whole(automaton) => automaton.size(),
            Engine::Lazy(lazy) => lock(lazy).size(),
        };
        self.text().len() + self.0.nfa.size() + engine
    }

    /// Looks for the end of the frame that starts at `bytes[0]`.
    ///
    /// `search` is a new one where cutting begins, and then what the last call left there: `bytes`
    /// are the same as then, or more of them, or begin behind the match that was found. A frame of
    /// exactly `limit` bytes passes. `last`: no byte follows these, so that a match which more bytes
    /// could have changed stands as it is.
    pub fn search(&self, search: &mut Search, bytes: &[u8], limit: usize, last: bool) -> Verdict {
        match &self.0.engine {
            Engine::Whole(automaton) => search.go_on(automaton, bytes, limit, last),
            Engine::Lazy(lazy) => {
                let lazy = &mut *lock(lazy);
                lazy.refuel(search.fuel);
                let verdict = search.go_on(&mut *lazy, bytes, limit, last);
                search.fuel = lazy.fuel();
                verdict
            }
        }
    }

    /// Whether both are the same in memory.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// After a panic elsewhere, too: what is known of a table is whole after each step.
fn lock(lazy: &Mutex<Lazy>) -> MutexGuard<'_, Lazy> {
    lazy.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for RegExp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RegExp")
            .field("text", &self.text().escape_ascii().to_string())
            .field("engine", &self.0.engine)
            .finish()
    }
}

/// Its example is a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
