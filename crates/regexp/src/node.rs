//! A pattern as a tree.

use std::sync::Arc;

use regex_syntax::hir::ClassUnicode;

use super::RegExpError;

/// How many nodes may be looked at to take the empty string out of repetitions.
pub(super) const MOST_NODES: usize = 50_000;

/// Something between two characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Assertion {
    /// The frame begins here.
    Start,
    /// The stream ends here.
    End,
    /// The frame begins here, or a line: `^` under the flag `m`.
    LineStart,
    /// `\b`
    Word,
    /// `\B`
    NotWord,
}

/// A pattern. Among the ways to match, earlier ones are preferred, as JavaScript tries them.
#[derive(Debug, Clone)]
pub(super) enum Node {
    /// One character of a set.
    Set(Arc<ClassUnicode>),
    Look(Assertion),
    Concat(Vec<Node>),
    /// One of these; of none, nothing matches.
    Either(Vec<Node>),
    Repeat {
        node: Arc<Node>,
        min: u32,
        max: Option<u32>,
        greedy: bool,
    },
}

impl Node {
    pub(super) fn concat(mut nodes: Vec<Self>) -> Self {
        match nodes.len() {
            1 => nodes.remove(0),
            _ => Self::Concat(nodes),
        }
    }

    pub(super) fn either(mut nodes: Vec<Self>) -> Self {
        match nodes.len() {
            1 => nodes.remove(0),
            _ => Self::Either(nodes),
        }
    }

    /// A repetition as JavaScript has it: beyond `min`, no round may match the empty string. Other
    /// languages let such a round end the loop, which prefers other matches: `(?:|a)*` on `aa`.
    pub(super) fn repeat(
        self,
        min: u32,
        max: Option<u32>,
        greedy: bool,
        nodes: &mut usize,
    ) -> Result<Self, RegExpError> {
        let repeat = |node: Self, min, max| Self::Repeat {
            node: Arc::new(node),
            min,
            max,
            greedy,
        };
        if max == Some(0) {
            return Ok(Self::Concat(Vec::new()));
        }
        if !self.may_be_empty() || max == Some(min) {
            return Ok(repeat(self, min, max));
        }
        let more = max.map(|max| max - min);
        let rounds = repeat(self.without_empty(nodes)?, 0, more);
        if min == 0 {
            return Ok(rounds);
        }
        Ok(Self::Concat(vec![repeat(self, min, Some(min)), rounds]))
    }

    /// Whether it can match without a character.
    pub(super) fn may_be_empty(&self) -> bool {
        match self {
            Self::Set(_) => false,
            Self::Look(_) => true,
            Self::Concat(nodes) => nodes.iter().all(Self::may_be_empty),
            Self::Either(nodes) => nodes.iter().any(Self::may_be_empty),
            Self::Repeat { node, min, .. } => *min == 0 || node.may_be_empty(),
        }
    }

    /// Its ways to match that take a character at least, in the same order.
    fn without_empty(&self, nodes: &mut usize) -> Result<Self, RegExpError> {
        let Split {
            mut before, after, ..
        } = self.split(nodes)?;
        before.extend(after);
        Ok(Self::Either(before))
    }

    fn split(&self, nodes: &mut usize) -> Result<Split, RegExpError> {
        charge(nodes, 1 + self.size())?;
        if !self.may_be_empty() {
            return Ok(Split {
                before: vec![self.clone()],
                ..Split::default()
            });
        }
        match self {
            Self::Set(_) => unreachable!("a character is never empty"),
            Self::Look(_) => Err(RegExpError::Construct(
                "an assertion in a repeated group that may be empty",
            )),
            Self::Concat(all) => all.iter().rev().try_fold(Split::EMPTY, |rest, node| {
                charge(nodes, rest.size())?;
                Ok(node.split(nodes)?.then(rest))
            }),
            Self::Either(all) => all.iter().try_fold(Split::default(), |so_far, node| {
                Ok(so_far.or(node.split(nodes)?))
            }),
            // Of an empty string, so many times nothing.
            Self::Repeat {
                node,
                min,
                max: Some(max),
                ..
            } if min == max && node.may_be_empty() => {
                (0..*min).try_fold(Split::EMPTY, |rest, _| {
                    charge(nodes, rest.size())?;
                    Ok(node.split(nodes)?.then(rest))
                })
            }
            Self::Repeat {
                node, max, greedy, ..
            } => {
                let some = Self::Repeat {
                    node: Arc::clone(node),
                    min: 1,
                    max: *max,
                    greedy: *greedy,
                };
                Ok(match greedy {
                    true => Split {
                        before: vec![some],
                        empty: true,
                        after: Vec::new(),
                    },
                    false => Split {
                        before: Vec::new(),
                        empty: true,
                        after: vec![some],
                    },
                })
            }
        }
    }

    fn size(&self) -> usize {
        match self {
            Self::Set(_) | Self::Look(_) => 1,
            Self::Concat(nodes) | Self::Either(nodes) => {
                1 + nodes.iter().map(Self::size).sum::<usize>()
            }
            Self::Repeat { node, .. } => 1 + node.size(),
        }
    }
}

fn charge(nodes: &mut usize, looked_at: usize) -> Result<(), RegExpError> {
    let left = nodes.checked_sub(looked_at);
    *nodes = left.ok_or(RegExpError::TooLarge)?;
    Ok(())
}

/// The ways to match, in their order: some that take a character, the empty string where it is
/// among them, and those that are tried after it.
#[derive(Debug, Clone, Default)]
struct Split {
    before: Vec<Node>,
    empty: bool,
    after: Vec<Node>,
}

impl Split {
    const EMPTY: Self = Self {
        before: Vec::new(),
        empty: true,
        after: Vec::new(),
    };

    /// These; and when they are exhausted, those.
    fn or(mut self, other: Self) -> Self {
        if self.empty {
            // The empty string once more changes nothing.
            self.after.extend(other.before);
            self.after.extend(other.after);
        } else {
            self.before.extend(other.before);
            self.empty = other.empty;
            self.after = other.after;
        }
        self
    }

    /// Each of these with each of those behind it.
    fn then(self, rest: Self) -> Self {
        let whole = rest.node();
        let followed = |ways: Vec<Node>| match ways.is_empty() {
            true => None,
            false => Some(Node::Concat(vec![Node::either(ways), whole.clone()])),
        };
        let mut before: Vec<Node> = followed(self.before).into_iter().collect();
        let mut after: Vec<Node> = Vec::new();
        if self.empty {
            before.extend(rest.before);
            if rest.empty {
                after.extend(rest.after);
            } else {
                before.extend(rest.after);
            }
        }
        let last = followed(self.after);
        if self.empty && rest.empty {
            after.extend(last);
        } else {
            before.extend(last);
        }
        Self {
            before,
            empty: self.empty && rest.empty,
            after,
        }
    }

    fn node(&self) -> Node {
        let mut ways = self.before.clone();
        if self.empty {
            ways.push(Node::Concat(Vec::new()));
        }
        ways.extend(self.after.iter().cloned());
        Node::either(ways)
    }

    fn size(&self) -> usize {
        let ways = self.before.iter().chain(&self.after);
        1 + ways.map(Node::size).sum::<usize>()
    }
}
