//! Pictures of posts and notifications as servers send them, and of what hangs on them, at every size.

use super::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::LazyLock;
use trunkline::mastodon::keep;
use trunkline::state::edits::{Version, versions};
use trunkline::state::folds::who;

const SIZES: [(u16, u16); 4] = [(40, 12), (80, 24), (120, 36), (200, 60)];

/// A picture of a state at every size, and what must hold of each.
fn at_every_size(name: &str, state: impl Fn((u16, u16)) -> State) {
    for (width, height) in SIZES {
        insta::assert_snapshot!(format!("{name}_{width}x{height}"), picture(&state((width, height))));
    }
}

fn version(minutes: i64, html: &str) -> StatusEdit {
    StatusEdit {
        created_at: Some(ago(minutes)),
        spoiler_text: Plain::default(),
        content: Html::new(html),
        sensitive: false,
        poll_options: Vec::new(),
        media_attachments: Vec::new(),
        omitted: 0,
    }
}

fn history() -> Vec<StatusEdit> {
    let link = |to: &str| format!("<p>Notes at <a href=\"https://tide.example/{to}\">tide.example/notes</a>, 始発列車 included.</p>");
    vec![
        version(90, &format!("<p>Shipping the old release tonight.</p>{}", link("notes"))),
        StatusEdit {
            media_attachments: vec![image("a ferry at night")],
            spoiler_text: plain("boats"),
            ..version(60, &format!("<p>Shipping the new and shiny release tonight.</p>{}", link("notes")))
        },
        StatusEdit {
            media_attachments: vec![image("a ferry at night, its lights doubled in the water")],
            sensitive: true,
            poll_options: vec![plain("Tonight"), plain("Tomorrow, with 日本の駅弁 and tea")],
            ..version(2, &format!("<p>Shipping the new release tomorrow.</p>{}<ul><li>offline drafts</li></ul>", link("elsewhere")))
        },
    ]
}

fn edits(size: (u16, u16), history: Answer<Vec<Version>>) -> State {
    let mut state = home(size);
    state.overlays.push(Overlay::Edits(Edits { history, ..Edits::of(sid("240")) }));
    state
}

#[test]
fn a_history_of_edits() {
    at_every_size("edits", |size| edits(size, Answer::Told(Some(versions(&history())))));
}

#[test]
fn a_history_that_is_not_there() {
    let mut told = Vec::new();
    let histories = [
        Answer::Asked,
        Answer::Failed(failure("the server did not answer within 30 s")),
        Answer::Told(None),
        Answer::Told(Some(versions(&history()[..1]))),
    ];
    for history in histories {
        told.push(picture(&edits((80, 16), history)));
    }
    let mut state = edits((80, 16), Answer::Told(None));
    state.store.delete(&sid("240"));
    told.push(picture(&state));
    insta::assert_snapshot!("edits_states", told.join("\n==========\n"));
}

#[test]
fn what_an_edit_did_is_told_without_colours() {
    let mut state = edits((80, 30), Answer::Told(Some(versions(&history()))));
    let theme = Theme::on(Depth::None, false, TimeZone::UTC);
    let drawn = draw_with(&state, &theme, &mut Cards::new());
    let style = |text: &str| {
        let (x, y) = find(&drawn.buffer, text);
        drawn.buffer[(x, y)].modifier
    };
    assert!(style("+tomorrow").contains(Modifier::UNDERLINED) && style("-tonight").contains(Modifier::CROSSED_OUT));
    state.settings.ascii = true;
    let drawn = draw_with(&state, &Theme::on(Depth::None, true, TimeZone::UTC), &mut Cards::new());
    let text = rows(&drawn.buffer).join("\n");
    assert!(text.contains("[-tonight-]{+tomorrow+}"), "{text}");
}

/// Puts rows into the tab of a stream as they come, so that those of one post are told together.
fn told_together(state: &mut State, stream: &Stream) {
    let keys: Vec<(RowKey, FoldKey)> = timeline(state, stream)
        .rows()
        .iter()
        .cloned()
        .collect::<Vec<Row>>()
        .iter()
        .filter_map(|row| Some((row.key(), FoldKey::of(&state.store, row)?)))
        .collect();
    let State { tabs, store, .. } = state;
    let tab = tabs.of_mut(stream).unwrap();
    for (key, fold) in keys {
        tab.folds.insert(key, &fold, |row| who(store, row).cloned(), |_| false);
    }
}

fn folded(size: (u16, u16)) -> State {
    let mut state = bare(size);
    let user = Stream::User;
    hold(&mut state, status("205", "3", 8, "<p>始発列車の窓から朝焼けが見えた。</p>"));
    hold(&mut state, Status { spoiler_text: plain("episode 4"), ..status("206", "5", 9, "<p>Inside.</p>") });
    let boosts: [(&str, &[&str]); 4] = [("205", &["11", "2", "8", "4"]), ("206", &["11", "8"]), ("207", &["1", "2", "6"]), ("208", &["9"])];
    hold(&mut state, status("207", "9", 20, "<p>नदी के किनारे की सुबह सबसे अच्छी होती है।</p>"));
    hold(&mut state, status("208", "7", 30, "<p>Never mind.</p>"));
    let mut next = 400;
    for (of, by) in boosts.into_iter().rev() {
        for who in by {
            next += 1;
            post(&mut state, &user, boost(&next.to_string(), who, 3, of));
        }
    }
    told_together(&mut state, &user);
    state
}

#[test]
fn boosts_of_one_post_say_who() {
    at_every_size("boosts", folded);
}

fn folded_notifications(size: (u16, u16)) -> State {
    use NotificationKind as Kind;
    let mut state = bare(size);
    let stream = Stream::UserNotification;
    hold(&mut state, status("301", "99", 120, "<p>My little thing about slow trains.</p>"));
    hold(&mut state, status("302", "1", 130, "<p>A post that was boosted.</p>"));
    let mut next = 500;
    let happened: [(Kind, &[&str], &str); 6] = [
        (Kind::PendingReblog, &["7", "2"], "301"),
        (Kind::PendingFavourite, &["8", "2", "6"], "301"),
        (Kind::QuotedUpdate, &["1", "1"], "302"),
        (Kind::Update, &["1", "1"], "302"),
        (Kind::Reblog, &["11", "2", "8", "1"], "301"),
        (Kind::Favourite, &["3", "5"], "301"),
    ];
    for (kind, by, about) in happened {
        for who in by {
            next += 1;
            let held = notification(&next.to_string(), kind.clone(), Some(who), Some(about), 600 - next);
            timeline(&mut state, &stream).insert(Row::Notification(held.id.clone()));
            state.store.put_notification(held);
        }
    }
    told_together(&mut state, &stream);
    state.tabs.go_to(&stream.clone().into());
    state
}

#[test]
fn every_kind_of_notification_at_every_width() {
    for width in SIZES.map(|(width, _)| width) {
        insta::assert_snapshot!(format!("notifications_{width}"), picture(&notifications((width, 140))));
    }
}

#[test]
fn notifications_of_one_kind_say_who() {
    at_every_size("together", folded_notifications);
}

fn profile_view(size: (u16, u16)) -> State {
    let mut state = home(size);
    let profile = Profile {
        account: account("3", "haruka@kisha.example", "汽車の春香"),
        domain: Some(plain("xn--t8jc3b.example")),
        note: Html::new("<p>Trains, and what is seen from them. <a href=\"https://kisha.example/timetable\">timetable</a> :blobcat:</p>"),
        fields: vec![
            Field { name: plain("Line"), value: Html::new("Tōkaidō, mostly"), verified_at: None },
            Field {
                name: plain("Pages"),
                value: Html::new("<a href=\"https://kisha.example\">kisha.example</a>"),
                verified_at: Some(ago(60 * 24 * 300)),
            },
        ],
        counts: [Some(12_345), Some(678), Some(1)],
        created_at: Some(ago(60 * 24 * 900)),
        last_status_at: Some(plain("2026-11-23")),
        marks: vec![AccountMark::Role(plain("Moderator")), AccountMark::Limited, AccountMark::Moved(aid("9"))],
        emojis: vec![Emoji { shortcode: plain("blobcat"), picture: None }],
    };
    let relationship = Relationship {
        ties: vec![Tie::Following, Tie::FollowedBy, Tie::WithoutBoosts, Tie::Muting],
        muted_until: Some(ago(-90)),
        note: plain("met on the night train"),
    };
    hold(&mut state, Status { spoiler_text: plain("long"), ..status("191", "3", 600, "<p>Inside.</p>") });
    state.overlays.push(Overlay::Profile(Box::new(ProfileView {
        people: vec![aid("3"), aid("2")],
        chosen: Some(0),
        profile: Answer::Told(Some(Box::new(profile))),
        posts: Answer::Told(Some(vec![sid("205"), sid("191")])),
        relationship: Answer::Told(Some(relationship)),
        ..ProfileView::default()
    })));
    state
}

#[test]
fn a_profile() {
    at_every_size("profile", profile_view);
    let mut state = profile_view((80, 24));
    if let Some(Overlay::Profile(view)) = state.overlays.last_mut() {
        view.scroll = u16::MAX;
    }
    insta::assert_snapshot!("profile_end_80x24", picture(&state));
    let measured = draw(&state).measured.profile.unwrap();
    assert!(measured.most > 0 && measured.posts.len() == 2 && measured.posts[0].0 < measured.posts[1].0, "{measured:?}");
}

#[test]
fn a_profile_says_what_it_lacks() {
    let mut told = Vec::new();
    for kind in [FailureKind::Forbidden, FailureKind::Unauthorized, FailureKind::Retry] {
        let failed = || Failure { kind, reason: plain("the server said no") };
        let mut state = home((80, 20));
        state.overlays.push(Overlay::Profile(Box::new(ProfileView {
            profile: Answer::Failed(failed()),
            posts: Answer::Failed(failed()),
            relationship: Answer::Failed(failed()),
            ..ProfileView::of(vec![aid("3")])
        })));
        told.push(picture(&state));
    }
    let mut state = home((80, 20));
    state.overlays.push(Overlay::Profile(Box::new(ProfileView::of(vec![aid("99")]))));
    told.push(picture(&state));
    insta::assert_snapshot!("profile_states", told.join("\n==========\n"));
}

/// A post as a server sends it.
fn sent(id: u32, content: &str, more: Value) -> Value {
    let mut entity = json!({
        "id": id.to_string(), "created_at": ago(i64::from(id % 50)).to_string(), "visibility": "public", "content": content,
        "account": { "id": "70", "acct": "mina@mess.example", "display_name": "Mina" },
    });
    let Value::Object(more) = more else { panic!("{more}") };
    entity.as_object_mut().unwrap().extend(more);
    entity
}

/// A state with posts as a server sends them, the last one newest, and one of them open or none.
fn posts_sent(size: (u16, u16), posts: &[Value]) -> State {
    let mut state = bare(size);
    let page = keep::page(&Stream::User, &Value::Array(posts.to_vec()).to_string()).unwrap();
    assert_eq!((page.items.len(), page.rejected), (posts.len(), 0));
    state.store.put(page.bundle);
    for item in page.items {
        let Item::Status(id) = item else { panic!("{item:?}") };
        timeline(&mut state, &Stream::User).insert(Row::Status(id));
    }
    state
}

/// HTML that Mastodon makes or lets through, and what other software federates.
const HTML: [(&str, &str); 14] = [
    ("lists", "<p>Packed:</p><ul><li>tent</li><li>stove<ol start=\"3\"><li>gas</li><li>matches</li></ol></li></ul>"),
    ("quotation", "<blockquote><p>All trains run.</p><blockquote><p>Do they?</p></blockquote></blockquote><p>They do.</p>"),
    ("code", "<p>Use <code>cargo run --demo</code>:</p><pre><code>fn main() {\n    println!(\"hi\");\n}</code></pre>"),
    ("ruby", "<p><ruby>東京<rp>(</rp><rt>とうきょう</rt><rp>)</rp></ruby>へ</p>"),
    ("emphasis", "<p>One <em>two</em> <strong>three <i>four</i></strong> <del>five</del> <s>six</s> <u>seven</u></p>"),
    ("emoji", "<p>:blobcat: and :unknown: at 12:30 :blobcat::blobcat:</p>"),
    ("heading", "<h1>A heading</h1><p>from other software</p><h3>and a small one</h3><hr><p>after a rule</p>"),
    ("table", "<table><tr><th>Line</th><th>Leaves</th></tr><tr><td>4</td><td>17:02</td></tr></table>"),
    ("unclosed", "<p>never <b>closed<p>and <i>crossed</b> over</i> &amp; &lt;b&gt; &copy &#x1F683;<br/>next<br><br><br><br>far"),
    (
        "misskey",
        "<p><span>$[tada hello] </span><a href=\"https://mess.example/@a\" class=\"u-url mention\">@a@mess.example</a><br><span>second</span></p>",
    ),
    ("lemmy", "<p>Title of a link</p>\n<p><a href=\"https://mess.example/post/1\" rel=\"nofollow\">https://mess.example/post/1</a></p>\n"),
    (
        "wordpress",
        "<div class=\"wp-block\"><figure><img src=\"x\" alt=\"a pier\"><figcaption>The pier</figcaption></figure><p>Text.</p></div>",
    ),
    (
        "script",
        "<script>alert(1)</script><style>p{}</style><p onclick=\"x\">quiet <a href=\"javascript:alert(1)\">no</a></p><iframe src=\"x\">",
    ),
    (
        "long word",
        "<p>Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft 日本語の文章は単語の間に空白がないので折り返しが難しい</p>",
    ),
];

#[test]
fn html_of_every_kind() {
    let emojis = json!({ "emojis": [{ "shortcode": "blobcat" }] });
    for (width, height) in SIZES {
        let mut told = Vec::new();
        for (index, (name, html)) in (1_u32..).zip(HTML) {
            let mut state = posts_sent((width, height.min(16)), &[sent(index, html, emojis.clone())]);
            open(&mut state, &index.to_string(), None);
            let drawn = rows(&draw(&state).buffer);
            assert_whole(&draw(&state).buffer);
            let pane = if width >= 110 { (width * 57 / 100).min(102) + 1 } else { 0 };
            let cut = |row: &String| row.chars().skip(usize::from(pane)).collect::<String>();
            // The words of the post: what is around them is in other pictures.
            let body = drawn.iter().skip(2).take(drawn.len() - 3).map(cut).collect::<Vec<_>>().join("\n");
            told.push(format!("== {name}\n{}", body.trim_end()));
        }
        insta::assert_snapshot!(format!("html_{width}"), told.join("\n"));
    }
}

/// Posts with everything that can hang on one.
fn attached() -> Vec<Value> {
    let inner = sent(
        10,
        "<p>What is quoted.</p><p class=\"quote-inline\">RE: https://mess.example/9</p>",
        json!({ "quote": { "state": "accepted", "quoted_status_id": "9" } }),
    );
    let fallback = "<p class=\"quote-inline\">RE: <a href=\"https://mess.example/10\">https://mess.example/10</a></p><p>My words.</p>";
    let quote = |id: u32, state: &str, whole: bool| {
        let quoted = if whole { inner.clone() } else { Value::Null };
        sent(id, fallback, json!({ "quote": { "state": state, "quoted_status": quoted } }))
    };
    let poll = |id: u32, more: Value| {
        let mut poll = json!({ "id": "1", "votes_count": 118, "voters_count": 90, "multiple": false, "expired": false, "expires_at": ago(-200).to_string(),
            "options": [{ "title": "Harbour", "votes_count": 61 }, { "title": "Observatory, which is up the hill and takes a while", "votes_count": 37 }, { "title": "天文台", "votes_count": 20 }],
            "voted": true, "own_votes": [1] });
        let Value::Object(more) = more else { panic!("{more}") };
        poll.as_object_mut().unwrap().extend(more);
        sent(id, "<p>Where to?</p>", json!({ "poll": poll }))
    };
    let card = |id: u32, more: Value| {
        let mut card = json!({ "url": "https://mess.example/long/address/of/a/page", "title": "A page about trains", "description": "What it says first.", "provider_name": "Mess" });
        let Value::Object(more) = more else { panic!("{more}") };
        card.as_object_mut().unwrap().extend(more);
        sent(id, "<p>Read this.</p>", json!({ "card": card }))
    };
    vec![
        quote(40, "accepted", true),
        quote(39, "accepted", false),
        quote(38, "pending", false),
        quote(37, "rejected", false),
        quote(36, "revoked", false),
        quote(35, "deleted", false),
        quote(34, "unauthorized", false),
        quote(33, "blocked_account", false),
        quote(32, "blocked_domain", false),
        quote(31, "muted_account", false),
        quote(30, "of_the_future", false),
        poll(29, json!({})),
        poll(28, json!({ "multiple": true, "own_votes": [0, 2] })),
        poll(27, json!({ "expired": true, "expires_at": ago(60).to_string() })),
        poll(
            26,
            json!({ "votes_count": 0, "options": [{ "title": "Yes", "votes_count": null }, { "title": "No", "votes_count": null }], "voted": false, "own_votes": [] }),
        ),
        poll(25, json!({ "expires_at": null })),
        card(
            24,
            json!({ "authors": [{ "name": "", "account": { "id": "71", "acct": "a@b.example", "display_name": "Ada Quill" } }, { "name": "Bo", "account": null }] }),
        ),
        card(23, json!({ "author_name": "Cy", "provider_name": "" })),
        card(22, json!({})),
    ]
}

#[test]
fn quotes_polls_and_previews_of_every_kind() {
    for width in SIZES.map(|(width, _)| width) {
        insta::assert_snapshot!(format!("attached_{width}"), picture(&posts_sent((width, 150), &attached())));
    }
}

/// The posts of all transcripts, each content once.
static RECORDED: LazyLock<Vec<Value>> = LazyLock::new(|| {
    let mut found: BTreeMap<String, Value> = BTreeMap::new();
    for path in transcripts::transcripts() {
        for line in std::fs::read_to_string(path).unwrap().lines() {
            let Ok(row) = serde_json::from_str::<Value>(line) else { continue };
            let Some(frame) = row["data"].as_str().and_then(|data| serde_json::from_str::<Value>(data).ok()) else { continue };
            let Some(payload) = frame["payload"].as_str().and_then(|payload| serde_json::from_str::<Value>(payload).ok()) else { continue };
            for entity in [&payload, &payload["status"], &payload["last_status"]] {
                if let (Some(_), Some(content)) = (entity["account"]["id"].as_str(), entity["content"].as_str()) {
                    found.entry(format!("{content}{}{}", entity["poll"], entity["quote"])).or_insert_with(|| entity.clone());
                }
            }
        }
    }
    found.into_values().collect()
});

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]
    #[test]
    fn recorded_posts_fit_any_width(which in any::<prop::sample::Index>(), width in 1_u16..200, opened in any::<bool>(), ascii in any::<bool>()) {
        prop_assert!(RECORDED.len() > 100, "{} posts", RECORDED.len());
        let entity = which.get(&RECORDED).clone();
        let Some(page) = keep::page(&Stream::User, &Value::Array(vec![entity]).to_string()).filter(|page| page.items.len() == 1) else { return Ok(()) };
        let mut state = bare((width, 40));
        let Item::Status(id) = page.items[0].clone() else { panic!() };
        state.store.put(page.bundle);
        timeline(&mut state, &Stream::User).insert(Row::Status(id.clone()));
        if opened {
            open(&mut state, id.as_str(), None);
        }
        let drawn = draw_with(&state, &Theme::new(true, ascii, TimeZone::UTC), &mut Cards::new());
        assert_whole(&drawn.buffer);
        if let (Some(pane), Some(_)) = (&drawn.measured.timeline, &drawn.measured.reader) {
            let joint = pane.area.x + pane.area.width;
            for y in pane.area.y..pane.area.y + pane.area.height {
                prop_assert_eq!(drawn.buffer[(joint, y)].symbol(), if ascii { "|" } else { "│" }, "row {}", y);
            }
        }
        if let (Some(pane), true) = (&drawn.measured.timeline, width >= 20) {
            // The column beside the text is the bar's, and the last one stays free.
            for y in pane.area.y + 1..pane.area.y + pane.area.height {
                let last = pane.area.x + pane.area.width - 1;
                prop_assert_eq!(drawn.buffer[(last, y)].symbol(), " ", "row {} of {:?}", y, rows(&drawn.buffer));
            }
        }
    }
}
