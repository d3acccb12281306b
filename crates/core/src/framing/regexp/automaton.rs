//! A pattern, determinized: one look-up in a table for each byte.
//!
//! ```text
//!   table   state × class of byte ─▶ state            the common case: nothing else changes
//!                                 └▶ SPECIAL | edge   candidates begin, end or match
//! ```
//!
//! It never changes once it is made, so that all threads of an engine share it.

use std::fmt;

/// Where nothing can match any more.
pub(super) const DEAD: u32 = 0;
/// Set in a table's entry that is the number of an [`Edge`].
pub(super) const SPECIAL: u32 = 1 << 31;

/// Candidates that began at the same byte, by their order.
pub(super) type Group = u16;

/// A step that does more than lead to another state.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Edge {
    pub(super) to: u32,
    /// The group that has matched, before this step's byte.
    pub(super) late: Option<Group>,
    /// The group that has matched, with this step's byte.
    pub(super) matched: Option<Group>,
    /// Which groups go on, by their former numbers. The number behind the last of those is that of
    /// the group that began before this step's byte.
    pub(super) map: Box<[Group]>,
}

impl Edge {
    fn end() -> Self {
        Self {
            to: DEAD,
            late: None,
            matched: None,
            map: Box::new([]),
        }
    }

    fn matches(&self) -> bool {
        self.late.or(self.matched).is_some()
    }
}

/// What becomes of a state when no match may begin at bytes to come.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Close {
    pub(super) to: u32,
    /// The group that begins here goes on, as the last.
    pub(super) keeps_own: bool,
}

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
    table: Vec<u32>,
    edges: Vec<Edge>,
    /// For each state the group that matches where the stream ends.
    at_end: Vec<Option<Group>>,
    close: Vec<Close>,
    pub(super) start: u32,
    /// A state that few bytes leave, and those: the rest is skipped.
    pub(super) idle: Option<(u32, Exits)>,
}

impl Automaton {
    pub(super) fn new(
        classes: [u8; 256],
        stride: usize,
        start: u32,
        table: Vec<u32>,
        edges: Vec<Edge>,
        at_end: Vec<Option<Group>>,
        close: Vec<Close>,
    ) -> Self {
        let mut automaton = Self {
            classes,
            stride,
            table,
            edges,
            at_end,
            close,
            start,
            idle: None,
        };
        automaton.bury_hopeless();
        automaton.idle = automaton.find_idle();
        automaton
    }

    /// Whether there is an input that it matches.
    pub(super) fn is_alive(&self) -> bool {
        self.start != DEAD
    }

    /// The table's entry.
    pub(super) fn entry(&self, state: u32, byte: u8) -> u32 {
        self.table[state as usize * self.stride + usize::from(self.classes[usize::from(byte)])]
    }

    pub(super) fn edge(&self, entry: u32) -> &Edge {
        &self.edges[(entry & !SPECIAL) as usize]
    }

    pub(super) fn at_end(&self, state: u32) -> Option<Group> {
        self.at_end[state as usize]
    }

    pub(super) fn close(&self, state: u32) -> Close {
        self.close[state as usize]
    }

    /// Roughly, in bytes.
    pub(super) fn size(&self) -> usize {
        let maps: usize = self.edges.iter().map(|edge| 2 * edge.map.len()).sum();
        4 * self.table.len() + size_of::<Edge>() * self.edges.len() + maps + 16 * self.close.len()
    }

    /// A state from which no match can be reached is a dead one: what is certain then (that a match
    /// stands, that there is none) is known some bytes earlier.
    fn bury_hopeless(&mut self) {
        let target = |edges: &[Edge], entry: u32| match entry & SPECIAL {
            0 => entry,
            _ => edges[(entry & !SPECIAL) as usize].to,
        };
        let mut hopeful: Vec<bool> = self.at_end.iter().map(Option::is_some).collect();
        let mut from: Vec<Vec<u32>> = vec![Vec::new(); hopeful.len()];
        for (state, row) in self.table.chunks(self.stride).enumerate() {
            for entry in row {
                from[target(&self.edges, *entry) as usize].push(state as u32);
                hopeful[state] |= entry & SPECIAL != 0 && self.edge(*entry).matches();
            }
            from[self.close[state].to as usize].push(state as u32);
        }
        let mut found: Vec<usize> = (0..hopeful.len()).filter(|state| hopeful[*state]).collect();
        while let Some(state) = found.pop() {
            for before in &from[state] {
                let before = *before as usize;
                if !std::mem::replace(&mut hopeful[before], true) {
                    found.push(before);
                }
            }
        }
        let bury = |state: &mut u32| {
            if !hopeful[*state as usize] {
                *state = DEAD;
            }
        };
        bury(&mut self.start);
        self.edges.iter_mut().for_each(|edge| bury(&mut edge.to));
        self.close.iter_mut().for_each(|close| bury(&mut close.to));
        let end = SPECIAL | self.edges.len() as u32;
        self.edges.push(Edge::end());
        for entry in &mut self.table {
            if *entry & SPECIAL == 0 && !hopeful[*entry as usize] {
                *entry = end;
            }
        }
    }

    /// The state after a byte that begins nothing, or the first one: what a frame's data is read in.
    fn find_idle(&self) -> Option<(u32, Exits)> {
        let after = (0..=u8::MAX).map(|byte| self.entry(self.start, byte));
        let states = after.filter(|entry| entry & SPECIAL == 0);
        states.chain([self.start]).find_map(|state| {
            let exits: Vec<u8> = (0..=u8::MAX)
                .filter(|byte| self.entry(state, *byte) != state)
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

impl Exits {
    /// How many bytes can be skipped.
    pub(super) fn skip(self, bytes: &[u8]) -> usize {
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
