//! The language: what it means, what it prints and what it says of mistakes.

use super::*;
use crate::filter::{Post, Quiet, Subject, words_of};
use crate::model::{
    Account, AccountId, Card, Counts, Media, MediaKind, Personal, Poll, PollOption, Quote, QuoteState, Status, StatusId, StatusTag,
    Timestamp, Visibility,
};
use crate::text::{Html, Plain};
use proptest::prelude::*;

#[derive(Debug)]
struct Held {
    status: Status,
    words: String,
    leads_out: bool,
}

impl Post for Held {
    fn status(&self) -> &Status {
        &self.status
    }

    fn words(&self) -> &str {
        &self.words
    }

    fn leads_out(&self) -> bool {
        self.leads_out
    }
}

fn account(acct: &str, name: &str, bot: bool) -> Account {
    Account {
        id: AccountId::new("1").unwrap(),
        acct: Plain::line(acct),
        display_name: Plain::line(name),
        url: None,
        bot,
        locked: false,
        avatar: None,
        emojis: Vec::new(),
    }
}

fn status(html: &str) -> Status {
    Status {
        id: StatusId::new("1").unwrap(),
        account: AccountId::new("1").unwrap(),
        created_at: None,
        edited_at: None,
        visibility: Visibility::Public,
        language: None,
        spoiler_text: Plain::default(),
        content: Html::new(html),
        sensitive: false,
        reblog: None,
        in_reply_to_id: None,
        in_reply_to_account_id: None,
        media_attachments: Vec::new(),
        poll: None,
        card: None,
        quote: None,
        mentions: Vec::new(),
        tags: Vec::new(),
        emojis: Vec::new(),
        counts: Counts::default(),
        personal: Personal::default(),
        filtered: None,
        url: None,
        omitted: 0,
    }
}

fn held(status: Status) -> Held {
    Held { words: words_of(&status), status, leads_out: false }
}

fn parse(text: &str) -> Filter {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// Whether a filter admits a post by ada@tide.example.
fn admits(filter: &str, post: &Held) -> bool {
    let ada = account("ada@tide.example", "Ada Quill", false);
    let me = AccountId::new("9").unwrap();
    parse(filter).admits(&Subject { post: Some(post), is_boost: false, people: vec![&ada], me: Some(&me) })
}

#[test]
fn words_are_found_wherever_they_can_be_read() {
    let mut rich = status("<p>A ferry at <b>night</b>, and the Pier</p><p>second</p>");
    rich.spoiler_text = Plain::line("Harbour life");
    rich.media_attachments = vec![Media {
        kind: MediaKind::Image,
        description: Some(Plain::lines("its lights, doubled")),
        url: None,
        preview: None,
        blurhash: None,
        size: None,
        seconds: None,
    }];
    let option = PollOption { title: Plain::line("Nordsee"), votes_count: None };
    let ends = (false, None, None, None);
    rich.poll = Some(Box::new(Poll {
        options: vec![option],
        votes_count: 0,
        voters_count: None,
        multiple: false,
        expired: ends.0,
        expires_at: ends.1,
        voted: ends.2,
        own_votes: ends.3,
    }));
    rich.card = Some(Box::new(Card {
        url: Plain::address("https://x.example"),
        title: Plain::line("Timetable"),
        description: Plain::default(),
        provider_name: Plain::default(),
        authors: Vec::new(),
    }));
    let post = held(rich);
    for yes in [
        "ferry",
        "NIGHT,",
        "\"ferry at night\"",
        "harbour",
        "doubled",
        "nordsee",
        "timetable",
        "quill",
        "tide.example",
        "/p.er/",
        "/^second$/",
    ] {
        assert!(admits(yes, &post), "{yes}");
        assert!(!admits(&format!("-{yes}"), &post), "-{yes}");
    }
    for no in ["\"night ferry\"", "f.rry", "/^ferry/", "boat"] {
        assert!(!admits(no, &post), "{no}");
    }
}

#[test]
fn properties_mean_what_the_table_says() {
    let mut rich = status("<p>words</p>");
    rich.language = Some(Plain::line("pt-BR"));
    rich.tags = vec![StatusTag { name: Plain::line("RustLang"), url: None }];
    rich.in_reply_to_id = StatusId::new("7");
    rich.edited_at = Timestamp::from_second(5).ok();
    rich.sensitive = true;
    rich.quote = Some(Box::new(Quote { state: QuoteState::Accepted, status: None }));
    rich.media_attachments =
        vec![Media { kind: MediaKind::Gifv, description: None, url: None, preview: None, blurhash: None, size: None, seconds: None }];
    let post = Held { leads_out: true, ..held(rich) };
    for yes in [
        "from:ada",
        "from:@ada@tide.example",
        "from:Ada",
        "from:tide.example",
        "from:example",
        "lang:pt",
        "lang:pt-br",
        "lang:de,pt",
        "#rustlang",
        "#RUSTLANG",
        "is:reply",
        "is:edited",
        "is:sensitive",
        "is:quote",
        "has:quote",
        "has:media",
        "has:videos",
        "has:link",
        "from:bo|is:reply",
        "(from:bo is:reply)|words",
        "-(from:bo|from:cy)",
        "",
    ] {
        assert!(admits(yes, &post), "{yes}");
    }
    for no in [
        "from:ad",
        "from:ide.example",
        "from:ada@other.example",
        "lang:ptb",
        "lang:none",
        "#rust",
        "is:boost",
        "is:bot",
        "is:mine",
        "is:direct",
        "has:image",
        "has:audio",
        "has:poll",
        "has:cw",
        "has:card",
        "-(from:ada from:tide.example)",
        "words boats",
    ] {
        assert!(!admits(no, &post), "{no}");
    }
    assert!(admits("lang:none", &held(status(""))) && !admits("lang:en", &held(status(""))));
}

#[test]
fn what_is_no_post_is_told_by_its_people() {
    let (bot, me) = (account("clock", "", true), AccountId::new("1").unwrap());
    let about = Subject { people: vec![&bot], me: Some(&me), ..Subject::default() };
    for (filter, admitted) in
        [("is:bot", true), ("-is:bot", false), ("clock", true), ("words", false), ("has:media", false), ("is:mine", false)]
    {
        assert_eq!(parse(filter).admits(&about), admitted, "{filter}");
    }
    let post = held(status(""));
    let mine = Subject { post: Some(&post), is_boost: true, ..about };
    assert!(parse("is:mine is:boost").admits(&mine));
}

#[test]
fn mistakes_are_told_with_their_column_and_what_may_be_written() {
    for (text, said) in [
        ("rust form:ada", "column 6: there is no `form:`; did you mean `from:`?; \"...\" makes it text"),
        (
            "has:vidoe",
            "column 1: there is no `has:vidoe`; did you mean `video`? there are media, image, video, audio, poll, link, cw, quote, card",
        ),
        (
            "é is:bost",
            "column 3: there is no `is:bost`; did you mean `boost`? there are boost, reply, quote, edited, bot, direct, sensitive, mine",
        ),
        ("is:", "column 1: there is no `is:`; there are boost, reply, quote, edited, bot, direct, sensitive, mine"),
        ("-from:", "column 2: `from:` needs an account or a server, as in from:ada or from:tide.example"),
        ("lang:", "column 1: `lang:` needs codes of languages, as in lang:en or lang:en,de"),
        ("lang:en,,de", "column 1: `` is not the code of a language, as en or pt-br; none is for posts that state none"),
        ("from:a@b@c", "column 1: `a@b@c` is no account or server: from:ada, from:ada@tide.example or from:tide.example"),
        ("a /(/", "column 3: the regex: unclosed group"),
        ("a /x", "column 3: the /regex/ has no end: write /"),
        ("/a{1000}{1000}/", "column 1: the regex: it would grow too large"),
        ("\"a", "column 1: the \"phrase\" has no end: write \""),
        ("a (b", "column 3: this ( has no end: write )"),
        ("a ) b", "column 3: this ) closes nothing; \")\" makes it text"),
        ("a | ", "column 3: | needs something after it"),
        ("|a", "column 1: | needs something before it; \"|\" makes it text"),
        ("a - b", "column 3: - needs something after it"),
        ("--a", "column 1: - needs something after it"),
        ("\"\"", "column 1: there is nothing in the \"phrase\""),
        ("()", "column 1: there is nothing in this ( )"),
        ("/a/b", "column 4: a blank is missing after the /regex/"),
        ("#!!", "column 1: `#!!` is not a hashtag: it needs letters or digits alone, as in #rust"),
    ] {
        assert_eq!(text.parse::<Filter>().map_err(|error| error.to_string()), Err(said.to_owned()), "{text}");
    }
    let wrong = |text: String| text.parse::<Filter>().unwrap_err().wrong;
    assert_eq!(wrong("x ".repeat(300)), Wrong::TooLong);
    assert_eq!(wrong("x ".repeat(65)), Wrong::TooMany);
    assert_eq!(wrong(format!("{}x{}", "(".repeat(9), ")".repeat(9))), Wrong::TooDeep);
}

#[test]
fn what_only_looks_like_a_key_is_text() {
    for text in ["12:30", "https://tide.example", ":)", "a-b", "foo(bar)", "C++", "*"] {
        assert_eq!(parse(text), Filter { terms: vec![Term::Words(Pattern::words(text).unwrap())] }, "{text}");
    }
}

#[test]
fn what_is_printed_is_plain_where_it_can_be() {
    for (typed, printed) in [
        ("  rust   -is:boosts ", "rust -is:boost"),
        ("a | b|(c|d) e", "a|b|c|d e"),
        ("(a) (b c)|d", "a (b c)|d"),
        ("-(a|b) -(-c)", "-(a|b) -(-c)"),
        ("LANG:EN,none From:@Ada@Tide.example #Rust", "lang:en,none from:ada@tide.example #Rust"),
        ("\"two words\" \"one\" \"-is:boost\" foo(bar) a\\b", "\"two words\" one \"-is:boost\" \"foo(bar)\" \"a\\\\b\""),
        ("/a\\/b c/", "/a\\/b c/"),
    ] {
        assert_eq!(parse(typed).to_string(), printed, "{typed}");
        assert_eq!(parse(printed), parse(typed), "{typed}");
    }
}

#[test]
fn a_key_leaves_out_and_lets_in_again() {
    let filter = parse("rust");
    let quiet = filter.toggled(Quiet::Boosts).and_then(|filter| filter.toggled(Quiet::Bots)).unwrap();
    assert_eq!(quiet.to_string(), "rust -is:boost -is:bot");
    assert!(quiet.leaves_out(Quiet::Bots) && !quiet.leaves_out(Quiet::Replies));
    assert_eq!(quiet.toggled(Quiet::Boosts).and_then(|quiet| quiet.toggled(Quiet::Bots)), Some(filter));
    assert_eq!(parse(&"x".repeat(LONGEST)).toggled(Quiet::Boosts), None, "it could not be read again");
}

#[test]
fn the_help_follows_what_is_typed_and_every_term_of_it_is_one() {
    assert!(hint("").contains("from:") && hint("rust ").contains("/regex/"));
    assert!(hint("rust -is:bo").starts_with("boost reply"));
    assert!(hint("(has:").starts_with("media image") && hint("#r").contains("hashtag"));
    for name in hint("has:").split(' ') {
        parse(&format!("has:{name}"));
    }
    for name in hint("is:").split(' ') {
        parse(&format!("is:{name}"));
    }
    for (key, all) in [("has:", Has::ALL.len()), ("is:", Is::ALL.len())] {
        assert_eq!(hint(key).split(' ').count(), all, "{key}");
    }
}

/// A filter as a naive reader would take it.
#[derive(Debug, Clone)]
enum Naive {
    Word(String),
    Boost,
    Language(String),
    Not(Box<Self>),
    Any(Vec<Self>),
    All(Vec<Self>),
}

impl Naive {
    fn text(&self) -> String {
        let join = |all: &[Self], by: &str| all.iter().map(Self::text).collect::<Vec<_>>().join(by);
        match self {
            Self::Word(word) => format!("\"{word}\""),
            Self::Boost => "is:boost".to_owned(),
            Self::Language(code) => format!("lang:{code}"),
            Self::Not(inner) => format!("-({})", inner.text()),
            Self::Any(all) => format!("({})", join(all, " | ")),
            Self::All(all) => format!("({})", join(all, "  ")),
        }
    }

    fn admits(&self, words: &str, language: &str, boost: bool) -> bool {
        match self {
            Self::Word(word) => words.contains(word),
            Self::Boost => boost,
            Self::Language(code) => language == code,
            Self::Not(inner) => !inner.admits(words, language, boost),
            Self::Any(all) => all.iter().any(|inner| inner.admits(words, language, boost)),
            Self::All(all) => all.iter().all(|inner| inner.admits(words, language, boost)),
        }
    }
}

fn naive() -> impl Strategy<Value = Naive> {
    let leaf = prop_oneof![
        "[a-c .|()-]{0,2}[a-c]".prop_map(Naive::Word),
        Just(Naive::Boost),
        proptest::sample::select(vec!["en", "de"]).prop_map(|code| Naive::Language(code.to_owned())),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(|inner| Naive::Not(Box::new(inner))),
            proptest::collection::vec(inner.clone(), 1..4).prop_map(Naive::Any),
            proptest::collection::vec(inner, 1..4).prop_map(Naive::All),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    #[test]
    fn a_filter_admits_what_a_naive_reader_would(filter in naive(), words in "[a-c .|()-]{0,8}", german: bool, boost: bool) {
        let language = if german { "de" } else { "en" };
        let mut post = held(Status { language: Some(Plain::line(language)), ..status("") });
        post.words.clone_from(&words);
        let text = filter.text();
        prop_assume!(text.len() <= LONGEST);
        let parsed = match text.parse::<Filter>() {
            Ok(parsed) => parsed,
            Err(error) => {
                prop_assert!(matches!(error.wrong, Wrong::TooMany | Wrong::TooDeep), "{text}: {error}");
                return Ok(());
            }
        };
        let subject = Subject { post: Some(&post), is_boost: boost, ..Subject::default() };
        prop_assert_eq!(parsed.admits(&subject), filter.admits(&words, language, boost), "{} on {:?}", text, words);
        let printed = parsed.to_string();
        prop_assert_eq!(printed.parse::<Filter>(), Ok(parsed), "{}", printed);
    }

    #[test]
    fn whatever_is_typed_is_refused_or_prints_to_the_same(text in "([a-z#:|()\"/\\\\-]|is:boost|has:|from:a|lang:en| |é|\\PC){0,14}") {
        match text.parse::<Filter>() {
            Ok(filter) => {
                let printed = filter.to_string();
                prop_assert_eq!(printed.parse::<Filter>(), Ok(filter), "{} from {}", printed, text);
            }
            Err(error) => prop_assert!((1..=text.chars().count().max(1)).contains(&error.column), "{text}: {error}"),
        }
        drop(hint(&text));
    }
}
