//! Plain text to the HTML that Mastodon makes of it: paragraphs, mentions, hashtags, shortened links, code, quotes, lists.
//!
//! Deliberately absent: parsing HTML (that is the client's work) and anything a real server would strip.

use std::fmt::Write as _;

/// What became of a text.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Rendered {
    /// The HTML, as in `content`.
    pub(super) html: String,
    /// The people mentioned, each once, by their place in the world.
    pub(super) mentions: Vec<usize>,
    /// The hashtags as they were spelled, without `#`.
    pub(super) tags: Vec<String>,
    /// The first link that is neither mention nor hashtag.
    pub(super) link: Option<String>,
}

/// Someone that a text may mention.
#[derive(Debug, Clone)]
pub(super) struct Mentioned {
    pub(super) person: usize,
    pub(super) username: String,
    pub(super) url: String,
}

/// Renders `text` by someone on `host`; `find` knows people by key or by name and domain.
pub(super) fn render(text: &str, host: &str, find: &dyn Fn(&str, Option<&str>) -> Option<Mentioned>) -> Rendered {
    let mut writer = Writer { host, find, done: Rendered::default() };
    for block in blocks(text) {
        writer.block(&block);
    }
    writer.done
}

/// Escapes text for HTML, as the real server does.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for ch in text.chars() {
        push_escaped(&mut escaped, ch);
    }
    escaped
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Quote,
    Item,
    Code,
}

struct Block<'a> {
    kind: Kind,
    lines: Vec<&'a str>,
}

fn blocks(text: &str) -> Vec<Block<'_>> {
    let mut blocks: Vec<Block<'_>> = Vec::new();
    let mut open = false;
    let mut fenced = false;
    for line in text.trim().lines() {
        if line.trim_end() == "```" {
            fenced = !fenced;
            if fenced {
                blocks.push(Block { kind: Kind::Code, lines: Vec::new() });
            }
            open = fenced;
            continue;
        }
        let (kind, line) = if fenced {
            (Kind::Code, line)
        } else if line.trim().is_empty() {
            open = false;
            continue;
        } else if let Some(quoted) = line.strip_prefix("> ") {
            (Kind::Quote, quoted)
        } else if let Some(item) = line.strip_prefix("- ") {
            (Kind::Item, item)
        } else {
            (Kind::Text, line.trim_end())
        };
        match blocks.last_mut() {
            Some(last) if open && last.kind == kind => last.lines.push(line),
            _ => blocks.push(Block { kind, lines: vec![line] }),
        }
        open = true;
    }
    blocks
}

struct Writer<'a> {
    host: &'a str,
    find: &'a dyn Fn(&str, Option<&str>) -> Option<Mentioned>,
    done: Rendered,
}

impl Writer<'_> {
    fn block(&mut self, block: &Block<'_>) {
        let (open, between, close) = match block.kind {
            Kind::Text => ("<p>", "<br>", "</p>"),
            Kind::Quote => ("<blockquote><p>", "<br>", "</p></blockquote>"),
            Kind::Item => ("<ul><li>", "</li><li>", "</li></ul>"),
            Kind::Code => ("<pre><code>", "\n", "</code></pre>"),
        };
        self.done.html.push_str(open);
        for (place, line) in block.lines.iter().enumerate() {
            if place > 0 {
                self.done.html.push_str(between);
            }
            if block.kind == Kind::Code {
                self.done.html.push_str(&escape(line));
            } else {
                self.line(line);
            }
        }
        self.done.html.push_str(close);
    }

    fn line(&mut self, line: &str) {
        let mut rest = line;
        let mut before: Option<char> = None;
        while let Some(ch) = rest.chars().next() {
            let fresh = before.is_none_or(|before| !is_word(before) && !matches!(before, '/' | '@' | '#' | '&'));
            let taken = match ch {
                '`' => self.code(rest),
                'h' if fresh => self.link(rest),
                '#' if fresh => self.hashtag(rest),
                '@' if fresh => self.mention(rest),
                _ => None,
            };
            rest = taken.unwrap_or_else(|| {
                push_escaped(&mut self.done.html, ch);
                let mut chars = rest.chars();
                chars.next();
                chars.as_str()
            });
            before = Some(ch);
        }
    }

    /// Each of these writes what it knows and returns the text behind it, or leaves everything as it was.
    fn code<'t>(&mut self, rest: &'t str) -> Option<&'t str> {
        let (code, after) = rest.strip_prefix('`')?.split_once('`')?;
        if code.is_empty() {
            return None;
        }
        let _ = write!(self.done.html, "<code>{}</code>", escape(code));
        Some(after)
    }

    fn link<'t>(&mut self, rest: &'t str) -> Option<&'t str> {
        let after_scheme = rest.strip_prefix("https://").or_else(|| rest.strip_prefix("http://"))?;
        if !after_scheme.starts_with(char::is_alphanumeric) {
            return None;
        }
        let end = rest
            .find(|ch: char| ch.is_whitespace() || matches!(ch, '<' | '>' | '"' | '`' | '»' | '）' | '。' | '、'))
            .unwrap_or(rest.len());
        let whole = rest.get(..end)?;
        let mut url = whole.trim_end_matches(['.', ',', ';', ':', '!', '?', '\'', '…']);
        while url.ends_with(')') && url.matches('(').count() < url.matches(')').count() {
            url = url.strip_suffix(')')?.trim_end_matches(['.', ',']);
        }
        let shown_from = ["https://www.", "http://www.", "https://", "http://"].into_iter().find(|prefix| url.starts_with(prefix))?;
        let shown = url.strip_prefix(shown_from)?;
        let cut = shown.char_indices().nth(30).map_or(shown.len(), |(at, _)| at);
        let (head, tail) = shown.split_at_checked(cut)?;
        let _ = write!(
            self.done.html,
            "<a href=\"{}\" target=\"_blank\" rel=\"nofollow noopener\" translate=\"no\"><span class=\"invisible\">{shown_from}</span><span class=\"{}\">{}</span><span class=\"invisible\">{}</span></a>",
            escape(url),
            if tail.is_empty() { "" } else { "ellipsis" },
            escape(head),
            escape(tail),
        );
        if self.done.link.is_none() {
            self.done.link = Some(url.to_owned());
        }
        rest.get(url.len()..)
    }

    fn hashtag<'t>(&mut self, rest: &'t str) -> Option<&'t str> {
        let body = rest.strip_prefix('#')?;
        let end = body.find(|ch: char| !is_word(ch) && !matches!(ch, '·' | '\u{200c}')).unwrap_or(body.len());
        let (tag, after) = body.split_at_checked(end)?;
        if !tag.chars().any(|ch| is_word(ch) && !ch.is_numeric() && ch != '_') {
            return None;
        }
        let _ = write!(
            self.done.html,
            "<a href=\"https://{}/tags/{}\" class=\"mention hashtag\" rel=\"tag\">#<span>{tag}</span></a>",
            self.host,
            tag.to_lowercase(),
        );
        if !self.done.tags.iter().any(|known| known.to_lowercase() == tag.to_lowercase()) {
            self.done.tags.push(tag.to_owned());
        }
        Some(after)
    }

    fn mention<'t>(&mut self, rest: &'t str) -> Option<&'t str> {
        let body = rest.strip_prefix('@')?;
        let end = body.find(|ch: char| !ch.is_ascii_alphanumeric() && ch != '_').unwrap_or(body.len());
        let (name, mut after) = body.split_at_checked(end)?;
        let mut domain = None;
        if let Some(tail) = after.strip_prefix('@') {
            let end = tail.find(|ch: char| !ch.is_ascii_alphanumeric() && !matches!(ch, '.' | '-')).unwrap_or(tail.len());
            let host = tail.get(..end)?.trim_end_matches(['.', '-']);
            if !host.is_empty() {
                domain = Some(host);
                after = tail.get(host.len()..)?;
            }
        }
        let found = (self.find)(name, domain)?;
        let _ = write!(
            self.done.html,
            "<span class=\"h-card\" translate=\"no\"><a href=\"{}\" class=\"u-url mention\">@<span>{}</span></a></span>",
            escape(&found.url),
            escape(&found.username),
        );
        if !self.done.mentions.contains(&found.person) {
            self.done.mentions.push(found.person);
        }
        Some(after)
    }
}

fn is_word(ch: char) -> bool {
    ch.is_alphanumeric() || ch == '_' || unicode_normalization::char::is_combining_mark(ch)
}

fn push_escaped(out: &mut String, ch: char) {
    match ch {
        '&' => out.push_str("&amp;"),
        '<' => out.push_str("&lt;"),
        '>' => out.push_str("&gt;"),
        '"' => out.push_str("&quot;"),
        '\'' => out.push_str("&#39;"),
        other => out.push(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn known(name: &str, domain: Option<&str>) -> Option<Mentioned> {
        (name == "ada" && domain.is_none_or(|domain| domain == "tide.example")).then(|| Mentioned {
            person: 4,
            username: "ada".to_owned(),
            url: "https://tide.example/@ada".to_owned(),
        })
    }

    fn html(text: &str) -> String {
        render(text, "trunk.example", &known).html
    }

    #[test]
    fn paragraphs_and_line_breaks() {
        assert_eq!(html("one\ntwo\n\n\nthree <b> & 'co'\n"), "<p>one<br>two</p><p>three &lt;b&gt; &amp; &#39;co&#39;</p>");
        assert_eq!(html("  \n"), "");
    }

    #[test]
    fn mentions_are_cards_and_strangers_stay_text() {
        let card = "<span class=\"h-card\" translate=\"no\"><a href=\"https://tide.example/@ada\" class=\"u-url mention\">@<span>ada</span></a></span>";
        assert_eq!(html("@ada. Hi"), format!("<p>{card}. Hi</p>"));
        assert_eq!(html("(@ada@tide.example)"), format!("<p>({card})</p>"));
        assert_eq!(html("@nobody me@ada"), "<p>@nobody me@ada</p>");
        assert_eq!(render("@ada @ada", "x.example", &known).mentions, [4]);
    }

    #[test]
    fn hashtags_of_every_script_but_not_numbers() {
        let rendered = render("#Rust, #鉄道 #rust #1 a#b #हिन्दी", "tide.example", &known);
        assert_eq!(rendered.tags, ["Rust", "鉄道", "हिन्दी"]);
        assert!(
            rendered
                .html
                .contains("<a href=\"https://tide.example/tags/rust\" class=\"mention hashtag\" rel=\"tag\">#<span>Rust</span></a>, ")
        );
        assert!(rendered.html.contains(" #1 a#b "), "{}", rendered.html);
    }

    #[test]
    fn links_longer_than_thirty_letters_are_shortened() {
        assert_eq!(
            html("see https://tide.example/notes/2026/11/the-new-release."),
            "<p>see <a href=\"https://tide.example/notes/2026/11/the-new-release\" target=\"_blank\" rel=\"nofollow noopener\" translate=\"no\">\
             <span class=\"invisible\">https://</span><span class=\"ellipsis\">tide.example/notes/2026/11/the</span>\
             <span class=\"invisible\">-new-release</span></a>.</p>"
        );
        let short = render("(https://www.a.example/b_(c))", "x.example", &known);
        assert!(
            short.html.contains("<span class=\"invisible\">https://www.</span><span class=\"\">a.example/b_(c)</span>"),
            "{}",
            short.html
        );
        assert_eq!(short.link.as_deref(), Some("https://www.a.example/b_(c)"));
    }

    #[test]
    fn code_quotes_and_lists() {
        assert_eq!(html("run `a < #b`"), "<p>run <code>a &lt; #b</code></p>");
        assert_eq!(html("> so\n> it goes\nI say"), "<blockquote><p>so<br>it goes</p></blockquote><p>I say</p>");
        assert_eq!(
            html("Bring:\n- tea\n- #bread"),
            "<p>Bring:</p><ul><li>tea</li><li><a href=\"https://trunk.example/tags/bread\" class=\"mention hashtag\" rel=\"tag\">#<span>bread</span></a></li></ul>"
        );
        assert_eq!(html("```\nlet a = `b`;\n\n  c\n```\nend"), "<pre><code>let a = `b`;\n\n  c</code></pre><p>end</p>");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]
        #[test]
        fn any_text_gives_balanced_html_with_nothing_unescaped(text in "[a-z@#`<>&\"' \n.:/()\\-é鉄]{0,80}") {
            let html = html(&text);
            prop_assert_eq!(html.matches('<').count(), html.matches('>').count());
            for tag in ["p", "a", "span", "code", "blockquote", "ul", "li", "pre"] {
                let opened = html.matches(&format!("<{tag}>")).count() + html.matches(&format!("<{tag} ")).count();
                prop_assert_eq!(opened, html.matches(&format!("</{tag}>")).count(), "{} in {}", tag, html);
            }
        }
    }
}
