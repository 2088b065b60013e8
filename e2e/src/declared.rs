//! A repository that changes at random, and what the cluster has to hold because of it.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use rand::{Rng, RngExt};
use windlass_testkit::{Repo, wait_until};

use crate::objects::Objects;

/// Folders of `ConfigMap`s, each the business of a `Kustomization` of the folder's name. Object
/// `i` of folder `f` is called `f-i` and holds the number of the change that wrote it last; object
/// 0 is there always, so that a folder is never empty.
#[derive(Debug)]
pub struct Declared {
    /// By folder, what each object holds; `None` for one that is not declared.
    folders: BTreeMap<String, Vec<Option<u64>>>,
    /// Objects that some change took away.
    removed: BTreeSet<String>,
}

/// What one commit does.
#[derive(Debug)]
pub struct Edit {
    files: Vec<(String, Option<String>)>,
}

impl Edit {
    /// Commits it, and answers the commit in hex.
    pub fn commit(&self, repo: &Repo, message: &str) -> String {
        let files: Vec<(&str, Option<&str>)> = self
            .files
            .iter()
            .map(|(path, text)| (path.as_str(), text.as_deref()))
            .collect();
        repo.commit(&files, message)
    }
}

impl Declared {
    /// Folders with so many objects each, which hold 0; and the commit that declares them.
    pub fn new(repo: &Repo, folders: &[&str], objects: usize) -> (Self, String) {
        let mut edit = Edit { files: Vec::new() };
        for folder in folders {
            let files = (0..objects).map(|i| file(folder, i, Some(0)));
            edit.files.extend(files);
        }
        let folders = folders
            .iter()
            .map(|f| ((*f).to_owned(), vec![Some(0); objects]));
        let declared = Self {
            folders: folders.collect(),
            removed: BTreeSet::new(),
        };
        let commit = edit.commit(repo, "first");
        (declared, commit)
    }

    /// The names of the folders.
    pub fn folders(&self) -> impl Iterator<Item = &str> {
        self.folders.keys().map(String::as_str)
    }

    /// Changes one folder at random: most of its objects are written, some go, some come back.
    pub fn change(&mut self, random: &mut impl Rng, number: u64) -> Edit {
        let at = random.random_range(0..self.folders.len());
        let (folder, objects) = self.folders.iter_mut().nth(at).expect("there are folders");
        let mut files = Vec::new();
        for (i, held) in objects.iter_mut().enumerate() {
            if i == 0 || random.random_bool(0.7) {
                *held = Some(number);
            } else if held.is_some() && random.random_bool(0.5) {
                *held = None;
                self.removed.insert(name(folder, i));
            } else {
                continue;
            }
            files.push(file(folder, i, *held));
        }
        Edit { files }
    }

    /// Writes every object of every folder.
    pub fn change_all(&mut self, number: u64) -> Edit {
        let mut files = Vec::new();
        for (folder, objects) in &mut self.folders {
            for (i, held) in objects.iter_mut().enumerate() {
                *held = Some(number);
                files.push(file(folder, i, *held));
            }
        }
        Edit { files }
    }

    /// The objects that are declared now.
    pub fn names(&self) -> Vec<String> {
        self.expected().into_keys().collect()
    }

    /// Whether some change took the object away.
    pub fn was_removed(&self, name: &str) -> bool {
        self.removed.contains(name)
    }

    fn expected(&self) -> BTreeMap<String, String> {
        let mut expected = BTreeMap::new();
        for (folder, objects) in &self.folders {
            for (i, held) in objects.iter().enumerate() {
                if let Some(value) = held {
                    expected.insert(name(folder, i), value.to_string());
                }
            }
        }
        expected
    }

    /// What the cluster holds otherwise than declared, in words. Objects that are none of the
    /// folders' are not looked at.
    pub async fn differences(&self, objects: &Objects) -> Vec<String> {
        let mut expected = self.expected();
        let mut differences = Vec::new();
        for object in objects.list("ConfigMap").await {
            let found = object["metadata"]["name"].as_str().unwrap_or_default();
            let folder = found.rsplit_once('-').map_or("", |(folder, _)| folder);
            if !self.folders.contains_key(folder) {
                continue;
            }
            let value = object["data"]["value"].as_str().unwrap_or_default();
            let owner = &object["metadata"]["labels"]["kustomize.toolkit.fluxcd.io/name"];
            match expected.remove(found) {
                None => differences.push(format!("{found} is not declared")),
                Some(wanted) if wanted != value => {
                    differences.push(format!("{found} holds {value}, declared is {wanted}"));
                }
                Some(_) if owner != folder => {
                    differences.push(format!("{found} is labelled as of {owner}"));
                }
                Some(_) => {}
            }
        }
        differences.extend(
            expected
                .into_keys()
                .map(|name| format!("{name} is missing")),
        );
        differences
    }

    /// Waits until every folder's `Kustomization` has applied the commit and the cluster holds
    /// what is declared.
    ///
    /// # Panics
    /// With the differences, when that does not come true in time.
    pub async fn until_there(&self, objects: &Objects, commit: &str, within: Duration) {
        let mut last = Vec::new();
        let reached = tokio::time::timeout(within, async {
            for folder in self.folders() {
                objects.until_applied(folder, commit).await;
            }
            wait_until("the cluster holds what is declared", within, async || {
                last = self.differences(objects).await;
                last.is_empty()
            })
            .await;
        });
        assert!(
            reached.await.is_ok(),
            "after {within:?}, of commit {commit}: {last:?}"
        );
    }
}

fn name(folder: &str, object: usize) -> String {
    format!("{folder}-{object}")
}

fn file(folder: &str, object: usize, value: Option<u64>) -> (String, Option<String>) {
    let text = value.map(|value| {
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {}}}\ndata: {{value: \"{value}\"}}\n",
            name(folder, object)
        )
    });
    (format!("{folder}/{object}.yaml"), text)
}
