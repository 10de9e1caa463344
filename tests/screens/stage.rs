//! A stage for screens: states built by hand, with a cast that a federated timeline would have.

use crate::least_status::least_status;
use std::time::Duration;
use trunkline::model::{
    Account, AccountId, AccountWarning, Announcement, AnnouncementId, Bundle, Card, Connection, Conversation, ConversationId, Counts,
    Emoji, Failure, FailureKind, FilterAction, FilterContext, FilterMatch, List, ListId, Media, MediaKind, Mention, Notification,
    NotificationId, NotificationKind, Offer, Poll, PollOption, Quote, QuoteState, Reach, Reaction, RelationshipSeveranceEvent, Report,
    Server, Software, Spec, Status, StatusId, Stream, Subscription, Tag, Thread, TimelinesAccess, Timestamp, Visibility,
};
use trunkline::state::{Cause, Detail, Loading, Overlay, Prompt, Row, Settings, State, Timeline};
use trunkline::text::{Html, Plain};

/// When everything on the stage is looked at.
pub(crate) const NOW: &str = "2026-11-23T15:06:00Z";

pub(crate) fn now() -> Timestamp {
    NOW.parse().unwrap()
}

pub(crate) fn ago(minutes: i64) -> Timestamp {
    now() - jiff::SignedDuration::from_mins(minutes)
}

pub(crate) fn plain(text: &str) -> Plain {
    Plain::line(text)
}

pub(crate) fn sid(raw: &str) -> StatusId {
    StatusId::new(raw).unwrap()
}

pub(crate) fn aid(raw: &str) -> AccountId {
    AccountId::new(raw).unwrap()
}

pub(crate) fn federated() -> Stream {
    Stream::Public { reach: Reach::Federated, only_media: false }
}

pub(crate) fn local() -> Stream {
    Stream::Public { reach: Reach::Local, only_media: false }
}

pub(crate) fn hashtag(tag: &str) -> Stream {
    Stream::Hashtag { tag: Tag::new(tag).unwrap(), local: false }
}

pub(crate) fn account(id: &str, acct: &str, name: &str) -> Account {
    Account {
        id: aid(id),
        acct: plain(acct),
        display_name: plain(name),
        url: Some(plain(&format!("https://{}/@{acct}", "tide.example"))),
        bot: false,
        locked: false,
        avatar: None,
        emojis: Vec::new(),
    }
}

pub(crate) fn cast() -> Vec<Account> {
    let mut cast: Vec<Account> = [
        ("1", "ada@tide.example", "Ada Quill"),
        ("2", "bo@dune.example", "Bo"),
        ("3", "haruka@kisha.example", "汽車の春香"),
        ("4", "tobiasq", "Tobias Quill ✒"),
        ("5", "layla@nahr.example", "ليلى نهر"),
        ("6", "MintFirework@tram.example", "Mint Firework"),
        ("7", "cy@dune.example", "Cy"),
        ("8", "family@emoji.example", "👩‍👩‍👧‍👦 the 🇳🇴 family 👍🏽"),
        ("9", "asha@nadi.example", "आशा नदी"),
        ("10", "weatherbot@sky.example", "Harbour weather"),
        (
            "11",
            "long.account.name.of.somebody@an-instance-with-a-long-name.example",
            "A display name that goes on and on and does not mean to stop before the edge",
        ),
        ("99", "me", "Wanda Reader"),
    ]
    .into_iter()
    .map(|(id, acct, name)| account(id, acct, name))
    .collect();
    cast[9].bot = true;
    cast
}

pub(crate) fn status(id: &str, author: &str, minutes: i64, html: &str) -> Status {
    Status {
        created_at: Some(ago(minutes)),
        language: Some(plain("en")),
        url: Some(plain(&format!("https://tide.example/@x/{id}"))),
        ..least_status(sid(id), aid(author), html)
    }
}

pub(crate) fn counts(replies: u64, reblogs: u64, favourites: u64) -> Counts {
    Counts { replies, reblogs, favourites, quotes: 0 }
}

pub(crate) fn image(alt: &str) -> Media {
    let description = (!alt.is_empty()).then(|| Plain::lines(alt));
    Media { kind: MediaKind::Image, description, url: None, preview: None, blurhash: None, size: Some((1600, 1200)), seconds: None }
}

pub(crate) fn poll(options: &[(&str, Option<u64>)], own: Option<usize>, ends: Timestamp) -> Poll {
    Poll {
        options: options.iter().map(|(title, votes)| PollOption { title: plain(title), votes_count: *votes }).collect(),
        votes_count: options.iter().filter_map(|(_, votes)| *votes).sum(),
        voters_count: None,
        multiple: false,
        expired: ends <= now(),
        expires_at: Some(ends),
        voted: Some(own.is_some()),
        own_votes: Some(own.into_iter().collect()),
    }
}

pub(crate) fn boost(id: &str, by: &str, minutes: i64, of: &str) -> Status {
    Status { reblog: Some(sid(of)), content: Html::default(), ..status(id, by, minutes, "") }
}

/// A state that is live with the four default tabs and `#rust`, and nothing in them.
pub(crate) fn bare(size: (u16, u16)) -> State {
    let specs = [Stream::User, Stream::UserNotification, local(), federated(), hashtag("rust")].map(Spec::Stream);
    let mut state = State::new(Settings::default(), now(), specs.to_vec());
    state.size = size;
    state.me = cast().pop();
    state.offer =
        Offer { lists: vec![List { id: ListId::new("3").unwrap(), title: plain("Slow mail") }], followed_tags: vec![plain("photography")] };
    state.server = Some(Server {
        domain: plain("tide.example"),
        title: plain("Tide"),
        version: plain("4.5.0"),
        software: Software::Mastodon,
        streaming_host: plain("streaming.tide.example"),
        timelines_access: TimelinesAccess::default(),
    });
    state.line.state = Connection::Live;
    state.line.since = ago(47);
    state.line.ping = Some(Duration::from_millis(42));
    for timeline in state.timelines.values_mut() {
        timeline.standing = Subscription::Open;
        timeline.first_page = Loading::Done;
        timeline.live_since = Some(ago(47));
        timeline.complete_since = Some(ago(47));
        timeline.last_event = Some(ago(0));
    }
    state.store.put(Bundle { accounts: cast(), statuses: Vec::new() });
    state
}

pub(crate) fn timeline<'a>(state: &'a mut State, stream: &Stream) -> &'a mut Timeline {
    state.timelines.get_mut(stream).unwrap()
}

/// Puts a status into the store and the timeline of a stream.
pub(crate) fn post(state: &mut State, stream: &Stream, status: Status) {
    let id = status.id.clone();
    state.store.put(Bundle { accounts: Vec::new(), statuses: vec![status] });
    timeline(state, stream).insert(Row::Status(id));
}

/// Puts a status into the store alone.
pub(crate) fn hold(state: &mut State, status: Status) {
    state.store.put(Bundle { accounts: Vec::new(), statuses: vec![status] });
}

fn arrivals(state: &mut State) {
    for second in -58_i64..=0 {
        let at = now() + jiff::SignedDuration::from_secs(second);
        for _ in 0..(second.rem_euclid(17) / 6 + (second + 60) / 25) {
            state.timelines.get_mut(&federated()).unwrap().meter.count(at);
            state.meter.count(at);
        }
        if second % 2 == 0 {
            state.meter.count(at);
            state.timelines.get_mut(&local()).unwrap().meter.count(at);
        }
    }
}

pub(crate) const ADA: &str = "<p>Shipping the new release tonight. If you have been waiting for offline drafts: this is the one. Notes at \
    <a href=\"https://tide.example/notes/2026/the-new-release\"><span class=\"invisible\">https://</span><span class=\"ellipsis\">\
    tide.example/notes</span><span class=\"invisible\">/2026/the-new-release</span></a></p>\
    <p><a href=\"https://tide.example/tags/rust\" class=\"mention hashtag\" rel=\"tag\">#<span>rust</span></a> \
    <a href=\"https://tide.example/tags/release\" class=\"mention hashtag\" rel=\"tag\">#<span>release</span></a></p>";

/// A home timeline with everything in it.
pub(crate) fn home(size: (u16, u16)) -> State {
    let mut state = bare(size);
    let user = Stream::User;
    for post_ in older_posts() {
        post(&mut state, &user, post_);
    }
    timeline(&mut state, &user).mark_gap(Some(ago(64)), Some(ago(47)), Cause::Disconnected, None);
    for post_ in newer_posts() {
        post(&mut state, &user, post_);
    }
    hold(
        &mut state,
        Status {
            counts: counts(1, 4, 18),
            language: Some(plain("ja")),
            ..status(
                "205",
                "3",
                8,
                "<p>始発列車の窓から朝焼けが見えた。写真は後ほど。とても長い一日になりそうだけれど、海沿いの線路をゆっくり走るのは気持ちがいい。</p>",
            )
        },
    );
    post(&mut state, &user, boost("230", "2", 5, "205"));
    post(&mut state, &user, ada());
    let gone = status("218", "7", 30, "<p>Never mind.</p>");
    post(&mut state, &user, gone);
    state.store.delete(&sid("218"));
    timeline(&mut state, &user).bury(&sid("218"));
    for tab in state.tabs.all_mut() {
        if tab.sources == Stream::UserNotification {
            tab.unseen.insert(&trunkline::state::RowKey::Notification(NotificationId::new("1").unwrap()));
        }
    }
    arrivals(&mut state);
    state
}

pub(crate) fn ada() -> Status {
    Status {
        media_attachments: vec![image("a ferry at night, its lights doubled in the water"), image("the same ferry from the pier")],
        card: Some(Box::new(Card {
            url: plain("https://tide.example/notes/2026/the-new-release"),
            title: plain("The new release"),
            description: plain("What changed, and why it took a year"),
            provider_name: plain("tide.example"),
            authors: Vec::new(),
        })),
        counts: counts(3, 12, 40),
        edited_at: Some(ago(0)),
        personal: trunkline::model::Personal { favourited: Some(true), ..Default::default() },
        ..status("240", "1", 2, ADA)
    }
}

fn newer_posts() -> Vec<Status> {
    let quoted = status("204", "9", 90, "<p>नदी के किनारे की सुबह सबसे अच्छी होती है। चाय, किताब और धीमी रेल।</p>");
    vec![
        Status { spoiler_text: plain("spoilers for episode 4"), ..status("228", "4", 8, "<p>It was the gardener.</p>") },
        Status {
            poll: Some(Box::new(poll(
                &[("Harbour", Some(61)), ("Observatory", Some(37)), ("Neither, more cake", Some(20))],
                Some(0),
                ago(-200),
            ))),
            ..status("226", "5", 21, "<p>أي خط ترام خيالي يجب أن يأتي بعد ذلك؟ Which line should the imaginary tram get next?</p>")
        },
        quoted,
        Status {
            edited_at: Some(ago(26)),
            counts: counts(0, 2, 9),
            quote: Some(Box::new(Quote { state: QuoteState::Accepted, status: Some(sid("204")) })),
            in_reply_to_id: Some(sid("1")),
            in_reply_to_account_id: Some(aid("1")),
            ..status(
                "224",
                "6",
                33,
                "<p>New map is up, now with a fourth line and <strong>no terminus</strong>. See also the <code>tram(1)</code> page.</p>",
            )
        },
        Status {
            visibility: Visibility::Unlisted,
            ..status("222", "8", 36, "<p>Family photo 👨‍👩‍👧‍👦 with flags 🇯🇵🇳🇴 and thumbs 👍🏽 :blobcat: hooray</p>")
        },
    ]
    .into_iter()
    .map(|status| {
        if status.id == sid("222") {
            Status { emojis: vec![Emoji { shortcode: plain("blobcat"), picture: None }], ..status }
        } else {
            status
        }
    })
    .filter(|status| status.id != sid("204"))
    .chain([status("204", "9", 90, "<p>नदी के किनारे की सुबह सबसे अच्छी होती है। चाय, किताब और धीमी रेल।</p>")])
    .collect()
}

fn older_posts() -> Vec<Status> {
    let long = "<p>A very long post.</p>".to_owned() + &"<p>Paragraph after paragraph after paragraph, about lighthouses.</p>".repeat(12);
    vec![
        Status {
            filtered: Some(vec![FilterMatch { title: plain("Elections"), context: vec![FilterContext::Home], action: FilterAction::Warn }]),
            ..status("199", "7", 70, "<p>Votes and more votes.</p>")
        },
        Status {
            sensitive: true,
            visibility: Visibility::Private,
            media_attachments: vec![
                Media { kind: MediaKind::Video, seconds: Some(83), ..image("waves") },
                Media { kind: MediaKind::Audio, seconds: Some(12), ..image("") },
                image("a third"),
                image("a fourth"),
            ],
            ..status("198", "10", 75, "<p>Wind 6, sea rough.</p>")
        },
        Status { counts: counts(1_234, 56_789, 1_000_000), ..status("197", "11", 60 * 30, &long) },
        status("196", "2", 60 * 24 * 20, "<ul><li>one</li><li>two</li></ul><blockquote><p>quoted words</p></blockquote>"),
    ]
}

pub(crate) fn notification(id: &str, kind: NotificationKind, by: Option<&str>, about: Option<&str>, minutes: i64) -> Notification {
    Notification {
        id: NotificationId::new(id).unwrap(),
        kind,
        created_at: Some(ago(minutes)),
        account: by.map(aid),
        status: about.map(sid),
    }
}

/// Every kind of notification, newest first in this order.
pub(crate) fn kinds() -> Vec<(NotificationKind, Option<&'static str>, Option<&'static str>)> {
    use NotificationKind as Kind;
    vec![
        (Kind::Mention, Some("7"), Some("300")),
        (Kind::Reblog, Some("1"), Some("301")),
        (Kind::Favourite, Some("3"), Some("301")),
        (Kind::Follow, Some("2"), None),
        (Kind::FollowRequest, Some("9"), None),
        (Kind::Poll, Some("5"), Some("302")),
        (Kind::Poll, Some("99"), Some("302")),
        (Kind::Status, Some("10"), Some("303")),
        (Kind::Update, Some("1"), Some("301")),
        (Kind::Quote, Some("6"), Some("304")),
        (Kind::QuotedUpdate, Some("6"), Some("304")),
        (Kind::Favourite, Some("2"), Some("305")),
        (
            Kind::SeveredRelationships(Box::new(RelationshipSeveranceEvent {
                cause: Some(plain("domain_block")),
                target_name: Some(plain("spam.example")),
                followers: Some(3),
                following: Some(1),
            })),
            None,
            None,
        ),
        (
            Kind::ModerationWarning(Box::new(AccountWarning {
                action: Some(plain("delete_statuses")),
                text: Some(plain("Please mind the rules.")),
            })),
            None,
            None,
        ),
        (Kind::AdminSignUp, Some("8"), None),
        (Kind::AdminReport(Box::new(Report { target: Some(aid("7")), category: Some(plain("spam")) })), Some("4"), None),
        (Kind::AnnualReport { year: Some(plain("2026")) }, None, None),
        (Kind::AddedToCollection { name: Some(plain("Trams")) }, Some("6"), None),
        (Kind::CollectionUpdate { name: Some(plain("Trams")) }, Some("6"), None),
        (Kind::PendingReply, Some("7"), Some("300")),
        (Kind::PendingFavourite, Some("7"), Some("301")),
        (Kind::PendingReblog, Some("7"), Some("301")),
        (Kind::Other(plain("bite")), Some("1"), None),
        (Kind::Other(plain("bite")), None, None),
    ]
}

pub(crate) fn notifications(size: (u16, u16)) -> State {
    let mut state = bare(size);
    let mention = Status { visibility: Visibility::Direct, ..status("300", "7", 3, "<p>@me have you seen the new map?</p>") };
    hold(&mut state, mention);
    hold(
        &mut state,
        status(
            "301",
            "99",
            120,
            "<p>My little thing about slow trains, which goes on for a while so that it has to be cut somewhere, because only the first words of it matter here and nobody reads all of it again in a notification.</p>",
        ),
    );
    hold(
        &mut state,
        Status {
            poll: Some(Box::new(poll(&[("Tea", Some(8)), ("Coffee", Some(2))], Some(1), ago(5)))),
            ..status("302", "5", 1445, "<p>Tea or coffee?</p>")
        },
    );
    hold(&mut state, status("303", "10", 9, "<p>Storm warning for the harbour.</p>"));
    hold(
        &mut state,
        Status {
            quote: Some(Box::new(Quote { state: QuoteState::Accepted, status: Some(sid("301")) })),
            ..status("304", "6", 12, "<p>This.</p>")
        },
    );
    hold(&mut state, status("305", "99", 12, "<p>Gone.</p>"));
    state.store.delete(&sid("305"));
    for (index, (kind, by, about)) in kinds().into_iter().enumerate() {
        let held = notification(&(900 - index).to_string(), kind, by, about, i64::try_from(index).unwrap() * 4 + 3);
        timeline(&mut state, &Stream::UserNotification).insert(Row::Notification(held.id.clone()));
        state.store.put_notification(held);
    }
    state.tabs.go_to(&Stream::UserNotification.into());
    state
}

pub(crate) fn direct(size: (u16, u16)) -> State {
    let mut state = bare(size);
    state.open(Stream::Direct);
    hold(&mut state, Status { visibility: Visibility::Direct, ..status("400", "7", 3, "<p>Dinner on the pier at eight?</p>") });
    hold(&mut state, Status { visibility: Visibility::Direct, ..status("399", "99", 300, "<p>See you there.</p>") });
    for (id, people, unread, last) in
        [("7", vec!["7"], true, Some("400")), ("8", vec!["1", "2", "3", "4", "5"], false, Some("399")), ("9", vec!["6"], false, None)]
    {
        let id = ConversationId::new(id).unwrap();
        let last_status = last.map(sid);
        let accounts = people.into_iter().map(aid).collect();
        state.store.put_conversation(Conversation { id: id.clone(), accounts, unread, last_status: last_status.clone() });
        let timeline = timeline(&mut state, &Stream::Direct);
        timeline.insert(Row::Conversation(id, last_status.map(Box::new)));
        timeline.first_page = Loading::Done;
        timeline.standing = Subscription::Open;
    }
    state.tabs.go_to(&Stream::Direct.into());
    state
}

/// Opens a post, with the server's answer about its thread where there is one.
pub(crate) fn open(state: &mut State, id: &str, answer: Option<Thread>) {
    let mut detail = Detail::new(sid(id), &state.store);
    if let Some(answer) = answer {
        detail.take(&answer, &state.store);
    }
    state.overlays.push(Overlay::Detail(Box::new(detail)));
}

/// The first post open, with its thread.
pub(crate) fn thread(size: (u16, u16)) -> State {
    let mut state = home(size);
    let answer = |id: &str, author: &str, minutes, html: &str, to: &str, whom: &str| Status {
        in_reply_to_id: Some(sid(to)),
        in_reply_to_account_id: Some(aid(whom)),
        mentions: vec![Mention { id: Some(aid(whom)), acct: plain("ada@tide.example"), url: None }],
        ..status(id, author, minutes, html)
    };
    hold(&mut state, status("90", "2", 200, "<p>When is the next release due? I have been waiting for drafts for a year.</p>"));
    hold(&mut state, answer("250", "7", 1, "<p>Congratulations! Does it still fit on a floppy?</p>", "240", "1"));
    hold(&mut state, answer("251", "1", 0, "<p>Two floppies. We are only human.</p>", "250", "7"));
    hold(&mut state, answer("252", "4", 0, "<p>Oops.</p>", "240", "1"));
    state.store.delete(&sid("252"));
    let thread = Thread { ancestors: vec![sid("90")], descendants: vec![sid("250"), sid("251"), sid("252")], bundle: Bundle::default() };
    open(&mut state, "240", Some(thread));
    state
}

pub(crate) fn typed(text: &str) -> Prompt {
    let mut prompt = Prompt::default();
    prompt.insert(text);
    prompt
}

pub(crate) fn failure(reason: &str) -> Failure {
    Failure { kind: FailureKind::Retry, reason: plain(reason) }
}

pub(crate) fn announce(state: &mut State) {
    state.announcements.push(Announcement {
        id: AnnouncementId::new("1").unwrap(),
        content: Html::new("<p>We move to a new machine on Sunday. Expect an hour of silence from <strong>06:00 UTC</strong> on.</p>"),
        published_at: Some(ago(600)),
        reactions: vec![Reaction { name: plain("🎉"), count: 12 }, Reaction { name: plain("blobcat"), count: 2 }],
    });
}
