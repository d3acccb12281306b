//! What assertions ask of the bytes around a place.

use super::node::Assertion;

/// What has to be known of the bytes before a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Context(u8);

/// What comes next: a byte, or the end of the stream.
pub(super) type Unit = Option<u8>;

impl Context {
    /// Before the first byte of a frame.
    pub(super) const FIRST: Self = Self(Self::START | Self::LINE);
    pub(super) const NOTHING: Self = Self(0);
    /// Each that there is, by its [`index`](Self::index).
    pub(super) const ALL: [Self; 6] = [
        Self::NOTHING,
        Self::FIRST,
        Self(Self::LINE),
        Self(Self::WORD),
        Self(Self::SEPARATOR_1),
        Self(Self::SEPARATOR_2),
    ];

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

    pub(super) fn after(self, byte: u8) -> Self {
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

    /// What of it matters to the assertions in whose [`Context::asked_by`] it is.
    pub(super) fn known(self, matters: u8) -> Self {
        Self(self.0 & matters)
    }

    /// The bits that an assertion asks for.
    pub(super) fn asked_by(assertion: Assertion) -> u8 {
        match assertion {
            Assertion::Start => Self::START,
            Assertion::End => 0,
            Assertion::LineStart => Self::LINE | Self::SEPARATOR_1 | Self::SEPARATOR_2,
            Assertion::Word | Assertion::NotWord => Self::WORD,
        }
    }

    /// Its place among [`ALL`](Self::ALL). Where not all of it is known, that of one which means
    /// the same to the assertions that there are.
    pub(super) fn index(self) -> usize {
        match self.0 {
            0 => 0,
            bits if bits & Self::START != 0 => 1,
            Self::LINE => 2,
            Self::WORD => 3,
            Self::SEPARATOR_1 => 4,
            _ => 5,
        }
    }
}

pub(super) fn is_word(byte: u8) -> bool {
    byte == b'_' || byte.is_ascii_alphanumeric()
}

/// Whether an assertion holds; `None` where that takes the next byte, and it is not known.
pub(super) fn holds(assertion: Assertion, context: Context, next: Option<Unit>) -> Option<bool> {
    let boundary = || {
        let after = next?.is_some_and(is_word);
        Some(context.has(Context::WORD) != after)
    };
    match assertion {
        Assertion::Start => Some(context.has(Context::START)),
        Assertion::LineStart => Some(context.has(Context::LINE)),
        Assertion::End => Some(next?.is_none()),
        Assertion::Word => boundary(),
        Assertion::NotWord => Some(!boundary()?),
    }
}
