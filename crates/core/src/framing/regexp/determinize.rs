//! From the NFA of a pattern to its [`Automaton`], whole, before the first byte is read.
//!
//! A state is what a backtracking matcher could be doing at one place, most wanted first:
//!
//! ```text
//!   threads   [q7 q3][q3' q9] … [q1 q2]      each of one group: those that began at the same byte
//!    group        0      1        own        the later the start, the less wanted: leftmost wins
//! ```
//!
//! A match throws out all that is less wanted than itself; what is left may still replace it. So a
//! match stands as soon as no thread is left: no byte to come can change it.

use std::collections::HashMap;
use std::mem::{replace, take};

use regex_automata::nfa::thompson::{NFA, State as NfaState};
use regex_automata::util::look::Look;
use regex_automata::util::primitives::StateID;

use super::RegExpError;
use super::automaton::{Automaton, Close, DEAD, Edge, Group, SPECIAL};

/// How many entries the table may have: 1 MiB of them.
const MOST_ENTRIES: usize = 1 << 18;
/// How many edges that are more than a step from state to state.
const MOST_EDGES: usize = 1 << 14;
/// How many candidates that began at different bytes may be on their way at once.
const MOST_GROUPS: usize = 256;
/// How many steps all this may take; some tens of milliseconds.
const MOST_STEPS: usize = 1 << 22;

/// The group of what began where the state stands. It gets a number when it goes on from there.
const OWN: Group = Group::MAX;

/// What has to be known of the bytes before a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Context(u8);

impl Context {
    /// The frame begins here.
    const START: u8 = 1;
    /// The frame or a line begins here.
    const LINE: u8 = 2;
    /// A letter, a digit or `_` stands before.
    const WORD: u8 = 4;
    /// The first byte of U+2028 and U+2029 stands before; the first two.
    const SEPARATOR_1: u8 = 8;
    const SEPARATOR_2: u8 = 16;

    fn has(self, bit: u8) -> bool {
        self.0 & bit != 0
    }

    fn after(self, byte: u8) -> Self {
        let separator = self.has(Self::SEPARATOR_2) && matches!(byte, 0xa8 | 0xa9);
        let mut bits = 0;
        if separator || matches!(byte, b'\n' | b'\r') {
            bits |= Self::LINE;
        }
        if is_word(byte) {
            bits |= Self::WORD;
        }
        if byte == 0xe2 {
            bits |= Self::SEPARATOR_1;
        }
        if byte == 0x80 && self.has(Self::SEPARATOR_1) {
            bits |= Self::SEPARATOR_2;
        }
        Self(bits)
    }
}

fn is_word(byte: u8) -> bool {
    byte == b'_' || byte.is_ascii_alphanumeric()
}

/// What comes next: a byte, or the end of the stream.
type Unit = Option<u8>;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Thread {
    state: StateID,
    group: Group,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Draft {
    threads: Vec<Thread>,
    context: Context,
    /// Whether a match may still begin at bytes to come.
    open: bool,
}

impl Draft {
    /// How many groups have a number.
    fn groups(&self) -> Group {
        let numbered = self.threads.iter().filter(|t| t.group != OWN);
        numbered.map(|t| t.group + 1).max().unwrap_or(0)
    }
}

/// Ordered threads under construction; of those in one NFA state the most wanted counts.
#[derive(Debug, Default)]
struct Threads {
    all: Vec<Thread>,
    /// By NFA state: the round in which it was seen last.
    seen: Vec<u32>,
    round: u32,
    stack: Vec<StateID>,
}

struct Determinizer<'a> {
    nfa: &'a NFA,
    /// The bits of contexts that matter to this NFA.
    matters: u8,
    classes: [u8; 256],
    /// A byte of each class.
    units: Vec<u8>,
    drafts: Vec<Draft>,
    ids: HashMap<Draft, u32>,
    edges: Vec<Edge>,
    edge_ids: HashMap<Edge, u32>,
    steps: usize,
    /// Kept for the next step.
    now: Threads,
    next: Threads,
}

/// The automaton; `TooLarge` where it outgrows its bounds, `Never` where no input matches.
pub(super) fn determinize(nfa: &NFA) -> Result<Automaton, RegExpError> {
    let (classes, units) = byte_classes(nfa);
    let determinizer = Determinizer {
        nfa,
        matters: contexts_of(nfa),
        classes,
        units,
        drafts: Vec::new(),
        ids: HashMap::new(),
        edges: Vec::new(),
        edge_ids: HashMap::new(),
        steps: 0,
        now: Threads::of(nfa),
        next: Threads::of(nfa),
    };
    determinizer.run()
}

impl Determinizer<'_> {
    fn run(mut self) -> Result<Automaton, RegExpError> {
        let nothing = Draft {
            threads: Vec::new(),
            context: Context(0),
            open: false,
        };
        let dead = self.intern(nothing)?;
        debug_assert_eq!(dead, DEAD);
        let context = self.known(Context(Context::START | Context::LINE));
        let mut threads = Threads::of(self.nfa);
        self.follow(&mut threads, self.nfa.start_anchored(), OWN, context, None);
        let start = self.intern(Draft {
            threads: threads.all.clone(),
            context,
            open: true,
        })?;

        let (mut table, mut at_end, mut close) = (Vec::new(), Vec::new(), Vec::new());
        let mut id = 0;
        while id < self.drafts.len() {
            let draft = self.drafts[id].clone();
            for class in 0..self.units.len() {
                table.push(self.step(&draft, self.units[class])?);
            }
            threads.clear();
            at_end.push(self.look_ahead(&draft, None, &mut threads));
            close.push(self.close(&draft)?);
            id += 1;
        }
        let stride = self.units.len();
        let (classes, edges) = (self.classes, self.edges);
        let automaton = Automaton::new(classes, stride, start, table, edges, at_end, close);
        match automaton.is_alive() {
            true => Ok(automaton),
            false => Err(RegExpError::Never),
        }
    }

    /// The entry of the table for a state and a byte.
    fn step(&mut self, from: &Draft, byte: u8) -> Result<u32, RegExpError> {
        let (mut now, mut next) = (take(&mut self.now), take(&mut self.next));
        now.clear();
        next.clear();
        let entry = self.step_with(from, byte, &mut now, &mut next);
        (self.now, self.next) = (now, next);
        entry
    }

    fn step_with(
        &mut self,
        from: &Draft,
        byte: u8,
        now: &mut Threads,
        next: &mut Threads,
    ) -> Result<u32, RegExpError> {
        let context = self.known(from.context.after(byte));
        let late = self.look_ahead(from, Some(byte), now);
        let mut matched = None;
        for thread in &now.all {
            let Some(to) = step(self.nfa.state(thread.state), byte) else {
                continue;
            };
            if self.follow(next, to, thread.group, context, None) {
                matched = Some(thread.group);
                break;
            }
        }
        self.steps += 1 + from.threads.len() + now.all.len() + next.all.len();
        if self.steps > MOST_STEPS {
            return Err(RegExpError::TooLarge);
        }

        // What was its own group began before this byte, and is numbered as the last.
        let own = from.groups();
        let renumber = |group| if group == OWN { own } else { group };
        let mut map: Vec<Group> = Vec::new();
        for thread in &mut next.all {
            let old = renumber(thread.group);
            if map.last() != Some(&old) {
                map.push(old);
            }
            thread.group = (map.len() - 1) as Group;
        }
        if map.len() > MOST_GROUPS {
            return Err(RegExpError::TooLarge);
        }
        let open = from.open && late.is_none() && matched.is_none();
        if open {
            let start = self.nfa.start_anchored();
            self.follow(next, start, OWN, context, None);
        }
        let plain = late.is_none()
            && matched.is_none()
            && map.len() == usize::from(own)
            && map
                .iter()
                .enumerate()
                .all(|(new, old)| new == usize::from(*old));
        let idle = next.all.is_empty() && !open;
        let to = self.intern(Draft {
            // Of a dead state nothing matters any more.
            context: if idle { Context(0) } else { context },
            threads: next.all.clone(),
            open,
        })?;
        if plain && to != DEAD {
            return Ok(to);
        }
        let edge = Edge {
            to,
            late: late.map(renumber),
            matched: matched.map(renumber),
            map: map.into(),
        };
        self.intern_edge(edge)
    }

    /// Decides the assertions that look at the next byte, or at the end. `now`: the threads that
    /// go on. Returns the group that has matched, before that byte.
    fn look_ahead(&self, from: &Draft, next: Unit, now: &mut Threads) -> Option<Group> {
        for thread in &from.threads {
            match self.nfa.state(thread.state) {
                NfaState::Look { .. } => {
                    let (state, group) = (thread.state, thread.group);
                    if self.follow(now, state, group, from.context, Some(next)) {
                        return Some(group);
                    }
                }
                _ if now.see(thread.state) => now.all.push(*thread),
                _ => {}
            }
        }
        None
    }

    /// The same state for the last byte at which a match may begin: no thread begins after it.
    fn close(&mut self, from: &Draft) -> Result<Close, RegExpError> {
        if !from.open {
            return Ok(Close::default());
        }
        let own = from.groups();
        let mut twin = from.clone();
        twin.open = false;
        for thread in &mut twin.threads {
            if thread.group == OWN {
                thread.group = own;
            }
        }
        if twin.threads.is_empty() {
            twin.context = Context(0);
        }
        let keeps_own = twin.groups() > own;
        if usize::from(own) + 1 > MOST_GROUPS {
            return Err(RegExpError::TooLarge);
        }
        let to = self.intern(twin)?;
        Ok(Close { to, keeps_own })
    }

    /// Adds what is reached from an NFA state without a byte; true where that is a match, which
    /// makes what is less wanted futile. `next`: the byte to come, where it is known.
    fn follow(
        &self,
        into: &mut Threads,
        from: StateID,
        group: Group,
        context: Context,
        next: Option<Unit>,
    ) -> bool {
        debug_assert!(into.stack.is_empty());
        into.stack.push(from);
        while let Some(state) = into.stack.pop() {
            if !into.see(state) {
                continue;
            }
            match self.nfa.state(state) {
                NfaState::ByteRange { .. } | NfaState::Sparse(_) | NfaState::Dense(_) => {
                    into.all.push(Thread { state, group });
                }
                NfaState::Look { look, next: to } => match holds(*look, context, next) {
                    Some(true) => into.stack.push(*to),
                    Some(false) => {}
                    None => into.all.push(Thread { state, group }),
                },
                NfaState::Union { alternates } => into.stack.extend(alternates.iter().rev()),
                NfaState::BinaryUnion { alt1, alt2 } => into.stack.extend([*alt2, *alt1]),
                NfaState::Capture { next, .. } => into.stack.push(*next),
                NfaState::Fail => {}
                NfaState::Match { .. } => {
                    into.stack.clear();
                    return true;
                }
            }
        }
        false
    }

    fn intern(&mut self, draft: Draft) -> Result<u32, RegExpError> {
        if let Some(id) = self.ids.get(&draft) {
            return Ok(*id);
        }
        let id = self.drafts.len();
        if (id + 1) * self.units.len() > MOST_ENTRIES {
            return Err(RegExpError::TooLarge);
        }
        self.drafts.push(draft.clone());
        self.ids.insert(draft, id as u32);
        Ok(id as u32)
    }

    fn intern_edge(&mut self, edge: Edge) -> Result<u32, RegExpError> {
        let id = match self.edge_ids.get(&edge) {
            Some(id) => *id,
            None => {
                let id = self.edges.len() as u32;
                if self.edges.len() >= MOST_EDGES {
                    return Err(RegExpError::TooLarge);
                }
                self.edges.push(edge.clone());
                self.edge_ids.insert(edge, id);
                id
            }
        };
        Ok(SPECIAL | id)
    }

    fn known(&self, context: Context) -> Context {
        Context(context.0 & self.matters)
    }
}

impl Threads {
    fn of(nfa: &NFA) -> Self {
        Self {
            seen: vec![0; nfa.states().len()],
            round: 1,
            ..Self::default()
        }
    }

    fn clear(&mut self) {
        self.all.clear();
        // There are fewer rounds than steps, which are bounded.
        self.round += 1;
    }

    /// Whether this NFA state is reached for the first time.
    fn see(&mut self, state: StateID) -> bool {
        replace(&mut self.seen[state.as_usize()], self.round) != self.round
    }
}

fn step(state: &NfaState, byte: u8) -> Option<StateID> {
    match state {
        NfaState::ByteRange { trans } => trans.matches_byte(byte).then_some(trans.next),
        NfaState::Sparse(sparse) => sparse.matches_byte(byte),
        NfaState::Dense(dense) => dense.matches_byte(byte),
        _ => None,
    }
}

/// Whether an assertion holds; `None` where that takes the next byte, and it is not known.
fn holds(look: Look, context: Context, next: Option<Unit>) -> Option<bool> {
    let boundary = || {
        let after = next?.is_some_and(is_word);
        Some(context.has(Context::WORD) != after)
    };
    match look {
        Look::Start => Some(context.has(Context::START)),
        Look::StartLF => Some(context.has(Context::LINE)),
        Look::End => Some(next?.is_none()),
        Look::WordAscii => boundary(),
        Look::WordAsciiNegate => Some(!boundary()?),
        _ => unreachable!("`Node::lower` makes no other assertion"),
    }
}

/// The bits of a [`Context`] that the NFA's assertions ask for.
fn contexts_of(nfa: &NFA) -> u8 {
    let looks = nfa.look_set_any();
    let mut bits = 0;
    if looks.contains(Look::Start) {
        bits |= Context::START;
    }
    if looks.contains(Look::StartLF) {
        bits |= Context::LINE | Context::SEPARATOR_1 | Context::SEPARATOR_2;
    }
    if looks.contains_word() {
        bits |= Context::WORD;
    }
    bits
}

/// Bytes that no state tells apart are one class: a number for each byte, and a byte for each number.
fn byte_classes(nfa: &NFA) -> ([u8; 256], Vec<u8>) {
    // Whether the class changes behind a byte.
    let mut ends = [false; 256];
    let mut range = |start: u8, end: u8| {
        if let Some(before) = start.checked_sub(1) {
            ends[usize::from(before)] = true;
        }
        ends[usize::from(end)] = true;
    };
    for state in nfa.states() {
        match state {
            NfaState::ByteRange { trans } => range(trans.start, trans.end),
            NfaState::Sparse(sparse) => {
                for trans in &*sparse.transitions {
                    range(trans.start, trans.end);
                }
            }
            NfaState::Dense(_) => (0..=u8::MAX).for_each(|byte| range(byte, byte)),
            _ => {}
        }
    }
    let looks = nfa.look_set_any();
    if looks.contains_word() {
        for (start, end) in [(b'0', b'9'), (b'A', b'Z'), (b'_', b'_'), (b'a', b'z')] {
            range(start, end);
        }
    }
    if looks.contains(Look::StartLF) {
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
