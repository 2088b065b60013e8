//! Hosts, where the caller lets templates ask for them.

use windlass_gotemplate::{Functions, Type, Value};

use crate::environment::Shared;
use crate::random;

pub(crate) fn register(functions: &mut Functions, environment: &Shared) {
    let environment = environment.clone();
    functions.add("getHostByName", &[Type::String], move |_, args| {
        let addresses = environment.lookup_host(&args.text(0).to_str());
        let count = u64::try_from(addresses.len()).unwrap_or(u64::MAX);
        if count == 0 {
            return Ok(Value::string(""));
        }
        let chosen = usize::try_from(random::below(environment.as_ref(), count)).unwrap_or(0);
        Ok(Value::string(addresses[chosen].as_str()))
    });
}
