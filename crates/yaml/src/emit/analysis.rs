//! Which styles can express a text.

use super::Generation;
use crate::scan::break_length;

/// What a scalar's text allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "one for each style")]
pub(super) struct Analysis {
    pub(super) multiline: bool,
    /// Plain within a flow collection.
    pub(super) flow_plain: bool,
    /// Plain elsewhere.
    pub(super) block_plain: bool,
    pub(super) single_quoted: bool,
    /// Literal or folded.
    pub(super) block: bool,
    /// Every character stands for itself in any style and takes one byte.
    pub(super) simple: bool,
}

/// What the last character was.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Last {
    Space,
    Break,
    Other,
}

pub(super) fn analyze(text: &str, generation: Generation) -> Analysis {
    let bytes = text.as_bytes();
    if bytes.is_empty() {
        return Analysis {
            multiline: false,
            flow_plain: false,
            block_plain: true,
            single_quoted: true,
            block: false,
            simple: true,
        };
    }
    if is_word(bytes) {
        return Analysis {
            multiline: false,
            flow_plain: true,
            block_plain: true,
            single_quoted: true,
            block: true,
            simple: true,
        };
    }
    let mut found = Indicators::at_start(bytes);
    let mut after_space = true;
    let mut last = Last::Other;
    let (mut breaks, mut special, mut tabs) = (false, false, false);
    let (mut space_break, mut break_space) = (false, false);
    let mut ascii = true;
    let mut at = 0;
    while at < bytes.len() {
        let byte = bytes[at];
        let width = width(byte);
        let end = at + width;
        ascii &= width == 1;
        let before_space = end >= bytes.len() || matches!(bytes[end], b' ' | b'\t');
        if at > 0 {
            found.add(byte, after_space, before_space);
        }
        if byte == b'\t' && generation == Generation::V3 {
            tabs = true;
        } else if !is_printable(bytes, at) {
            special = true;
        }
        let is_break = break_length(bytes, at) > 0;
        if byte == b' ' {
            break_space |= last == Last::Break;
            last = Last::Space;
        } else if is_break {
            breaks = true;
            space_break |= last == Last::Space;
            last = Last::Break;
        } else {
            last = Last::Other;
        }
        after_space = is_break || matches!(byte, b' ' | b'\t' | 0);
        at = end;
    }
    let leading = bytes[0] == b' ' || break_length(bytes, 0) > 0;
    let trailing_space = last == Last::Space;
    let plain = !leading && last == Last::Other && !break_space && !breaks;
    let quotable = !space_break && !tabs && !special;
    Analysis {
        multiline: breaks,
        flow_plain: plain && quotable && !found.flow,
        block_plain: plain && quotable && !found.block,
        single_quoted: quotable && !break_space,
        block: !trailing_space && !space_break && !special,
        simple: ascii && !breaks && !special,
    }
}

/// The common case of letters, digits and a few harmless characters.
fn is_word(bytes: &[u8]) -> bool {
    bytes[0].is_ascii_alphanumeric()
        && bytes
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_/.+=".contains(byte))
}

/// Characters that mean something at their place.
struct Indicators {
    flow: bool,
    block: bool,
}

impl Indicators {
    fn at_start(bytes: &[u8]) -> Self {
        let spaced = bytes
            .get(width(bytes[0]))
            .is_none_or(|b| matches!(b, b' ' | b'\t'));
        let document = bytes.starts_with(b"---") || bytes.starts_with(b"...");
        let (flow, block) = match bytes[0] {
            b'#' | b',' | b'[' | b']' | b'{' | b'}' | b'&' | b'*' | b'!' | b'|' | b'>' | b'\''
            | b'"' | b'%' | b'@' | b'`' => (true, true),
            b'?' | b':' => (true, spaced),
            b'-' => (spaced, spaced),
            _ => (false, false),
        };
        Self {
            flow: flow || document,
            block: block || document,
        }
    }

    fn add(&mut self, byte: u8, after_space: bool, before_space: bool) {
        match byte {
            b',' | b'?' | b'[' | b']' | b'{' | b'}' => self.flow = true,
            b':' => {
                self.flow = true;
                self.block |= before_space;
            }
            b'#' if after_space => {
                self.flow = true;
                self.block = true;
            }
            _ => {}
        }
    }
}

pub(super) fn width(first: u8) -> usize {
    match first {
        0x00..=0xbf => 1,
        0xc0..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0.. => 4,
    }
}

/// What go-yaml writes without an escape: nothing beyond U+FFFF.
pub(super) fn is_printable(bytes: &[u8], at: usize) -> bool {
    let next = |ahead: usize| bytes.get(at + ahead).copied().unwrap_or(0);
    match bytes[at] {
        b'\n' | 0x20..=0x7e | 0xc3..=0xec | 0xee => true,
        0xc2 => next(1) >= 0xa0,
        0xed => next(1) < 0xa0,
        0xef => {
            (next(1), next(2)) != (0xbb, 0xbf)
                && !(next(1) == 0xbf && matches!(next(2), 0xbe | 0xbf))
        }
        _ => false,
    }
}
