//! The known word that a mistyped one is most like.

use std::collections::HashSet;

/// The known name (in lower case) that a mistyped one is most like, if any is like it.
pub fn nearest<'k>(typed: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let typed = typed.to_lowercase();
    let likeness = |known: &str| {
        let (a, b): (HashSet<_>, HashSet<_>) = (pairs(&typed), pairs(known));
        let common = a.intersection(&b).count();
        // Twice the common pairs by all pairs, in percent.
        common * 200 / (a.len() + b.len()).max(1)
    };
    known.into_iter().map(|known| (likeness(known), known)).max().filter(|(likeness, _)| *likeness >= 40).map(|(_, known)| known)
}

/// Neighbouring letters, with the word's ends as letters too.
fn pairs(word: &str) -> HashSet<(char, char)> {
    let letters: Vec<char> = std::iter::once('^').chain(word.chars()).chain(['$']).collect();
    letters.iter().copied().zip(letters.iter().copied().skip(1)).collect()
}
