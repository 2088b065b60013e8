//! The template parser: whatever a text is, it is a template or an error with a place.

#![no_main]

use std::sync::{Arc, LazyLock};

use libfuzzer_sys::fuzz_target;
use windlass_gotemplate::{Functions, Templates, Type};
use windlass_sprig::{Environment, System};

/// The names a chart may call; what they do does not matter.
static FUNCTIONS: LazyLock<Functions> = LazyLock::new(|| {
    let mut functions = windlass_sprig::functions(&(Arc::new(System) as Arc<dyn Environment>));
    for name in ["include", "tpl", "toYaml", "required", "lookup"] {
        functions.add_variadic(name, &[], Type::Any, |_, _| Err("not called".into()));
    }
    functions
});

fuzz_target!(|data: &[u8]| {
    let mut templates = Templates::new("root", FUNCTIONS.clone());
    match templates.parse("t", data) {
        // What is defined again replaces what was there, unless it is empty.
        Ok(()) => {
            let names = templates.names();
            templates.parse("t", data).expect("it parsed before");
            assert_eq!(templates.names(), names);
        }
        Err(error) => assert!(error.to_string().starts_with("template: t"), "{error}"),
    }
});
