//! A pattern as a tree, and its way to the tree that `regex-automata` compiles.

use regex_syntax::hir::{Class, ClassUnicode, Hir, Look, Repetition};

use super::RegExpError;

/// A tree beyond this many nodes is refused.
const MOST_NODES: usize = 10_000;

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
    Set(ClassUnicode),
    Look(Assertion),
    Concat(Vec<Node>),
    /// One of these; of none, nothing matches.
    Either(Vec<Node>),
    Repeat {
        node: Box<Node>,
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
    ) -> Result<Self, RegExpError> {
        let repeat = |node: Self, min, max| Self::Repeat {
            node: Box::new(node),
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
        let rounds = repeat(self.without_empty()?, 0, more);
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

    pub(super) fn lower(&self) -> Hir {
        match self {
            Self::Set(set) => Hir::class(Class::Unicode(set.clone())),
            Self::Look(assertion) => Hir::look(match assertion {
                Assertion::Start => Look::Start,
                Assertion::End => Look::End,
                // Of another meaning here, see `Context`.
                Assertion::LineStart => Look::StartLF,
                Assertion::Word => Look::WordAscii,
                Assertion::NotWord => Look::WordAsciiNegate,
            }),
            Self::Concat(nodes) => Hir::concat(nodes.iter().map(Self::lower).collect()),
            Self::Either(nodes) => Hir::alternation(nodes.iter().map(Self::lower).collect()),
            Self::Repeat {
                node,
                min,
                max,
                greedy,
            } => Hir::repetition(Repetition {
                min: *min,
                max: *max,
                greedy: *greedy,
                sub: Box::new(node.lower()),
            }),
        }
    }

    /// Its ways to match that take a character at least, in the same order.
    fn without_empty(&self) -> Result<Self, RegExpError> {
        let mut nodes = 0;
        let Split {
            mut before, after, ..
        } = self.split(&mut nodes)?;
        before.extend(after);
        Ok(Self::Either(before))
    }

    fn split(&self, nodes: &mut usize) -> Result<Split, RegExpError> {
        *nodes += 1 + self.size();
        if *nodes > MOST_NODES {
            return Err(RegExpError::TooLarge);
        }
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
                *nodes += rest.size();
                if *nodes > MOST_NODES {
                    return Err(RegExpError::TooLarge);
                }
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
                    *nodes += rest.size();
                    Ok(node.split(nodes)?.then(rest))
                })
            }
            Self::Repeat {
                node, max, greedy, ..
            } => {
                let some = Self::Repeat {
                    node: node.clone(),
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
