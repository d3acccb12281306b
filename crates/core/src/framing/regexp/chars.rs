//! Sets of characters, as JavaScript defines them.

use std::collections::HashMap;
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
        true => fold(set, flags),
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

/// Under the flag `i`: with all that equals one of its members then.
pub(super) fn fold(mut set: ClassUnicode, flags: Flags) -> ClassUnicode {
    if !flags.ignore_case {
        return set;
    }
    if flags.unicode {
        // The same simple case folding as in JavaScript. It fails without its tables only.
        set.try_case_fold_simple()
            .expect("regex-syntax is built with unicode-case");
        return set;
    }
    let more: Vec<_> = EQUAL_IN_UPPER_CASE
        .iter()
        .filter(|equal| equal.iter().any(|c| contains(&set, *c)))
        .flatten()
        .map(|c| ClassUnicodeRange::new(*c, *c))
        .collect();
    set.union(&ClassUnicode::new(more));
    set
}

pub(super) fn set_of(from: char, to: char) -> ClassUnicode {
    ClassUnicode::new([ClassUnicodeRange::new(from, to)])
}

pub(super) fn union(set: &mut ClassUnicode, more: &ClassUnicode) {
    set.union(more);
}

fn ranges(all: &[(char, char)]) -> ClassUnicode {
    ClassUnicode::new(
        all.iter()
            .map(|(from, to)| ClassUnicodeRange::new(*from, *to)),
    )
}

fn contains(set: &ClassUnicode, c: char) -> bool {
    let at = set.ranges().partition_point(|range| range.end() < c);
    set.ranges().get(at).is_some_and(|range| range.start() <= c)
}

/// The characters that the flag `i` without `u` takes for the same: those with one upper case.
/// A constant of the language, too long to be written down.
static EQUAL_IN_UPPER_CASE: LazyLock<Vec<Vec<char>>> = LazyLock::new(|| {
    let mut by_upper: HashMap<char, Vec<char>> = HashMap::new();
    for c in '\0'..='\u{ffff}' {
        by_upper.entry(canonical(c)).or_default().push(c);
    }
    by_upper.retain(|_, equal| equal.len() > 1);
    by_upper.into_values().collect()
});

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
        let set = fold(set_of(c, c), flags);
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
