//! The syntax of JavaScript's `RegExp`: its source and flags into a [`Node`].
//!
//! The source is that of a `RegExp` object, so JavaScript has found it valid; what is not
//! understood here is refused, never guessed at. That holds for the oddities which JavaScript
//! allows without the flag `u` for the sake of old pages (octal escapes, `\u{5}` as five `u`s) too.

use std::collections::HashMap;
use std::sync::Arc;

use regex_syntax::hir::{ClassUnicode, ClassUnicodeRange};

use super::RegExpError;
use super::chars::{self, Flags, one, set_of};
use super::node::{Assertion, MOST_NODES, Node};

/// Groups within groups beyond this are refused: parsing and lowering recurse.
const MOST_DEPTH: usize = 100;
/// How many ranges of characters all sets may have: bounds the time that parsing takes.
const MOST_RANGES: usize = 1 << 16;
/// To look a property up takes as long as so many ranges.
const PROPERTY: usize = 512;

type Parsed<T> = Result<T, RegExpError>;

/// Parses a source under flags, as `RegExp.prototype.source` and `.flags` give them.
pub(super) fn parse(source: &str, flags: &str) -> Parsed<Node> {
    let mut parser = Parser {
        rest: source,
        flags: parse_flags(flags)?,
        depth: 0,
        ranges: MOST_RANGES,
        nodes: MOST_NODES,
        properties: HashMap::new(),
        literals: HashMap::new(),
    };
    let node = parser.alternatives()?;
    match parser.rest.chars().next() {
        None => Ok(node),
        Some(found) => Err(RegExpError::Unknown(found.to_string())),
    }
}

fn parse_flags(text: &str) -> Parsed<Flags> {
    let mut flags = Flags::default();
    for flag in text.chars() {
        match flag {
            'i' => flags.ignore_case = true,
            'm' => flags.multiline = true,
            's' => flags.dot_all = true,
            'u' => flags.unicode = true,
            // They say what a call returns, or where it begins; a delimiter is searched for anew.
            'd' | 'g' => {}
            'y' => return Err(RegExpError::Construct("the flag y")),
            'v' => return Err(RegExpError::Construct("the flag v")),
            other => return Err(RegExpError::Unknown(other.to_string())),
        }
    }
    Ok(flags)
}

struct Parser<'a> {
    rest: &'a str,
    /// Those that hold here: `(?i:…)` changes them for a group.
    flags: Flags,
    depth: usize,
    /// How many more ranges sets may have.
    ranges: usize,
    /// How many more nodes repetitions may look at.
    nodes: usize,
    /// By their names, those that were looked up.
    properties: HashMap<String, ClassUnicode>,
    /// Characters that stand for themselves, with and without regard to case.
    literals: HashMap<(char, bool), Arc<ClassUnicode>>,
}

/// One member of a class, before it is known whether a range begins with it.
enum Member {
    Char(char),
    Set(ClassUnicode),
}

impl Parser<'_> {
    fn alternatives(&mut self) -> Parsed<Node> {
        let mut all = vec![self.terms()?];
        while self.eat("|") {
            all.push(self.terms()?);
        }
        Ok(Node::either(all))
    }

    fn terms(&mut self) -> Parsed<Node> {
        let mut all = Vec::new();
        while !matches!(self.rest.chars().next(), None | Some('|' | ')')) {
            let atom = self.atom()?;
            all.push(match self.quantifier()? {
                None => atom,
                Some((min, max, greedy)) => Node::repeat(atom, min, max, greedy, &mut self.nodes)?,
            });
        }
        Ok(Node::concat(all))
    }

    fn atom(&mut self) -> Parsed<Node> {
        match self.next()? {
            '^' if self.flags.multiline => Ok(Node::Look(Assertion::LineStart)),
            '^' => Ok(Node::Look(Assertion::Start)),
            // It looks at a whole character ahead, which may be one of three bytes.
            '$' if self.flags.multiline => Err(RegExpError::Construct("$ under the flag m")),
            '$' => Ok(Node::Look(Assertion::End)),
            '(' => self.group(),
            '.' if self.flags.dot_all => self.set(chars::any()),
            '.' => self.set(chars::not_line_end()),
            '[' => self.class(),
            '\\' => self.escape(),
            // `{` where no quantifier can be, `]` and `}` stand for themselves without `u`.
            other => self.literal(other),
        }
    }

    fn literal(&mut self, c: char) -> Parsed<Node> {
        let key = (c, self.flags.ignore_case);
        if let Some(known) = self.literals.get(&key) {
            return Ok(Node::Set(Arc::clone(known)));
        }
        let set = self.fold(set_of(c, c))?;
        self.charge(set.ranges().len())?;
        let set = Arc::new(set);
        self.literals.insert(key, Arc::clone(&set));
        Ok(Node::Set(set))
    }

    fn fold(&mut self, set: ClassUnicode) -> Parsed<ClassUnicode> {
        let (set, found) = chars::fold(set, self.flags);
        self.charge(found)?;
        Ok(set)
    }

    fn set(&mut self, set: ClassUnicode) -> Parsed<Node> {
        self.charge(set.ranges().len())?;
        Ok(Node::Set(set.into()))
    }

    fn charge(&mut self, ranges: usize) -> Parsed<()> {
        let left = self.ranges.checked_sub(ranges);
        self.ranges = left.ok_or(RegExpError::TooLarge)?;
        Ok(())
    }

    fn quantifier(&mut self) -> Parsed<Option<(u32, Option<u32>, bool)>> {
        let (min, max) = if self.eat("*") {
            (0, None)
        } else if self.eat("+") {
            (1, None)
        } else if self.eat("?") {
            (0, Some(1))
        } else if let Some(counted) = self.counted() {
            counted
        } else {
            return Ok(None);
        };
        Ok(Some((min, max, !self.eat("?"))))
    }

    /// `{n}`, `{n,}` or `{n,m}`; what looks otherwise are literal characters.
    fn counted(&mut self) -> Option<(u32, Option<u32>)> {
        let (inner, rest) = self.rest.strip_prefix('{')?.split_once('}')?;
        let count = |digits: &str| {
            let all_digits = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
            // What does not fit is far beyond what is not refused for its size.
            all_digits.then(|| digits.parse().unwrap_or(u32::MAX))
        };
        let counted = match inner.split_once(',') {
            None => (count(inner)?, Some(count(inner)?)),
            Some((min, "")) => (count(min)?, None),
            Some((min, max)) => (count(min)?, Some(count(max)?)),
        };
        self.rest = rest;
        Some(counted)
    }

    fn group(&mut self) -> Parsed<Node> {
        self.depth += 1;
        if self.depth > MOST_DEPTH {
            return Err(RegExpError::TooLarge);
        }
        let outer = self.flags;
        if self.eat("?") {
            self.group_kind()?;
        }
        let node = self.alternatives()?;
        if !self.eat(")") {
            return Err(RegExpError::Unknown("(".to_owned()));
        }
        self.flags = outer;
        self.depth -= 1;
        Ok(node)
    }

    /// What stands between `(?` and the group's pattern. Nothing is captured, whatever its name.
    fn group_kind(&mut self) -> Parsed<()> {
        if self.eat(":") {
            return Ok(());
        }
        for look in ["=", "!", "<=", "<!"] {
            if self.eat(look) {
                let ahead = !look.starts_with('<');
                return Err(RegExpError::Construct(if ahead {
                    "look-ahead"
                } else {
                    "look-behind"
                }));
            }
        }
        if self.eat("<") {
            let (_, rest) = self.rest.split_once('>').ok_or_else(unfinished)?;
            self.rest = rest;
            return Ok(());
        }
        let (modifiers, rest) = self.rest.split_once(':').ok_or_else(unfinished)?;
        self.rest = rest;
        let mut on = true;
        for modifier in modifiers.chars() {
            match modifier {
                '-' => on = false,
                'i' => self.flags.ignore_case = on,
                'm' => self.flags.multiline = on,
                's' => self.flags.dot_all = on,
                other => return Err(RegExpError::Unknown(format!("(?{other}"))),
            }
        }
        Ok(())
    }

    /// What a backslash outside of a class begins.
    fn escape(&mut self) -> Parsed<Node> {
        let boundary = match self.rest.chars().next() {
            Some('b') => Assertion::Word,
            Some('B') => Assertion::NotWord,
            Some('1'..='9') => return Err(RegExpError::Construct("a back-reference")),
            Some('k') => return Err(RegExpError::Construct("a back-reference")),
            _ => {
                return match self.member_escape()? {
                    Member::Char(c) => self.literal(c),
                    Member::Set(set) => {
                        let set = self.fold(set)?;
                        self.set(set)
                    }
                };
            }
        };
        if self.flags.ignore_case && self.flags.unicode {
            // Two letters that are not ASCII count as parts of words there.
            return Err(RegExpError::Construct("a word boundary under the flags iu"));
        }
        self.next()?;
        Ok(Node::Look(boundary))
    }

    fn class(&mut self) -> Parsed<Node> {
        let negated = self.eat("^");
        let mut ranges: Vec<ClassUnicodeRange> = Vec::new();
        while !self.eat("]") {
            let first = self.member()?;
            if !self.rest.starts_with('-') || self.rest.starts_with("-]") {
                self.add(&mut ranges, first)?;
                continue;
            }
            self.next()?;
            let second = self.member()?;
            match (first, second) {
                (Member::Char(from), Member::Char(to)) => {
                    ranges.push(ClassUnicodeRange::new(from, to));
                }
                // `[\d-x]` is no range, but three members.
                (first, second) => {
                    self.add(&mut ranges, first)?;
                    self.add(&mut ranges, Member::Char('-'))?;
                    self.add(&mut ranges, second)?;
                }
            }
        }
        // First what differs in case alone, then the complement: `[^a]` under i is not `A` either.
        let mut set = self.fold(ClassUnicode::new(ranges))?;
        if negated {
            set.negate();
        }
        self.set(set)
    }

    fn add(&mut self, ranges: &mut Vec<ClassUnicodeRange>, member: Member) -> Parsed<()> {
        match member {
            Member::Char(c) => ranges.push(one(c)),
            Member::Set(set) => {
                self.charge(set.ranges().len())?;
                ranges.extend(set.ranges());
            }
        }
        Ok(())
    }

    fn member(&mut self) -> Parsed<Member> {
        match self.next()? {
            '\\' if self.eat("b") => Ok(Member::Char('\u{8}')),
            '\\' => self.member_escape(),
            other => Ok(Member::Char(other)),
        }
    }

    /// What a backslash begins that means the same inside a class and outside.
    fn member_escape(&mut self) -> Parsed<Member> {
        let negated = |mut set: ClassUnicode| {
            set.negate();
            Member::Set(set)
        };
        let Flags { unicode, .. } = self.flags;
        Ok(match self.next()? {
            'd' => Member::Set(chars::digit()),
            'D' => negated(chars::digit()),
            's' => Member::Set(chars::space()),
            'S' => negated(chars::space()),
            'w' => Member::Set(chars::word(self.flags)),
            'W' => negated(chars::word(self.flags)),
            'p' if unicode => Member::Set(self.property()?),
            'P' if unicode => negated(self.property()?),
            'f' => Member::Char('\u{c}'),
            'n' => Member::Char('\n'),
            'r' => Member::Char('\r'),
            't' => Member::Char('\t'),
            'v' => Member::Char('\u{b}'),
            '0' if !self.rest.starts_with(|c: char| c.is_ascii_digit()) => Member::Char('\0'),
            'c' => match self.next()? {
                letter @ ('a'..='z' | 'A'..='Z') => Member::Char((letter as u8 & 0x1f).into()),
                _ => return Err(RegExpError::Unknown("\\c".to_owned())),
            },
            'x' => Member::Char(self.scalar(2)?),
            'u' if unicode && self.eat("{") => {
                let (digits, rest) = self.rest.split_once('}').ok_or_else(unfinished)?;
                self.rest = rest;
                Member::Char(scalar(
                    u32::from_str_radix(digits, 16).map_err(|_| unfinished())?,
                )?)
            }
            'u' => Member::Char(self.scalar(4)?),
            digit @ '0'..='9' => return Err(RegExpError::Unknown(format!("\\{digit}"))),
            'k' => return Err(RegExpError::Unknown("\\k".to_owned())),
            other => Member::Char(other),
        })
    }

    /// `{…}` behind `\p`.
    fn property(&mut self) -> Parsed<ClassUnicode> {
        let inner = self.rest.strip_prefix('{').and_then(|s| s.split_once('}'));
        let (name, rest) = inner.ok_or_else(unfinished)?;
        self.rest = rest;
        if let Some(known) = self.properties.get(name) {
            return Ok(known.clone());
        }
        self.charge(PROPERTY)?;
        let unknown = || RegExpError::Unknown(format!("\\p{{{name}}}"));
        let set = chars::property(name).ok_or_else(unknown)?;
        self.properties.insert(name.to_owned(), set.clone());
        Ok(set)
    }

    /// A character by its number of so many hexadecimal digits. Two halves of a surrogate pair are
    /// one; in UTF-8 there is nothing that half a pair could match.
    fn scalar(&mut self, digits: usize) -> Parsed<char> {
        let unit = self.hexadecimal(digits)?;
        if (0xd800..0xdc00).contains(&unit) && self.eat("\\u") {
            let low = self.hexadecimal(4)?;
            if (0xdc00..0xe000).contains(&low) {
                return scalar(0x1_0000 + ((unit - 0xd800) << 10) + (low - 0xdc00));
            }
        }
        scalar(unit)
    }

    fn hexadecimal(&mut self, digits: usize) -> Parsed<u32> {
        let text = self.rest.get(..digits).ok_or_else(unfinished)?;
        // `from_str_radix` would take a sign.
        if !text.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(unfinished());
        }
        self.rest = &self.rest[digits..];
        u32::from_str_radix(text, 16).map_err(|_| unfinished())
    }

    fn next(&mut self) -> Parsed<char> {
        let mut chars = self.rest.chars();
        let next = chars.next().ok_or_else(unfinished)?;
        self.rest = chars.as_str();
        Ok(next)
    }

    fn eat(&mut self, text: &str) -> bool {
        match self.rest.strip_prefix(text) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }
}

fn scalar(number: u32) -> Parsed<char> {
    char::from_u32(number).ok_or(RegExpError::Construct("half a surrogate pair"))
}

/// An escape that is not complete: without `u`, JavaScript takes it for its letters.
fn unfinished() -> RegExpError {
    RegExpError::Unknown("an incomplete escape or group".to_owned())
}
