//! From which states of an NFA a match can be reached. The others are left out of every search, so
//! that what is certain (that a match stands, that there is none) is known with the first byte that
//! makes it so.
//!
//! That takes more than the arrows between states, as assertions may contradict each other: nothing
//! matches `a\bb`. So it is asked for each context before a place, and each kind of what comes next:
//!
//! ```text
//!   mask of a state   context 0   context 1   …        one bit: a match can be reached where
//!                     w  o  end   w  o  end   …        a word's byte, another one, the end is next
//! ```

use std::collections::HashMap;

use super::context::{Context, holds, is_word};
use super::nfa::{State, StateId};
use super::utf8::{Bytes, DONE};

/// One bit for each context and kind of what is next.
type Mask = u32;

const KINDS: usize = 3;
/// Something of each kind.
const NEXT: [Option<u8>; KINDS] = [Some(b'a'), Some(b' '), None];
const ALL: Mask = (1 << (KINDS * Context::ALL.len())) - 1;

/// Bytes of each sort that contexts tell apart.
const SORTS: [u8; 6] = [b'\n', b'a', 0x80, 0xa8, 0xe2, b' '];

pub(super) struct Hope(Vec<Mask>);

impl Hope {
    /// `heads`: the states but for those inside of characters. Those that lead on to others have
    /// higher numbers, but where they are repeated.
    pub(super) fn of(states: &[State], heads: &[StateId], sets: &[Bytes]) -> Self {
        let mut masks: Vec<Mask> = vec![0; states.len()];
        let mut within = HashMap::new();
        let mut grows = true;
        while grows {
            grows = false;
            for head in heads {
                let head = usize::from(*head);
                let mask = of_head(&states[head], &masks, sets, &mut within);
                grows |= mask != masks[head];
                masks[head] = mask;
            }
        }
        for (state, inner) in states.iter().enumerate() {
            if let State::Byte {
                set, node, next, ..
            } = inner
            {
                let next = masks[usize::from(*next)];
                masks[state] = within[&(*set, next)][usize::from(*node)];
            }
        }
        Self(masks)
    }

    /// Whatever comes next.
    pub(super) fn within(&self, state: StateId, context: Context) -> bool {
        self.0[usize::from(state)] & any(context) != 0
    }
}

fn of_head(
    state: &State,
    masks: &[Mask],
    sets: &[Bytes],
    within: &mut HashMap<(u16, Mask), Vec<Mask>>,
) -> Mask {
    let of = |state: &StateId| masks[usize::from(*state)];
    match state {
        State::Byte {
            set, node, next, ..
        } => {
            let next = of(next);
            let nodes = within
                .entry((*set, next))
                .or_insert_with(|| of_nodes(&sets[usize::from(*set)], next));
            nodes[usize::from(*node)]
        }
        State::Split(one, other) => of(one) | of(other),
        State::Union(ways) => ways.iter().fold(0, |mask, way| mask | of(way)),
        State::Look(assertion, next) => {
            let mut mask = 0;
            for context in Context::ALL {
                for (kind, unit) in NEXT.iter().enumerate() {
                    if holds(*assertion, context, Some(*unit)) == Some(true) {
                        mask |= bit(context, kind);
                    }
                }
            }
            mask & of(next)
        }
        State::Match => ALL,
    }
}

/// The masks of a set's nodes, where what is behind the character has the mask `next`.
fn of_nodes(set: &Bytes, next: Mask) -> Vec<Mask> {
    let mut masks: Vec<Mask> = Vec::new();
    for node in set.nodes() {
        let mut mask = 0;
        for arrow in node.iter() {
            let to = match arrow.to {
                DONE => next,
                inner => masks[usize::from(inner)],
            };
            let sorts = (arrow.start..=arrow.end).fold(0, |sorts, byte| sorts | 1 << sort(byte));
            for (_, byte) in SORTS
                .iter()
                .enumerate()
                .filter(|(at, _)| sorts & 1 << at != 0)
            {
                for context in Context::ALL {
                    if to & any(context.after(*byte)) != 0 {
                        mask |= bit(context, usize::from(!is_word(*byte)));
                    }
                }
            }
        }
        masks.push(mask);
    }
    masks
}

fn sort(byte: u8) -> usize {
    match byte {
        b'\n' | b'\r' => 0,
        byte if is_word(byte) => 1,
        0x80 => 2,
        0xa8 | 0xa9 => 3,
        0xe2 => 4,
        _ => 5,
    }
}

fn bit(context: Context, kind: usize) -> Mask {
    1 << (KINDS * context.index() + kind)
}

fn any(context: Context) -> Mask {
    ((1 << KINDS) - 1) << (KINDS * context.index())
}
