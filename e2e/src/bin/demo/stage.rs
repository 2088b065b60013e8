//! The running system, and the lines that a person follows.

use std::{
    future::Future,
    time::{Duration, Instant},
};

use serde_json::Value;
use windlass_e2e::{Objects, Stack, StackOptions, condition};

/// How long an act may take.
const ACT_DEADLINE: Duration = Duration::from_secs(90);

pub(crate) struct Stage {
    pub(crate) stack: Stack,
    pub(crate) objects: Objects,
    acts: Vec<(String, Result<Duration, String>)>,
}

impl Stage {
    pub(crate) async fn set() -> Self {
        println!("Starting a control plane (the first time its programs are built: some minutes),");
        println!("a Git server, source-controller and kustomize-controller …");
        let started = Instant::now();
        let stack = Stack::start(StackOptions {
            nodes: true,
            ..StackOptions::default()
        })
        .await;
        let objects = stack.namespace("demo").await;
        println!(
            "Ready after {:.1} s; namespace {}.\n",
            started.elapsed().as_secs_f64(),
            objects.namespace()
        );
        Self {
            stack,
            objects,
            acts: Vec::new(),
        }
    }

    /// Plays one act: prints what happens, how long it took, and whether it went as promised.
    pub(crate) async fn act(
        &mut self,
        title: &str,
        play: impl Future<Output = Result<String, String>>,
    ) {
        println!("── {}. {title}", self.acts.len() + 1);
        let started = Instant::now();
        let result = match tokio::time::timeout(ACT_DEADLINE, play).await {
            Ok(result) => result,
            Err(_) => Err(format!("not within {} s", ACT_DEADLINE.as_secs())),
        };
        let took = started.elapsed();
        let outcome = match result {
            Ok(text) => {
                println!("   ✔ {text} ({:.1} s)\n", took.as_secs_f64());
                Ok(took)
            }
            Err(text) => {
                println!("   ✗ {text} ({:.1} s)\n", took.as_secs_f64());
                Err(text)
            }
        };
        self.acts.push((title.to_owned(), outcome));
    }

    /// Prints all acts; answers whether all went well.
    pub(crate) fn summary(&self) -> bool {
        println!("Summary");
        for (title, outcome) in &self.acts {
            match outcome {
                Ok(took) => println!("  ✔ {:>5.1} s  {title}", took.as_secs_f64()),
                Err(why) => println!("  ✗          {title}: {why}"),
            }
        }
        let passed = self.acts.iter().all(|(_, outcome)| outcome.is_ok());
        println!(
            "{}",
            if passed {
                "All acts went as promised."
            } else {
                "Some acts failed."
            }
        );
        passed
    }
}

/// Prints one line of progress.
pub(crate) fn note(text: impl AsRef<str>) {
    println!("   · {}", text.as_ref());
}

/// Waits for an object to satisfy a predicate, printing each new message of its Ready condition.
pub(crate) async fn follow(
    objects: &Objects,
    kind: &str,
    name: &str,
    is: impl Fn(&Value) -> bool,
) -> Value {
    let mut shown = String::new();
    loop {
        let object = objects.get(kind, name).await.unwrap_or_default();
        if let Some(ready) = condition(&object, "Ready") {
            let text = |field: &str| ready[field].as_str().unwrap_or_default().to_owned();
            let line = format!(
                "{kind}/{name} Ready={} {}: {}",
                text("status"),
                text("reason"),
                text("message")
            );
            if line != shown {
                note(&line);
                shown = line;
            }
        }
        if is(&object) {
            return object;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
