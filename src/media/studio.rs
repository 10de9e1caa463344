//! `Studio`: has pictures fetched and made, those in view alone, a few at once, beside everything else.
//!
//! What is not wanted any more is let go of. Absent on purpose: whether it was tried before, which the gallery knows.

use super::decode::{self, Room};
use super::{Disk, Key, Made, Picture};
use crate::mastodon::Files;
use crate::model::Canvas;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::Semaphore;
use tokio::task::{AbortHandle, JoinError, JoinSet, spawn_blocking};

/// Pictures fetched or made at once; others wait.
const AT_ONCE: usize = 4;

/// Pictures under way.
#[derive(Debug)]
pub struct Studio {
    files: Arc<Files>,
    disk: Option<Disk>,
    gate: Arc<Semaphore>,
    tasks: JoinSet<Made>,
    under_way: HashMap<Key, AbortHandle>,
}

impl Studio {
    /// None yet; with the way to their files, and where those are kept, if anywhere.
    pub fn new(files: Files, disk: Option<Disk>) -> Self {
        Self { files: Arc::new(files), disk, gate: Arc::new(Semaphore::new(AT_ONCE)), tasks: JoinSet::new(), under_way: HashMap::new() }
    }

    /// Has these pictures made, the first ones first, and no others any more; needs a Tokio runtime. Of one address one
    /// picture is made at a time: the next finds its file on the disk.
    pub fn want(&mut self, wanted: &[Key], canvas: Canvas) {
        self.under_way.retain(|key, task| {
            let stays = wanted.contains(key);
            if !stays {
                task.abort();
            }
            stays
        });
        for key in wanted {
            if self.under_way.keys().any(|known| known.address == key.address) {
                continue;
            }
            let (files, disk, gate) = (Arc::clone(&self.files), self.disk.clone(), Arc::clone(&self.gate));
            let wanted = key.clone();
            let task = self.tasks.spawn(async move {
                let outcome = made(&files, disk, &gate, &wanted, canvas).await;
                (wanted, canvas, outcome)
            });
            self.under_way.insert(key.clone(), task);
        }
    }

    /// The next picture; waits for ever where none is due. Can be dropped and asked again.
    ///
    /// # Errors
    /// When making it panicked: a fault of ours.
    pub async fn next(&mut self) -> Result<Made, JoinError> {
        loop {
            match self.tasks.join_next().await {
                None => return std::future::pending().await,
                Some(Err(error)) if error.is_cancelled() => {}
                Some(outcome) => return outcome.inspect(|(key, ..)| drop(self.under_way.remove(key))),
            }
        }
    }
}

async fn made(files: &Files, disk: Option<Disk>, gate: &Arc<Semaphore>, key: &Key, canvas: Canvas) -> Result<Picture, String> {
    let (address, room) = (Arc::clone(&key.address), Room { columns: key.columns, rows: key.rows, clear: key.clear });
    // The gate is never closed; without a permit making it is still right.
    let permit = Arc::clone(gate).acquire_owned().await.ok();
    let kept = on_disk(disk.as_ref(), &address, Disk::read).await.flatten();
    if let Some(bytes) = kept {
        if let Ok(picture) = apart(move || decode::picture(&bytes, room, canvas)).await {
            drop(permit);
            return Ok(picture);
        }
        // A broken file is as good as none.
        on_disk(disk.as_ref(), &address, Disk::forget).await;
    }
    let bytes = files.image(&address).await.map_err(|error| error.to_string())?;
    let outcome = apart(move || {
        let picture = decode::picture(&bytes, room, canvas);
        // A cancelled task has let go of its place, but this goes on: no more of it than of places.
        drop(permit);
        picture.map(|picture| (picture, bytes))
    });
    let (picture, bytes) = outcome.await?;
    let kept = on_disk(disk.as_ref(), &address, move |disk, address| disk.keep(address, &bytes)).await;
    if let Some(Err(error)) = kept {
        tracing::warn!(%error, "a fetched image could not be kept");
    }
    Ok(picture)
}

/// Does slow work on a thread where that is usual.
async fn apart<T: Send + 'static>(work: impl FnOnce() -> Result<T, String> + Send + 'static) -> Result<T, String> {
    spawn_blocking(work).await.unwrap_or_else(|_| Err("an image that was not made to its end".to_owned()))
}

async fn on_disk<T: Send + 'static>(
    disk: Option<&Disk>,
    address: &Arc<str>,
    work: impl FnOnce(&Disk, &str) -> T + Send + 'static,
) -> Option<T> {
    let (disk, address) = (disk?.clone(), Arc::clone(address));
    spawn_blocking(move || work(&disk, &address)).await.ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Form;
    use std::io::Cursor;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;
    use url::Url;

    const CANVAS: Canvas = Canvas { form: Form::Blocks, cell: (10, 20) };

    /// A server with one image, which counts how often it is asked at once, at most, and in all.
    async fn server() -> (Url, Arc<(AtomicUsize, AtomicUsize, AtomicUsize)>) {
        let mut png = Cursor::new(Vec::new());
        image::RgbImage::from_pixel(8, 8, image::Rgb([200, 0, 0])).write_to(&mut png, image::ImageFormat::Png).unwrap();
        let png = png.into_inner();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
        let counts = Arc::new((AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0)));
        let counted = Arc::clone(&counts);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let (png, counts) = (png.clone(), Arc::clone(&counted));
                tokio::spawn(async move {
                    let mut asked = [0; 2048];
                    drop(stream.read(&mut asked).await);
                    let now = counts.0.fetch_add(1, Ordering::SeqCst) + 1;
                    counts.1.fetch_max(now, Ordering::SeqCst);
                    counts.2.fetch_add(1, Ordering::SeqCst);
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    counts.0.fetch_sub(1, Ordering::SeqCst);
                    let head =
                        format!("HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", png.len());
                    drop(stream.write_all(head.as_bytes()).await);
                    drop(stream.write_all(&png).await);
                });
            }
        });
        (url, counts)
    }

    fn key(server: &Url, name: &str, columns: u16) -> Key {
        Key { address: server.join(name).unwrap().as_str().into(), columns, rows: 2, clear: false }
    }

    async fn next(studio: &mut Studio) -> Made {
        tokio::time::timeout(Duration::from_secs(20), studio.next()).await.expect("a picture comes").unwrap()
    }

    #[tokio::test]
    async fn a_few_are_fetched_at_once_and_each_comes() {
        let (url, counts) = server().await;
        let mut studio = Studio::new(Files::new(url.clone()).unwrap(), None);
        let wanted: Vec<Key> = (0..20).map(|number| key(&url, &number.to_string(), 4)).collect();
        studio.want(&wanted, CANVAS);
        studio.want(&wanted, CANVAS);
        for _ in &wanted {
            let (key, _, outcome) = next(&mut studio).await;
            assert!(wanted.contains(&key));
            assert_eq!(outcome.unwrap().blocks.pixels[0], [200, 0, 0]);
        }
        assert!(counts.1.load(Ordering::SeqCst) <= AT_ONCE, "at once: {}", counts.1.load(Ordering::SeqCst));
        assert_eq!(counts.2.load(Ordering::SeqCst), 20, "each is asked for once");
        assert!(studio.under_way.is_empty());
    }

    #[tokio::test]
    async fn what_is_not_wanted_any_more_is_let_go_of() {
        let (url, counts) = server().await;
        let mut studio = Studio::new(Files::new(url.clone()).unwrap(), None);
        let many: Vec<Key> = (0..50).map(|number| key(&url, &number.to_string(), 4)).collect();
        studio.want(&many, CANVAS);
        let last = [key(&url, "last", 4)];
        studio.want(&last, CANVAS);
        assert_eq!(next(&mut studio).await.0, last[0]);
        assert!(counts.2.load(Ordering::SeqCst) <= AT_ONCE + 1, "asked: {}", counts.2.load(Ordering::SeqCst));
    }

    #[tokio::test]
    async fn a_second_size_comes_from_the_disk_and_a_broken_file_is_fetched_again() {
        let (url, counts) = server().await;
        let folder = std::env::temp_dir().join(format!("trunkline-studio-{}", std::process::id()));
        drop(std::fs::remove_dir_all(&folder));
        let disk = Disk::new(folder.clone(), 1 << 20);
        let mut studio = Studio::new(Files::new(url.clone()).unwrap(), Some(disk.clone()));
        let (small, large) = (key(&url, "a", 4), key(&url, "a", 8));
        for wanted in [&small, &large] {
            studio.want(std::slice::from_ref(wanted), CANVAS);
            let (key, _, outcome) = next(&mut studio).await;
            assert_eq!((&key, outcome.is_ok()), (wanted, true));
        }
        assert_eq!(counts.2.load(Ordering::SeqCst), 1);
        disk.keep(&large.address, b"no image").unwrap();
        studio.want(&[], CANVAS);
        studio.want(std::slice::from_ref(&large), CANVAS);
        assert!(next(&mut studio).await.2.is_ok());
        assert_eq!(counts.2.load(Ordering::SeqCst), 2, "fetched again");
        assert!(disk.read(&large.address).is_some_and(|bytes| bytes != b"no image"));
        drop(std::fs::remove_dir_all(folder));
    }
}
