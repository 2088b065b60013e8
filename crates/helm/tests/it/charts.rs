//! Recorded runs over public charts.

use std::collections::HashMap;
use std::io::Read as _;
use std::path::Path;
use std::sync::{Arc, Mutex};

use flate2::read::GzDecoder;
use serde_json::Value as Json;
use sha2::{Digest as _, Sha256};
use windlass_archive::{Limits, Tree, read_tar_gz};
use windlass_helm::chart::{Chart, LoadLimits, check_dependencies, load_directory};
use windlass_helm::values::Sources;
use windlass_helm::{Capabilities, KubeVersion, ReleaseOptions, RenderOptions, Rendered, Renderer};

use super::recordings::{directory, parallel};

/// Charts that are loaded, with their files.
type Cache = Mutex<HashMap<String, Arc<(Renderer, Tree)>>>;

fn gunzip(bytes: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    GzDecoder::new(bytes).read_to_end(&mut plain).unwrap();
    plain
}

/// The chart of an archive as a directory, as it was recorded: with its `.helmignore`.
fn directory_of(bytes: &[u8]) -> Tree {
    let tree = read_tar_gz(bytes, &Limits::default()).unwrap();
    let (name, _) = tree.dir("").next().unwrap();
    tree.subtree(name).unwrap()
}

fn strings(json: &Json) -> Vec<String> {
    json.as_array()
        .into_iter()
        .flatten()
        .map(|text| text.as_str().unwrap().to_owned())
        .collect()
}

fn run(case: &Json, renderer: &Renderer, files: &Tree) -> Result<Rendered, String> {
    let chart: &Chart = renderer.chart();
    match &*chart.metadata().kind {
        "" | "application" => {}
        other => return Err(format!("{other} charts are not installable")),
    }
    check_dependencies(chart)?;
    let mut sources = Sources::default();
    for name in strings(&case["values"]) {
        let bytes = files.get(&name).unwrap().bytes.to_vec();
        sources.files.push((name, bytes));
    }
    let values = sources
        .merge(&mut |_| Err("no files".to_owned()))
        .map_err(|error| error.to_string())?;
    let mut capabilities = Capabilities {
        kube_version: KubeVersion::parse("1.36.0").unwrap(),
        ..Capabilities::default()
    };
    capabilities.add_api_versions(strings(&case["apiVersions"]));
    let options = RenderOptions {
        release: ReleaseOptions {
            name: "rel".to_owned(),
            namespace: "ns".to_owned(),
            ..ReleaseOptions::default()
        },
        capabilities,
        ..RenderOptions::default()
    };
    renderer.render(&values, &options).map_err(|error| {
        let hint = if error.has_release() {
            "\n\nUse --debug flag to render out invalid YAML"
        } else {
            ""
        };
        format!("{error}{hint}")
    })
}

/// What `helm template` prints.
fn printed(rendered: &Rendered, crds: bool) -> String {
    let mut text = if crds { rendered.crds() } else { String::new() };
    text.push_str(&rendered.manifest());
    let mut text = format!("{}\n", text.trim());
    for hook in &rendered.hooks {
        for part in ["---\n# Source: ", &hook.path, "\n", &hook.manifest, "\n"] {
            text.push_str(part);
        }
    }
    text
}

fn sha256(text: &str) -> String {
    let digits = |byte: &u8| [byte >> 4, byte & 15].map(|half| char::from_digit(half.into(), 16));
    Sha256::digest(text.as_bytes())
        .iter()
        .flat_map(digits)
        .flatten()
        .collect()
}

/// The first line that differs, masked ones left out.
fn compare(wanted: &str, given: &str, masked: &[u64]) -> Result<(), String> {
    if wanted == given {
        return Ok(());
    }
    let (wanted, given): (Vec<&str>, Vec<&str>) =
        (wanted.split('\n').collect(), given.split('\n').collect());
    for index in 0..wanted.len().max(given.len()) {
        let (wanted, given) = (wanted.get(index), given.get(index));
        if wanted != given && !masked.contains(&(index as u64 + 1)) {
            return Err(format!(
                "line {}:\n  wanted {wanted:?}\n  given  {given:?}",
                index + 1
            ));
        }
    }
    Ok(())
}

fn compare_release(release: &Json, rendered: &Rendered, masked: bool) -> Result<(), String> {
    let notes = release["notes"].as_str().unwrap_or_default();
    compare(notes, &rendered.notes, &[]).map_err(|text| format!("notes: {text}"))?;
    if !masked && release["manifest"] != sha256(&rendered.manifest()).as_str() {
        return Err("the release's manifest".to_owned());
    }
    let hooks = release["hooks"].as_array().unwrap();
    if hooks.len() != rendered.hooks.len() {
        return Err(format!(
            "{} hooks, not {}",
            rendered.hooks.len(),
            hooks.len()
        ));
    }
    for (wanted, given) in hooks.iter().zip(&rendered.hooks) {
        let events: Vec<&str> = given.events.iter().map(|event| event.name()).collect();
        let same = wanted["name"] == given.name.as_str()
            && wanted["kind"] == given.kind.as_str()
            && wanted["path"] == given.path.as_str()
            && wanted["weight"].as_i64().unwrap_or(0) == given.weight
            && strings(&wanted["events"]) == events
            && strings(&wanted["deletePolicies"]) == given.delete_policies
            && (masked || wanted["manifest"] == sha256(&given.manifest).as_str());
        if !same {
            return Err(format!("hook:\n  wanted {wanted}\n  given  {given:?}"));
        }
    }
    Ok(())
}

fn check(case: &Json, directory: &Path, cache: &Cache) -> Result<(), String> {
    let name = case["chart"].as_str().unwrap().to_owned();
    let cached = cache.lock().unwrap().get(&name).cloned();
    let loaded = if let Some(loaded) = cached {
        loaded
    } else {
        let bytes = std::fs::read(directory.join("charts").join(&name)).unwrap();
        let tree = directory_of(&bytes);
        let chart = load_directory(&tree, &LoadLimits::default())
            .map_err(|error| format!("loading: {error}"))?;
        let loaded = Arc::new((Renderer::new(chart), tree));
        cache.lock().unwrap().insert(name, Arc::clone(&loaded));
        loaded
    };
    let rendered = run(case, &loaded.0, &loaded.1);
    let masked: Vec<u64> = case["masked"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|line| line.as_u64().unwrap())
        .collect();
    match (rendered, case["error"].as_str()) {
        (Ok(rendered), None) => {
            let golden = directory.join(case["stdout"].as_str().unwrap());
            let wanted = String::from_utf8(gunzip(&std::fs::read(golden).unwrap())).unwrap();
            let crds = case["includeCrds"] == true;
            compare(&wanted, &printed(&rendered, crds), &masked)?;
            if case["release"].is_object() {
                compare_release(&case["release"], &rendered, !masked.is_empty())?;
            }
            Ok(())
        }
        (Err(given), Some(wanted)) => {
            // Warnings come before the error.
            let start = wanted.find("Error: ").unwrap_or(0);
            compare(&wanted[start..], &format!("Error: {given}\n"), &[])
        }
        (Ok(_), Some(wanted)) => Err(format!("wanted the error {wanted}")),
        (Err(given), None) => Err(format!("given the error {given}")),
    }
}

#[test]
fn recorded_charts_give_the_recorded_manifests() {
    let Some(directory) = directory() else { return };
    let text = std::fs::read_to_string(directory.join("cases.json")).unwrap();
    let cases: Vec<Json> = serde_json::from_str(&text).unwrap();
    let only = std::env::var("WINDLASS_CASE").ok();
    let cases: Vec<Json> = cases
        .into_iter()
        .filter(|case| {
            only.as_ref()
                .is_none_or(|only| case["name"].as_str().unwrap().contains(only.as_str()))
        })
        .collect();
    let cache = Cache::default();
    let failed = parallel(&cases, |case| {
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            check(case, &directory, &cache)
        }))
        .unwrap_or_else(|_| Err("panic".to_owned()));
        if let Err(difference) = &result {
            println!("{}: {difference}", case["name"].as_str().unwrap());
        }
        result.is_err()
    });
    let failed = failed.into_iter().filter(|failed| *failed).count();
    println!(
        "helm/cases.json: ran {}, passed {}, failed {failed}",
        cases.len(),
        cases.len() - failed
    );
    assert_eq!(failed, 0);
}
