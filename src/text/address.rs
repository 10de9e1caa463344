//! `Address`: where a link really leads, however its words describe it.
//!
//! What is shown is what is opened: the address as it was parsed, with its host in ASCII (punycode), so that letters which
//! look like others are seen for what they are. Absent on purpose: a judgement of look-alikes, and opening anything.

use crate::text::Plain;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use url::{Host, Url};

/// An address of the web as it was parsed: `http` or `https`, printable ASCII, no blanks.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WebAddress(Arc<str>);

impl WebAddress {
    /// Takes an address of the web; `None` for any other.
    pub fn read(raw: &str) -> Option<Self> {
        Self::of(&Url::parse(raw.trim()).ok()?)
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn of(url: &Url) -> Option<Self> {
        let is_web = matches!(url.scheme(), "http" | "https") && url.host_str().is_some_and(|host| !host.is_empty());
        (is_web && url.as_str().bytes().all(|byte| byte.is_ascii_graphic())).then(|| Self(Arc::from(url.as_str())))
    }
}

impl fmt::Display for WebAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where a link leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    shown: Plain,
    web: Option<WebAddress>,
    host: Option<Plain>,
    doubts: Vec<Doubt>,
}

/// Something about an address that a reader should know before it is opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Doubt {
    /// The link's words look like an address of this host, which is another one.
    Elsewhere(Plain),
    /// The host has letters beyond ASCII: how it would look with them.
    Foreign(Plain),
    /// This stands before the host, where it may be taken for one.
    Login(Plain),
    /// It names a port of its own.
    Port(u16),
    /// It is not of the web, but of this scheme: it can be copied only.
    Scheme(Plain),
    /// It is no address: it can be copied only.
    Unreadable,
}

impl Address {
    /// Reads an address that stands under these words.
    pub fn read(raw: &Plain, words: &str) -> Self {
        let Ok(url) = Url::parse(raw.as_str().trim()) else {
            return Self { shown: raw.clone(), web: None, host: None, doubts: vec![Doubt::Unreadable] };
        };
        let web = WebAddress::of(&url);
        let mut doubts = Vec::new();
        if web.is_none() {
            doubts.push(Doubt::Scheme(Plain::line(url.scheme())));
        }
        doubts.extend(named(words, &url).map(Doubt::Elsewhere));
        if !url.username().is_empty() || url.password().is_some() {
            let before = url.password().map_or_else(|| url.username().to_owned(), |word| format!("{}:{word}", url.username()));
            doubts.push(Doubt::Login(Plain::line(&before)));
        }
        let host = url.host_str().filter(|host| !host.is_empty());
        doubts.extend(host.and_then(foreign).map(Doubt::Foreign));
        doubts.extend(url.port().map(Doubt::Port));
        let shown = web.as_ref().map_or_else(|| Plain::address(url.as_str()), |web| Plain::address(web.as_str()));
        Self { shown, web, host: host.map(Plain::address), doubts }
    }

    /// The whole address as it was parsed, or as it was written where it is none.
    pub fn shown(&self) -> &Plain {
        &self.shown
    }

    /// The address, where it can be opened.
    pub fn web(&self) -> Option<&WebAddress> {
        self.web.as_ref()
    }

    /// Its host as it stands in it, where it has one.
    pub fn host(&self) -> Option<&Plain> {
        self.host.as_ref()
    }

    /// What a reader should know before it is opened.
    pub fn doubts(&self) -> &[Doubt] {
        &self.doubts
    }
}

/// Most words of a link that are looked at.
const MOST_WORDS: usize = 40;
/// Servers show this many characters of a long address, and `…` for the rest.
const SHOWN_OF_ADDRESS: usize = 30;

/// A host that the words of a link name while it leads to another.
fn named(words: &str, url: &Url) -> Option<Plain> {
    let real = url.host()?;
    let mut said = words.split_whitespace().take(MOST_WORDS).filter_map(said_host);
    said.find_map(|(host, is_cut)| {
        let is_real = is_same(&host, &real.to_string(), is_cut);
        (!is_real).then(|| Plain::line(&host))
    })
}

fn is_same(said: &str, real: &str, is_cut: bool) -> bool {
    let bare = |host: &str| host.trim_end_matches('.').trim_start_matches("www.").to_owned();
    let (said, real) = (bare(said), bare(real));
    // Where a server cut an address within its host, that is all there is to compare.
    said == real || (is_cut && said.chars().count() + "www.".len() >= SHOWN_OF_ADDRESS && real.starts_with(&said))
}

/// The host that a word names, in ASCII, and whether the word was cut within it; `None` where it does not look like an address.
fn said_host(word: &str) -> Option<(String, bool)> {
    let word = word
        .trim_matches(|ch: char| matches!(ch, '(' | ')' | '[' | ']' | '<' | '>' | '"' | '\'' | '“' | '”' | '«' | '»' | ',' | ';' | '!'));
    let spelled = word.split_once("://");
    let rest = spelled.map_or(word, |(_, rest)| rest);
    // Accounts and hashtags are no addresses; `name@host` is one.
    if spelled.is_none() && rest.starts_with(['@', '#', '＠', '＃']) {
        return None;
    }
    let end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
    let authority = rest.get(..end)?;
    let is_cut = end == rest.len() && authority.ends_with('…');
    let authority = authority.trim_end_matches('…').trim_end_matches('.');
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    if host.is_empty() {
        return None;
    }
    let parsed = Url::parse(&format!("http://{host}/")).ok()?;
    match parsed.host()? {
        Host::Domain(domain) => {
            let last = domain.rsplit_once('.').map(|(_, last)| last);
            let is_name = last
                .is_some_and(|last| last.starts_with("xn--") || (last.len() > 1 && last.bytes().all(|byte| byte.is_ascii_alphabetic())));
            (is_name || spelled.is_some()).then(|| (domain.to_owned(), is_cut))
        }
        // A number alone would be read as an address as well.
        Host::Ipv4(ip) => (host.parse::<IpAddr>().is_ok() || spelled.is_some()).then(|| (ip.to_string(), is_cut)),
        Host::Ipv6(ip) => Some((format!("[{ip}]"), is_cut)),
    }
}

/// A host with the letters that its punycode stands for; `None` where it has none.
fn foreign(host: &str) -> Option<Plain> {
    if !host.split('.').any(|label| label.starts_with("xn--")) {
        return None;
    }
    let label = |label: &str| label.strip_prefix("xn--").and_then(unpuny).unwrap_or_else(|| label.to_owned());
    let looks: Vec<String> = host.split('.').map(label).collect();
    Some(Plain::line(&looks.join(".")))
}

/// Decodes punycode (RFC 3492, section 6.2); `None` where it is none.
fn unpuny(label: &str) -> Option<String> {
    const BASE: u32 = 36;
    const LEAST: u32 = 1;
    const MOST: u32 = 26;
    const SKEW: u32 = 38;
    const DAMP: u32 = 700;
    let (basic, digits) = label.rsplit_once('-').unwrap_or(("", label));
    let mut letters: Vec<char> = basic.chars().collect();
    let (mut code, mut at, mut bias) = (128_u32, 0_u32, 72_u32);
    let mut digits = digits.bytes().peekable();
    while digits.peek().is_some() {
        let (before, mut weight, mut step) = (at, 1_u32, BASE);
        loop {
            let digit = match digits.next()? {
                letter @ b'a'..=b'z' => letter - b'a',
                letter @ b'A'..=b'Z' => letter - b'A',
                number @ b'0'..=b'9' => number - b'0' + 26,
                _ => return None,
            };
            at = at.checked_add(u32::from(digit).checked_mul(weight)?)?;
            let threshold = step.saturating_sub(bias).clamp(LEAST, MOST);
            if u32::from(digit) < threshold {
                break;
            }
            weight = weight.checked_mul(BASE - threshold)?;
            step += BASE;
        }
        let count = u32::try_from(letters.len()).ok()?.checked_add(1)?;
        let mut delta = if before == 0 { at / DAMP } else { (at - before) / 2 };
        delta += delta / count;
        let mut steps = 0;
        while delta > (BASE - LEAST) * MOST / 2 {
            delta /= BASE - LEAST;
            steps += BASE;
        }
        bias = steps + (BASE - LEAST + 1) * delta / (delta + SKEW);
        code = code.checked_add(at / count)?;
        at %= count;
        letters.insert(usize::try_from(at).ok()?, char::from_u32(code)?);
        at += 1;
    }
    (!letters.is_empty()).then(|| letters.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(raw: &str, words: &str) -> Address {
        Address::read(&Plain::address(raw), words)
    }

    fn doubts(raw: &str, words: &str) -> Vec<Doubt> {
        read(raw, words).doubts().to_vec()
    }

    fn elsewhere(host: &str) -> Vec<Doubt> {
        vec![Doubt::Elsewhere(Plain::line(host))]
    }

    #[test]
    fn what_is_shown_is_what_was_parsed() {
        for (raw, shown, host) in [
            ("https://Tide.Example", "https://tide.example/", "tide.example"),
            ("https://аррӏе.example/login", "https://xn--80ak6aa92e.example/login", "xn--80ak6aa92e.example"),
            ("https://tide.example/ä b\u{202e}?q=ü", "https://tide.example/%C3%A4%20b?q=%C3%BC", "tide.example"),
            ("http://3232235777/", "http://192.168.1.1/", "192.168.1.1"),
            ("https:\\\\evil.example\\a", "https://evil.example/a", "evil.example"),
            ("https://a.example:443/", "https://a.example/", "a.example"),
        ] {
            let address = read(raw, "");
            assert_eq!((address.shown().as_str(), address.host().map(Plain::as_str)), (shown, Some(host)), "{raw}");
            assert_eq!(address.web().map(WebAddress::as_str), Some(shown), "{raw}");
        }
    }

    #[test]
    fn words_that_name_another_host_are_told() {
        for words in [
            "bank.example",
            "https://bank.example/login",
            "www.bank.example",
            "Log in at bank.example, now",
            "(bank.example)",
            "me@bank.example",
            "https://evil.example@bank.example/",
            "BANK.example…",
            "ｂａｎｋ.example",
        ] {
            let host = if words.starts_with("www.") { "www.bank.example" } else { "bank.example" };
            assert_eq!(doubts("https://evil.example/x", words), elsewhere(host), "{words}");
        }
        for words in [
            "evil.example",
            "evil.example/x…",
            "www.evil.example",
            "https://EVIL.example/",
            "here",
            "",
            "e.g.",
            "v1.2",
            "12.5",
            "@cy@dune.example",
            "#rust.lang",
            "1. 2.",
        ] {
            assert_eq!(doubts("https://evil.example/x", words), [], "{words}");
        }
        assert_eq!(doubts("https://10.0.0.1/", "10.0.0.1"), []);
        assert_eq!(doubts("https://evil.example/", "10.0.0.1"), elsewhere("10.0.0.1"));
        assert_eq!(doubts("https://www.tide.example/", "tide.example"), []);
    }

    #[test]
    fn a_host_that_the_server_cut_is_compared_as_far_as_it_goes() {
        let real = "https://an-instance-with-a-very-long-name.example/@ada";
        assert_eq!(doubts(real, "an-instance-with-a-very-long-n…"), [], "no dot in it");
        assert_eq!(doubts("https://a.subdomain.of.tide-and-harbour.example/", "a.subdomain.of.tide-and-harbour…"), []);
        assert_eq!(doubts("https://bank.example.evil.example/", "bank.example…"), elsewhere("bank.example"));
    }

    #[test]
    fn what_may_mislead_in_the_address_itself_is_told() {
        let said = |raw| doubts(raw, "here");
        assert_eq!(said("https://bank.example@evil.example/"), [Doubt::Login(Plain::line("bank.example"))]);
        assert_eq!(said("https://bank.example:x@evil.example/"), [Doubt::Login(Plain::line("bank.example:x"))]);
        assert_eq!(said("https://evil.example:8443/"), [Doubt::Port(8443)]);
        assert_eq!(said("https://xn--80ak6aa92e.example/"), [Doubt::Foreign(Plain::line("аррӏе.example"))]);
        assert_eq!(said("https://bücher.example/"), [Doubt::Foreign(Plain::line("bücher.example"))]);
        for raw in [
            "magnet:?xt=urn:btih:abc",
            "gemini://tide.example/",
            "javascript:alert(1)",
            "data:text/html,x",
            "file:///etc/passwd",
            "xmpp:me@tide.example",
        ] {
            let address = read(raw, "here");
            assert!(address.web().is_none() && matches!(address.doubts(), [Doubt::Scheme(_)]), "{raw}: {address:?}");
        }
        for raw in ["", "/@ada", "tide.example", "https://", "https://[::1", "http://a b.example/"] {
            let address = read(raw, "here");
            assert_eq!((address.web(), address.doubts()), (None, &[Doubt::Unreadable][..]), "{raw:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn any_address_is_read_and_only_ascii_is_opened(raw in "(https?|magnet|javascript)?:?/{0,3}\\PC{0,40}|\\PC*|[\\x00-\\x20\\x7f-\u{9f}a:/@\\[\\]xn.-]*", words in "\\PC{0,30}") {
            let address = read(&raw, &words);
            if let Some(web) = address.web() {
                prop_assert!(web.as_str().starts_with("http") && web.as_str().bytes().all(|byte| byte.is_ascii_graphic()), "{web}");
                prop_assert_eq!(address.shown().as_str(), web.as_str());
                // What is opened is read as itself.
                prop_assert_eq!(WebAddress::read(web.as_str()), Some(web.clone()));
            }
            prop_assert!(!address.shown().as_str().contains(|ch: char| ch.is_control()));
        }

        #[test]
        fn punycode_is_decoded_as_the_parser_encodes_it(label in "[a-zäöüßа-яα-ω日本語]{1,12}") {
            if let Ok(url) = Url::parse(&format!("http://{label}.example/"))
                && let Some(looks) = url.host_str().and_then(foreign)
            {
                let again = Url::parse(&format!("http://{looks}/")).unwrap();
                prop_assert_eq!(again.host_str(), url.host_str());
            }
        }
    }
}
