//! Runs of bytes that need no attention, found eight at a time.
//!
//! Each byte that comes is looked at, and nearly all are plain. Absent on purpose: what is to be done about the others.

use std::borrow::Cow;

const ONES: u64 = u64::MAX / 255;

/// What bytes say; what is no UTF-8 is replaced.
pub(crate) fn lossy(bytes: &[u8]) -> Cow<'_, str> {
    // Checking what is nearly always whole is many times faster than looking for the pieces that are.
    std::str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed)
}

/// How many bytes at the start are printable ASCII, from a space to a tilde.
pub(crate) fn printable(bytes: &[u8]) -> usize {
    leading(bytes, |word| word | word.wrapping_sub(ONES * 0x20) | word.wrapping_add(ONES))
}

/// Whether all of a text is printable ASCII: each byte then is a grapheme of one column.
pub(crate) fn is_printable(text: &str) -> bool {
    printable(text.as_bytes()) == text.len()
}

/// How many bytes at the start stand for themselves in a JSON string: neither quotes nor backslashes nor control characters.
#[inline]
pub(crate) fn unescaped(bytes: &[u8]) -> usize {
    leading(bytes, |word| {
        // With the bit flipped that tells it from a space, a quote stands beside the control characters, and a space above them.
        let quote_or_control = (word ^ (ONES * 0x02)).wrapping_sub(ONES * 0x21);
        let backslash = (word ^ (ONES * 0x5c)).wrapping_sub(ONES);
        (quote_or_control | backslash) & !word
    })
}

/// How many bytes at the start have no mark. `marks` has the highest bit of each byte say whether it is marked; that of bytes above
/// the lowest marked one may be wrong. It marks zeros.
#[inline]
fn leading(bytes: &[u8], marks: impl Fn(u64) -> u64) -> usize {
    let first = |word: u64| (marks(word) & (ONES * 0x80)).trailing_zeros() as usize / 8;
    let (words, rest) = bytes.as_chunks::<8>();
    for (at, word) in words.iter().enumerate() {
        let unmarked = first(u64::from_le_bytes(*word));
        if unmarked < 8 {
            return at * 8 + unmarked;
        }
    }
    // Zeros stand behind the last ones.
    words.len() * 8 + first(rest.iter().rfold(0, |word, byte| word << 8 | u64::from(*byte)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_run_ends_where_attention_is_needed() {
        let plain = "aé漢🚋 ~\u{7f}\u{80}".repeat(3);
        for (at, _) in plain.char_indices().chain([(plain.len(), ' ')]) {
            for mark in ['"', '\\', '\n', '\0', '\u{1f}'] {
                let (before, after) = plain.split_at(at);
                let text = format!("{before}{mark}{after}");
                assert_eq!(unescaped(text.as_bytes()), at, "{text:?}");
            }
        }
        assert_eq!(unescaped(plain.as_bytes()), plain.len());
        assert_eq!((unescaped(b""), printable(b"")), (0, 0));
    }

    #[test]
    fn each_byte_is_told_wherever_it_stands() {
        for byte in 0..=u8::MAX {
            for (before, after) in (0..20).flat_map(|before| [0, 1, 7, 8, 20].map(|after| (before, after))) {
                for beside in [b'a', b' ', b'~', b'!'] {
                    let bytes = [vec![beside; before], vec![byte], vec![beside; after]].concat();
                    let end = |is_plain: bool| if is_plain { bytes.len() } else { before };
                    assert_eq!(printable(&bytes), end(matches!(byte, b' '..=b'~')), "{bytes:?}");
                    assert_eq!(unescaped(&bytes), end(!matches!(byte, 0..b' ' | b'"' | b'\\')), "{bytes:?}");
                }
            }
        }
    }

    proptest! {
        #[test]
        fn runs_end_where_looking_at_byte_by_byte_ends_them(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let while_all = |is_plain: fn(&u8) -> bool| bytes.iter().take_while(|byte| is_plain(byte)).count();
            prop_assert_eq!(printable(&bytes), while_all(|byte| matches!(byte, b' '..=b'~')));
            prop_assert_eq!(unescaped(&bytes), while_all(|byte| !matches!(byte, 0..b' ' | b'"' | b'\\')));
        }
    }
}
