//! The real binary and its configuration: what is told about the file, and that nothing ever changes it.
#![cfg(test)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A folder of its own that stands for the reader's home.
struct Home(PathBuf);

impl Home {
    fn new(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("settings-{name}-{}", std::process::id()));
        drop(fs::remove_dir_all(&folder));
        fs::create_dir_all(folder.join(".config/trunkline")).unwrap();
        Self(folder)
    }

    fn file(&self) -> PathBuf {
        self.0.join(".config/trunkline/config.toml")
    }

    /// Runs the program here; gives its exit code, what it printed, and what it complained about.
    fn run(&self, arguments: &[&str], environment: &[(&str, &str)]) -> (i32, String, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_trunkline"));
        command.args(arguments).env_clear().env("HOME", &self.0).env("LANG", "C.UTF-8").envs(environment.iter().copied());
        let output = command.output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

#[test]
fn the_file_is_where_xdg_says_and_the_environment_can_name_another() {
    let home = Home::new("path");
    let file = home.file().display().to_string();
    assert_eq!(home.run(&["config", "path"], &[]), (0, format!("{file}\n"), String::new()));
    let elsewhere = home.run(&["config", "path"], &[("XDG_CONFIG_HOME", "/elsewhere")]);
    assert_eq!(elsewhere.1, "/elsewhere/trunkline/config.toml\n");
    assert_eq!(home.run(&["config", "path"], &[("TRUNKLINE_CONFIG", "/named.toml")]).1, "/named.toml\n");
    let (code, out, said) = home.run(&["config", "check"], &[]);
    assert_eq!((code, said.as_str()), (0, ""));
    assert!(out.contains("is not there: the defaults hold"), "{out}");
    let (code, out, said) = home.run(&["config", "check"], &[("TRUNKLINE_CONFIG", "/no/such.toml")]);
    assert_eq!((code, out.as_str()), (1, ""));
    assert!(said.contains("TRUNKLINE_CONFIG names /no/such.toml, which is not there"), "{said}");
}

#[test]
fn what_holds_is_shown_with_where_it_comes_from_and_can_be_used_as_a_file() {
    let home = Home::new("show");
    fs::write(home.file(), "# mine\nrows = 500\n\nmouse = true\nmuose = false\n").unwrap();
    let (code, out, said) = home.run(&["--no-mouse", "-s", "#rust", "config", "show"], &[]);
    assert_eq!(code, 0, "{said}");
    for line in ["tabs = [\"#rust\"]  # -s", "rows = 500  # line 2", "ascii = false  # the default", "mouse = false  # --no-mouse"] {
        assert!(out.lines().any(|shown| shown == line), "{line} is not in:\n{out}");
    }
    assert!(said.contains("config.toml:5:1: `muose` is no setting; did you mean `mouse`?"), "{said}");
    let shown = home.0.join("shown.toml");
    fs::write(&shown, &out).unwrap();
    let named = [("TRUNKLINE_CONFIG", shown.to_str().unwrap())];
    assert_eq!(home.run(&["config", "check"], &named).0, 0);
    let again = home.run(&["config", "show"], &named).1;
    let values = |text: &str| {
        text.lines().filter(|line| !line.starts_with('#')).map(|line| line.split("  # ").next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(values(&again), values(&out));
}

#[test]
fn every_mistake_is_told_at_once_and_the_file_stays_as_it_is() {
    let home = Home::new("check");
    let broken = "rows = 1\ncolour = 2\ntabs = [\"nowhere\"]\n";
    fs::write(home.file(), broken).unwrap();
    let (code, out, said) = home.run(&["config", "check"], &[]);
    assert_eq!(code, 1);
    let file = home.file().display().to_string();
    let places: Vec<String> = out.lines().map(|line| line.strip_prefix(&file).unwrap_or(line).chars().take(5).collect()).collect();
    assert_eq!(places, [":1:8:", ":2:1:", ":3:9:"], "{out}");
    assert!(said.contains("3 mistakes in ") && said.lines().count() == 1, "{said}");
    let (code, _, said) = home.run(&["--demo", "config", "check"], &[]);
    assert_eq!(code, 2, "{said}");
    assert_eq!(fs::read_to_string(home.file()).unwrap(), broken);
    assert_eq!(fs::read_dir(home.file().parent().unwrap()).unwrap().count(), 1, "nothing is left beside it");
}

#[cfg(target_os = "linux")]
#[test]
fn what_cannot_be_printed_is_an_error_and_a_closed_pipe_is_none() {
    let home = Home::new("full");
    let full = || fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    for what in ["path", "show", "check"] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_trunkline"));
        command.args(["config", what]).env_clear().env("HOME", &home.0).env("LANG", "C.UTF-8");
        let output = command.stdout(full()).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{what}: {said}");
        assert!(said.contains("cannot be printed"), "{what}: {said}");
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = command.stdout(writer).output().unwrap();
        assert_eq!((output.status.code(), output.stderr.len()), (Some(0), 0), "{what}");
    }
}
