//! Writes the `CustomResourceDefinitions` as YAML into the folder given as the only argument.

use std::{env, fs, path::PathBuf, process::ExitCode};

fn main() -> ExitCode {
    let Some(dir) = env::args_os().nth(1).map(PathBuf::from) else {
        return fail("usage: crdgen DIR");
    };
    for (file, crd) in windlass_api::crds() {
        let path = dir.join(file);
        let yaml = format!("---\n{}", windlass_yaml::json_to_yaml(&crd));
        if let Err(error) = fs::write(&path, yaml) {
            return fail(&format!("{}: {error}", path.display()));
        }
    }
    ExitCode::SUCCESS
}

#[expect(
    clippy::print_stderr,
    reason = "the only output of a program for developers"
)]
fn fail(message: &str) -> ExitCode {
    eprintln!("{message}");
    ExitCode::FAILURE
}
