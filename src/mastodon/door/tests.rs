//! The door against servers that answer well, badly, slowly, too much and not at all.

use super::origin::normalise;
use super::trouble::without_number;
use super::trust::{OWN, REDIRECTS};
use super::*;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

/// A server on this machine that writes what it is told to, byte by byte.
pub(crate) struct Loopback {
    pub(crate) url: Url,
    heads: mpsc::UnboundedReceiver<String>,
}

impl Loopback {
    /// The heads of the requests that have come so far.
    pub(crate) fn heads(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.heads.try_recv().ok()).collect()
    }

    /// Their targets.
    pub(crate) fn targets(&mut self) -> Vec<String> {
        self.heads().iter().filter_map(|head| Some(head.split(' ').nth(1)?.to_owned())).collect()
    }
}

/// Answers every request with what `answer` makes of its head, then hangs up.
pub(crate) async fn serve(answer: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static) -> Loopback {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
    let (sender, heads) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                match socket.read_u8().await {
                    Ok(byte) => head.push(byte),
                    Err(_) => break,
                }
            }
            let head = String::from_utf8_lossy(&head).into_owned();
            let bytes = answer(&head);
            if sender.send(head).is_err() {
                return;
            }
            // The client may hang up early: that is what some tests are about.
            let _gone = socket.write_all(&bytes).await;
            let _gone = socket.shutdown().await;
        }
    });
    Loopback { url, heads }
}

/// A whole response; `headers` one a line.
pub(crate) fn reply(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let headers = headers.lines().fold(String::new(), |all, line| all + line.trim() + "\r\n");
    let mut bytes = format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n", body.len()).into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

const SECRET: &str = "s3cr3t-0f-th3-r34d3r";
const LIMIT: usize = 64 * 1024;

fn noon() -> Timestamp {
    "2026-11-23T12:00:00Z".parse().unwrap()
}

pub(crate) fn access(url: &Url) -> Access {
    Access::new(url.as_str(), Token::new(SECRET).unwrap()).unwrap()
}

fn door(url: &Url) -> Door {
    Door::new(access(url), noon).unwrap()
}

async fn ask(url: &Url) -> Result<Answer, Failure> {
    door(url).get(&["api", "x"], &[], LIMIT).await
}

async fn ask_for(response: Vec<u8>) -> Failure {
    let server = serve(move |_| response.clone()).await;
    let failure = ask(&server.url).await.unwrap_err();
    assert!(!failure.reason.as_str().contains('<') && !failure.reason.as_str().contains(SECRET), "{failure:?}");
    failure
}

async fn refuse_with(response: Vec<u8>) -> Refusal {
    let server = serve(move |_| response.clone()).await;
    let refusal = door(&server.url).upgrade(&server.url, true).await.unwrap_err();
    assert!(!refusal.reason.as_str().contains('<') && !refusal.reason.as_str().contains(SECRET), "{refusal:?}");
    refusal
}

#[test]
fn a_failure_of_the_system_is_told_in_words_alone() {
    let refused = std::io::Error::from_raw_os_error(111).to_string();
    assert!(refused.contains("111") && !without_number(&refused).contains(['1', '(']), "{refused}");
    assert_eq!(without_number("no route (to the host)"), "no route (to the host)");
}

#[test]
fn what_people_type_becomes_a_server_or_a_reason() {
    for (typed, url) in [
        ("mastodon.social", "https://mastodon.social/"),
        ("  Mastodon.Social/ ", "https://mastodon.social/"),
        ("https://mastodon.social/@me/123?x#y", "https://mastodon.social/"),
        ("HTTPS://mastodon.social:443", "https://mastodon.social/"),
        ("mastodon.social:8443/web", "https://mastodon.social:8443/"),
        ("@me@mastodon.social", "https://mastodon.social/"),
        ("me@mastodon.social", "https://mastodon.social/"),
        ("acct:me@mastodon.social", "https://mastodon.social/"),
        ("mastodon.social.", "https://mastodon.social/"),
        ("mastodon.social/@you@elsewhere.example", "https://mastodon.social/"),
        ("bücher.example", "https://xn--bcher-kva.example/"),
        ("http://localhost:3000", "http://localhost:3000/"),
        ("http://127.0.0.1:3000/", "http://127.0.0.1:3000/"),
        ("http://[::1]:3000", "http://[::1]:3000/"),
    ] {
        match normalise(typed) {
            Ok(got) => assert_eq!(got.as_str(), url, "{typed}"),
            Err(error) => panic!("{typed}: {error}"),
        }
    }
    for (typed, words) in [
        ("", "no server"),
        ("   ", "no server"),
        ("https://", "no server"),
        ("/path", "no server"),
        ("http://mastodon.social", "without encryption"),
        ("http://localhost.example", "without encryption"),
        ("http://192.168.0.1", "without encryption"),
        ("https://me:hunter2@mastodon.social", "must not contain"),
        ("me:hunter2@mastodon.social", "must not contain"),
        ("https://me@mastodon.social", "must not contain"),
        ("ftp://mastodon.social", "not an address of the web"),
        ("@me", "on which server"),
        ("@@mastodon.social", "on which server"),
        ("a@b@c", "more than one"),
        ("two words", "spaces"),
        ("https://mastodon.social:99999", "port"),
    ] {
        let error = normalise(typed).expect_err(typed).to_string();
        assert!(error.contains(words), "{typed}: {error}");
        assert!(!error.contains("hunter2"), "{error}");
    }
}

#[test]
fn a_token_is_one_printable_word() {
    assert_eq!(Token::new(" abc\n").unwrap().0, "abc");
    for raw in ["", " ", "a b", "a\nb", "ä", "a\u{1b}b", &"x".repeat(LONGEST_TOKEN + 1)] {
        assert!(matches!(Token::new(raw), Err(Error::BadToken(_))), "{raw:?}");
    }
}

#[test]
fn nothing_prints_the_token() {
    let access = access(&Url::parse("http://127.0.0.1:9/").unwrap());
    let door = Door::new(access.clone(), noon).unwrap();
    let printed = format!("{:?} {access:?} {door:?} {:?}", access.token, door.authorization);
    assert!(!printed.contains(SECRET), "{printed}");
    assert!(printed.contains("Token(…)"), "{printed}");
}

#[test]
fn the_token_goes_only_where_it_is_as_public_and_as_protected() {
    let check = |server: &str, streaming: &str| trusted(&Url::parse(server).unwrap(), &Url::parse(streaming).unwrap());
    for (server, streaming) in [
        ("https://a.example", "wss://a.example"),
        ("https://a.example", "wss://streaming.b.example:8443/x"),
        ("https://192.168.0.2", "wss://192.168.0.3"),
        ("https://mastodon", "wss://a.example"),
        ("http://localhost:3000", "ws://localhost:4000"),
        ("http://127.0.0.1:3000", "wss://a.example"),
    ] {
        assert_eq!(check(server, streaming), Ok(()), "{server} {streaming}");
    }
    for (server, streaming, words) in [
        ("https://a.example", "ws://a.example", "without encryption"),
        ("https://a.example", "ws://b.example", "without encryption"),
        ("http://localhost:3000", "ws://b.example", "without encryption"),
        ("https://a.example", "ws://127.0.0.1", "without encryption"),
        ("https://a.example", "wss://127.0.0.1", "private"),
        ("https://a.example", "wss://localhost", "private"),
        ("https://a.example", "wss://x.localhost.", "private"),
        ("https://a.example", "wss://0.0.0.0", "private"),
        ("https://a.example", "wss://10.1.2.3", "private"),
        ("https://a.example", "wss://169.254.169.254", "private"),
        ("https://a.example", "wss://100.64.0.1", "private"),
        ("https://a.example", "wss://[::ffff:192.168.0.1]", "private"),
        ("https://a.example", "wss://[fe80::1]", "private"),
        ("https://a.example", "wss://[fd00::1]", "private"),
        ("https://a.example", "wss://printer.local", "private"),
        ("https://a.example", "wss://redis", "private"),
        ("https://192.168.0.2", "wss://[::1]", "private"),
        ("https://a.example", "wss://me:x@b.example", "user name"),
        ("https://a.example", "ftp://b.example", "not one of the web"),
        ("https://a.example", "data:x", "not one of the web"),
    ] {
        let reason = check(server, streaming).expect_err(streaming);
        assert!(reason.contains(words), "{server} {streaming}: {reason}");
    }
}

#[test]
fn a_file_of_authorities_that_is_none_says_what_is_wrong() {
    assert!(trust(b"").unwrap_err().as_str().starts_with("no certificate is in it"));
    assert!(trust(b"words").unwrap_err().as_str().starts_with("no certificate is in it"));
    let junk = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    assert!(trust(junk).unwrap_err().as_str().contains("cannot be used"), "{:?}", trust(junk));
    assert!(OWN.get().is_none(), "nothing of it is trusted");
}

#[test]
fn a_stated_wait_is_counted_from_the_answers_date_and_clamped() {
    let date = ("date", "Mon, 23 Nov 2026 16:11:08 GMT");
    for (status, headers, expected) in [
        // GoToSocial, as in `error-429-rate-limited` and `error-429-throttled`.
        (429, vec![date, ("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "2026-11-23T16:16:06.000Z")], Some(298.0)),
        (429, vec![date, ("retry-after", "7")], Some(7.0)),
        (429, vec![date, ("x-ratelimit-reset", "1795450568")], Some(300.0)),
        (429, vec![date, ("x-ratelimit-reset", "45")], Some(45.0)),
        (429, vec![date, ("retry-after", "Mon, 23 Nov 2026 16:12:08 GMT")], Some(60.0)),
        (429, vec![date, ("retry-after", "7"), ("x-ratelimit-reset", "2026-11-23T16:16:06Z")], Some(7.0)),
        (429, vec![date, ("retry-after", "soon"), ("x-ratelimit-reset", "2026-11-23T16:12:08Z")], Some(60.0)),
        (429, vec![("x-ratelimit-reset", "2026-11-23T12:00:30Z")], Some(30.0)),
        (429, vec![date, ("retry-after", "0")], Some(1.0)),
        (429, vec![date, ("retry-after", "-5")], Some(1.0)),
        (429, vec![date, ("retry-after", "99999999999999999999999")], Some(900.0)),
        (429, vec![date, ("x-ratelimit-reset", "1999-01-01T00:00:00Z")], Some(1.0)),
        (429, vec![date, ("x-ratelimit-reset", "9999-01-01T00:00:00Z")], Some(900.0)),
        (429, vec![date, ("retry-after", "NaN")], None),
        (429, vec![date, ("retry-after", "inf")], None),
        (429, vec![date], None),
        (503, vec![date, ("retry-after", "20")], Some(20.0)),
        (503, vec![date, ("x-ratelimit-reset", "2026-11-23T16:12:08Z")], Some(60.0)),
        (503, vec![date, ("x-ratelimit-remaining", "12"), ("x-ratelimit-reset", "2026-11-23T16:12:08Z")], None),
    ] {
        let map = headers.iter().map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value))).collect();
        let got = wait(StatusCode::from_u16(status).unwrap(), &map, noon());
        assert_eq!(got, expected.map(Duration::from_secs_f64), "{status} {headers:?}");
    }
}

#[tokio::test]
async fn a_question_carries_the_token_our_name_and_nothing_more() {
    let mut server = serve(|_| reply("200 OK", "Link: <a>; rel=prev\nLink: <b>; rel=next", b"[]")).await;
    let answer = door(&server.url).get(&["api", "tag", "a/b?c#d é"], &[("max_id", "1&2")], LIMIT).await.unwrap();
    assert_eq!((answer.body.as_slice(), answer.link.as_deref()), (&b"[]"[..], Some("<a>; rel=prev, <b>; rel=next")));
    let head = server.heads().concat().to_lowercase();
    assert!(head.starts_with("get /api/tag/a%2fb%3fc%23d%20%c3%a9?max_id=1%262 http/1.1"), "{head}");
    assert!(head.contains(&format!("authorization: bearer {SECRET}")), "{head}");
    assert!(head.contains("user-agent: trunkline/") && head.contains("accept-encoding: gzip"), "{head}");
    assert!(!head.contains("referer") && !head.contains("cookie"), "{head}");
}

#[tokio::test]
async fn an_id_that_would_climb_out_of_its_path_is_not_asked_for() {
    let mut server = serve(|_| reply("200 OK", "", b"{}")).await;
    let failure = door(&server.url).get(&["api", "v1", "statuses", ".."], &[], LIMIT).await.unwrap_err();
    assert_eq!((failure.kind, server.heads().len()), (FailureKind::NotFound, 0));
}

#[tokio::test]
async fn redirects_are_followed_at_home_only_and_three_times_at_most() {
    let mut elsewhere = serve(|_| reply("200 OK", "", b"{}")).await;
    let away = elsewhere.url.join("/login?next=secret").unwrap();
    let mut home = serve(move |head| match head.split(' ').nth(1) {
        Some("/api/x") => reply("302 Found", "Location: /there", b""),
        Some("/there") => reply("200 OK", "", b"\"there\""),
        Some("/api/away") => reply("301 Moved Permanently", &format!("Location: {away}"), b""),
        _ => reply("307 Temporary Redirect", "Location: /circle", b""),
    })
    .await;
    assert_eq!(ask(&home.url).await.unwrap().body, b"\"there\"");
    assert!(home.heads().iter().all(|head| head.contains(SECRET) && !head.to_lowercase().contains("referer")));

    let failure = door(&home.url).get(&["api", "away"], &[], LIMIT).await.unwrap_err();
    assert_eq!((failure.kind, elsewhere.heads().len()), (FailureKind::Unusable, 0));
    assert!(failure.reason.as_str().contains(&name(&elsewhere.url)) && !failure.reason.as_str().contains("secret"), "{failure:?}");

    home.heads();
    let failure = door(&home.url).get(&["circle"], &[], LIMIT).await.unwrap_err();
    assert_eq!((failure.kind, home.heads().len()), (FailureKind::Retry, 1 + REDIRECTS));
    assert!(failure.reason.as_str().contains("circles"), "{failure:?}");
}

#[tokio::test]
async fn refused_questions_say_what_can_be_done() {
    let json = "Content-Type: application/json";
    let html = "Content-Type: text/html";
    let said = br#"{"error":"The access token was \u001b[31mrevoked"}"#;
    for (status, headers, body, kind, words) in [
        ("401 Unauthorized", json, &said[..], FailureKind::Unauthorized, "The access token was"),
        ("401 Unauthorized", html, b"<h1>Log in</h1>", FailureKind::Retry, "something between"),
        ("403 Forbidden", json, br#"{"error":"This action is not allowed"}"#, FailureKind::Forbidden, "This action is not allowed"),
        ("403 Forbidden", html, b"<h1>Blocked</h1>", FailureKind::Retry, "something between"),
        ("407 Proxy Authentication Required", html, b"", FailureKind::Retry, "something between"),
        ("200 OK", html, b"<h1>Welcome to the hotel</h1>", FailureKind::Retry, "something between"),
        ("404 Not Found", json, br#"{"error":"Record not found"}"#, FailureKind::NotFound, "Record not found"),
        ("410 Gone", json, b"{}", FailureKind::NotFound, "410 Gone"),
        ("422 Unprocessable", json, br#"{"error":"Validation failed"}"#, FailureKind::Forbidden, "Validation failed"),
        ("422 Unprocessable", json, br#"{"error":"who is Bearer s3cr3t-0f-\u200bth3-r34d3r?"}"#, FailureKind::Forbidden, "who is"),
        ("405 Method Not Allowed", "", b"405 method not allowed", FailureKind::Unusable, "405"),
        ("206 Partial Content", json, b"{}", FailureKind::Retry, "not ready"),
        ("500 Internal Server Error", html, b"<h1>oh</h1>", FailureKind::Retry, "500"),
        ("501 Not Implemented", html, b"<h1>oh</h1>", FailureKind::Unusable, "501"),
        ("502 Bad Gateway", html, b"<h1>nginx</h1>", FailureKind::Retry, "502 Bad Gateway"),
        ("503 Service Unavailable", html, b"<h1>nginx</h1>", FailureKind::Retry, "503"),
    ] {
        let failure = ask_for(reply(status, headers, body)).await;
        assert_eq!(failure.kind, kind, "{status} {headers}: {failure:?}");
        assert!(failure.reason.as_str().contains(words), "{status} {headers}: {failure:?}");
        assert!(!failure.reason.as_str().contains('\u{1b}'), "{failure:?}");
    }
}

#[tokio::test]
async fn a_limit_ends_at_a_moment_of_our_own_clock() {
    let headers = "Date: Mon, 23 Nov 2026 16:11:08 GMT\nX-RateLimit-Reset: 2026-11-23T16:16:06.000Z";
    let failure = ask_for(reply("429 Too Many Requests", headers, br#"{"error":"rate limit reached"}"#)).await;
    assert_eq!(failure.kind, FailureKind::RateLimited("2026-11-23T12:04:58Z".parse().unwrap()));
    assert_eq!(failure.reason.as_str(), "rate limit reached");
    let failure = ask_for(reply("503 Service Unavailable", "Retry-After: 5", b"")).await;
    assert_eq!(failure.kind, FailureKind::RateLimited("2026-11-23T12:00:05Z".parse().unwrap()));
    let failure = ask_for(reply("429 Too Many Requests", "", b"")).await;
    assert_eq!(failure.kind, FailureKind::RateLimited("2026-11-23T12:01:00Z".parse().unwrap()));
}

#[tokio::test]
async fn nothing_is_asked_before_a_stated_moment() {
    static SECONDS: AtomicI64 = AtomicI64::new(1_000_000);
    let clock = || Timestamp::from_second(SECONDS.load(Ordering::Relaxed)).unwrap();
    let limited = "Date: Mon, 23 Nov 2026 16:11:08 GMT\nX-RateLimit-Reset: 2026-11-23T16:12:08Z";
    let calls = std::sync::atomic::AtomicUsize::new(0);
    let mut server = serve(move |_| match calls.fetch_add(1, Ordering::SeqCst) {
        0 => reply("429 Too Many Requests", limited, br#"{"error":"rate limit reached"}"#),
        1 => reply("429 Too Many Requests", "", b""),
        _ => reply("200 OK", "", b"[]"),
    })
    .await;
    let door = Door::new(access(&server.url), clock).unwrap();
    let ask = async || door.get(&["api", "x"], &[], LIMIT).await.map(|_| ()).map_err(|failure| failure.kind);
    let until = FailureKind::RateLimited(Timestamp::from_second(1_000_060).unwrap());
    for seconds in [1_000_000, 1_000_000, 1_000_059] {
        SECONDS.store(seconds, Ordering::Relaxed);
        assert_eq!(ask().await, Err(until));
    }
    assert_eq!(server.heads().len(), 1);
    // A moment that nobody stated binds whoever was told, not the rest.
    SECONDS.store(1_000_060, Ordering::Relaxed);
    assert_eq!(ask().await, Err(FailureKind::RateLimited(Timestamp::from_second(1_000_120).unwrap())));
    assert_eq!(ask().await, Ok(()));
    assert_eq!(server.heads().len(), 2);
}

#[tokio::test]
async fn a_clock_that_is_set_back_does_not_shut_the_door() {
    static SECONDS: AtomicI64 = AtomicI64::new(1_000_000);
    let clock = || Timestamp::from_second(SECONDS.load(Ordering::Relaxed)).unwrap();
    let calls = std::sync::atomic::AtomicUsize::new(0);
    let server = serve(move |_| match calls.fetch_add(1, Ordering::SeqCst) {
        0 => reply("503 Service Unavailable", "Retry-After: 900", b""),
        _ => reply("200 OK", "", b"[]"),
    })
    .await;
    let door = Door::new(access(&server.url), clock).unwrap();
    assert!(door.get(&["api", "x"], &[], LIMIT).await.is_err());
    assert!(door.get(&["api", "x"], &[], LIMIT).await.is_err());
    SECONDS.store(1_000_000 - 86_400, Ordering::Relaxed);
    assert!(door.get(&["api", "x"], &[], LIMIT).await.is_ok());
}

/// One letter in gzip, 258 bytes of it for thirteen bits: fixed codes, one literal, then so many matches.
pub(crate) fn bomb(matches: usize) -> Vec<u8> {
    let mut bytes = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    let (mut held, mut count) = (0_u32, 0);
    let mut put = |bits: u32, width: u32| {
        held |= bits << count;
        count += width;
        while count >= 8 {
            bytes.push(held.to_le_bytes()[0]);
            held >>= 8;
            count -= 8;
        }
    };
    put(0b011, 3);
    put(0x91_u8.reverse_bits().into(), 8);
    for _ in 0..matches {
        put(0b1100_0101_u8.reverse_bits().into(), 8);
        put(0, 5);
    }
    put(0, 7);
    put(0, 8);
    bytes
}

#[tokio::test]
async fn bodies_are_bounded_after_decompression_and_must_be_whole() {
    let bomb = bomb(32 * 1024);
    assert!(bomb.len() < LIMIT);
    let failure = ask_for(reply("200 OK", "Content-Type: application/json\nContent-Encoding: gzip", &bomb)).await;
    assert_eq!(failure.kind, FailureKind::Unusable, "{failure:?}");
    assert!(failure.reason.as_str().contains("more than 64 KiB"), "{failure:?}");

    let mut short = reply("200 OK", "Content-Type: application/json", b"[1,2,3]");
    short.truncate(short.len() - 3);
    let failure = ask_for(short).await;
    assert_eq!(failure.kind, FailureKind::Retry);
    assert!(failure.reason.as_str().contains("broke off"), "{failure:?}");
}

#[tokio::test]
async fn a_dead_connection_is_tried_once_more_and_no_more() {
    let calls = std::sync::atomic::AtomicUsize::new(0);
    let mut server = serve(move |_| match calls.fetch_add(1, Ordering::SeqCst) {
        1 => reply("200 OK", "", b"[]"),
        _ => Vec::new(),
    })
    .await;
    assert!(ask(&server.url).await.is_ok());
    assert_eq!(server.heads().len(), 2);
    let failure = ask(&server.url).await.unwrap_err();
    assert_eq!((failure.kind, server.heads().len()), (FailureKind::Retry, 2));
    assert!(failure.reason.as_str().contains("was lost") && !failure.reason.as_str().contains("/api"), "{failure:?}");
}

#[tokio::test]
async fn nobody_waits_for_a_server_that_hangs() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
    let mut door = door(&url);
    assert_eq!((door.patience.answer.as_secs(), door.patience.upgrade.as_secs()), (30, 10));
    door.patience = Patience { answer: Duration::from_millis(60), upgrade: Duration::from_millis(60) };
    let failure = door.get(&["api"], &[], LIMIT).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Retry);
    assert!(failure.reason.as_str().contains("did not answer"), "{failure:?}");
    let refusal = door.upgrade(&url, false).await.unwrap_err();
    assert_eq!(refusal.kind, RefusalKind::Unanswered);
    assert!(refusal.reason.as_str().contains("did not answer"), "{refusal:?}");
    assert_eq!(door.events(&url).await.unwrap_err().kind, RefusalKind::Unanswered);

    // A slow answer counts as well as none: the deadline is over all of it.
    let slow = tokio::spawn(async move {
        let mut open = Vec::new();
        loop {
            let (mut socket, _) = listener.accept().await.unwrap();
            let _first_byte = socket.read_u8().await;
            let _gone = socket.write_all(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n").await;
            open.push(socket);
        }
    });
    let refusal = door.upgrade(&url, false).await.unwrap_err();
    assert_eq!(refusal.kind, RefusalKind::Unanswered);
    slow.abort();
}

#[tokio::test]
async fn who_cannot_be_reached_is_offline_and_who_is_not_trusted_is_not() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let closed = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
    drop(listener);
    let door = door(&closed);
    assert_eq!(door.get(&["api"], &[], LIMIT).await.unwrap_err().kind, FailureKind::Offline);
    let refusal = door.upgrade(&closed, false).await.unwrap_err();
    assert_eq!(refusal.kind, RefusalKind::Offline);
    assert!(refusal.reason.as_str().contains("cannot be reached"), "{refusal:?}");

    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let wss = Url::parse(&format!("wss://{}/", listener.local_addr().unwrap())).unwrap();
    let plain = tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let _gone = socket.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        let _gone = socket.read_u8().await;
    });
    let refusal = door.upgrade(&wss, false).await.unwrap_err();
    assert_eq!(refusal.kind, RefusalKind::Tls, "{refusal:?}");
    plain.abort();
}

#[tokio::test]
async fn every_attempt_makes_a_connection_of_its_own() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
    let mut door = door(&url);
    let refusing = async {
        let mut kept = Vec::new();
        for _ in 0..2 {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(socket.read_u8().await.unwrap());
            }
            socket.write_all(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n").await.unwrap();
            // Kept open and never read again, as behind a network that is gone.
            kept.push(socket);
        }
        kept
    };
    door.patience = Patience { answer: Duration::from_secs(30), upgrade: Duration::from_secs(2) };
    let asking = async {
        for _ in 0..2 {
            let refusal = door.upgrade(&url, false).await.unwrap_err();
            assert_eq!(refusal.kind, RefusalKind::Server, "{refusal:?}");
            // A connection would go back to its pool on a task of its own.
            for _ in 0..20 {
                tokio::task::yield_now().await;
            }
        }
    };
    let ((), _kept) = tokio::join!(asking, refusing);
}

/// A full queue is how Linux makes an address that never answers without leaving this machine.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn one_dead_address_does_not_cost_the_attempt() {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let full = socket.listen(1).unwrap();
    let dead = full.local_addr().unwrap();
    let mut waiting = Vec::new();
    while let Ok(stream) = tokio::time::timeout(Duration::from_millis(200), tokio::net::TcpStream::connect(dead)).await {
        waiting.push(stream.unwrap());
    }
    let server = serve(|head| switch(head, None)).await;
    let alive = server.url.socket_addrs(|| None).unwrap()[0];
    let mut door = door(&server.url);
    let addresses: Vec<_> = std::iter::once(dead).chain(std::iter::repeat_n(alive, 7)).collect();
    door.upgrade = upgrade_builder(&server.url).resolve_to_addrs("localhost", &addresses).build().unwrap();
    let opened = door.upgrade(&Url::parse("ws://localhost/api/v1/streaming").unwrap(), false).await;
    assert!(opened.is_ok(), "{:?}", opened.err());
}

#[tokio::test]
async fn an_untrusted_streaming_address_never_sees_a_request() {
    let mut server = serve(|_| reply("200 OK", "", b"")).await;
    let mut door = door(&server.url);
    door.server = Url::parse("https://a.example").unwrap();
    let refusal = door.upgrade(&server.url, true).await.unwrap_err();
    assert_eq!((refusal.kind, server.heads().len()), (RefusalKind::NoStreaming, 0));
}

fn switch(head: &str, accept: Option<&str>) -> Vec<u8> {
    let key = head.lines().find_map(|line| line.split_once(": ").filter(|(name, _)| name.eq_ignore_ascii_case("sec-websocket-key")));
    let accept = accept.map_or_else(|| derive_accept_key(key.unwrap().1.as_bytes()), str::to_owned);
    format!("HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\nConnection: keep-alive, upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\nhello")
        .into_bytes()
}

#[tokio::test]
async fn a_subprotocol_may_come_back_or_not() {
    // Transcript `ws-auth-subprotocol` echoes it; Iceshrimp does not.
    for echoed in ["", "Sec-WebSocket-Protocol: s3cr3t-0f-th3-r34d3r\r\n", "Sec-WebSocket-Protocol: another\r\n"] {
        let end = format!("\r\n{echoed}\r\nhello");
        let server = serve(move |head| String::from_utf8(switch(head, None)).unwrap().replace("\r\n\r\nhello", &end).into_bytes()).await;
        let mut socket = door(&server.url).upgrade(&server.url, true).await.unwrap();
        let mut first = [0; 5];
        socket.read_exact(&mut first).await.unwrap();
        assert_eq!(&first, b"hello", "{echoed}");
    }
}

#[tokio::test]
async fn a_socket_opens_with_the_token_in_the_header_and_where_asked_in_the_subprotocol() {
    let mut server = serve(|head| switch(head, None)).await;
    let streaming = Url::parse(&server.url.as_str().replace("http", "ws")).unwrap().join("/api/v1/streaming").unwrap();
    for subprotocol in [false, true] {
        let mut socket = door(&server.url).upgrade(&streaming, subprotocol).await.unwrap();
        let mut first = [0; 5];
        socket.read_exact(&mut first).await.unwrap();
        assert_eq!(&first, b"hello");
        let head = server.heads().concat().to_lowercase();
        assert!(head.starts_with("get /api/v1/streaming http/1.1"), "{head}");
        assert!(head.contains(&format!("authorization: bearer {SECRET}")), "{head}");
        assert!(head.contains("upgrade: websocket") && head.contains("connection: upgrade"), "{head}");
        assert!(head.contains("sec-websocket-version: 13") && head.contains("user-agent: trunkline/"), "{head}");
        assert_eq!(head.contains(&format!("sec-websocket-protocol: {SECRET}")), subprotocol, "{head}");
    }
    let bad = serve(|head| switch(head, Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="))).await;
    let refusal = door(&bad.url).upgrade(&bad.url, false).await.unwrap_err();
    assert_eq!(refusal.kind, RefusalKind::Interposed, "{refusal:?}");
    let bare = refuse_with(b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n".to_vec()).await;
    assert_eq!(bare.kind, RefusalKind::Interposed, "{bare:?}");
}

#[tokio::test]
async fn a_refused_upgrade_says_who_refused_and_why() {
    let html = "Content-Type: text/html";
    let json = "Content-Type: application/json";
    for (status, headers, body, kind, words) in [
        // Transcripts `ws-refused-unknown-token`, `ws-refused-postgres-down`, `ws-refused-bad-version`; GoToSocial's
        // `handshake-bad-token`, `handshake-write-only-scope`, `handshake-no-user-agent`.
        ("401 Unauthorized", "X-Error-Message: Invalid access token", &b""[..], RefusalKind::Unauthorized, "Invalid access token"),
        ("401 Unauthorized", json, br#"{"error":"Unauthorized: token not supplied"}"#, RefusalKind::Unauthorized, "token not supplied"),
        ("401 Unauthorized", html, b"Unauthorized", RefusalKind::Unauthorized, "401 Unauthorized"),
        ("401 Unauthorized", html, b"<h1>Unauthorized</h1>", RefusalKind::Interposed, "something between"),
        ("403 Forbidden", html, b"<h1>no</h1>", RefusalKind::Interposed, "something between"),
        ("403 Forbidden", json, br#"{"error":"insufficient scope"}"#, RefusalKind::Forbidden, "insufficient scope"),
        ("407 Proxy Authentication Required", html, b"", RefusalKind::Interposed, "something between"),
        ("200 OK", html, b"<h1>hotel</h1>", RefusalKind::Interposed, "something between"),
        ("404 Not Found", json, b"{}", RefusalKind::NoStreaming, "404 Not Found"),
        ("501 Not Implemented", html, b"", RefusalKind::NoStreaming, "501"),
        ("301 Moved Permanently", "Location: /api/v1/streaming", b"", RefusalKind::NoStreaming, "elsewhere"),
        ("302 Found", "Location: /login", b"", RefusalKind::Interposed, "302"),
        ("404 Not Found", json, br#"{"error":"Not found"}"#, RefusalKind::NotThere, "Not found (404)"),
        ("400 Bad Request", json, br#"{"error":"Unknown channel requested"}"#, RefusalKind::NotThere, "Unknown channel"),
        ("400 Bad Request", html, b"Missing or invalid Sec-WebSocket-Version header", RefusalKind::NoStreaming, "400"),
        ("426 Upgrade Required", html, b"", RefusalKind::NoStreaming, "426"),
        ("418 I'm a teapot", json, br#"{"error":"I'm a teapot: no user-agent"}"#, RefusalKind::Server, "no user-agent"),
        ("500 Oops", "X-Error-Message: An unexpected error occurred", b"", RefusalKind::Server, "unexpected error"),
        ("502 Bad Gateway", html, b"<h1>nginx</h1>", RefusalKind::Server, "502 Bad Gateway"),
        ("500 Oops", "X-Error-Message: not s3cr3t-0f-th3-r34d3r", b"", RefusalKind::Server, "not REDACTED"),
        ("400 Bad Request", json, br#"{"error":"no s3cr3t-0f-th3-r34d3r"}"#, RefusalKind::NotThere, "no REDACTED"),
    ] {
        let refusal = refuse_with(reply(status, headers, body)).await;
        assert_eq!((refusal.kind, refusal.retry_after), (kind, None), "{status} {headers}: {refusal:?}");
        assert!(refusal.reason.as_str().contains(words), "{status} {headers}: {refusal:?}");
    }
    let limits = "Date: Mon, 23 Nov 2026 16:11:08 GMT\nX-Ratelimit-Reset: 2026-11-23T16:16:06.000Z";
    let refusal = refuse_with(reply("429 Too Many Requests", limits, br#"{"error":"rate limit reached"}"#)).await;
    assert_eq!((refusal.kind, refusal.retry_after), (RefusalKind::RateLimited, Some(Duration::from_secs(298))));
    let refusal = refuse_with(reply("503 Service Unavailable", "Retry-After: 3600", b"<h1>busy</h1>")).await;
    assert_eq!((refusal.kind, refusal.retry_after), (RefusalKind::RateLimited, Some(Duration::from_secs(900))));
    let refusal = refuse_with(Vec::new()).await;
    assert_eq!(refusal.kind, RefusalKind::Lost, "{refusal:?}");
}

#[tokio::test]
async fn an_event_stream_is_one_by_its_type_and_has_the_token_in_its_header() {
    let mut server = serve(|_| reply("200 OK", "Content-Type: text/event-stream; charset=utf-8", b":)\n")).await;
    let streaming = server.url.join("api/v1/streaming/hashtag?tag=rust").unwrap();
    let mut response = door(&server.url).events(&streaming).await.unwrap();
    assert_eq!(response.chunk().await.unwrap().unwrap().as_ref(), b":)\n");
    let head = server.heads().remove(0);
    assert!(head.starts_with("GET /api/v1/streaming/hashtag?tag=rust HTTP/1.1\r\n"), "{head}");
    let lower = head.to_ascii_lowercase();
    assert!(lower.contains("accept: text/event-stream") && lower.contains("authorization: bearer "), "{head}");
    for (status, headers, kind) in [
        ("200 OK", "Content-Type: text/html", RefusalKind::Interposed),
        ("200 OK", "Content-Type: application/json", RefusalKind::Interposed),
        ("302 Found", "Location: /elsewhere", RefusalKind::Interposed),
        ("404 Not Found", "Content-Type: text/html", RefusalKind::NoStreaming),
        ("503 Service Unavailable", "Content-Type: text/html", RefusalKind::RateLimited),
        ("500 Oops", "Content-Type: text/html", RefusalKind::Server),
    ] {
        let server = serve(move |_| reply(status, headers, b"")).await;
        let refusal = door(&server.url).events(&server.url).await.unwrap_err();
        assert_eq!(refusal.kind, kind, "{status} {headers}: {refusal:?}");
    }
}
