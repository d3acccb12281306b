//! A framing as it crosses the wire.

use super::Framing;
use super::delimiter::Delimiter;
use super::length_prefix::{Endian, LengthPrefix};
use super::regexps::RegExps;
use crate::wire::{flag, framing as kind, reframe, word};

/// A change of framing; see [`crate::source`] for who cuts after it.
#[derive(Debug)]
pub(crate) struct Reframe {
    pub(crate) header: ReframeHeader,
    pub(crate) framing: Framing,
}

/// The fixed part of a reframe's payload.
#[derive(Debug)]
pub(crate) struct ReframeHeader {
    pub(crate) epoch: u32,
    pub(crate) may_cut: bool,
    pub(crate) text: bool,
    pub(crate) last: bool,
    pub(crate) passed_on: u64,
    pub(crate) limit: usize,
    kind: u32,
    parameter: u64,
    adjust: i64,
    delimiter: usize,
}

impl ReframeHeader {
    pub(crate) fn parse(payload: &[u8]) -> Option<Self> {
        let word = |at: u32| word(payload, at as usize);
        let wide = |low, high| Some(u64::from(word(low)?) | (u64::from(word(high)?) << 32));
        Some(Self {
            epoch: word(reframe::EPOCH)?,
            may_cut: word(reframe::FLAGS)? & flag::MAY_CUT != 0,
            text: word(reframe::FLAGS)? & flag::TEXT != 0,
            last: word(reframe::FLAGS)? & flag::LAST != 0,
            passed_on: wide(reframe::PASSED_ON_LOW, reframe::PASSED_ON_HIGH)?,
            limit: usize::try_from(wide(reframe::LIMIT_LOW, reframe::LIMIT_HIGH)?).ok()?,
            kind: word(reframe::KIND)?,
            parameter: wide(reframe::PARAMETER_LOW, reframe::PARAMETER_HIGH)?,
            adjust: wide(reframe::ADJUST_LOW, reframe::ADJUST_HIGH)?.cast_signed(),
            delimiter: word(reframe::DELIMITER_BYTES)? as usize,
        })
    }

    pub(crate) fn is_regexp(&self) -> bool {
        self.kind == kind::REGEXP
    }
}

/// The framing that a reframe's payload describes.
pub(crate) fn parse_framing(
    header: &ReframeHeader,
    payload: &[u8],
    regexps: &RegExps,
) -> Option<Framing> {
    let tail = payload.get(4 * reframe::WORDS as usize..)?;
    match header.kind {
        kind::RAW => Some(Framing::Raw),
        kind::SEQUENCE => Delimiter::new(tail.get(..header.delimiter)?).map(Framing::Sequence),
        kind::REGEXP => {
            let regexp = regexps.get(tail.get(..header.delimiter)?).ok()?;
            Some(Framing::RegExp(regexp))
        }
        kind::FIXED => match usize::try_from(header.parameter).ok()? {
            0 => None,
            n => Some(Framing::Fixed(n)),
        },
        kind::LENGTH_PREFIX => {
            let endian = if header.parameter >> 8 == 0 {
                Endian::Big
            } else {
                Endian::Little
            };
            let prefix = match (header.parameter & 0xff) as usize {
                0 => Some(LengthPrefix::varint(header.adjust)),
                bytes => LengthPrefix::new(bytes, endian, header.adjust),
            };
            prefix.map(Framing::LengthPrefix)
        }
        _ => None,
    }
}

pub(crate) fn parse_reframe(payload: &[u8], regexps: &RegExps) -> Option<Reframe> {
    let header = ReframeHeader::parse(payload)?;
    let framing = parse_framing(&header, payload, regexps)?;
    Some(Reframe { header, framing })
}
