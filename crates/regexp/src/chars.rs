//! Sets of characters, as JavaScript defines them.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex_syntax::hir::{Class, ClassUnicode, ClassUnicodeRange, HirKind};

/// The flags that hold at one place of a pattern.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Flags {
    pub(super) ignore_case: bool,
    pub(super) multiline: bool,
    pub(super) dot_all: bool,
    pub(super) unicode: bool,
}

/// Every character. What is no UTF-8 is no character, and matches nothing.
pub(super) fn any() -> ClassUnicode {
    set_of('\0', char::MAX)
}

/// What `.` matches without the flag `s`.
pub(super) fn not_line_end() -> ClassUnicode {
    let mut set = ranges(&[('\n', '\n'), ('\r', '\r'), ('\u{2028}', '\u{2029}')]);
    set.negate();
    set
}

/// `\d`
pub(super) fn digit() -> ClassUnicode {
    set_of('0', '9')
}

/// `\w`; under `iu` with what differs from a letter in case alone.
pub(super) fn word(flags: Flags) -> ClassUnicode {
    let set = ranges(&[('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')]);
    match flags.unicode {
        true => fold(set, flags).0,
        false => set,
    }
}

/// `\s`: WhiteSpace and LineTerminator of the language's specification.
pub(super) fn space() -> ClassUnicode {
    ranges(&[
        ('\t', '\r'),
        (' ', ' '),
        ('\u{a0}', '\u{a0}'),
        ('\u{1680}', '\u{1680}'),
        ('\u{2000}', '\u{200a}'),
        ('\u{2028}', '\u{2029}'),
        ('\u{202f}', '\u{202f}'),
        ('\u{205f}', '\u{205f}'),
        ('\u{3000}', '\u{3000}'),
        ('\u{feff}', '\u{feff}'),
    ])
}

/// What is between the braces of `\p{…}`; JavaScript has checked that there is such a property.
pub(super) fn property(name: &str) -> Option<ClassUnicode> {
    let hir = regex_syntax::parse(&format!("\\p{{{name}}}")).ok()?;
    match hir.into_kind() {
        HirKind::Class(Class::Unicode(set)) => Some(set),
        // A property of one character.
        HirKind::Literal(literal) => {
            let text = std::str::from_utf8(&literal.0).ok()?;
            text.chars().next().map(|c| set_of(c, c))
        }
        _ => None,
    }
}

/// Under the flag `i`: with all that equals one of its members then; and how many were found.
pub(super) fn fold(mut set: ClassUnicode, flags: Flags) -> (ClassUnicode, usize) {
    if !flags.ignore_case {
        return (set, 0);
    }
    let (equal, groups) = match flags.unicode {
        true => &*EQUAL_FOLDED,
        false => &*EQUAL_IN_UPPER_CASE,
    };
    let mut more: Vec<char> = Vec::new();
    for range in set.ranges() {
        let from = equal.partition_point(|(c, _)| *c < range.start());
        let within = equal[from..].iter().take_while(|(c, _)| *c <= range.end());
        more.extend(within.flat_map(|(_, group)| &groups[*group]));
    }
    if !more.is_empty() {
        set.union(&ClassUnicode::new(more.iter().map(|c| one(*c))));
    }
    (set, more.len())
}

pub(super) fn one(c: char) -> ClassUnicodeRange {
    ClassUnicodeRange::new(c, c)
}

pub(super) fn set_of(from: char, to: char) -> ClassUnicode {
    ClassUnicode::new([ClassUnicodeRange::new(from, to)])
}

fn ranges(all: &[(char, char)]) -> ClassUnicode {
    ClassUnicode::new(
        all.iter()
            .map(|(from, to)| ClassUnicodeRange::new(*from, *to)),
    )
}

/// The characters that the flag `i` without `u` takes for the same: those with one upper case.
/// A constant of the language, too long to be written down.
static EQUAL_IN_UPPER_CASE: LazyLock<EqualChars> = LazyLock::new(|| {
    let differ = ('\0'..='\u{ffff}').map(|c| (canonical(c), c));
    let mut groups: BTreeMap<char, Vec<char>> = BTreeMap::new();
    for (upper, c) in differ.filter(|(upper, c)| upper != c) {
        groups.entry(upper).or_insert_with(|| vec![upper]).push(c);
    }
    equal_chars(groups.into_values().collect())
});

/// Those that the flags `iu` take for the same: by the same simple case folding as `regex-syntax`.
static EQUAL_FOLDED: LazyLock<EqualChars> = LazyLock::new(|| {
    let cased = property("Changes_When_Casemapped").expect("a property of Unicode");
    let cased = cased
        .ranges()
        .iter()
        .flat_map(|range| range.start()..=range.end());
    let groups: Vec<Vec<char>> = cased.filter_map(folded_group).collect();
    equal_chars(groups)
});

/// The group that a character is the first of.
fn folded_group(c: char) -> Option<Vec<char>> {
    let mut set = set_of(c, c);
    set.try_case_fold_simple()
        .expect("regex-syntax is built with unicode-case");
    let ranges = set.ranges().iter();
    let group: Vec<char> = ranges
        .flat_map(|range| range.start()..=range.end())
        .collect();
    (group.len() > 1 && group[0] == c).then_some(group)
}

fn equal_chars(groups: Vec<Vec<char>>) -> EqualChars {
    let of = |(group, equal): (usize, &Vec<char>)| {
        let equal = equal.clone();
        equal.into_iter().map(move |c| (c, group))
    };
    let mut equal: Vec<_> = groups.iter().enumerate().flat_map(of).collect();
    equal.sort_unstable();
    (equal, groups)
}

/// Characters in their order, each with the number of its group; the groups.
type EqualChars = (Vec<(char, usize)>, Vec<Vec<char>>);

/// The specification's `Canonicalize` without `u`: the upper case, unless that is several code
/// units, or ASCII for what is not.
fn canonical(c: char) -> char {
    let mut upper = c.to_uppercase();
    match (upper.next(), upper.next()) {
        (Some(one), None) if one <= '\u{ffff}' && (c.is_ascii() || !one.is_ascii()) => one,
        _ => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(c: char, unicode: bool) -> String {
        let flags = Flags {
            ignore_case: true,
            unicode,
            ..Flags::default()
        };
        let set = fold(set_of(c, c), flags).0;
        set.ranges()
            .iter()
            .flat_map(|range| range.start()..=range.end())
            .collect()
    }

    #[test]
    fn case_is_ignored_as_javascript_ignores_it() {
        assert_eq!(folded('k', false), "Kk");
        assert_eq!(folded('k', true), "Kk\u{212a}", "the Kelvin sign");
        assert_eq!(folded('\u{212a}', false), "\u{212a}");
        assert_eq!(
            folded('\u{df}', false),
            "\u{df}",
            "sharp s has no one upper case"
        );
        assert_eq!(folded('\u{df}', true), "\u{df}\u{1e9e}");
        assert_eq!(folded('\u{b5}', false), "\u{b5}\u{39c}\u{3bc}");
        assert_eq!(folded('-', false), "-");
        assert_eq!(folded('\u{131}', false), "\u{131}", "dotless i is not I");
    }

    #[test]
    fn all_that_equal_each_other_are_known() {
        let flags = Flags {
            ignore_case: true,
            unicode: true,
            ..Flags::default()
        };
        for c in '\0'..=char::MAX {
            let mut expected = set_of(c, c);
            expected.try_case_fold_simple().unwrap();
            assert_eq!(fold(set_of(c, c), flags).0, expected, "{c:?}");
        }
    }

    #[test]
    fn properties_by_their_names_in_javascript() {
        for name in [
            "L",
            "Lu",
            "Letter",
            "gc=Lu",
            "General_Category=Uppercase_Letter",
            "Script=Greek",
            "sc=Grek",
            "Script_Extensions=Greek",
            "scx=Grek",
            "Alphabetic",
            "White_Space",
            "ASCII",
            "Any",
            "Assigned",
            "Emoji",
            "Zl",
        ] {
            assert!(property(name).is_some(), "{name}");
        }
        assert!(property("Nonsense").is_none());
    }
}
