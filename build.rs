//! What `--version` says beside the number: the commit, where that can be known, and the features.
//!
//! A source without git (a package, an archive) builds as well; an archive inside another repository does not take that
//! one's commit for its own.

use std::path::{Path, PathBuf};
use std::process::Command;

fn main() {
    let root = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    println!("cargo::rerun-if-changed=build.rs");
    let commit = from_git(&root).or_else(|| from_package(&root)).map(|commit| format!("commit {commit}"));
    let mut features: Vec<String> = std::env::vars()
        .filter_map(|(name, _)| Some(name.strip_prefix("CARGO_FEATURE_")?.to_lowercase().replace('_', "-")))
        .filter(|feature| feature != "default")
        .collect();
    features.sort();
    let features = (!features.is_empty()).then(|| format!("with {}", features.join(", ")));
    let about: Vec<String> = commit.into_iter().chain(features).collect();
    let version = std::env::var("CARGO_PKG_VERSION").unwrap_or_default();
    let about = if about.is_empty() { version } else { format!("{version} ({})", about.join("; ")) };
    println!("cargo::rustc-env=TRUNKLINE_VERSION={about}");
}

/// The commit that is checked out, where the source is a repository of its own.
fn from_git(root: &Path) -> Option<String> {
    let top = git(root, &["rev-parse", "--show-toplevel"])?;
    if Path::new(&top).canonicalize().ok()? != root.canonicalize().ok()? {
        return None;
    }
    let commit = git(root, &["rev-parse", "--short=10", "HEAD"])?;
    let branch = git(root, &["symbolic-ref", "-q", "HEAD"]);
    for name in ["HEAD", "packed-refs"].into_iter().chain(branch.as_deref()) {
        let file = git(root, &["rev-parse", "--git-path", name]).map(|file| root.join(file));
        // One that is missing would have cargo run this every time.
        if let Some(file) = file.filter(|file| file.exists()) {
            println!("cargo::rerun-if-changed={}", file.display());
        }
    }
    Some(commit)
}

fn git(root: &Path, arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").current_dir(root).args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    (output.status.success() && !text.is_empty()).then_some(text)
}

/// The commit that a package was made from, which `cargo package` writes beside it.
fn from_package(root: &Path) -> Option<String> {
    let text = std::fs::read_to_string(root.join(".cargo_vcs_info.json")).ok()?;
    let (_, rest) = text.split_once("\"sha1\"")?;
    let commit: String = rest.chars().skip_while(|ch| !ch.is_ascii_hexdigit()).take_while(char::is_ascii_hexdigit).take(10).collect();
    (commit.len() == 10).then_some(commit)
}
