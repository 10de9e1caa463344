//! `Shorthand`: letters of posts in about half their bytes, each post by itself.
//!
//! Up to 255 strings of up to eight bytes that some posts had often are one byte each; every other byte takes two (FSST: Boncz,
//! Neumann and Leis, "FSST: Fast Random Access String Compression", VLDB 2020). What compresses better does so by what stood
//! before, or in blocks; here one post of thousands must open in less than a microsecond. It is learned once: a feed's languages,
//! servers and ways of saying things are the next hour's as well, and what is shorter as it is stays as it is.
//! Absent on purpose: what is written with it and when.

use fsst::Compressor;
use std::fmt;

/// Bytes of a post that are learned from: a server may send posts of megabytes.
const LEARNED: usize = 1024;

/// A symbol for each string that is often there.
pub(super) struct Shorthand(Compressor);

impl Shorthand {
    /// Learns from the beginnings of what some posts say; a hundred tell it enough, and take a millisecond.
    pub(super) fn learn(said: impl IntoIterator<Item = String>) -> Self {
        let beginning = |letters: String| letters.as_bytes().iter().copied().take(LEARNED).collect();
        let said: Vec<Vec<u8>> = said.into_iter().map(beginning).collect();
        Self(Compressor::train(&said.iter().map(Vec::as_slice).collect()))
    }

    /// Some letters in fewer bytes; nothing where it cannot save any.
    pub(super) fn shorten(&self, letters: &str) -> Option<Vec<u8>> {
        let short = self.0.compress(letters.as_bytes());
        (short.len() < letters.len()).then_some(short)
    }

    /// The letters again, of what `shorten` gave.
    pub(super) fn lengthen(&self, short: &[u8]) -> Vec<u8> {
        self.0.decompressor().decompress(short)
    }
}

impl fmt::Debug for Shorthand {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Shorthand of {} symbols", self.0.n_symbols())
    }
}

impl PartialEq for Shorthand {
    fn eq(&self, other: &Self) -> bool {
        (self.0.symbol_table(), self.0.symbol_lengths()) == (other.0.symbol_table(), other.0.symbol_lengths())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const POSTS: [&str; 4] = [
        "https://tide.example/@ada/117000000000000001 The ferry was late again, and the tea was cold.",
        "https://tide.example/@bo/117000000000000002 Der Kai ist leer, nur eine Möwe wartet auf die Fähre.",
        "https://tide.example/@mei/117000000000000003 夜車準備出發。月台上有人在道別,有人在找車票。",
        "https://tide.example/@ada/117000000000000004 The ferry is on time again, and the tea is warm.",
    ];

    fn learned() -> Shorthand {
        Shorthand::learn(POSTS.map(str::to_owned))
    }

    #[test]
    fn what_is_like_what_it_learned_from_takes_far_less() {
        let letters = "https://tide.example/@bo/117000000000000009 The tea was warm and the ferry late.";
        let short = learned().shorten(letters).unwrap();
        assert!(short.len() * 3 < letters.len() * 2, "{} bytes for {}", short.len(), letters.len());
    }

    #[test]
    fn what_cannot_be_shorter_stays_as_it_is() {
        assert_eq!(learned().shorten("ЖЖЖ ЫЫЫ"), None);
        assert_eq!(learned().shorten(""), None);
        assert_eq!(Shorthand::learn([]).shorten("letters"), None);
    }

    proptest! {
        #[test]
        fn letters_are_the_same_again(words in ".{0,40}", from in 0_usize..4, known in 0_usize..4) {
            let letters = format!("{}{words}{}", POSTS[from], POSTS[3 - from]);
            let shorthand = Shorthand::learn(POSTS.into_iter().take(known).map(str::to_owned));
            if let Some(short) = shorthand.shorten(&letters) {
                prop_assert!(short.len() < letters.len());
                prop_assert_eq!(String::from_utf8(shorthand.lengthen(&short)).unwrap(), letters);
            }
        }
    }
}
