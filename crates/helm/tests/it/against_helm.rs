//! Random charts and values, rendered by the real Helm too where it is on the `PATH`.

use std::path::Path;
use std::process::Command;

use serde_json::{Map, Value as Json, json};
use windlass_archive::{Limits, Tree};
use windlass_helm::chart::{LoadLimits, load_directory};
use windlass_helm::values::read_values;
use windlass_helm::{ReleaseOptions, RenderOptions, Renderer};

use super::recordings::parallel;

/// How many charts are compared, unless `WINDLASS_VALUES_CASES` says otherwise.
const CASES: u64 = 2000;

/// Names that collide often.
const NAMES: [&str; 10] = [
    "a", "b", "c", "global", "sub1", "sub2", "enabled", "tags", "exports", "data",
];

/// A small generator of random numbers (xorshift): the same seed gives the same chart.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % end as u64).unwrap()
    }

    fn one_of<'a>(&mut self, texts: &[&'a str]) -> &'a str {
        texts[self.below(texts.len())]
    }

    fn table(&mut self, depth: usize) -> Json {
        let mut table = Map::new();
        for _ in 0..self.below(4) {
            let name = self.one_of(&NAMES);
            let is_table = name.len() > 2 && name != "enabled" && self.below(6) > 0;
            let value = if depth > 0 && (is_table || self.below(2) == 0) {
                self.table(depth - 1)
            } else {
                self.scalar()
            };
            table.insert(name.to_owned(), value);
        }
        table.into()
    }

    fn scalar(&mut self) -> Json {
        match self.below(7) {
            0 | 1 => Json::Null,
            2 => json!(true),
            3 => json!(false),
            4 => json!(self.below(5)),
            5 => json!(["l", 1, null]),
            _ => json!(format!("s{}", self.below(3))),
        }
    }

    /// Adds the files of a chart below `prefix`.
    fn chart(&mut self, files: &mut Vec<(String, String)>, prefix: &str, name: &str, depth: usize) {
        let mut dependencies = Vec::new();
        for subchart in ["sub1", "sub2"] {
            if depth == 0 || self.below(3) == 0 {
                continue;
            }
            self.chart(
                files,
                &format!("{prefix}charts/{subchart}/"),
                subchart,
                depth - 1,
            );
            // All subcharts are listed: Helm takes others in no order.
            for alias in [None, Some("al")] {
                if alias.is_some() && self.below(4) > 0 {
                    continue;
                }
                let mut entry = json!({ "name": subchart, "version": "*", "repository": "" });
                if let Some(alias) = alias {
                    entry["alias"] = json!(format!("{alias}{subchart}"));
                }
                if self.below(2) == 0 {
                    entry["condition"] = json!(self.one_of(&[
                        "a.enabled",
                        "sub1.enabled",
                        "sub2.enabled,b",
                        "enabled"
                    ]));
                }
                if self.below(3) == 0 {
                    entry["tags"] = json!([self.one_of(&["a", "b"])]);
                }
                if self.below(2) == 0 {
                    let child = self.one_of(&["data", "exports", "a", "exports.data", "global"]);
                    let parent = self.one_of(&[".", "imported", "a", "sub1", "global"]);
                    entry["import-values"] = if self.below(2) == 0 {
                        json!([child])
                    } else {
                        json!([{ "child": child, "parent": parent }])
                    };
                }
                dependencies.push(entry);
            }
        }
        let mut chart = json!({ "apiVersion": "v2", "name": name, "version": "1.2.3" });
        if !dependencies.is_empty() {
            chart["dependencies"] = dependencies.into();
        }
        files.push((format!("{prefix}Chart.yaml"), chart.to_string()));
        files.push((format!("{prefix}values.yaml"), self.table(3).to_string()));
        let template = "kind: {{ .Chart.Name }}\nvalues: {{ toJson .Values }}\n";
        files.push((format!("{prefix}templates/v.yaml"), template.to_owned()));
    }
}

fn ours(files: &[(String, String)], user: &str) -> String {
    let mut tree = Tree::builder(Limits::default());
    for (path, text) in files {
        tree.file(path, text.clone(), false).unwrap();
    }
    let chart = load_directory(&tree.build(), &LoadLimits::default()).unwrap();
    let options = RenderOptions {
        release: ReleaseOptions {
            name: "rel".to_owned(),
            ..ReleaseOptions::default()
        },
        ..RenderOptions::default()
    };
    let values = read_values(user.as_bytes()).unwrap();
    match Renderer::new(chart).render(&values, &options) {
        Ok(rendered) => format!("{}\n", rendered.manifest().trim()),
        Err(error) => format!("Error: {error}"),
    }
}

fn theirs(directory: &Path, files: &[(String, String)], user: &str) -> String {
    for (path, text) in files {
        let path = directory.join("root").join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    std::fs::write(directory.join("user.yaml"), user).unwrap();
    let output = Command::new("helm")
        .args(["template", "rel", "root", "-f", "user.yaml"])
        .current_dir(directory)
        .output()
        .unwrap();
    if output.status.success() {
        return String::from_utf8(output.stdout).unwrap();
    }
    let text = String::from_utf8(output.stderr).unwrap();
    let errors = text.lines().find(|line| line.starts_with("Error: "));
    errors.unwrap_or_default().to_owned()
}

#[test]
fn random_values_come_out_as_from_helm() {
    if Command::new("helm").arg("version").output().is_err() {
        println!("skipped: helm is not on the PATH");
        return;
    }
    let cases = std::env::var("WINDLASS_VALUES_CASES")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(CASES);
    let seeds: Vec<u64> = (1..=cases).collect();
    let differences = parallel(&seeds, |seed| {
        let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let mut files = Vec::new();
        let depth = random.below(3);
        random.chart(&mut files, "", "root", depth);
        let user = random.table(3).to_string();
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("values-{seed}"));
        let _ = std::fs::remove_dir_all(&directory);
        let (given, wanted) = (ours(&files, &user), theirs(&directory, &files, &user));
        std::fs::remove_dir_all(&directory).unwrap();
        (given != wanted).then(|| {
            format!("case {seed}:\n{files:#?}\n{user}\n--- wanted\n{wanted}\n--- given\n{given}")
        })
    });
    let differences: Vec<String> = differences.into_iter().flatten().collect();
    println!(
        "values against helm: ran {cases}, passed {}",
        seeds.len() - differences.len()
    );
    if let Some(first) = differences.first() {
        println!("{first}");
    }
    assert!(differences.is_empty());
}
