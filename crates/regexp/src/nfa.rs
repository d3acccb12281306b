//! A pattern as states between which bytes lead, several of them at once: an NFA.
//!
//! ```text
//!   \r?\n|,     Union ─┬▶ Split ─┬▶ \r ─▶ \n ─▶ Match       what comes first is preferred
//!                      │         └───────▶ ┘      ▲
//!                      └▶ , ───────────────────────┘
//! ```
//!
//! A character takes a state for each node of its set's [`Bytes`]; sets are shared by their copies,
//! so that repetitions cost little. States are made from the pattern's end to its beginning.

use std::collections::BTreeMap;

use regex_syntax::hir::{ClassUnicode, ClassUnicodeRange};

use super::RegExpError;
use super::context::Context;
use super::hope::Hope;
use super::node::{Assertion, Node};
use super::utf8::{Bytes, DONE};

/// How many states a pattern may take; they bound what a byte costs at worst.
const MOST_STATES: usize = 1 << 15;
/// How many sequences of bytes all different sets may take.
const MOST_SEQUENCES: usize = 1 << 14;

pub(super) type StateId = u16;

#[derive(Debug)]
pub(super) enum State {
    /// A byte of a character: where the `node` of a set leads.
    Byte {
        set: u16,
        node: u16,
        /// The state of the set's first node.
        base: StateId,
        /// Behind the character.
        next: StateId,
    },
    Split(StateId, StateId),
    Union(Box<[StateId]>),
    Look(Assertion, StateId),
    Match,
}

pub(super) struct Nfa {
    pub(super) states: Vec<State>,
    pub(super) start: StateId,
    sets: Vec<Bytes>,
    /// Bytes that no state tells apart are one class.
    pub(super) classes: [u8; 256],
    /// A byte of each class.
    pub(super) units: Vec<u8>,
    /// The bits of a [`Context`] that assertions ask for.
    matters: u8,
    hope: Hope,
}

impl Nfa {
    pub(super) fn new(pattern: &Node) -> Result<Self, RegExpError> {
        let mut compiler = Compiler {
            states: Vec::new(),
            heads: Vec::new(),
            sets: Vec::new(),
            known: BTreeMap::new(),
            sequences: MOST_SEQUENCES,
            matters: 0,
        };
        let end = compiler.add(State::Match)?;
        let start = compiler.compile(pattern, end)?;
        let (states, sets, matters) = (compiler.states, compiler.sets, compiler.matters);
        let hope = Hope::of(&states, &compiler.heads, &sets);
        let (classes, units) = byte_classes(&sets, matters);
        Ok(Self {
            states,
            start,
            sets,
            classes,
            units,
            matters,
            hope,
        })
    }

    /// Where a byte leads from a state.
    pub(super) fn step(&self, state: StateId, byte: u8) -> Option<StateId> {
        let State::Byte {
            set,
            node,
            base,
            next,
        } = self.states[usize::from(state)]
        else {
            return None;
        };
        Some(match self.sets[usize::from(set)].step(node, byte)? {
            DONE => next,
            inner => base + inner,
        })
    }

    /// Whether a match can be reached.
    pub(super) fn is_hopeful(&self, state: StateId, context: Context) -> bool {
        self.hope.within(state, context)
    }

    /// Whether a match may begin behind the frame's first byte.
    pub(super) fn restarts(&self) -> bool {
        let mut contexts = Context::ALL.iter().filter(|c| **c != Context::FIRST);
        contexts.any(|c| self.is_hopeful(self.start, self.known(*c)))
    }

    /// What matters of a context.
    pub(super) fn known(&self, context: Context) -> Context {
        context.known(self.matters)
    }

    /// Roughly, in bytes.
    pub(super) fn size(&self) -> usize {
        let unions = self.states.iter().map(|state| match state {
            State::Union(ways) => 2 * ways.len(),
            _ => 0,
        });
        let nodes = self.sets.iter().flat_map(Bytes::nodes);
        let sets: usize = nodes.map(|arrows| 16 + 4 * arrows.len()).sum();
        (size_of::<State>() + 4) * self.states.len() + unions.sum::<usize>() + sets
    }
}

struct Compiler {
    states: Vec<State>,
    /// The states but for those inside of characters.
    heads: Vec<StateId>,
    sets: Vec<Bytes>,
    known: BTreeMap<Vec<ClassUnicodeRange>, u16>,
    /// How many more sequences sets may take.
    sequences: usize,
    matters: u8,
}

impl Compiler {
    /// The state in which a pattern begins that goes on in `next`.
    fn compile(&mut self, node: &Node, next: StateId) -> Result<StateId, RegExpError> {
        match node {
            Node::Set(set) => self.character(set, next),
            Node::Look(assertion) => {
                self.matters |= Context::asked_by(*assertion);
                self.add(State::Look(*assertion, next))
            }
            Node::Concat(nodes) => nodes
                .iter()
                .rev()
                .try_fold(next, |next, node| self.compile(node, next)),
            Node::Either(nodes) => {
                let ways = nodes.iter().map(|node| self.compile(node, next));
                let ways = ways.collect::<Result<Box<[_]>, _>>()?;
                self.add(State::Union(ways))
            }
            Node::Repeat {
                node,
                min,
                max,
                greedy,
            } => self.repeat(node, (*min, *max, *greedy), next),
        }
    }

    fn repeat(
        &mut self,
        node: &Node,
        (min, max, greedy): (u32, Option<u32>, bool),
        exit: StateId,
    ) -> Result<StateId, RegExpError> {
        let split = |more, exit| match greedy {
            true => State::Split(more, exit),
            false => State::Split(exit, more),
        };
        let (mut next, mut rounds) = (exit, min);
        match max {
            None => {
                let again = self.add(State::Match)?;
                let round = self.compile(node, again)?;
                self.states[usize::from(again)] = split(round, exit);
                // The last round that must be is the one that is repeated.
                next = if min == 0 { again } else { round };
                rounds = min.saturating_sub(1);
            }
            Some(max) => {
                for _ in min..max {
                    let round = self.compile(node, next)?;
                    next = self.add(split(round, exit))?;
                }
            }
        }
        for _ in 0..rounds {
            let before = self.states.len();
            next = self.compile(node, next)?;
            if self.states.len() == before {
                // However many rounds of nothing.
                break;
            }
        }
        Ok(next)
    }

    fn character(&mut self, set: &ClassUnicode, next: StateId) -> Result<StateId, RegExpError> {
        if set.ranges().is_empty() {
            return self.add(State::Union(Box::new([])));
        }
        let id = match self.known.get(set.ranges()) {
            Some(id) => *id,
            None => {
                let id = self.sets.len() as u16;
                let bytes = Bytes::of(set, &mut self.sequences).ok_or(RegExpError::TooLarge)?;
                self.sets.push(bytes);
                self.known.insert(set.ranges().to_vec(), id);
                id
            }
        };
        let (base, nodes) = (self.states.len(), self.sets[usize::from(id)].nodes().len());
        if base + nodes > MOST_STATES {
            return Err(RegExpError::TooLarge);
        }
        self.states.extend((0..nodes).map(|node| State::Byte {
            set: id,
            node: node as u16,
            base: base as StateId,
            next,
        }));
        let head = (base + nodes - 1) as StateId;
        self.heads.push(head);
        Ok(head)
    }

    fn add(&mut self, state: State) -> Result<StateId, RegExpError> {
        let id = self.states.len();
        if id >= MOST_STATES {
            return Err(RegExpError::TooLarge);
        }
        self.states.push(state);
        self.heads.push(id as StateId);
        Ok(id as StateId)
    }
}

/// A class's number for each byte, and a byte for each number.
fn byte_classes(sets: &[Bytes], matters: u8) -> ([u8; 256], Vec<u8>) {
    // Whether the class changes behind a byte.
    let mut ends = [false; 256];
    let mut range = |start: u8, end: u8| {
        if let Some(before) = start.checked_sub(1) {
            ends[usize::from(before)] = true;
        }
        ends[usize::from(end)] = true;
    };
    for arrow in sets
        .iter()
        .flat_map(Bytes::nodes)
        .flat_map(|node| node.iter())
    {
        range(arrow.start, arrow.end);
    }
    if matters & Context::asked_by(Assertion::Word) != 0 {
        for (start, end) in [(b'0', b'9'), (b'A', b'Z'), (b'_', b'_'), (b'a', b'z')] {
            range(start, end);
        }
    }
    if matters & Context::asked_by(Assertion::LineStart) != 0 {
        for byte in [b'\n', b'\r', 0x80, 0xa8, 0xa9, 0xe2] {
            range(byte, byte);
        }
    }
    let (mut classes, mut units) = ([0; 256], Vec::new());
    for byte in 0..=u8::MAX {
        if byte == 0 || ends[usize::from(byte) - 1] {
            units.push(byte);
        }
        classes[usize::from(byte)] = (units.len() - 1) as u8;
    }
    (classes, units)
}
