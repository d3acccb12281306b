//! A pattern whose automaton is too large to be made whole: its states are made when a search comes
//! to them, and forgotten, all at once, when they take too much memory.
//!
//! A byte costs a look-up where its state is known, and otherwise a step of every thread, of which
//! there are at most as many as the NFA has states: linear, but slower by far. So a search has fuel;
//! where that is used up, it goes on in the next turn.

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use super::draft::{Draft, Group};
use super::nfa::Nfa;
use super::search::Machine;
use super::table::{Close, Edge, SPECIAL, START, Table};

/// How much memory the known states may take.
const MOST_BYTES: usize = 2 * 1024 * 1024;

pub(super) struct Lazy {
    table: Table,
    /// See [`MOST_BYTES`].
    most: usize,
    /// What a search may still cost.
    fuel: usize,
    names: RandomState,
}

impl Lazy {
    pub(super) fn new(nfa: &Arc<Nfa>) -> Self {
        Self {
            table: Table::new(Arc::clone(nfa)),
            most: MOST_BYTES,
            fuel: 0,
            names: RandomState::new(),
        }
    }

    /// One that forgets each state as soon as the next one is made.
    #[cfg(test)]
    pub(super) fn forgetful(nfa: &Arc<Nfa>) -> Self {
        Self {
            most: 0,
            ..Self::new(nfa)
        }
    }

    /// What all searches have cost so far, and what is remembered of them.
    #[cfg(test)]
    pub(super) fn work_and_bytes(&self) -> (usize, usize) {
        (self.table.work(), self.table.bytes())
    }

    pub(super) fn is_alive(&self) -> bool {
        self.table.is_alive()
    }

    /// The most that it may take, roughly, in bytes.
    pub(super) fn size(&self) -> usize {
        self.most + 8 * self.table.nfa.states.len()
    }

    pub(super) fn refuel(&mut self, fuel: usize) {
        self.fuel = fuel;
    }

    pub(super) fn fuel(&self) -> usize {
        self.fuel
    }

    /// Makes room, and gives the state its number then.
    fn make_room(&mut self, state: u32) -> u32 {
        if self.table.bytes() <= self.most {
            return state;
        }
        let draft = Arc::clone(self.table.draft(state));
        self.table.clear();
        self.table.number(draft)
    }
}

impl Machine for &mut Lazy {
    fn entry(&mut self, state: &mut u32, byte: u8) -> u32 {
        let before = self.table.work();
        let entry = match self.table.known(*state, byte) {
            Some(entry) => entry,
            None => {
                *state = self.make_room(*state);
                self.table.entry(*state, byte)
            }
        };
        let groups = match entry & SPECIAL {
            0 => 0,
            _ => self.table.edge(entry).map.len(),
        };
        // Moving a group on is much cheaper than a thread.
        let cost = 1 + self.table.work() - before + groups / 16;
        self.fuel = self.fuel.saturating_sub(cost);
        entry
    }

    fn edge(&self, entry: u32) -> &Edge {
        self.table.edge(entry)
    }

    fn at_end(&mut self, state: u32) -> Option<Group> {
        self.table.at_end(state)
    }

    fn close(&mut self, state: u32) -> Close {
        let state = self.make_room(state);
        self.table.close(state)
    }

    fn name(&mut self, state: u32) -> u64 {
        let draft = self.table.draft(state);
        self.fuel = self.fuel.saturating_sub(draft.size() / 64);
        self.names.hash_one(draft)
    }

    fn is_tired(&self) -> bool {
        self.fuel == 0
    }

    fn hold(&self, state: u32) -> Option<Arc<Draft>> {
        Some(Arc::clone(self.table.draft(state)))
    }

    fn take_up(&mut self, draft: Arc<Draft>) -> u32 {
        self.make_room(START);
        self.table.number(draft)
    }
}

impl fmt::Debug for Lazy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lazy")
            .field("states", &self.table.len())
            .field("bytes", &self.table.bytes())
            .finish_non_exhaustive()
    }
}
