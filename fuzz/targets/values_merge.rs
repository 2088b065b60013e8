//! Values: files and the `--set` family merged, then coalesced with those of a chart and its
//! subcharts. Files of an input below `chart/` are the chart's, the others are named after the
//! flag that they belong to, a line for each use of it.

#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};
use windlass_fuzz::{files, tree};
use windlass_helm::chart::{LoadLimits, load_directory, process_dependencies};
use windlass_helm::values::{Sources, coalesce_values};
use windlass_helm::{RenderOptions, Renderer};

fuzz_target!(|data: &[u8]| -> Corpus {
    let files = files(data);
    if files.is_empty() {
        return Corpus::Reject;
    }
    let mut sources = Sources::default();
    for (name, bytes) in &files {
        let lines = || {
            let text = String::from_utf8_lossy(bytes);
            text.lines().map(str::to_owned).collect::<Vec<_>>()
        };
        match name.as_str() {
            "values" => sources.files.push((name.clone(), bytes.to_vec())),
            "set" => sources.set.extend(lines()),
            "set-string" => sources.string.extend(lines()),
            "set-file" => sources.file.extend(lines()),
            "set-json" => sources.json.extend(lines()),
            "set-literal" => sources.literal.extend(lines()),
            _ => {}
        }
    }
    let values = match sources.merge(&mut |path| Ok(format!("<{path}>"))) {
        Ok(values) => values,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return Corpus::Keep;
        }
    };
    let tree = tree(files.iter().filter_map(|(name, bytes)| {
        let path = name.strip_prefix("chart/")?;
        (!path.contains("templates/")).then_some((path, *bytes))
    }));
    let Ok(mut chart) = load_directory(&tree, &LoadLimits::default()) else {
        return Corpus::Keep;
    };
    let _ = Renderer::new(chart.clone()).render(&values, &RenderOptions::default());
    let mut warnings = Vec::new();
    if process_dependencies(&mut chart, &values, &mut warnings).is_ok()
        && let Ok(once) = coalesce_values(&chart, &values, &mut warnings)
    {
        let _ = coalesce_values(&chart, &once, &mut warnings);
    }
    Corpus::Keep
});
