//! The patterns of an engine, each compiled once.

use std::sync::Mutex;

use crate::sync::lock;
use pants_regexp::{RegExp, RegExpError};

/// How many patterns are kept that no channel may be using any more.
const MOST_KEPT: usize = 64;
/// How much memory all that is kept may take.
const MOST_BYTES: usize = 32 * 1024 * 1024;

/// Patterns used lately, the last one first. Channels keep theirs alive themselves.
#[derive(Debug, Default)]
pub struct RegExps {
    kept: Mutex<Vec<RegExp>>,
}

impl RegExps {
    /// The pattern made from `text`; compiled where it is not known, see [`RegExp::new`].
    pub fn get(&self, text: &[u8]) -> Result<RegExp, RegExpError> {
        let mut kept = lock(&self.kept);
        if let Some(at) = kept.iter().position(|known| known.text() == text) {
            kept[..=at].rotate_right(1);
            return Ok(kept[0].clone());
        }
        // Others need not wait while it is compiled.
        drop(kept);
        let regexp = RegExp::new(text)?;
        self.add(&regexp);
        Ok(regexp)
    }

    /// Makes a pattern known that was compiled elsewhere, by another thread.
    pub fn share(&self, regexp: &RegExp) {
        self.add(&regexp.apart());
    }

    fn add(&self, regexp: &RegExp) {
        let mut kept = lock(&self.kept);
        kept.retain(|known| known.text() != regexp.text());
        kept.insert(0, regexp.clone());
        kept.truncate(MOST_KEPT);
        while kept.len() > 1 && kept.iter().map(RegExp::size).sum::<usize>() > MOST_BYTES {
            kept.pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_what_was_used_last() {
        let regexps = RegExps::default();
        let first = regexps.get(b"/a").unwrap();
        for n in 0..MOST_KEPT - 1 {
            regexps.get(format!("/b{n}").as_bytes()).unwrap();
        }
        assert!(first.is(&regexps.get(b"/a").unwrap()));
        assert_eq!(lock(&regexps.kept).len(), MOST_KEPT);
        regexps.get(b"/c").unwrap();
        let kept = lock(&regexps.kept);
        assert_eq!(kept.len(), MOST_KEPT);
        assert_eq!(kept[1].text(), b"/a");
        assert!(kept.iter().all(|known| known.text() != b"/b0"));
    }

    #[test]
    fn what_is_refused_is_not_kept() {
        let regexps = RegExps::default();
        assert_eq!(regexps.get(b"/a*").unwrap_err(), RegExpError::Empty);
        assert!(lock(&regexps.kept).is_empty());
    }
}
