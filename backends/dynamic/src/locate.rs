//! Finding a vendor's library: by explicit path, then environment variables, then the vendor's usual folders, then bare
//! names. Never in the working directory.

use std::cmp::Reverse;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use bpqp_traits::{Error, Result};
use libloading::Library;

use crate::ffi;

/// Where a vendor's library may be. In patterns a `*` stands for any text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Places {
    /// The backend's name.
    pub(crate) backend: &'static str,
    /// The library's file names, as patterns: `libgurobi*.so`.
    pub(crate) files: &'static [&'static str],
    /// The vendor's environment variables, as patterns, each with folders below the one it names.
    pub(crate) variables: &'static [(&'static str, &'static [&'static str])],
    /// Folders where the vendor's installer puts it, as patterns; `~` is the home folder.
    pub(crate) folders: &'static [&'static str],
    /// Names that the system's own search is tried with, newest first.
    pub(crate) bare_names: &'static [&'static str],
}

/// A library that was opened, and where.
pub(crate) struct Found {
    pub(crate) library: Library,
    pub(crate) path: PathBuf,
}

impl Places {
    /// The variable that names the library's file, or its folder, for BPQP alone.
    pub(crate) fn own_variable(&self) -> String {
        format!("BPQP_{}_LIBRARY", self.backend.to_uppercase())
    }

    /// Opens the library at `explicit` or at the first place that has it.
    ///
    /// # Errors
    /// [`Error::LibraryMissing`] with every place tried; [`Error::Backend`] for an explicit file that is no library.
    pub(crate) fn find(&self, explicit: Option<&Path>) -> Result<Found> {
        let own = std::env::var_os(self.own_variable()).filter(|v| !v.is_empty()).map(PathBuf::from);
        if let Some(named) = explicit.or(own.as_deref()) {
            return self.open_named(named);
        }
        let mut tried = Vec::new();
        for folder in self.search_folders(&mut tried) {
            let files = self.files_in(&folder);
            if files.is_empty() {
                tried.push(folder.join(self.files[0]).display().to_string());
            }
            for path in files {
                match ffi::open(path.as_os_str()) {
                    Ok(library) => return Ok(Found { library, path }),
                    Err(reason) => tried.push(format!("{} ({reason})", path.display())),
                }
            }
        }
        if searches_working_directory() {
            tried.push("no bare names, since LD_LIBRARY_PATH names the working directory".into());
            return Err(self.missing(tried));
        }
        for name in self.bare_names {
            match ffi::open(OsStr::new(name)) {
                Ok(library) => return Ok(Found { library, path: PathBuf::from(name) }),
                Err(_) => tried.push((*name).to_string()),
            }
        }
        tried.push(format!("the file named by {}", self.own_variable()));
        Err(self.missing(tried))
    }

    /// A file, or a folder that holds one: whoever names it means this and no other.
    fn open_named(&self, named: &Path) -> Result<Found> {
        // An absolute path, so that the system does not search for it.
        let path = std::path::absolute(named).unwrap_or_else(|_| named.to_path_buf());
        let path = match path.is_dir() {
            true => self.files_in(&path).into_iter().next().unwrap_or_else(|| path.join(self.files[0])),
            false => path,
        };
        if !path.exists() {
            return Err(self.missing(vec![path.display().to_string()]));
        }
        match ffi::open(path.as_os_str()) {
            Ok(library) => Ok(Found { library, path }),
            Err(reason) => Err(Error::backend(self.backend, format!("cannot load {}: {reason}", path.display()))),
        }
    }

    /// The folders to look into, in order. Relative ones depend on the working directory: they are not searched, and `tried`
    /// says so.
    fn search_folders(&self, tried: &mut Vec<String>) -> Vec<PathBuf> {
        let mut folders = Vec::new();
        for (variable, below) in self.variables {
            let found = variables_like(variable);
            if found.is_empty() {
                tried.push(format!("{variable} (not set)"));
            }
            for (name, value) in found {
                let base = PathBuf::from(value);
                if base.is_absolute() {
                    folders.extend(below.iter().map(|folder| base.join(folder)));
                } else {
                    tried.push(format!("{} of {} (not searched: a relative path)", base.display(), name.display()));
                }
            }
        }
        let home = std::env::var_os("HOME").map(PathBuf::from).filter(|home| home.is_absolute());
        for pattern in self.folders {
            let found = match (pattern.strip_prefix("~/"), &home) {
                (Some(below), Some(home)) => expand(home.clone(), below),
                (Some(_), None) => Vec::new(),
                (None, _) => expand(PathBuf::from("/"), pattern.trim_start_matches('/')),
            };
            if found.is_empty() {
                tried.push(format!("{pattern} (no such folder)"));
            }
            folders.extend(found);
        }
        folders
    }

    /// The library's files in `folder`, newest version first.
    fn files_in(&self, folder: &Path) -> Vec<PathBuf> {
        let mut names = entries(folder);
        names.retain(|name| self.files.iter().any(|pattern| matches(pattern, name)));
        names.sort_by_key(|name| Reverse(numbers(name)));
        names.into_iter().map(|name| folder.join(name)).collect()
    }

    fn missing(&self, tried: Vec<String>) -> Error {
        Error::LibraryMissing { backend: self.backend.into(), tried }
    }
}

/// Whether the system's search would look into the working directory.
fn searches_working_directory() -> bool {
    let paths = std::env::var_os("LD_LIBRARY_PATH").filter(|paths| !paths.is_empty());
    paths.is_some_and(|paths| std::env::split_paths(&paths).any(|path| !path.is_absolute()))
}

/// The environment's variables that match `pattern`, newest version first.
fn variables_like(pattern: &str) -> Vec<(OsString, OsString)> {
    let known = std::env::vars_os().filter(|(_, value)| !value.is_empty());
    let mut found: Vec<_> = known.filter(|(name, _)| matches(pattern, &name.to_string_lossy())).collect();
    found.sort_by_key(|(name, _)| Reverse(numbers(&name.to_string_lossy())));
    found
}

/// The folders below `base` that `pattern`, a relative path, stands for: one without `*` whether it exists or not.
fn expand(base: PathBuf, pattern: &str) -> Vec<PathBuf> {
    let mut folders = vec![base];
    for part in pattern.split('/') {
        folders = folders.into_iter().flat_map(|folder| step(folder, part)).collect();
    }
    folders
}

fn step(folder: PathBuf, part: &str) -> Vec<PathBuf> {
    if !part.contains('*') {
        return vec![folder.join(part)];
    }
    let mut names = entries(&folder);
    names.retain(|name| matches(part, name));
    names.sort_by_key(|name| Reverse(numbers(name)));
    names.into_iter().map(|name| folder.join(name)).collect()
}

fn entries(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect()
}

/// Whether `text` is what `pattern` stands for; one `*` at most.
fn matches(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((head, tail)) => text.len() >= head.len() + tail.len() && text.starts_with(head) && text.ends_with(tail),
    }
}

/// The numbers in a name, to compare versions by.
fn numbers(name: &str) -> Vec<u64> {
    name.split(|c: char| !c.is_ascii_digit()).filter_map(|digits| digits.parse().ok()).collect()
}
