//! `Recorder`: what went over the wire, a JSON object a line, written by a thread of its own.
//!
//! Recording never waits: rows go through a bounded queue to a thread that writes, and what finds no room is counted in a
//! row of its own. The format is that of the captured transcripts (`tests/fixtures/README.md`): `dir`, `t_ms`, `kind`, `data`, and here
//! also `link` and `life` (which connection) and `method`, `path`, `status` for answers. Absent on purpose: what is in a
//! message, who records what (`mastodon::tap`), and reading recordings (`replay`).

use serde::Serialize;
use std::borrow::Cow;
use std::fmt::{self, Write as _};
use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, TrySendError, channel, sync_channel};
use std::time::Duration;
use tokio::time::Instant;

/// Rows that may wait to be written.
const ROWS: usize = 8_192;
/// What they may weigh together, in bytes of data.
const BYTES: usize = 32 * 1024 * 1024;
/// How long the last rows may take at the end.
const ENDING: Duration = Duration::from_secs(2);

/// Which way something went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Direction {
    /// From us.
    #[serde(rename = "c2s")]
    Out,
    /// From the server.
    #[serde(rename = "s2c")]
    In,
    /// Neither: a remark.
    #[serde(rename = "note")]
    Note,
}

/// What a row is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A request, or an answer's head and body.
    Http,
    /// Whole lines of an event stream.
    Sse,
    /// A whole text message.
    Text,
    /// A binary message, bytes as Latin-1.
    Binary,
    /// A ping's payload.
    Ping,
    /// A pong's payload.
    Pong,
    /// The code and reason of a close frame.
    Close,
    /// The end of a connection.
    Eof,
    /// A remark.
    Note,
}

/// A row without its time.
#[derive(Debug, Serialize)]
pub struct Row {
    /// Which way it went. Written before the time.
    #[serde(skip)]
    pub dir: Direction,
    /// What it is about.
    pub kind: Kind,
    /// The data.
    pub data: Data,
    /// The kind of connection, by its number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<u16>,
    /// The how manieth of its kind, counted from one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub life: Option<u64>,
    /// What was asked, of `http`.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub request: Option<Request>,
    /// The status of an answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// How many rows are missing before this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lost: Option<u64>,
}

/// What was asked for.
#[derive(Debug, Clone, Serialize)]
pub struct Request {
    /// `GET` or `POST`.
    pub method: String,
    /// The path with its query.
    pub path: String,
}

/// What a row carries.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Data {
    /// Text.
    Text(String),
    /// How a connection was closed.
    Close {
        /// The code, if the frame had one.
        code: Option<u16>,
        /// The words beside it.
        reason: String,
    },
}

impl Row {
    /// A row with nothing but data.
    pub fn new(dir: Direction, kind: Kind, data: Data) -> Self {
        Self { dir, kind, data, link: None, life: None, request: None, status: None, lost: None }
    }

    fn weight(&self) -> usize {
        let path = self.request.as_ref().map_or(0, |request| request.path.len());
        path + match &self.data {
            Data::Text(text) => text.len(),
            Data::Close { reason, .. } => reason.len(),
        }
    }

    /// The row as a line.
    fn line(&self, t_ms: u64) -> String {
        #[derive(Serialize)]
        struct Timed<'a> {
            dir: Direction,
            t_ms: u64,
            #[serde(flatten)]
            row: &'a Row,
        }
        // Rows are text and numbers, so that this cannot fail.
        let timed = Timed { dir: self.dir, t_ms, row: self };
        let mut line = serde_json::to_string(&timed).map(|line| escaped(&line).into_owned()).unwrap_or_default();
        line.push('\n');
        line
    }
}

/// Why nothing can be recorded.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is such a file.
    #[error("{0} is there already, and a recording overwrites nothing: name a file that does not exist yet")]
    Exists(PathBuf),
    /// The file cannot be made.
    #[error("the recording {path} cannot be made: {error}")]
    Create {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
}

/// Where rows are given. Cheap to clone; never waits.
#[derive(Debug, Clone)]
pub struct Recorder(Arc<Shared>);

impl Recorder {
    /// Records a row with the time of now, or counts it as lost where too many wait already.
    pub fn record(&self, row: Row) {
        let shared = &*self.0;
        if shared.stopped.load(Ordering::Relaxed) {
            return;
        }
        let t_ms = u64::try_from(shared.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let weight = row.weight();
        let fits = shared.waiting.fetch_add(weight, Ordering::Relaxed).saturating_add(weight) <= shared.most_bytes;
        let sent = if fits { shared.rows.try_send(Queued::Row(t_ms, row)) } else { Err(TrySendError::Full(Queued::End)) };
        if let Err(error) = sent {
            shared.waiting.fetch_sub(weight, Ordering::Relaxed);
            if matches!(error, TrySendError::Full(_)) {
                shared.lost.fetch_add(1, Ordering::Relaxed);
                shared.lost_ever.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
}

struct Shared {
    rows: SyncSender<Queued>,
    began: Instant,
    /// Bytes of data in the queue.
    waiting: AtomicUsize,
    most_bytes: usize,
    /// Rows that found no room and are not told of in the file yet.
    lost: AtomicU64,
    lost_ever: AtomicU64,
    stopped: AtomicBool,
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("waiting", &self.waiting).field("lost", &self.lost_ever).finish_non_exhaustive()
    }
}

#[derive(Debug)]
enum Queued {
    Row(u64, Row),
    End,
}

/// A recording under way.
#[derive(Debug)]
pub struct Recording {
    recorder: Recorder,
    done: Receiver<()>,
}

impl Recording {
    /// Begins a recording in a new file that only its owner may read. `trouble` is told, once and from another thread, when
    /// writing fails; then the recording is over.
    ///
    /// # Errors
    /// When the file is there already or cannot be made.
    pub fn begin(path: &Path, trouble: impl FnOnce(String) + Send + 'static) -> Result<Self, Error> {
        let failed = |error| Error::Create { path: path.to_owned(), error };
        let file = create(path).map_err(|error| {
            let is_there = error.kind() == io::ErrorKind::AlreadyExists;
            if is_there { Error::Exists(path.to_owned()) } else { failed(error) }
        })?;
        let name = path.display().to_string();
        Self::into_sink(file, BYTES, move |error| trouble(format!("nothing more is recorded: {name}: {error}"))).map_err(failed)
    }

    fn into_sink(
        sink: impl Write + Send + 'static,
        most_bytes: usize,
        trouble: impl FnOnce(io::Error) + Send + 'static,
    ) -> io::Result<Self> {
        let (rows, queue) = sync_channel(ROWS);
        let shared = Shared {
            rows,
            began: Instant::now(),
            waiting: AtomicUsize::new(0),
            most_bytes,
            lost: AtomicU64::new(0),
            lost_ever: AtomicU64::new(0),
            stopped: AtomicBool::new(false),
        };
        let recorder = Recorder(Arc::new(shared));
        let (finished, done) = channel();
        let writing = recorder.clone();
        std::thread::Builder::new().name("recorder".into()).spawn(move || {
            let outcome = write(&writing.0, &queue, sink);
            writing.0.stopped.store(true, Ordering::Relaxed);
            if let Err(error) = outcome {
                trouble(error);
            }
            // Nobody may wait for it any more.
            let _ = finished.send(());
        })?;
        Ok(Self { recorder, done })
    }

    /// Where rows are given.
    pub fn recorder(&self) -> Recorder {
        self.recorder.clone()
    }

    /// Ends the recording, within two seconds. Gives back what the reader should know about it.
    pub fn finish(self) -> Vec<String> {
        let shared = &self.recorder.0;
        let until = Instant::now() + ENDING;
        let mut end = Queued::End;
        // Only a disk that does not take anything leaves no room for so long.
        while let Err(TrySendError::Full(back)) = shared.rows.try_send(end) {
            if Instant::now() >= until {
                break;
            }
            end = back;
            std::thread::sleep(Duration::from_millis(10));
        }
        let mut words = Vec::new();
        if self.done.recv_timeout(until.saturating_duration_since(Instant::now()).max(Duration::from_millis(100))).is_err() {
            words.push("the recording is cut short: the disk did not take the last rows in time".to_owned());
        }
        match shared.lost_ever.load(Ordering::Relaxed) {
            0 => {}
            lost => words.push(format!("{lost} rows are missing from the recording: the disk was too slow")),
        }
        words
    }
}

fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn write(shared: &Shared, queue: &Receiver<Queued>, sink: impl Write) -> io::Result<()> {
    let mut out = BufWriter::new(sink);
    loop {
        let queued = match queue.try_recv() {
            Ok(queued) => queued,
            // Nothing waits: what there is goes to the file, which is whole at any quiet moment.
            Err(TryRecvError::Empty) => {
                out.flush()?;
                match queue.recv() {
                    Ok(queued) => queued,
                    Err(_) => break,
                }
            }
            Err(TryRecvError::Disconnected) => break,
        };
        let now = u64::try_from(shared.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        match shared.lost.swap(0, Ordering::Relaxed) {
            0 => {}
            lost => {
                let words = Data::Text(format!("{lost} rows were not recorded: the disk was too slow"));
                let row = Row { lost: Some(lost), ..Row::new(Direction::Note, Kind::Note, words) };
                let t_ms = if let Queued::Row(t_ms, _) = &queued { *t_ms } else { now };
                out.write_all(row.line(t_ms).as_bytes())?;
            }
        }
        match queued {
            Queued::Row(t_ms, row) => {
                out.write_all(row.line(t_ms).as_bytes())?;
                shared.waiting.fetch_sub(row.weight(), Ordering::Relaxed);
            }
            Queued::End => break,
        }
    }
    out.flush()
}

/// JSON text with control, bidi and other invisible characters as `\u` escapes. They can only stand inside its strings.
fn escaped(json: &str) -> Cow<'_, str> {
    let odd = |ch: char| {
        ch.is_control()
            || matches!(ch, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
    };
    if json.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ') {
        return Cow::Borrowed(json);
    }
    let mut out = String::with_capacity(json.len() + 64);
    let mut units = [0; 2];
    for ch in json.chars() {
        if odd(ch) {
            for unit in ch.encode_utf16(&mut units) {
                // Writing into a string does not fail.
                let _ = write!(out, "\\u{unit:04x}");
            }
        } else {
            out.push(ch);
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn text(words: &str) -> Row {
        Row::new(Direction::In, Kind::Text, Data::Text(words.to_owned()))
    }

    /// A place for files of a test; gone with it.
    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("trunkline-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        folder
    }

    #[test]
    fn rows_are_lines_of_the_transcripts_format_without_a_control_character() {
        let folder = folder("rows");
        let path = folder.join("a.ndjson");
        let recording = Recording::begin(&path, |words| panic!("{words}")).unwrap();
        let recorder = recording.recorder();
        recorder.record(text("{\"a\":\"\u{202e}\u{7f}\u{e0041}\"}"));
        let close = Data::Close { code: None, reason: String::new() };
        recorder.record(Row { link: Some(0), life: Some(2), ..Row::new(Direction::In, Kind::Close, close) });
        let request = Request { method: "GET".into(), path: "/api/v1/lists".into() };
        let answer = Row::new(Direction::In, Kind::Http, Data::Text("HTTP/1.1 200 OK\r\n\r\n[]".into()));
        recorder.record(Row { request: Some(request), status: Some(200), ..answer });
        assert_eq!(recording.finish(), Vec::<String>::new());
        let file = std::fs::read_to_string(&path).unwrap();
        assert!(file.bytes().all(|byte| byte == b'\n' || byte.is_ascii_graphic() || byte == b' '), "{file:?}");
        let rows: Vec<Value> = file.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!((&rows[0]["dir"], &rows[0]["kind"]), (&"s2c".into(), &"text".into()));
        assert_eq!(rows[0]["data"], "{\"a\":\"\u{202e}\u{7f}\u{e0041}\"}");
        assert_eq!(rows[1]["data"], serde_json::json!({"code": null, "reason": ""}));
        assert_eq!((&rows[1]["link"], &rows[1]["life"]), (&0.into(), &2.into()));
        assert_eq!((&rows[2]["path"], &rows[2]["status"]), (&"/api/v1/lists".into(), &200.into()));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        let refused = Recording::begin(&path, |_| {}).unwrap_err();
        assert!(matches!(refused, Error::Exists(_)), "{refused}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), file, "overwritten");
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_slow_disk_holds_up_nobody_and_what_is_missing_is_counted_in_the_file() {
        let (reader, writer) = io::pipe().unwrap();
        let recording = Recording::into_sink(writer, BYTES, |error| panic!("{error}")).unwrap();
        let recorder = recording.recorder();
        // Nobody reads: the pipe's buffer and the queue fill, and the rest is counted.
        for _ in 0..ROWS + 3_000 {
            recorder.record(text(&"x".repeat(100)));
        }
        assert!(recorder.0.lost_ever.load(Ordering::Relaxed) > 0);
        let reading = std::thread::spawn(move || io::read_to_string(reader).unwrap());
        let words = recording.finish();
        let lost = recorder.0.lost_ever.load(Ordering::Relaxed);
        assert_eq!(words, [format!("{lost} rows are missing from the recording: the disk was too slow")]);
        let file = reading.join().unwrap();
        let rows: Vec<Value> = file.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let told: u64 = rows.iter().filter_map(|row| row["lost"].as_u64()).sum();
        let written = rows.iter().filter(|row| row["kind"] == "text").count();
        assert_eq!((told, written + usize::try_from(lost).unwrap()), (lost, ROWS + 3_000));
    }

    #[test]
    fn too_many_bytes_are_lost_as_well_and_room_comes_back() {
        let (reader, writer) = io::pipe().unwrap();
        let recording = Recording::into_sink(writer, 400_000, |error| panic!("{error}")).unwrap();
        let recorder = recording.recorder();
        let large = "x".repeat(100_000);
        for _ in 0..9 {
            recorder.record(text(&large));
        }
        assert!(recorder.0.lost_ever.load(Ordering::Relaxed) >= 4);
        let reading = std::thread::spawn(move || io::copy(&mut { reader }, &mut io::sink()).unwrap());
        assert_eq!(recording.finish().len(), 1);
        assert_eq!(recorder.0.waiting.load(Ordering::Relaxed), 0);
        reading.join().unwrap();
    }

    #[test]
    fn a_full_disk_is_told_once_and_ends_the_recording_alone() {
        struct Full;
        impl Write for Full {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::StorageFull.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let (tell, told) = channel();
        let recording = Recording::into_sink(Full, BYTES, move |error| tell.send(error.kind()).unwrap()).unwrap();
        let recorder = recording.recorder();
        recorder.record(text("a"));
        assert_eq!(told.recv_timeout(Duration::from_secs(10)).unwrap(), io::ErrorKind::StorageFull);
        for _ in 0..ROWS * 2 {
            recorder.record(text("b"));
        }
        assert_eq!(recording.finish(), Vec::<String>::new());
        assert!(told.try_recv().is_err());
    }
}
