//! Renders a chart archive many times, each time with other values, and prints the time taken:
//! `render_rate CHART.tgz [TIMES]`.

#![allow(
    clippy::print_stdout,
    clippy::expect_used,
    reason = "a tool of this crate's measurements"
)]

use std::time::Instant;

use serde_json::json;
use windlass_helm::chart::{LoadLimits, load_archive};
use windlass_helm::values::map_from_json;
use windlass_helm::{RenderOptions, Renderer};

/// That of the programs.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().expect("a chart archive");
    let times: u32 = arguments
        .next()
        .map_or(1000, |text| text.parse().expect("a number"));
    let bytes = std::fs::read(path).expect("readable");
    let chart = load_archive(&bytes.into(), &LoadLimits::default()).expect("a chart");
    let renderer = Renderer::new(chart);
    let render = |number: u32| {
        let values = json!({"nameOverride": format!("n{number}"), "replicaCount": number});
        let values = map_from_json(values.as_object().expect("an object"));
        let answer = renderer.files(&values, &RenderOptions::default());
        answer.expect("it renders").files
    };
    // The first one parses the templates.
    let bytes: usize = render(0).values().map(String::len).sum();
    let started = Instant::now();
    for number in 1..=times {
        render(number);
    }
    let seconds = started.elapsed().as_secs_f64();
    println!(
        "{times} times {bytes} bytes in {seconds:.3} s: {:.3} ms each, {:.1} a second",
        seconds * 1e3 / f64::from(times),
        f64::from(times) / seconds
    );
}
