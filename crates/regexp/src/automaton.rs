//! A pattern, determinized whole, before the first byte is read: one look-up in a table for each
//! byte. It never changes, so that all threads of an engine share it.

use std::fmt;
use std::sync::Arc;

use super::draft::Group;
use super::nfa::Nfa;
use super::search::Machine;
use super::table::{Close, Edge, SPECIAL, START, Table};

/// How much the table of states may take while it is made.
const MOST_BYTES: usize = 1024 * 1024;
/// How much work that may be: a few milliseconds.
const MOST_WORK: usize = 1 << 16;

/// The bytes that lead out of the state in which most of a frame is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exits {
    One(u8),
    Two(u8, u8),
    Three(u8, u8, u8),
}

pub(super) struct Automaton {
    classes: [u8; 256],
    stride: usize,
    rows: Vec<u32>,
    edges: Vec<Edge>,
    /// For each state the group that matches where the stream ends.
    at_end: Vec<Option<Group>>,
    close: Vec<Close>,
    /// A state that few bytes leave, and those: the rest is skipped.
    idle: Option<(u32, Exits)>,
}

impl Automaton {
    /// `None` where it outgrows its bounds.
    pub(super) fn of(nfa: &Arc<Nfa>) -> Option<Self> {
        let mut table = Table::new(Arc::clone(nfa));
        let (mut at_end, mut close) = (Vec::new(), Vec::new());
        while at_end.len() < table.len() {
            let state = at_end.len() as u32;
            for unit in &nfa.units {
                table.entry(state, *unit);
                if table.bytes() > MOST_BYTES || table.work() > MOST_WORK {
                    return None;
                }
            }
            at_end.push(table.at_end(state));
            close.push(table.close(state));
        }
        let mut automaton = Self {
            classes: nfa.classes,
            stride: nfa.units.len(),
            edges: table.take_edges(),
            rows: table.rows,
            at_end,
            close,
            idle: None,
        };
        automaton.idle = automaton.find_idle();
        Some(automaton)
    }

    /// Roughly, in bytes.
    pub(super) fn size(&self) -> usize {
        let maps: usize = self.edges.iter().map(|edge| 2 * edge.map.len()).sum();
        4 * self.rows.len() + size_of::<Edge>() * self.edges.len() + maps + 16 * self.close.len()
    }

    fn look_up(&self, state: u32, byte: u8) -> u32 {
        self.rows[state as usize * self.stride + usize::from(self.classes[usize::from(byte)])]
    }

    /// The state after a byte that begins nothing, or the first one: what a frame's data is read in.
    fn find_idle(&self) -> Option<(u32, Exits)> {
        let after = (0..=u8::MAX).map(|byte| self.look_up(START, byte));
        let states = after.filter(|entry| entry & SPECIAL == 0);
        states.chain([START]).find_map(|state| {
            let exits: Vec<u8> = (0..=u8::MAX)
                .filter(|byte| self.look_up(state, *byte) != state)
                .take(4)
                .collect();
            Some((
                state,
                match exits[..] {
                    [a] => Exits::One(a),
                    [a, b] => Exits::Two(a, b),
                    [a, b, c] => Exits::Three(a, b, c),
                    _ => return None,
                },
            ))
        })
    }
}

impl Machine for &Automaton {
    fn entry(&mut self, state: &mut u32, byte: u8) -> u32 {
        self.look_up(*state, byte)
    }

    fn edge(&self, entry: u32) -> &Edge {
        &self.edges[(entry & !SPECIAL) as usize]
    }

    fn at_end(&mut self, state: u32) -> Option<Group> {
        self.at_end[state as usize]
    }

    fn close(&mut self, state: u32) -> Close {
        self.close[state as usize]
    }

    /// How many bytes can be skipped.
    fn skip(&self, state: u32, bytes: &[u8]) -> usize {
        match self.idle {
            Some((idle, exits)) if idle == state => exits.skip(bytes),
            _ => 0,
        }
    }

    fn name(&mut self, state: u32) -> u64 {
        u64::from(state)
    }
}

impl Exits {
    fn skip(self, bytes: &[u8]) -> usize {
        let found = match self {
            Self::One(a) => memchr::memchr(a, bytes),
            Self::Two(a, b) => memchr::memchr2(a, b, bytes),
            Self::Three(a, b, c) => memchr::memchr3(a, b, c, bytes),
        };
        found.unwrap_or(bytes.len())
    }
}

impl fmt::Debug for Automaton {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Automaton")
            .field("states", &self.close.len())
            .field("classes", &self.stride)
            .field("edges", &self.edges.len())
            .field("idle", &self.idle)
            .finish_non_exhaustive()
    }
}
