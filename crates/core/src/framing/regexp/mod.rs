//! Frames that end at a match of a JavaScript `RegExp`: the leftmost one, and of those that begin
//! at the same byte the one that JavaScript prefers. The match is dropped.
//!
//! ```text
//!   source, flags ─syntax─▶ Node ─lower─▶ Hir ─regex-automata─▶ NFA ─determinize─▶ Automaton
//!   bytes ─▶ Search: one look-up a byte, resumable ─▶ frames
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

mod automaton;
mod chars;
mod determinize;
mod intern;
mod node;
mod search;
mod syntax;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use regex_automata::nfa::thompson::{Compiler, Config, WhichCaptures};

use super::Cut;
use automaton::Automaton;
pub use intern::RegExps;
pub use search::MATCH_BYTES;
pub(in crate::framing) use search::Search;

/// How large the NFA of a pattern may be, in bytes.
const MOST_NFA_BYTES: usize = 512 * 1024;
/// How long a pattern may be, in bytes.
const MOST_SOURCE_BYTES: usize = 16 * 1024;

/// A `RegExp`, ready to be searched for. Cheap to clone, and the same for all threads.
#[derive(Clone)]
pub struct RegExp(Arc<Compiled>);

struct Compiled {
    /// What it was made from: the flags, a slash and the source.
    text: Box<[u8]>,
    automaton: Automaton,
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
    /// Its automaton outgrows the bounds.
    #[error("with a smaller automaton: fewer or shorter counted repetitions")]
    TooLarge,
}

impl RegExp {
    /// Compiles a pattern, in bounded time and memory. `text`: the flags, a slash and the source,
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
        let config = Config::new()
            .utf8(false)
            .nfa_size_limit(Some(MOST_NFA_BYTES))
            .which_captures(WhichCaptures::None);
        let nfa = Compiler::new()
            .configure(config)
            .build_from_hir(&node.lower())
            .map_err(|_| RegExpError::TooLarge)?;
        Ok(Self(Arc::new(Compiled {
            text: text.into(),
            automaton: determinize::determinize(&nfa)?,
        })))
    }

    /// What it was made from.
    pub fn text(&self) -> &[u8] {
        &self.0.text
    }

    /// Roughly how much memory it takes, in bytes.
    pub fn size(&self) -> usize {
        self.0.text.len() + self.0.automaton.size()
    }

    pub(super) fn cut(&self, search: &mut Search, bytes: &[u8], limit: usize, last: bool) -> Cut {
        search.cut(&self.0.automaton, bytes, limit, last)
    }
}

impl fmt::Debug for RegExp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RegExp")
            .field("text", &self.text().escape_ascii().to_string())
            .field("automaton", &self.0.automaton)
            .finish()
    }
}
