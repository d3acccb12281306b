//! The characters of a set as bytes: an automaton over UTF-8 without loops, as small as can be.
//!
//! ```text
//!   [a-z\u00e4]   ─ a-z ─────────▶ DONE
//!                 ─ c3 ─▶ ─ a4 ──▶ DONE
//! ```

use std::collections::HashMap;

use regex_syntax::hir::ClassUnicode;
use regex_syntax::utf8::{Utf8Range, Utf8Sequences};

/// A set of its own takes as long as so many sequences.
const SET: usize = 8;

/// Where the character is complete.
pub(super) const DONE: u16 = u16::MAX;

/// Bytes that lead to another node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Arrow {
    pub(super) start: u8,
    pub(super) end: u8,
    pub(super) to: u16,
}

/// The nodes of a set that is not empty: each behind those that it leads to, the root last.
#[derive(Debug)]
pub(super) struct Bytes(Vec<Box<[Arrow]>>);

impl Bytes {
    /// `None` where that takes more than `most` sequences of bytes.
    pub(super) fn of(set: &ClassUnicode, most: &mut usize) -> Option<Self> {
        *most = most.checked_sub(SET)?;
        let mut builder = Builder::default();
        for range in set.ranges() {
            for sequence in Utf8Sequences::new(range.start(), range.end()) {
                *most = most.checked_sub(1)?;
                builder.add(sequence.as_slice());
            }
        }
        builder.freeze(0);
        Some(Self(builder.nodes))
    }

    pub(super) fn nodes(&self) -> &[Box<[Arrow]>] {
        &self.0
    }

    /// Where a byte leads to, [`DONE`] included.
    pub(super) fn step(&self, node: u16, byte: u8) -> Option<u16> {
        let arrows = &self.0[usize::from(node)];
        let at = arrows.partition_point(|arrow| arrow.end < byte);
        let arrow = arrows.get(at)?;
        (arrow.start <= byte).then_some(arrow.to)
    }
}

/// Sequences come in ascending order, so what the last one has not in common with the next is
/// final: nodes that lead on alike become one.
#[derive(Default)]
struct Builder {
    nodes: Vec<Box<[Arrow]>>,
    known: HashMap<Box<[Arrow]>, u16>,
    /// The nodes along the last sequence, each leading to the next by its last arrow.
    path: Vec<Vec<Arrow>>,
}

impl Builder {
    fn add(&mut self, sequence: &[Utf8Range]) {
        // Two ranges of first bytes are the same or have no byte in common.
        let common = self.path.iter().zip(sequence).take_while(|(node, range)| {
            let last = node.last();
            last.is_some_and(|last| (last.start, last.end) == (range.start, range.end))
        });
        let common = common.count();
        self.freeze(common + 1);
        for (depth, range) in sequence.iter().enumerate().skip(common) {
            if depth == self.path.len() {
                self.path.push(Vec::new());
            }
            self.path[depth].push(Arrow {
                start: range.start,
                end: range.end,
                to: DONE,
            });
        }
    }

    /// Makes the nodes from this depth on final.
    fn freeze(&mut self, depth: usize) {
        while self.path.len() > depth {
            let arrows: Box<[Arrow]> = self.path.pop().expect("it is not empty").into();
            let next = self.nodes.len() as u16;
            let id = *self.known.entry(arrows.clone()).or_insert(next);
            if id == next {
                self.nodes.push(arrows);
            }
            if let Some(arrow) = self.path.last_mut().and_then(|node| node.last_mut()) {
                arrow.to = id;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::chars;
    use super::*;

    #[test]
    fn exactly_the_characters_of_the_set() {
        for set in [
            chars::any(),
            chars::space(),
            chars::not_line_end(),
            chars::property("L").unwrap(),
            chars::property("Greek").unwrap(),
            chars::set_of('\u{7f}', '\u{10000}'),
        ] {
            let bytes = Bytes::of(&set, &mut 10_000).unwrap();
            let root = (bytes.nodes().len() - 1) as u16;
            for c in '\0'..=char::MAX {
                let mut text = [0; 4];
                let text = c.encode_utf8(&mut text).as_bytes();
                let mut node = Some(root);
                for byte in text {
                    node = node.filter(|n| *n != DONE);
                    node = node.and_then(|n| bytes.step(n, *byte));
                }
                let within = set
                    .ranges()
                    .iter()
                    .any(|r| (r.start()..=r.end()).contains(&c));
                assert_eq!(node == Some(DONE), within, "{c:?}");
            }
        }
    }

    #[test]
    fn what_is_alike_is_one_node() {
        let any = Bytes::of(&chars::any(), &mut 100).unwrap();
        assert!(any.nodes().len() <= 8, "{any:?}");
        assert!(Bytes::of(&chars::property("L").unwrap(), &mut 100).is_none());
    }
}
