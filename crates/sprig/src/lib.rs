//! The functions of sprig 3.3 for templates: texts, numbers, lists, maps, dates, paths, versions, regular
//! expressions, keys and certificates.
//!
//! [`functions`] gives all of them but `env` and `expandenv`: a template sees nothing of the process. Results
//! and errors are those of the Go library, its oddities included, with two exceptions: `keys`, `values`
//! and what else depends on the order of a map come in the order of the keys, and what a template asks
//! for is bounded by the [limits](windlass_gotemplate::Limits) of the execution.

mod address;
mod crypto;
mod dates;
mod defaults;
mod dicts;
mod encoding;
mod environment;
mod flow;
pub mod json;
mod lists;
mod network;
mod numeric;
mod paths;
mod random;
mod reflect;
mod regex;
mod semver;
mod strings;
mod text;
mod urls;

use std::sync::Arc;

use windlass_gotemplate::Functions;

pub use address::check_ipv6;
pub use dates::{Duration, DurationObject, Time, TimeObject, Zone};
pub use environment::{Environment, System};
pub use semver::Version;
pub use urls::Url;

/// Go's built-in functions and all of sprig's.
pub fn functions(environment: &Arc<dyn Environment>) -> Functions {
    let mut functions = Functions::new();
    register(&mut functions, environment);
    functions
}

/// Adds sprig's functions to others, in place of those of the same names (Go's `slice`).
pub fn register(functions: &mut Functions, environment: &Arc<dyn Environment>) {
    strings::register(functions);
    encoding::register(functions);
    numeric::register(functions, environment);
    random::register(functions, environment);
    defaults::register(functions);
    lists::register(functions);
    dicts::register(functions);
    json::register(functions);
    reflect::register(functions);
    dates::register(functions, environment);
    paths::register(functions);
    urls::register(functions);
    semver::register(functions);
    regex::register(functions);
    crypto::register(functions, environment);
    network::register(functions, environment);
    flow::register(functions);
}
