//! `include` and `tpl`: templates as functions.

use windlass_gotemplate::{Args, Failure, Limit, Outcome, Scope, Text, Value};

use super::Host;

/// Most calls of `include` for one name in each other.
const MAX_INCLUDES: usize = 1000;
/// Most calls of `tpl` in each other. Helm has no such bound; it dies of texts that render
/// themselves.
const MAX_TPL_DEPTH: usize = 1000;
/// The name Helm parses the text of `tpl` under.
const TPL_NAME: &str = "gotpl";

pub(super) fn include(scope: &mut Scope<'_>, args: Args<'_>) -> Outcome {
    let name = args.text(0);
    let host = scope.host::<Host>();
    if let Some(host) = host {
        let mut included = host.included.borrow_mut();
        let open = included.entry(name.clone()).or_insert(0);
        if *open > MAX_INCLUDES {
            return Err(Failure::new(format!(
                "rendering template has a nested reference name: {name}: unable to execute template"
            )));
        }
        *open += 1;
    }
    let result = scope.render(&name.to_str(), args.value(1));
    if let Some(host) = host
        && let Some(open) = host.included.borrow_mut().get_mut(&name)
    {
        *open = open.saturating_sub(1);
    }
    result.map(Value::String)
}

pub(super) fn tpl(scope: &mut Scope<'_>, args: Args<'_>) -> Outcome {
    let text = args.text(0);
    scope.charge(text.len())?;
    if !text.contains(&b'{') {
        // Nothing to evaluate.
        return Ok(Value::String(without_no_value(text)));
    }
    // Parsing costs time for each byte, however little is evaluated.
    scope.charge_steps(text.len() as u64)?;
    let host = scope.host::<Host>();
    let depth = host.map_or(0, |host| host.tpl_depth.get());
    if depth >= MAX_TPL_DEPTH {
        return Err(Limit::Depth(MAX_TPL_DEPTH).into());
    }
    let mut templates = scope.templates().clone();
    templates
        .parse(TPL_NAME, &text)
        .map_err(|error| described("cannot parse template", &text, &error))?;
    if let Some(host) = host {
        host.tpl_depth.set(depth + 1);
    }
    let result = scope.render_in(&templates, TPL_NAME, args.value(1));
    if let Some(host) = host {
        host.tpl_depth.set(depth);
    }
    match result {
        Ok(out) => Ok(Value::String(without_no_value(out))),
        Err(failure) if failure.as_limit().is_some() => Err(failure),
        Err(failure) => Err(described(
            "error during tpl function execution for",
            &text,
            &failure,
        )),
    }
}

fn described(what: &str, text: &Text, error: &dyn std::fmt::Display) -> Failure {
    Failure::new(format!(
        "{what} {}: {error}",
        windlass_gotemplate::strconv::quote(text)
    ))
}

/// Helm deletes what Go prints for values that are not there.
fn without_no_value(text: Text) -> Text {
    crate::render::delete_no_value(&text).map_or(text, Text::from)
}
