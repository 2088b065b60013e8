use serde_json::Value;

use crate::ExprError;
use crate::expression::Expression;

/// A `readyExpr`: whether a dependency is ready, from the variables `self` (the object that
/// depends) and `dep` (what it depends on).
#[derive(Debug)]
pub struct ReadyExpr(Expression);

impl ReadyExpr {
    /// Compiles.
    ///
    /// # Errors
    /// A source that does not parse, that names other variables, or whose result is known not to
    /// be a bool. Types inside the expression are not checked before it is evaluated.
    pub fn compile(source: &str) -> Result<Self, ExprError> {
        Expression::compile(source, &["self", "dep"])
            .map(Self)
            .map_err(ExprError::new)
    }

    /// Evaluates over two whole objects in JSON form.
    ///
    /// # Errors
    /// The evaluation error, which means not ready.
    pub fn evaluate(&self, this: &Value, dep: &Value) -> Result<bool, String> {
        self.0.evaluate([("self", this), ("dep", dep)].into_iter())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::ReadyExpr;

    #[test]
    fn compares_the_two_objects() {
        let expr = ReadyExpr::compile(
            "self.metadata.labels['app/version'] == dep.metadata.labels['app/version'] && \
             dep.status.conditions.filter(e, e.type == 'Ready').all(e, e.status == 'True') && \
             dep.metadata.generation == dep.status.observedGeneration",
        )
        .unwrap();
        let object = |version: &str, ready: &str| {
            json!({"metadata": {"generation": 3, "labels": {"app/version": version}},
                "status": {"observedGeneration": 3,
                    "conditions": [{"type": "Ready", "status": ready}]}})
        };
        let this = object("1", "False");
        assert_eq!(expr.evaluate(&this, &object("1", "True")), Ok(true));
        assert_eq!(expr.evaluate(&this, &object("2", "True")), Ok(false));
        assert_eq!(expr.evaluate(&this, &object("1", "False")), Ok(false));
        let not_there = ReadyExpr::compile("dep.status.ready == true").unwrap();
        assert_eq!(
            not_there.evaluate(&this, &json!({"metadata": {}})),
            Err("failed to evaluate the CEL expression 'dep.status.ready == true': no such key: status".to_owned())
        );
    }

    #[test]
    fn unknown_names_and_other_results_are_compile_errors() {
        for (source, message) in [
            (
                "this.status.ready == true",
                "failed to parse the CEL expression 'this.status.ready == true': ERROR: <input>:1:1: \
                 undeclared reference to 'this' (in container '')\n | this.status.ready == true\n | ^",
            ),
            (
                "dep.a.exists(x, y == x)",
                "failed to parse the CEL expression 'dep.a.exists(x, y == x)': ERROR: <input>:1:17: \
                 undeclared reference to 'y' (in container '')\n | dep.a.exists(x, y == x)\n | ................^",
            ),
            (
                "'yes'",
                "CEL expression output type mismatch: expected bool, got string",
            ),
            (
                "dep.status.ready",
                "CEL expression output type mismatch: expected bool, got dyn",
            ),
            (
                "dep.a.map(x, x)",
                "CEL expression output type mismatch: expected bool, got list(dyn)",
            ),
        ] {
            assert_eq!(ReadyExpr::compile(source).unwrap_err().to_string(), message);
        }
        for source in [
            "true",
            "has(dep.status)",
            "dep.?status.?ready.orValue(false)",
            "dep.a.exists_one(x, x == 1)",
            "sets.contains(dep.a, [1])",
            "optional.none().hasValue()",
            "type(dep.a) == int",
            "dep.a.startsWith('b')",
        ] {
            ReadyExpr::compile(source).unwrap();
        }
    }
}
