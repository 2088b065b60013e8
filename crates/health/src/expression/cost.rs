//! An upper bound of what an evaluation takes, found before it: expressions come from tenants, and
//! the interpreter can be neither interrupted nor metered.

use cel::common::ast::{CallExpr, ComprehensionExpr, Expr, IdedExpr, LiteralValue, operators};
use serde_json::Value;

use super::{
    pattern::{self, MAX_STATES},
    typing::children,
};

/// Steps and bytes moved; some tens of milliseconds' worth.
const MAX_WORK: f64 = 5e7;
/// Bytes of the largest value on the way.
const MAX_BYTES: f64 = 3.2e7;
/// What a value takes besides its text.
const WORD: f64 = 32.0;
/// Work of compiling one state of a pattern: about a microsecond.
const COMPILE: f64 = 1000.0;

/// Bounds of a value: items in any one list or map of it, bytes altogether, and bytes of the
/// longest single string. For the variable of a loop, `bytes` is the average item.
#[derive(Debug, Clone, Copy)]
struct Size {
    items: f64,
    bytes: f64,
    text: f64,
}

impl Size {
    const SCALAR: Self = Self {
        items: 0.0,
        bytes: WORD,
        text: 0.0,
    };

    fn text(bytes: f64) -> Self {
        Self {
            items: 0.0,
            bytes: bytes + WORD,
            text: bytes,
        }
    }

    fn max(self, other: Self) -> Self {
        Self {
            items: self.items.max(other.items),
            bytes: self.bytes.max(other.bytes),
            text: self.text.max(other.text),
        }
    }

    fn plus(self, other: Self) -> Self {
        Self {
            items: self.items + other.items,
            bytes: self.bytes + other.bytes,
            text: self.text + other.text,
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    fn of(value: &Value) -> Self {
        let within = |items: usize, all: &mut dyn Iterator<Item = Self>| {
            let base = Self {
                items: items as f64,
                ..Self::SCALAR
            };
            all.fold(base, |sum, item| Self {
                items: sum.items.max(item.items),
                bytes: sum.bytes + item.bytes,
                text: sum.text.max(item.text),
            })
        };
        match value {
            Value::Null | Value::Bool(_) | Value::Number(_) => Self::SCALAR,
            Value::String(text) => Self::text(text.len() as f64),
            Value::Array(items) => within(items.len(), &mut items.iter().map(Self::of)),
            Value::Object(members) => within(
                members.len(),
                &mut members.iter().map(|(key, value)| {
                    let mut size = Self::of(value);
                    size.bytes += key.len() as f64 + WORD;
                    size.text = size.text.max(key.len() as f64);
                    size
                }),
            ),
        }
    }
}

/// The bounds of the variables of an evaluation.
pub(super) struct Sizes<'a>(Vec<(&'a str, Size)>);

impl<'a> Sizes<'a> {
    pub(super) fn of(variables: impl Iterator<Item = (&'a str, &'a Value)>) -> Self {
        Self(
            variables
                .map(|(name, value)| (name, Size::of(value)))
                .collect(),
        )
    }
}

/// Whether evaluating `root` over variables of these sizes stays within the limits.
pub(super) fn affordable(root: &IdedExpr, variables: &Sizes<'_>) -> bool {
    let mut estimate = Estimate {
        scope: variables.0.clone(),
        work: 0.0,
        largest: 0.0,
    };
    estimate.size(root);
    estimate.work <= MAX_WORK && estimate.largest <= MAX_BYTES
}

struct Estimate<'a> {
    scope: Vec<(&'a str, Size)>,
    work: f64,
    largest: f64,
}

impl<'a> Estimate<'a> {
    fn size(&mut self, expr: &'a IdedExpr) -> Size {
        self.work += 1.0;
        let size = match &expr.expr {
            Expr::Unspecified => Size::SCALAR,
            Expr::Literal(literal) => literal_size(literal),
            Expr::Ident(name) => {
                let bound = self.scope.iter().rev().find(|(known, _)| known == name);
                bound.map_or(Size::SCALAR, |(_, size)| *size)
            }
            Expr::Select(select) => self.size(&select.operand),
            Expr::Call(call) => self.call(call),
            Expr::Comprehension(all) => self.comprehension(all),
            Expr::List(_) | Expr::Map(_) | Expr::Struct(_) => self.literal_collection(&expr.expr),
        };
        self.largest = self.largest.max(size.bytes);
        size
    }

    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    fn literal_collection(&mut self, expr: &'a Expr) -> Size {
        let parts = children(expr);
        let base = Size {
            items: parts.len() as f64,
            ..Size::SCALAR
        };
        parts.into_iter().fold(base, |sum, part| {
            let part = self.size(part);
            Size {
                items: sum.items.max(part.items),
                bytes: sum.bytes + part.bytes,
                text: sum.text.max(part.text),
            }
        })
    }

    fn call(&mut self, call: &'a CallExpr) -> Size {
        let args: Vec<Size> = call
            .target
            .as_deref()
            .into_iter()
            .chain(&call.args)
            .map(|part| self.size(part))
            .collect();
        let all = args.iter().copied().fold(Size::SCALAR, Size::plus);
        let arg = |index: usize| args.get(index).copied().unwrap_or(Size::SCALAR);
        let (work, size) = match call.func_name.as_str() {
            operators::CONDITIONAL => (0.0, arg(1).max(arg(2))),
            operators::INDEX | operators::OPT_INDEX | operators::OPT_SELECT => (0.0, arg(0)),
            operators::LOGICAL_AND
            | operators::LOGICAL_OR
            | operators::LOGICAL_NOT
            | operators::NOT_STRICTLY_FALSE => (0.0, Size::SCALAR),
            operators::EQUALS
            | operators::NOT_EQUALS
            | operators::LESS
            | operators::LESS_EQUALS
            | operators::GREATER
            | operators::GREATER_EQUALS => (
                (arg(0).bytes.min(arg(1).bytes) - WORD).max(0.0),
                Size::SCALAR,
            ),
            operators::IN => (arg(1).bytes, Size::SCALAR),
            // The left side is cloned, the right side appended.
            operators::ADD => (
                arg(0).items + arg(0).text + arg(1).bytes,
                arg(0).plus(arg(1)),
            ),
            "size" => (arg(0).text, Size::SCALAR),
            "matches" => {
                let states = match call.args.last().map(|pattern| &pattern.expr) {
                    Some(Expr::Literal(LiteralValue::String(text))) => {
                        pattern::states(text.inner())
                    }
                    // Text of the object, which a tenant writes as well: the largest there is.
                    _ => MAX_STATES,
                };
                // At its worst a search walks all states for each character.
                (states * (COMPILE + arg(0).text), Size::SCALAR)
            }
            "contains" | "startsWith" | "endsWith" | "sets.contains" | "sets.equivalent"
            | "sets.intersects" | "equivalent" | "intersects" => (
                all.bytes * (all.items + 1.0) + arg(0).text * arg(1).text,
                Size::SCALAR,
            ),
            "replace" => {
                let size = Size::text((arg(0).text + 1.0) * (arg(2).text + 1.0));
                (size.bytes, size)
            }
            "split" => {
                let pieces = Size {
                    items: arg(0).text + 1.0,
                    bytes: (arg(0).text + 1.0) * WORD,
                    text: arg(0).text,
                };
                (pieces.bytes, pieces)
            }
            "join" => {
                let size = Size::text(arg(0).items * (arg(0).text + arg(1).text + 1.0));
                (size.bytes, size)
            }
            // A clause may ask for hundreds of digits.
            "format" => {
                let size = Size::text((arg(0).text + 1.0) * (arg(1).bytes + 1000.0));
                (size.bytes, size)
            }
            _ => {
                let size = Size {
                    items: all.items,
                    bytes: 4.0 * all.bytes,
                    text: 4.0 * all.text,
                };
                (size.bytes, size)
            }
        };
        self.work += work;
        size
    }

    /// Macros are the only comprehensions; the steps of all of them use the accumulator once, so
    /// that it grows by at most one step's worth an iteration.
    fn comprehension(&mut self, all: &'a ComprehensionExpr) -> Size {
        let range = self.size(&all.iter_range);
        let start = self.size(&all.accu_init);
        let turns = range.items;
        let item = Size {
            bytes: range.bytes / turns.max(1.0),
            ..range
        };
        let outer = self.scope.len();
        self.scope.push((&all.iter_var, item));
        if let Some(second) = &all.iter_var2 {
            self.scope.push((second, item));
        }

        // Once with an empty accumulator for the growth, once with a full one for the work.
        let nothing = Size {
            items: 0.0,
            bytes: 0.0,
            text: 0.0,
        };
        let before = self.work;
        self.scope.push((&all.accu_var, nothing));
        let growth = self.size(&all.loop_step);
        self.scope.pop();
        self.work = before;
        let full = Size {
            items: (start.items + turns * growth.items.min(1.0)).max(growth.items),
            bytes: start.bytes + turns * growth.bytes,
            text: start.text.max(growth.text),
        };
        self.scope.push((&all.accu_var, full));
        self.size(&all.loop_cond);
        self.size(&all.loop_step);
        let turn = self.work - before;
        self.work = before + turn * turns;
        let result = self.size(&all.result);
        self.scope.truncate(outer);
        result
    }
}

#[expect(clippy::cast_precision_loss, reason = "an estimate")]
fn literal_size(literal: &LiteralValue) -> Size {
    match literal {
        LiteralValue::String(text) => Size::text(text.inner().len() as f64),
        LiteralValue::Bytes(bytes) => Size::text(bytes.inner().len() as f64),
        _ => Size::SCALAR,
    }
}
