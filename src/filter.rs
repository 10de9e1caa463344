//! `Filter`: what a tab shows of its stream, in words that are typed. `Pattern`: what is searched for.
//!
//! # The language
//!
//! ```text
//! filter       = { alternatives }                 all of them must hold; of nothing everything is shown
//! alternatives = term { "|" term }                one of them must hold
//! term         = [ "-" ] plain                    with a minus: it must not hold
//! plain        = word | "a phrase" | /regex/ | #tag | property | "(" filter ")"
//! property     = from:ACCOUNT | lang:CODE,CODE | has:THING | is:KIND
//! ```
//!
//! [`TERMS`] says what each means, and the help of the prompt is made from it. What is printed parses to the same again.
//!
//! Matching is pure and linear in what is matched: a regex is one of the crate `regex`, of bounded size. Absent on purpose:
//! which tab has which filter (`state`), and when posts are looked at (`update`).

mod parse;
mod pattern;

use crate::model::{Account, AccountId, MediaKind, Status, Tag, Visibility};
pub use parse::{FilterError, Wrong, hint};
pub use pattern::Pattern;
use std::fmt;

/// The longest filter, in bytes.
pub const LONGEST: usize = 500;

/// What may be written, each with what it means: the words of the help.
pub const TERMS: &[(&str, &str)] = &[
    ("word", "in the text, a warning, a description of media, a poll, a name; \"several words\" as they stand"),
    ("/regex/", "the same as a regular expression, without regard to case"),
    ("from:", "written or boosted by: ada, ada@tide.example, or a whole server, tide.example"),
    ("lang:", "in one of these languages: lang:en,de; lang:none where none is stated"),
    ("has:", "media image video audio poll link cw quote card"),
    ("is:", "boost reply quote edited bot direct sensitive mine"),
    ("#tag", "with this hashtag"),
    ("-", "not: -is:boost"),
    ("|", "or: rust|go; ( ) groups"),
];

/// A post, as far as it has to be looked at to be told from others.
pub trait Post {
    /// The post itself; never a boost.
    fn status(&self) -> &Status;
    /// Everything in it that can be read, as [`words_of`] gives it.
    fn words(&self) -> &str;
    /// Whether a link in it leads to a page.
    fn leads_out(&self) -> bool;
}

/// What a row of a tab is about.
#[derive(Clone, Default)]
pub struct Subject<'a> {
    /// The post, the boosted one for a boost; none for what is about an account alone.
    pub post: Option<&'a dyn Post>,
    /// Whether it is there because somebody boosted it.
    pub is_boost: bool,
    /// Who wrote it, boosted it or did what it tells.
    pub people: Vec<&'a Account>,
    /// The reader.
    pub me: Option<&'a AccountId>,
}

impl fmt::Debug for Subject<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let post = self.post.map(|post| &post.status().id);
        f.debug_struct("Subject")
            .field("post", &post)
            .field("is_boost", &self.is_boost)
            .field("people", &self.people)
            .finish_non_exhaustive()
    }
}

/// Everything in a post that can be read: its words, warning, descriptions of media, options of a poll, and its card.
pub fn words_of(status: &Status) -> String {
    let mut words = status.content.text();
    let media = status.media_attachments.iter().filter_map(|media| media.description.as_ref());
    let options = status.poll.iter().flat_map(|poll| &poll.options).map(|option| &option.title);
    let card = status.card.iter().flat_map(|card| [&card.title, &card.description]);
    for more in [&status.spoiler_text].into_iter().chain(media).chain(options).chain(card).filter(|more| !more.is_blank()) {
        words.push('\n');
        words.push_str(more.as_str());
    }
    words
}

/// A thing that a post can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Has {
    Media,
    Image,
    Video,
    Audio,
    Poll,
    Link,
    Warning,
    Quote,
    Card,
}

impl Has {
    const ALL: &[(&'static str, Self)] = &[
        ("media", Self::Media),
        ("image", Self::Image),
        ("video", Self::Video),
        ("audio", Self::Audio),
        ("poll", Self::Poll),
        ("link", Self::Link),
        ("cw", Self::Warning),
        ("quote", Self::Quote),
        ("card", Self::Card),
    ];

    fn holds(self, post: &dyn Post) -> bool {
        let status = post.status();
        let media = |wanted: &[MediaKind]| status.media_attachments.iter().any(|media| wanted.contains(&media.kind));
        match self {
            Self::Media => !status.media_attachments.is_empty(),
            Self::Image => media(&[MediaKind::Image]),
            Self::Video => media(&[MediaKind::Video, MediaKind::Gifv]),
            Self::Audio => media(&[MediaKind::Audio]),
            Self::Poll => status.poll.is_some(),
            Self::Link => post.leads_out(),
            Self::Warning => !status.spoiler_text.is_blank(),
            Self::Quote => status.quote.is_some(),
            Self::Card => status.card.is_some(),
        }
    }
}

/// What a post can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Is {
    Boost,
    Reply,
    Quote,
    Edited,
    Bot,
    Direct,
    Sensitive,
    Mine,
}

impl Is {
    const ALL: &[(&'static str, Self)] = &[
        ("boost", Self::Boost),
        ("reply", Self::Reply),
        ("quote", Self::Quote),
        ("edited", Self::Edited),
        ("bot", Self::Bot),
        ("direct", Self::Direct),
        ("sensitive", Self::Sensitive),
        ("mine", Self::Mine),
    ];

    fn holds(self, subject: &Subject<'_>) -> bool {
        let status = |holds: fn(&Status) -> bool| subject.post.is_some_and(|post| holds(post.status()));
        match self {
            Self::Boost => subject.is_boost,
            Self::Reply => status(|status| status.in_reply_to_id.is_some()),
            Self::Quote => status(|status| status.quote.is_some()),
            Self::Edited => status(|status| status.edited_at.is_some()),
            Self::Bot => subject.people.iter().any(|account| account.bot),
            Self::Direct => status(|status| status.visibility == Visibility::Direct),
            Self::Sensitive => status(|status| status.sensitive),
            Self::Mine => subject.post.is_some_and(|post| Some(&post.status().account) == subject.me),
        }
    }
}

/// One thing that must hold, or several.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Term {
    All(Vec<Self>),
    Any(Vec<Self>),
    Not(Box<Self>),
    /// A word or phrase.
    Words(Pattern),
    /// A regular expression.
    Regex(Pattern),
    /// An account, a name or a domain, in lower case.
    From(String),
    /// Languages in lower case; an empty one is none.
    Lang(Vec<String>),
    Has(Has),
    Is(Is),
    Tag(Tag),
}

impl Term {
    fn holds(&self, subject: &Subject<'_>) -> bool {
        match self {
            Self::All(terms) => terms.iter().all(|term| term.holds(subject)),
            Self::Any(terms) => terms.iter().any(|term| term.holds(subject)),
            Self::Not(term) => !term.holds(subject),
            Self::Words(pattern) | Self::Regex(pattern) => subject.contains(pattern),
            Self::From(wanted) => subject.people.iter().any(|account| is_from(account, wanted)),
            Self::Lang(wanted) => subject.post.is_some_and(|post| {
                let code = post.status().language.as_ref().map(|code| code.as_str().to_lowercase()).unwrap_or_default();
                wanted.iter().any(|wanted| is_language(&code, wanted))
            }),
            Self::Has(has) => subject.post.is_some_and(|post| has.holds(post)),
            Self::Is(is) => is.holds(subject),
            Self::Tag(tag) => {
                subject.post.is_some_and(|post| post.status().tags.iter().any(|known| Tag::new(known.name.as_str()).as_ref() == Some(tag)))
            }
        }
    }

    /// Whether whole posts have to be opened for it.
    fn opens(&self) -> bool {
        match self {
            Self::All(terms) | Self::Any(terms) => terms.iter().any(Self::opens),
            Self::Not(term) => term.opens(),
            Self::Has(has) => *has == Has::Link,
            Self::Words(_) | Self::Regex(_) | Self::From(_) | Self::Lang(_) | Self::Is(_) | Self::Tag(_) => false,
        }
    }
}

/// Whether an account is the one, or of the server, that is named.
fn is_from(account: &Account, wanted: &str) -> bool {
    let acct = account.acct.as_str().to_lowercase();
    let (name, domain) = acct.split_once('@').unwrap_or((&acct, ""));
    acct == wanted || name == wanted || domain == wanted || domain.strip_suffix(wanted).is_some_and(|rest| rest.ends_with('.'))
}

/// Whether a language is the one that is named, or a kind of it.
fn is_language(code: &str, wanted: &str) -> bool {
    code == wanted || (!wanted.is_empty() && code.strip_prefix(wanted).is_some_and(|rest| rest.starts_with(['-', '_'])))
}

impl Subject<'_> {
    /// Whether something of it that can be read has a pattern in it.
    pub fn contains(&self, pattern: &Pattern) -> bool {
        let named = |account: &&Account| pattern.is_in(account.acct.as_str()) || pattern.is_in(account.display_name.as_str());
        self.post.is_some_and(|post| pattern.is_in(post.words())) || self.people.iter().any(named)
    }
}

/// What a tab shows of its stream; all of it by default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// All of these must hold.
    terms: Vec<Term>,
}

/// What a tab can be told to leave out by a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quiet {
    /// Boosts.
    Boosts,
    /// Replies.
    Replies,
    /// Posts of accounts that say they are automated.
    Bots,
}

impl Quiet {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Boosts, Self::Replies, Self::Bots];

    /// What is left out, in a word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Boosts => "boosts",
            Self::Replies => "replies",
            Self::Bots => "bots",
        }
    }

    fn term(self) -> Term {
        Term::Not(Box::new(Term::Is(match self {
            Self::Boosts => Is::Boost,
            Self::Replies => Is::Reply,
            Self::Bots => Is::Bot,
        })))
    }
}

impl Filter {
    /// Whether it lets everything through.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// Whether it lets something through.
    pub fn admits(&self, subject: &Subject<'_>) -> bool {
        self.terms.iter().all(|term| term.holds(subject))
    }

    /// Whether whole posts have to be opened for it, which takes longer.
    pub fn opens(&self) -> bool {
        self.terms.iter().any(Term::opens)
    }

    /// Whether it leaves these out, whatever else it says.
    pub fn leaves_out(&self, quiet: Quiet) -> bool {
        self.terms.contains(&quiet.term())
    }

    /// The same without these, or with them again where they are left out already; `None` where that would be too long.
    pub fn toggled(&self, quiet: Quiet) -> Option<Self> {
        let term = quiet.term();
        let mut terms: Vec<Term> = self.terms.iter().filter(|held| **held != term).cloned().collect();
        if terms.len() == self.terms.len() {
            terms.push(term);
        }
        Some(Self { terms }).filter(Self::fits)
    }

    /// Whether what is printed of it can be read again.
    fn fits(&self) -> bool {
        self.to_string().len() <= LONGEST
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_all(f, &self.terms)
    }
}

fn write_all(f: &mut fmt::Formatter<'_>, terms: &[Term]) -> fmt::Result {
    for (index, term) in terms.iter().enumerate() {
        write!(f, "{}{term}", if index > 0 { " " } else { "" })?;
    }
    Ok(())
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All(terms) => {
                f.write_str("(")?;
                write_all(f, terms)?;
                f.write_str(")")
            }
            Self::Any(terms) => {
                for (index, term) in terms.iter().enumerate() {
                    write!(f, "{}{term}", if index > 0 { "|" } else { "" })?;
                }
                Ok(())
            }
            Self::Not(term) if matches!(**term, Self::Any(_) | Self::Not(_)) => write!(f, "-({term})"),
            Self::Not(term) => write!(f, "-{term}"),
            Self::Words(pattern) => f.write_str(&parse::word(pattern.source())),
            Self::Regex(pattern) => write!(f, "/{}/", pattern.source()),
            Self::From(wanted) => write!(f, "from:{wanted}"),
            Self::Lang(codes) => {
                let codes: Vec<&str> = codes.iter().map(|code| if code.is_empty() { parse::NO_LANGUAGE } else { code }).collect();
                write!(f, "lang:{}", codes.join(","))
            }
            Self::Has(has) => write!(f, "has:{}", name_of(Has::ALL, has)),
            Self::Is(is) => write!(f, "is:{}", name_of(Is::ALL, is)),
            Self::Tag(tag) => write!(f, "#{tag}"),
        }
    }
}

fn name_of<T: PartialEq>(all: &[(&'static str, T)], wanted: &T) -> &'static str {
    all.iter().find(|(_, one)| one == wanted).map_or("", |(name, _)| name)
}
