//! Rich text written out: with the real address of every link, and as text alone to be pasted elsewhere.
//!
//! Absent on purpose: widths and colours.

use crate::text::{LinkKind, Mark, RichText, Role, Span, wrap};

/// Rich text with the whole address of every link to a page: in place of words that abbreviate it, after all others. What
/// is shown is then what would be opened.
pub fn with_addresses(text: &RichText) -> RichText {
    let mut full = text.clone();
    for block in &mut full.blocks {
        let mut spans = Vec::with_capacity(block.spans.len());
        let mut rest = std::mem::take(&mut block.spans).into_iter().peekable();
        while let Some(span) = rest.next() {
            let Some((index, LinkKind::Web)) = span.mark.link else {
                spans.push(span);
                continue;
            };
            let mut group = vec![span];
            while let Some(more) = rest.next_if(|next| next.mark.link == Some((index, LinkKind::Web))) {
                group.push(more);
            }
            let url = text.links.get(usize::from(index)).map_or("", |link| link.url.as_str());
            spans.extend(addressed(group, url));
        }
        block.spans = spans;
    }
    full
}

/// Rich text as text alone: a line for each of its own, with `>` before quotations and the marks of lists; it does not end
/// in a line break, which a shell would take for a command.
pub fn written(text: &RichText) -> String {
    let lines: Vec<String> = wrap::wrap(text, u16::MAX)
        .into_iter()
        .map(|line| {
            let piece = |piece: &wrap::Piece| match piece.role {
                Role::Quote => piece.text.chars().map(|ch| if ch == ' ' { ' ' } else { '>' }).collect(),
                Role::Text(_) | Role::Heading(_) | Role::Marker => piece.text.clone(),
            };
            line.pieces.iter().map(piece).collect::<String>().trim_end().to_owned()
        })
        .collect();
    lines.join("\n").trim_matches('\n').to_owned()
}

fn addressed(mut group: Vec<Span>, url: &str) -> Vec<Span> {
    let words: String = group.iter().map(|span| span.text.as_str()).collect();
    let bare = |text: &str| text.trim().trim_end_matches('…').trim_end_matches('/').to_lowercase();
    let said = bare(&words);
    let address = url.to_lowercase();
    let short = address.split_once("://").map_or(address.as_str(), |(_, short)| short);
    let www = short.strip_prefix("www.").unwrap_or(short);
    if url.is_empty() || words == url {
        return group;
    }
    if !said.is_empty() && [address.as_str(), short, www].iter().any(|form| form.starts_with(&said)) {
        let mark = group.first().map(|span| span.mark).unwrap_or_default();
        return vec![Span { text: url.to_owned(), mark }];
    }
    group.push(Span { text: format!(" ({url})"), mark: Mark::default() });
    group
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Html;
    use proptest::prelude::*;

    #[test]
    fn links_show_their_whole_address() {
        let shown = |words: &str, url: &str| {
            let mark = Mark { link: Some((0, LinkKind::Web)), ..Mark::default() };
            addressed(vec![Span { text: words.to_owned(), mark }], url).into_iter().map(|span| span.text).collect::<String>()
        };
        assert_eq!(shown("tide.example/notes…", "https://tide.example/notes/1"), "https://tide.example/notes/1");
        assert_eq!(shown("https://tide.example", "https://tide.example"), "https://tide.example");
        assert_eq!(shown("tide.example", "https://www.tide.example/"), "https://www.tide.example/");
        assert_eq!(shown("here", "https://tide.example"), "here (https://tide.example)");
        assert_eq!(shown("bank.example", "https://evil.example"), "bank.example (https://evil.example)");
    }

    #[test]
    fn what_is_written_out_has_the_marks_of_lists_and_quotations() {
        let html = "<p>One<br>two</p><blockquote><p>said</p></blockquote><ul><li>a</li><li>b</li></ul>\
            <p><a href=\"https://tide.example/notes/1\"><span class=\"invisible\">https://</span>tide.example<span class=\"invisible\">/notes/1</span></a></p>";
        let text = Html::new(html).open(&|_| None);
        assert_eq!(written(&with_addresses(&text)), "One\ntwo\n\n> said\n• a\n• b\n\nhttps://tide.example/notes/1");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn what_is_written_out_has_no_control_character_but_line_breaks(html in "(<p>|<br>|<li>|<a href='x'>|\\PC|[\\x00-\\x1f\\x7f-\\u{9f}]){0,60}") {
            let out = written(&with_addresses(&Html::new(&html).open(&|_| None)));
            prop_assert!(!out.contains(|ch: char| ch.is_control() && ch != '\n') && !out.ends_with('\n') && !out.starts_with('\n'), "{out:?}");
        }
    }
}
