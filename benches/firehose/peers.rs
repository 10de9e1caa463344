//! What Trunkline is measured against: programs that do the least with the same libraries.
//!
//! `reference` reads frames, parses envelope and payload into the same fields, strips the tags in one pass and keeps the last
//! 2,000. `floor` shows the same posts as a bare list: one thread that reads, and frames capped at 60 a second. They trust
//! every byte, know one stream from another by nothing, forget what they missed and clean nothing: this is what bare reading
//! costs, no program for people. Absent on purpose: anything that would make them slower than they have to be.

use entities::{Account, Envelope, Notification, Status};
use ratatui::crossterm::event::{self, Event, KeyCode};
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};
use ratatui::style::Stylize as _;
use ratatui::text::{Line, Text};
use ratatui::widgets::{List, ListItem};
use std::collections::VecDeque;
use std::io::BufWriter;
use std::net::TcpStream;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::Duration;
use tokio_tungstenite::tungstenite::Message;

/// Posts that are kept.
const KEPT: usize = 2_000;
/// The least time between two frames that no key asked for.
const FRAME: Duration = Duration::from_micros(16_667);

/// Entities with the fields that Trunkline reads, as if every server sent them as documented.
#[expect(dead_code, reason = "they are read to be kept, not to be looked at")]
#[expect(clippy::struct_field_names, reason = "spelled as on the wire")]
mod entities {
    use serde::Deserialize;
    use std::borrow::Cow;

    #[derive(Deserialize)]
    pub(super) struct Envelope<'a> {
        #[serde(borrow)]
        pub(super) stream: Vec<Cow<'a, str>>,
        #[serde(borrow)]
        pub(super) event: Cow<'a, str>,
        #[serde(borrow)]
        pub(super) payload: Cow<'a, str>,
    }

    #[derive(Debug, Deserialize)]
    pub(super) struct Account {
        pub(super) id: String,
        pub(super) username: String,
        pub(super) acct: String,
        pub(super) display_name: String,
        pub(super) url: String,
        pub(super) bot: bool,
        pub(super) locked: bool,
    }

    #[derive(Debug, Deserialize)]
    pub(super) struct Size {
        pub(super) width: u32,
        pub(super) height: u32,
        pub(super) duration: Option<f64>,
    }

    #[derive(Debug, Deserialize)]
    pub(super) struct Meta {
        pub(super) original: Option<Size>,
    }

    #[derive(Debug, Deserialize)]
    pub(super) struct Medium {
        pub(super) r#type: String,
        pub(super) description: Option<String>,
        pub(super) url: Option<String>,
        pub(super) remote_url: Option<String>,
        pub(super) meta: Option<Meta>,
    }

    #[derive(Debug, Deserialize)]
    pub(super) struct PollOption {
        pub(super) title: String,
        pub(super) votes_count: Option<u64>,
    }

    #[derive(Debug, Deserialize)]
    pub(super) struct Poll {
        pub(super) options: Vec<PollOption>,
        pub(super) votes_count: u64,
        pub(super) voters_count: Option<u64>,
        pub(super) multiple: bool,
        pub(super) expired: bool,
        pub(super) expires_at: Option<String>,
        pub(super) voted: Option<bool>,
        pub(super) own_votes: Option<Vec<usize>>,
    }

    #[derive(Debug, Deserialize)]
    pub(super) struct Card {
        pub(super) url: String,
        pub(super) title: String,
        pub(super) description: String,
        pub(super) provider_name: String,
    }

    #[derive(Debug, Deserialize)]
    pub(super) struct Mention {
        pub(super) id: String,
        pub(super) username: String,
        pub(super) acct: String,
        pub(super) url: String,
    }

    #[derive(Debug, Deserialize)]
    pub(super) struct Tag {
        pub(super) name: String,
        pub(super) url: String,
    }

    #[derive(Debug, Deserialize)]
    pub(super) struct Emoji {
        pub(super) shortcode: String,
    }

    #[derive(Debug, Deserialize)]
    pub(super) struct Filter {
        pub(super) title: String,
        pub(super) context: Vec<String>,
        pub(super) filter_action: Option<String>,
    }

    #[derive(Debug, Deserialize)]
    pub(super) struct Filtered {
        pub(super) filter: Filter,
    }

    #[derive(Debug, Deserialize)]
    pub(super) struct Quote {
        pub(super) state: Option<String>,
        pub(super) quoted_status: Option<Box<Status>>,
        pub(super) quoted_status_id: Option<String>,
    }

    #[derive(Debug, Deserialize)]
    pub(super) struct Status {
        pub(super) id: String,
        pub(super) account: Account,
        pub(super) created_at: String,
        pub(super) edited_at: Option<String>,
        pub(super) visibility: String,
        pub(super) language: Option<String>,
        pub(super) spoiler_text: String,
        pub(super) content: String,
        pub(super) sensitive: bool,
        pub(super) reblog: Option<Box<Self>>,
        pub(super) in_reply_to_id: Option<String>,
        pub(super) in_reply_to_account_id: Option<String>,
        pub(super) media_attachments: Vec<Medium>,
        pub(super) poll: Option<Poll>,
        pub(super) card: Option<Card>,
        pub(super) quote: Option<Quote>,
        pub(super) mentions: Vec<Mention>,
        pub(super) tags: Vec<Tag>,
        pub(super) emojis: Vec<Emoji>,
        pub(super) replies_count: u64,
        pub(super) reblogs_count: u64,
        pub(super) favourites_count: u64,
        pub(super) quotes_count: u64,
        pub(super) favourited: Option<bool>,
        pub(super) reblogged: Option<bool>,
        pub(super) bookmarked: Option<bool>,
        pub(super) muted: Option<bool>,
        pub(super) pinned: Option<bool>,
        pub(super) filtered: Option<Vec<Filtered>>,
        pub(super) url: Option<String>,
    }

    #[derive(Debug, Deserialize)]
    pub(super) struct Notification {
        pub(super) id: String,
        pub(super) r#type: String,
        pub(super) created_at: String,
        pub(super) group_key: Option<String>,
        pub(super) account: Account,
        pub(super) status: Option<Status>,
    }
}

/// What is kept of an event.
#[derive(Debug)]
#[expect(dead_code, clippy::large_enum_variant, reason = "it is read to be kept, not to be looked at")]
enum Kept {
    Status(Status),
    Notification(Notification),
    Id(String),
}

/// A post as the bare list shows it.
#[derive(Debug)]
struct Post {
    name: String,
    acct: String,
    text: String,
}

/// The text between the tags, in one pass.
fn strip(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some((before, behind)) = rest.split_once('<') {
        text.push_str(before);
        let (tag, after) = behind.split_once('>').unwrap_or((behind, ""));
        if matches!(tag, "/p" | "br" | "br />" | "br/") {
            text.push(' ');
        }
        rest = after;
    }
    text.push_str(rest);
    text
}

/// Reads a message: the text of its post, and what is kept.
fn read(text: &str) -> Option<(String, Kept)> {
    let envelope: Envelope<'_> = serde_json::from_str(text).ok()?;
    if envelope.stream.is_empty() {
        return None;
    }
    Some(match &*envelope.event {
        "update" | "status.update" => {
            let status: Status = serde_json::from_str(&envelope.payload).expect("a status");
            let shown = status.reblog.as_deref().unwrap_or(&status);
            (strip(&shown.content), Kept::Status(status))
        }
        "notification" => {
            let notification: Notification = serde_json::from_str(&envelope.payload).expect("a notification");
            let text = notification.status.as_ref().map(|status| strip(&status.content)).unwrap_or_default();
            (text, Kept::Notification(notification))
        }
        _ => (String::new(), Kept::Id(envelope.payload.into_owned())),
    })
}

fn ask(stream: &str) -> Message {
    Message::text(format!(r#"{{"type":"subscribe","stream":"{stream}"}}"#))
}

fn streaming(address: &str) -> String {
    format!("ws://{address}/api/v1/streaming?access_token=token")
}

/// Reads events from a server until it closes.
pub(crate) fn reference(address: &str, streams: &[String]) {
    use futures_util::{SinkExt as _, StreamExt as _};
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let stream = tokio::net::TcpStream::connect(address).await.unwrap();
        let (mut socket, _) = tokio_tungstenite::client_async(streaming(address), stream).await.unwrap();
        for stream in streams {
            socket.send(ask(stream)).await.unwrap();
        }
        let mut kept: VecDeque<(String, Kept)> = VecDeque::with_capacity(KEPT);
        while let Some(Ok(message)) = socket.next().await {
            let Message::Text(text) = message else { continue };
            let Some(read) = read(&text) else { continue };
            if kept.len() == KEPT {
                kept.pop_front();
            }
            kept.push_back(read);
        }
    });
}

enum Woken {
    Post(Post),
    Key(Event),
    End,
}

/// Reads events on a thread of its own and hands the posts on.
fn read_posts(address: &str, streams: &[String], tell: &Sender<Woken>) {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_nodelay(true).unwrap();
    let (mut socket, _) = tokio_tungstenite::tungstenite::client(streaming(address), stream).unwrap();
    for stream in streams {
        socket.send(ask(stream)).unwrap();
    }
    while let Ok(message) = socket.read() {
        let Message::Text(text) = message else { continue };
        if let Some((text, Kept::Status(status))) = read(&text) {
            let Account { display_name, acct, .. } = status.reblog.map_or(status.account, |inner| inner.account);
            if tell.send(Woken::Post(Post { name: display_name, acct, text })).is_err() {
                return;
            }
        }
    }
    drop(tell.send(Woken::End));
}

/// Shows events from a server as a bare list until `q`.
pub(crate) fn floor(address: &str, streams: &[String]) {
    enable_raw_mode().unwrap();
    let mut out = BufWriter::new(std::io::stdout());
    execute!(out, EnterAlternateScreen).unwrap();
    let mut terminal = ratatui::Terminal::new(ratatui::backend::CrosstermBackend::new(out)).unwrap();
    let (tell, woken) = channel();
    let keys = tell.clone();
    std::thread::spawn(move || while event::read().is_ok_and(|event| keys.send(Woken::Key(event)).is_ok()) {});
    let (address, streams) = (address.to_owned(), streams.to_vec());
    std::thread::spawn(move || read_posts(&address, &streams, &tell));
    let mut posts: VecDeque<Post> = VecDeque::with_capacity(KEPT);
    let (mut chosen, mut typed, mut drawn, mut is_stale) = (0, String::new(), crate::now(), true);
    'run: loop {
        let wait = if is_stale { FRAME.saturating_sub(drawn.elapsed()) } else { Duration::from_secs(3600) };
        let mut is_hurried = false;
        let first = match woken.recv_timeout(wait) {
            Ok(woken) => Some(woken),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => break,
        };
        for woken in first.into_iter().chain(woken.try_iter().take(255)) {
            match woken {
                Woken::Post(post) => {
                    if posts.len() == KEPT {
                        posts.pop_back();
                    }
                    posts.push_front(post);
                }
                Woken::Key(Event::Key(key)) => {
                    is_hurried = true;
                    if key.code == KeyCode::Char('q') {
                        break 'run;
                    } else if key.code == KeyCode::Char('j') {
                        chosen += 1;
                    } else if key.code == KeyCode::Char('k') {
                        chosen = usize::saturating_sub(chosen, 1);
                    } else {
                        typed = key.code.to_string();
                    }
                }
                Woken::Key(_) => is_hurried = true,
                Woken::End => {}
            }
            is_stale = true;
        }
        if !is_stale || !is_hurried && drawn.elapsed() < FRAME {
            continue;
        }
        let draw = |frame: &mut ratatui::Frame<'_>| {
            let area = frame.area();
            let items = posts.iter().take(usize::from(area.height)).enumerate().map(|(at, post)| {
                let mut text = Text::from(Line::from(vec![post.name.as_str().bold(), " @".dim(), post.acct.as_str().dim()]));
                let letters: Vec<char> = post.text.chars().collect();
                for line in letters.chunks(usize::from(area.width.max(4) - 2)).take(6) {
                    text.push_line(line.iter().collect::<String>());
                }
                text.push_line("");
                let item = ListItem::new(text);
                if at == chosen { item.reversed() } else { item }
            });
            frame.render_widget(List::new(items), area);
            let line = ratatui::layout::Rect { y: area.height - 1, height: 1, ..area };
            frame.render_widget(Line::from(format!(" {} posts  {typed}", posts.len())), line);
        };
        terminal.draw(draw).unwrap();
        (drawn, is_stale) = (crate::now(), false);
    }
    execute!(terminal.backend_mut(), LeaveAlternateScreen).unwrap();
    disable_raw_mode().unwrap();
}
