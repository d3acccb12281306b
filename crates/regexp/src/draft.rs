//! What a backtracking matcher could be doing at one place, most wanted first, and its next step:
//!
//! ```text
//!   threads   [q7 q3][q3' q9] … [q1 q2]      each of one group: those that began at the same byte
//!    group        0      1        own        the later the start, the less wanted: leftmost wins
//! ```
//!
//! A match throws out all that is less wanted than itself; what is left may still replace it. So a
//! match stands as soon as no thread is left: no byte to come can change it.

use std::hash::{Hash, Hasher};
use std::mem::replace;

use super::context::{Context, Unit, holds};
use super::nfa::{Nfa, State, StateId};

/// Candidates that began at the same byte, by their order.
pub(super) type Group = u16;

/// The group of what began where the draft stands. It gets a number when it goes on from there.
const OWN: Group = Group::MAX;

/// A step without any thread takes as long as so many of them.
const STEP: usize = 8;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Thread {
    state: StateId,
    group: Group,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Draft {
    threads: Vec<Thread>,
    context: Context,
    /// Whether a match may still begin at bytes to come.
    open: bool,
}

/// What a byte does.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) to: Draft,
    /// It does no more than lead to another draft.
    pub(super) plain: bool,
    /// The group that has matched, before the byte.
    pub(super) late: Option<Group>,
    /// The group that has matched, with the byte.
    pub(super) matched: Option<Group>,
    /// Which groups go on, by their former numbers. The number behind the last of those is that of
    /// the group that began before the byte.
    pub(super) map: Vec<Group>,
}

/// Makes drafts of drafts.
#[derive(Debug)]
pub(super) struct Stepper {
    /// Kept for the next step.
    now: Threads,
    next: Threads,
}

/// Ordered threads under construction; of those in one NFA state the most wanted counts.
#[derive(Debug, Default)]
struct Threads {
    all: Vec<Thread>,
    /// By NFA state: the round in which it was seen last.
    seen: Vec<u32>,
    round: u32,
    stack: Vec<StateId>,
    /// How many NFA states were looked at.
    visits: usize,
}

impl Draft {
    /// Nothing is left that could match.
    pub(super) fn dead() -> Self {
        Self {
            threads: Vec::new(),
            context: Context::NOTHING,
            open: false,
        }
    }

    /// Roughly, in bytes.
    pub(super) fn size(&self) -> usize {
        size_of::<Self>() + size_of::<Thread>() * self.threads.capacity()
    }

    /// The same where no match may begin at bytes to come, and whether the group that begins here
    /// goes on, as the last.
    pub(super) fn closed(&self) -> (Self, bool) {
        if !self.open {
            return (self.clone(), false);
        }
        let own = self.groups();
        let mut closed = self.clone();
        closed.open = false;
        for thread in &mut closed.threads {
            if thread.group == OWN {
                thread.group = own;
            }
        }
        if closed.threads.is_empty() {
            closed = Self::dead();
        }
        let keeps_own = closed.groups() > own;
        (closed, keeps_own)
    }

    /// How many groups have a number.
    fn groups(&self) -> Group {
        let numbered = self.threads.iter().filter(|t| t.group != OWN);
        numbered.map(|t| t.group + 1).max().unwrap_or(0)
    }
}

impl Stepper {
    pub(super) fn new(nfa: &Nfa) -> Self {
        Self {
            now: Threads::of(nfa),
            next: Threads::of(nfa),
        }
    }

    /// Before the first byte of a frame.
    pub(super) fn start(&mut self, nfa: &Nfa) -> Draft {
        let context = nfa.known(Context::FIRST);
        self.now.clear();
        self.now.follow(nfa, nfa.start, OWN, context, None);
        let draft = Draft {
            threads: self.now.all.clone(),
            context,
            open: nfa.restarts(),
        };
        match draft.threads.is_empty() && !draft.open {
            true => Draft::dead(),
            false => draft,
        }
    }

    /// A byte behind a draft.
    pub(super) fn step(&mut self, nfa: &Nfa, from: &Draft, byte: u8) -> Step {
        let Self { now, next } = self;
        now.visits += STEP;
        now.clear();
        next.clear();
        let context = nfa.known(from.context.after(byte));
        let late = now.look_ahead(nfa, from, Some(byte));
        let mut matched = None;
        for thread in &now.all {
            let Some(to) = nfa.step(thread.state, byte) else {
                continue;
            };
            if next.follow(nfa, to, thread.group, context, None) {
                matched = Some(thread.group);
                break;
            }
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
        let open = from.open && late.is_none() && matched.is_none();
        if open {
            next.follow(nfa, nfa.start, OWN, context, None);
        }
        let same = || {
            map.iter()
                .enumerate()
                .all(|(at, old)| at == usize::from(*old))
        };
        let plain = late.or(matched).is_none() && map.len() == usize::from(own) && same();
        let to = match next.all.is_empty() && !open {
            true => Draft::dead(),
            false => Draft {
                threads: next.all.clone(),
                context,
                open,
            },
        };
        Step {
            to,
            plain,
            late: late.map(renumber),
            matched: matched.map(renumber),
            map,
        }
    }

    /// The group that matches where the stream ends; a number behind the last is that of the one
    /// that begins there.
    pub(super) fn at_end(&mut self, nfa: &Nfa, draft: &Draft) -> Option<Group> {
        self.now.clear();
        self.now.look_ahead(nfa, draft, None)
    }

    /// How many NFA states were looked at, so far, and as much as that for what a step takes besides.
    pub(super) fn visits(&self) -> usize {
        self.now.visits + self.next.visits
    }
}

impl Threads {
    fn of(nfa: &Nfa) -> Self {
        Self {
            seen: vec![0; nfa.states.len()],
            ..Self::default()
        }
    }

    fn clear(&mut self) {
        self.all.clear();
        self.round = self.round.wrapping_add(1);
        if self.round == 0 {
            self.seen.fill(0);
            self.round = 1;
        }
    }

    /// Decides the assertions that look at the next byte, or at the end. What is gathered are the
    /// threads that go on. Returns the group that has matched, before that byte.
    fn look_ahead(&mut self, nfa: &Nfa, from: &Draft, next: Unit) -> Option<Group> {
        self.visits += 1 + from.threads.len();
        for thread in &from.threads {
            match nfa.states[usize::from(thread.state)] {
                State::Look(..) => {
                    let (state, group) = (thread.state, thread.group);
                    if self.follow(nfa, state, group, from.context, Some(next)) {
                        return Some(group);
                    }
                }
                _ if self.see(thread.state) => self.all.push(*thread),
                _ => {}
            }
        }
        None
    }

    /// Adds what is reached from an NFA state without a byte; true where that is a match, which
    /// makes what is less wanted futile. `next`: the byte to come, where it is known.
    fn follow(
        &mut self,
        nfa: &Nfa,
        from: StateId,
        group: Group,
        context: Context,
        next: Option<Unit>,
    ) -> bool {
        debug_assert!(self.stack.is_empty());
        self.stack.push(from);
        while let Some(state) = self.stack.pop() {
            self.visits += 1;
            if !self.see(state) || !nfa.is_hopeful(state, context) {
                continue;
            }
            match &nfa.states[usize::from(state)] {
                State::Byte { .. } => self.all.push(Thread { state, group }),
                State::Look(assertion, to) => match holds(*assertion, context, next) {
                    Some(true) => self.stack.push(*to),
                    Some(false) => {}
                    None => self.all.push(Thread { state, group }),
                },
                State::Union(ways) => self.stack.extend(ways.iter().rev()),
                State::Split(first, second) => self.stack.extend([*second, *first]),
                State::Match => {
                    self.stack.clear();
                    return true;
                }
            }
        }
        false
    }

    /// Whether this NFA state is reached for the first time.
    fn see(&mut self, state: StateId) -> bool {
        replace(&mut self.seen[usize::from(state)], self.round) != self.round
    }
}

impl Hash for Thread {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        hasher.write_u32(u32::from(self.state) << 16 | u32::from(self.group));
    }
}
