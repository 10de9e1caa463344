//! The way to a server: names, proxies, and answers that are too much.

use super::tests::{access, bomb, reply, serve};
use super::*;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

/// Names the address of the test in which it is the parent's.
const PARENT: &str = "TRUNKLINE_TEST_PARENT";

fn noon() -> Timestamp {
    "2026-11-23T12:00:00Z".parse().unwrap()
}

/// A resolver that knows nothing at first.
struct Later {
    address: SocketAddr,
    asked: AtomicUsize,
}

impl Resolve for Later {
    fn resolve(&self, _: Name) -> Resolving {
        let known = self.asked.fetch_add(1, Ordering::SeqCst) > 0;
        let address = self.address;
        Box::pin(async move { if known { Ok(Box::new(std::iter::once(address)) as Addrs) } else { Err("no such name".into()) } })
    }
}

#[tokio::test]
async fn a_name_that_does_not_resolve_is_asked_for_again_and_may_then() {
    let server = serve(|_| reply("200 OK", "", b"[]")).await;
    let address = server.url.socket_addrs(|| None).unwrap()[0];
    let named = Url::parse(&format!("http://localhost:{}/", address.port())).unwrap();
    let mut door = Door::new(access(&named), noon).unwrap();
    let later = || Arc::new(Later { address, asked: AtomicUsize::new(0) });
    door.rest = builder(&named).dns_resolver(later()).build().unwrap();
    door.upgrade = upgrade_builder(&named).dns_resolver(later()).build().unwrap();

    let failure = door.get(&["api"], &[], 1024).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Offline);
    assert!(failure.reason.as_str().contains("does not resolve"), "{failure:?}");
    assert_eq!(door.get(&["api"], &[], 1024).await.unwrap().body, b"[]");

    let refusal = door.upgrade(&named, false).await.unwrap_err();
    assert_eq!(refusal.kind, RefusalKind::Offline);
    assert!(refusal.reason.as_str().contains("does not resolve"), "{refusal:?}");
    // It reaches the server, which has no streaming: that is an answer.
    assert_eq!(door.upgrade(&named, false).await.unwrap_err().kind, RefusalKind::Interposed);
}

/// Proxies are found in the environment, which only a process of its own can have otherwise: this test, run again.
#[tokio::test]
async fn the_stream_and_the_questions_go_through_the_same_proxy() {
    if let Ok(parent) = std::env::var(PARENT) {
        let far = Door::new(Access::new("social.example", Token::new("s3cr3t-0f-th3-r34d3r").unwrap()).unwrap(), noon).unwrap();
        let failure = far.get(&["api"], &[], 1024).await.unwrap_err();
        assert!(failure.reason.as_str().contains("proxy"), "{failure:?}");
        let refusal = far.upgrade(&Url::parse("wss://streaming.social.example/").unwrap(), false).await.unwrap_err();
        assert_eq!(refusal.kind, RefusalKind::Interposed, "{refusal:?}");
        assert!(refusal.reason.as_str().contains("proxy"), "{refusal:?}");
        let near = Door::new(access(&Url::parse(&parent).unwrap()), noon).unwrap();
        assert!(near.get(&["api"], &[], 1024).await.is_ok());
        return;
    }
    let proxy = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = format!("http://{}", proxy.local_addr().unwrap());
    let (asked, mut heads) = mpsc::unbounded_channel();
    let refusing = tokio::spawn(async move {
        while let Ok((mut socket, _)) = proxy.accept().await {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                match socket.read_u8().await {
                    Ok(byte) => head.push(byte),
                    Err(_) => break,
                }
            }
            drop(asked.send(String::from_utf8_lossy(&head).into_owned()));
            let _gone = socket.write_all(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n").await;
        }
    });
    let mut near = serve(|_| reply("200 OK", "", b"[]")).await;
    let output = tokio::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "mastodon::door::route::the_stream_and_the_questions_go_through_the_same_proxy"])
        .envs([("HTTPS_PROXY", &address), ("HTTP_PROXY", &address), ("ALL_PROXY", &address)])
        .env_remove("NO_PROXY")
        .env_remove("no_proxy")
        .env(PARENT, near.url.as_str())
        .output()
        .await
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
    refusing.abort();
    let heads: Vec<String> = std::iter::from_fn(|| heads.try_recv().ok()).collect();
    let targets: Vec<&str> = heads.iter().filter_map(|head| head.lines().next()).collect();
    assert_eq!(targets, ["CONNECT social.example:443 HTTP/1.1", "CONNECT streaming.social.example:443 HTTP/1.1"]);
    assert!(!heads.concat().contains("s3cr3t"), "the proxy got the token: {heads:?}");
    assert_eq!(near.heads().len(), 1, "this machine is reached without the proxy");
}

#[tokio::test]
async fn what_unpacks_to_hundreds_of_megabytes_is_dropped_at_the_bound() {
    const BOUND: usize = 16 * 1024 * 1024;
    let bomb = bomb(300 * 1024 * 1024 / 258);
    assert!(bomb.len() < 2 * 1024 * 1024);
    let server = serve(move |_| reply("200 OK", "Content-Type: application/json\nContent-Encoding: gzip", &bomb)).await;
    let door = Door::new(access(&server.url), noon).unwrap();
    let failure = door.get(&["api"], &[], BOUND).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Unusable);
    assert!(failure.reason.as_str().contains("more than 16384 KiB"), "{failure:?}");
    // Without compression, and without a length to be warned by.
    let server = serve(|_| {
        let mut bytes = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n[".to_vec();
        bytes.resize(40 * 1024 * 1024, b' ');
        bytes
    })
    .await;
    let door = Door::new(access(&server.url), noon).unwrap();
    let failure = door.get(&["api"], &[], BOUND).await.unwrap_err();
    assert!(failure.reason.as_str().contains("more than 16384 KiB"), "{failure:?}");
}
