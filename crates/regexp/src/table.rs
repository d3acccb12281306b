//! Drafts by numbers, and the steps between them: a deterministic automaton, as far as it is known.
//!
//! ```text
//!   rows    state × class of byte ─▶ state            the common case: nothing else changes
//!                                 ├▶ SPECIAL | edge   candidates begin, end or match
//!                                 └▶ UNKNOWN          not asked for yet
//! ```

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use super::draft::{Draft, Group, Step, Stepper};
use super::nfa::Nfa;

/// Where nothing can match any more.
pub(super) const DEAD: u32 = 0;
/// Where a frame begins, unless that is dead.
pub(super) const START: u32 = 1;
/// Set in an entry that is the number of an [`Edge`].
pub(super) const SPECIAL: u32 = 1 << 31;
const UNKNOWN: u32 = u32::MAX;

/// A step that does more than lead to another state.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Edge {
    pub(super) to: u32,
    /// See [`Step`].
    pub(super) late: Option<Group>,
    pub(super) matched: Option<Group>,
    pub(super) map: Box<[Group]>,
}

/// What becomes of a state when no match may begin at bytes to come.
#[derive(Debug, Clone, Copy)]
pub(super) struct Close {
    pub(super) to: u32,
    /// The group that begins here goes on, as the last.
    pub(super) keeps_own: bool,
}

pub(super) struct Table {
    pub(super) nfa: Arc<Nfa>,
    stepper: Stepper,
    drafts: Numbered<Draft>,
    edges: Numbered<Edge>,
    pub(super) rows: Vec<u32>,
    /// What drafts, edges and rows take, roughly.
    bytes: usize,
}

impl Table {
    pub(super) fn new(nfa: Arc<Nfa>) -> Self {
        let mut table = Self {
            stepper: Stepper::new(&nfa),
            nfa,
            drafts: Numbered::default(),
            edges: Numbered::default(),
            rows: Vec::new(),
            bytes: 0,
        };
        table.clear();
        table
    }

    /// Forgets all but where nothing matches and where a frame begins.
    pub(super) fn clear(&mut self) {
        self.drafts = Numbered::default();
        self.edges = Numbered::default();
        self.rows = Vec::new();
        self.bytes = 0;
        self.number(Draft::dead());
        let start = self.stepper.start(&self.nfa);
        self.number(start);
    }

    /// Whether there is an input that matches.
    pub(super) fn is_alive(&self) -> bool {
        self.len() > START as usize
    }

    /// How many states are known.
    pub(super) fn len(&self) -> usize {
        self.drafts.all.len()
    }

    /// Roughly, in bytes; what a step adds is little more than a draft.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// The sum of all costs of steps, so far.
    pub(super) fn work(&self) -> usize {
        self.stepper.visits()
    }

    /// The entry for a state and a byte, if it is known.
    pub(super) fn known(&self, state: u32, byte: u8) -> Option<u32> {
        let entry = self.rows[self.place(state, byte)];
        (entry != UNKNOWN).then_some(entry)
    }

    /// The entry for a state and a byte.
    pub(super) fn entry(&mut self, state: u32, byte: u8) -> u32 {
        if let Some(entry) = self.known(state, byte) {
            return entry;
        }
        let from = &self.drafts.all[state as usize];
        let Step {
            to,
            plain,
            late,
            matched,
            map,
        } = self.stepper.step(&self.nfa, from, byte);
        let to = self.number(to);
        let entry = if plain && to != DEAD {
            to
        } else {
            self.number_edge(Edge {
                to,
                late,
                matched,
                map: map.into(),
            })
        };
        let place = self.place(state, byte);
        self.rows[place] = entry;
        entry
    }

    pub(super) fn edge(&self, entry: u32) -> &Edge {
        &self.edges.all[(entry & !SPECIAL) as usize]
    }

    pub(super) fn at_end(&mut self, state: u32) -> Option<Group> {
        let draft = &self.drafts.all[state as usize];
        self.stepper.at_end(&self.nfa, draft)
    }

    pub(super) fn close(&mut self, state: u32) -> Close {
        let (to, keeps_own) = self.draft(state).closed();
        let to = self.number(to);
        Close { to, keeps_own }
    }

    pub(super) fn draft(&self, state: u32) -> &Arc<Draft> {
        &self.drafts.all[state as usize]
    }

    /// A draft's number.
    pub(super) fn number(&mut self, draft: impl Into<Arc<Draft>>) -> u32 {
        let draft = draft.into();
        let size = draft.size();
        let (id, new) = self.drafts.number(draft);
        if new {
            let stride = self.nfa.units.len();
            self.rows.resize(self.rows.len() + stride, UNKNOWN);
            self.bytes += size + 4 * stride + NUMBERED;
        }
        id
    }

    fn number_edge(&mut self, edge: Edge) -> u32 {
        let size = size_of::<Edge>() + size_of_val(&*edge.map);
        let (id, new) = self.edges.number(edge.into());
        if new {
            self.bytes += size + NUMBERED;
        }
        SPECIAL | id
    }

    fn place(&self, state: u32, byte: u8) -> usize {
        let class = self.nfa.classes[usize::from(byte)];
        state as usize * self.nfa.units.len() + usize::from(class)
    }

    /// The edges, by number. Entries lead nowhere after that.
    pub(super) fn take_edges(&mut self) -> Vec<Edge> {
        let Numbered { all, ids } = std::mem::take(&mut self.edges);
        drop(ids);
        all.into_iter().map(Arc::unwrap_or_clone).collect()
    }
}

/// What numbering takes, roughly: two pointers, two counters and a number, in tables not quite full.
const NUMBERED: usize = 64;

/// Things that are equal have one number.
struct Numbered<T> {
    all: Vec<Arc<T>>,
    ids: HashMap<Arc<T>, u32>,
}

impl<T: Eq + Hash> Numbered<T> {
    /// The number, and whether it is a new one.
    fn number(&mut self, thing: Arc<T>) -> (u32, bool) {
        if let Some(id) = self.ids.get(&thing) {
            return (*id, false);
        }
        let id = self.all.len() as u32;
        self.all.push(Arc::clone(&thing));
        self.ids.insert(thing, id);
        (id, true)
    }
}

impl<T> Default for Numbered<T> {
    fn default() -> Self {
        Self {
            all: Vec::new(),
            ids: HashMap::new(),
        }
    }
}
