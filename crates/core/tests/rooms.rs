//! The modules of this crate import one way, its tests aside: a file from the rooms below its own,
//! and no file, over however many others, from itself.
//!
//! It is a test of our own because nothing that is kept well does it: `cargo-modules` draws circles
//! but is rust-analyzer as a whole, which takes longer to build than all of this; the linters for
//! architecture know rules between two modules and no circles; and crates of their own would make
//! public what is private here. rustfmt gives imports one form, so that a pattern finds them all,
//! also those in macros; reading them with `syn` took three times this.

#![expect(clippy::unwrap_used, reason = "the helpers are test code, too")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use regex::Regex;

/// From the ground up: a room imports from those that stand before it. lib.rs is above them all.
const ROOMS: &str =
    "sync clock wire id addr blocked options sys names framing queue buffer source reactor";

#[test]
fn imports_go_down_and_in_no_circle() {
    let mut files = BTreeMap::new();
    read(Path::new("src"), "crate", &mut files);
    let pattern = Regex::new(r"\b(?:use |crate::|super::)[a-z_:]+").unwrap();
    let floor = |file: &str| {
        let room = file.split("::").nth(1);
        ROOMS.split(' ').position(|other| Some(other) == room)
    };
    let mut arrows = BTreeMap::<&str, BTreeSet<&str>>::new();
    for (from, code) in files.iter().filter(|(from, _)| *from != "crate") {
        for found in pattern.find_iter(code) {
            let (mut base, mut path) = (from.as_str(), found.as_str().trim_start_matches("use "));
            while let Some(rest) = path.strip_prefix("super::") {
                (base, path) = (base.rsplit_once("::").unwrap().0, rest);
            }
            let full = match path.strip_prefix("crate::") {
                Some(path) => format!("crate::{path}"),
                None => format!("{base}::{path}"),
            };
            let ends = full.match_indices("::").map(|(at, _)| &full[..at]);
            let known = ends
                .chain([&*full])
                .filter_map(|end| files.get_key_value(end));
            let to = known.last().unwrap().0;
            assert!(to != "crate", "{from} imports from lib.rs: {full}");
            assert!(floor(to) <= floor(from), "up: {from} imports {full}");
            if to != from {
                arrows.entry(from).or_default().insert(to);
            }
        }
    }
    assert!(arrows.len() > 30, "not read: {arrows:?}");
    // Whoever imports from nobody that is left is in no circle.
    let is_left = |arrows: &BTreeMap<_, _>, file: &&str| arrows.contains_key(file);
    while let Some((free, _)) = arrows
        .iter()
        .find(|(_, to)| !to.iter().any(|file| is_left(&arrows, file)))
    {
        let free = *free;
        arrows.remove(free);
    }
    assert!(arrows.is_empty(), "in circles, or above them: {arrows:#?}");
}

/// The code of all files of a folder, without comments and tests; `x_unix.rs` and `x_windows.rs`
/// are both `x`.
fn read(folder: &Path, module: &str, files: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let stem = path.file_stem().unwrap().to_str().unwrap();
        let name = match stem.trim_end_matches("_unix").trim_end_matches("_windows") {
            "lib" | "mod" => module.to_owned(),
            name => format!("{module}::{name}"),
        };
        if name.ends_with("tests") {
            continue;
        }
        if path.is_dir() {
            read(&path, &name, files);
        } else {
            let all = fs::read_to_string(path).unwrap();
            let code = all.split("#[cfg(test)]\nmod tests {").next().unwrap();
            let lines = code
                .lines()
                .filter(|line| !line.trim_start().starts_with("//"));
            files
                .entry(name)
                .or_default()
                .extend(lines.map(|line| format!("{line}\n")));
        }
    }
}
