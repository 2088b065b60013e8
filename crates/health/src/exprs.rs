use std::collections::HashMap;

use serde_json::Value;
use windlass_api::kustomize::CustomHealthCheck;

use crate::expression::Expression;
use crate::id::split_api_version;
use crate::{Assessment, Status};

/// An expression that cannot be used: a configuration error, which only a change of the
/// configuration can cure.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ExprError(String);

impl ExprError {
    pub(crate) fn new(message: String) -> Self {
        Self(message)
    }
}

/// The custom health checks of one owner, by group and kind (spec §13.3).
#[derive(Debug, Default)]
pub struct HealthExprs {
    /// By kind within group; the empty kind stands for all of the group.
    groups: HashMap<String, HashMap<String, Check>>,
}

#[derive(Debug)]
struct Check {
    in_progress: Option<Expression>,
    failed: Option<Expression>,
    current: Expression,
}

impl HealthExprs {
    /// Parses all expressions of `checks`. Names are resolved when an object is there, since any
    /// top-level field of it is a variable.
    ///
    /// # Errors
    /// Two checks for one group and kind, no `current`, or an expression that does not parse.
    pub fn compile(checks: &[CustomHealthCheck]) -> Result<Self, ExprError> {
        let mut groups: HashMap<String, HashMap<String, Check>> = HashMap::new();
        for (index, check) in checks.iter().enumerate() {
            let (group, _) = split_api_version(&check.api_version);
            let kind = check.kind.as_deref().unwrap_or("");
            let kinds = groups.entry(group.to_owned()).or_default();
            if kinds.contains_key(kind) {
                let dot = if group.is_empty() { "" } else { "." };
                return Err(ExprError(format!(
                    "duplicate custom health check for GroupKind {kind}{dot}{group} at healthchecks[{index}]"
                )));
            }
            let check = Check::compile(check).map_err(|why| {
                ExprError(format!(
                    "failed to create custom status evaluator for healthchecks[{index}]: {why}"
                ))
            })?;
            kinds.insert(kind.to_owned(), check);
        }
        Ok(Self { groups })
    }

    /// Whether objects of the kind are assessed by expressions instead of the built-in rules.
    pub fn covers(&self, group: &str, kind: &str) -> bool {
        self.find(group, kind).is_some()
    }

    /// How `object` (whole, in JSON form) is doing by its expressions; `None` when there are none
    /// for its kind. An evaluation error makes it [`Status::Unknown`] with the error as message.
    pub fn assess(&self, object: &Value) -> Option<Assessment> {
        let text = |key: &str| object.get(key).and_then(Value::as_str).unwrap_or("");
        let (group, _) = split_api_version(text("apiVersion"));
        let check = self.find(group, text("kind"))?;
        Some(check.assess(object).unwrap_or_else(Assessment::unknown))
    }

    fn find(&self, group: &str, kind: &str) -> Option<&Check> {
        let kinds = self.groups.get(group)?;
        kinds.get(kind).or_else(|| kinds.get(""))
    }
}

impl Check {
    fn compile(check: &CustomHealthCheck) -> Result<Self, String> {
        let parse = |name: &str, source: &str| {
            Expression::parse(source)
                .map_err(|why| format!("failed to parse the expression {name}: {why}"))
        };
        let optional = |name: &str, source: Option<&String>| {
            source
                .filter(|source| !source.is_empty())
                .map(|source| parse(name, source))
                .transpose()
        };
        if check.current.is_empty() {
            return Err("expression Current not specified".to_owned());
        }
        Ok(Self {
            current: parse("Current", &check.current)?,
            failed: optional("Failed", check.failed.as_ref())?,
            in_progress: optional("InProgress", check.in_progress.as_ref())?,
        })
    }

    fn assess(&self, object: &Value) -> Result<Assessment, String> {
        let int = |pointer: &str| object.pointer(pointer).and_then(Value::as_i64);
        let generation = int("/metadata/generation");
        if let (Some(observed), Some(generation)) = (int("/status/observedGeneration"), generation)
            && observed != generation
        {
            return Ok(Assessment::in_progress(format!(
                "generation {generation}, observed {observed}"
            )));
        }
        let steps = [
            (self.in_progress.as_ref(), Status::InProgress),
            (self.failed.as_ref(), Status::Failed),
            (Some(&self.current), Status::Current),
        ];
        for (expression, status) in steps {
            let Some(expression) = expression else {
                continue;
            };
            let fields = object.as_object().into_iter().flatten();
            if expression.evaluate(fields.map(|(name, value)| (name.as_str(), value)))? {
                return Ok(Assessment::new(status, "by expression"));
            }
        }
        Ok(Assessment::in_progress("no expression is true"))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use windlass_api::kustomize::CustomHealthCheck;

    use super::HealthExprs;
    use crate::Status;

    fn check(api_version: &str, kind: Option<&str>, current: &str) -> CustomHealthCheck {
        CustomHealthCheck {
            api_version: api_version.to_owned(),
            kind: kind.map(str::to_owned),
            current: current.to_owned(),
            in_progress: None,
            failed: None,
        }
    }

    fn widget(spec: &Value) -> Value {
        json!({"apiVersion": "example.com/v2", "kind": "Widget",
            "metadata": {"name": "w", "generation": 2}, "spec": spec})
    }

    #[test]
    fn evaluates_in_progress_then_failed_then_current() {
        let exprs = HealthExprs::compile(&[CustomHealthCheck {
            in_progress: Some("spec.a".to_owned()),
            failed: Some("spec.b".to_owned()),
            ..check("example.com/v1", Some("Widget"), "spec.c")
        }])
        .unwrap();
        for (a, b, c, expected) in [
            (true, true, true, Status::InProgress),
            (false, true, true, Status::Failed),
            (false, false, true, Status::Current),
            (false, false, false, Status::InProgress),
        ] {
            let object = widget(&json!({"a": a, "b": b, "c": c}));
            assert_eq!(
                exprs.assess(&object).unwrap().status,
                expected,
                "{a} {b} {c}"
            );
        }
    }

    #[test]
    fn an_old_observation_is_in_progress_whatever_the_expressions_say() {
        let exprs =
            HealthExprs::compile(&[check("example.com/v1", Some("Widget"), "true")]).unwrap();
        let mut object = widget(&json!({}));
        for (observed, expected) in [
            (json!(1), Status::InProgress),
            (json!(2), Status::Current),
            (json!("1"), Status::Current),
        ] {
            object["status"] = json!({"observedGeneration": observed});
            assert_eq!(exprs.assess(&object).unwrap().status, expected);
        }
        // Neither deletion nor a stalled condition counts beside expressions.
        object["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
        object["status"] = json!({"conditions": [{"type": "Stalled", "status": "True"}]});
        assert_eq!(exprs.assess(&object).unwrap().status, Status::Current);
    }

    #[test]
    fn a_kind_of_its_own_wins_over_the_group() {
        let exprs = HealthExprs::compile(&[
            check("example.com/v1", None, "true"),
            check("example.com/v1", Some("Widget"), "false"),
        ])
        .unwrap();
        assert!(exprs.covers("example.com", "Gadget"));
        assert!(!exprs.covers("", "ConfigMap"));
        assert_eq!(
            exprs.assess(&widget(&json!({}))).unwrap().status,
            Status::InProgress
        );
        let mut gadget = widget(&json!({}));
        gadget["kind"] = json!("Gadget");
        assert_eq!(exprs.assess(&gadget).unwrap().status, Status::Current);
        assert!(
            exprs
                .assess(&json!({"apiVersion": "v1", "kind": "ConfigMap"}))
                .is_none()
        );
    }

    #[test]
    fn evaluation_errors_are_unknown_in_the_known_words() {
        let exprs = HealthExprs::compile(&[CustomHealthCheck {
            failed: Some("data.spec.phase == 'Bad'".to_owned()),
            ..check(
                "example.com/v1",
                Some("Widget"),
                "data.spec.phase == 'Good'",
            )
        }])
        .unwrap();
        let assessment = exprs.assess(&widget(&json!({"phase": "Bad"}))).unwrap();
        assert_eq!(assessment.status, Status::Unknown);
        assert_eq!(
            assessment.message,
            "failed to evaluate the CEL expression 'data.spec.phase == 'Bad'': no such attribute(s): data.spec.phase"
        );
    }

    #[test]
    fn configuration_errors() {
        for (checks, message) in [
            (
                vec![
                    check("a.b/v1", Some("C"), "true"),
                    check("a.b/v2", Some("C"), "true"),
                ],
                "duplicate custom health check for GroupKind C.a.b at healthchecks[1]",
            ),
            (
                vec![
                    check("v1", Some("C"), "true"),
                    check("v1", Some("C"), "true"),
                ],
                "duplicate custom health check for GroupKind C at healthchecks[1]",
            ),
            (
                vec![check("a.b/v1", Some("C"), "")],
                "failed to create custom status evaluator for healthchecks[0]: expression Current not specified",
            ),
        ] {
            assert_eq!(
                HealthExprs::compile(&checks).unwrap_err().to_string(),
                message
            );
        }
        let broken = CustomHealthCheck {
            failed: Some("status. ==".to_owned()),
            ..check("a.b/v1", Some("C"), "true")
        };
        let message = HealthExprs::compile(&[broken]).unwrap_err().to_string();
        let start = "failed to create custom status evaluator for healthchecks[0]: failed to parse the expression Failed: failed to parse the CEL expression 'status. ==': ERROR: <input>:1:";
        assert!(message.starts_with(start), "{message}");
    }
}
