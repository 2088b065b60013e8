//! Numbers in a row.

use windlass_gotemplate::{Args, Failure, Functions, List, ListType, Scope, Type, Value};

/// What a number in a list takes.
const ITEM: usize = size_of::<Value>();

pub(super) fn register(functions: &mut Functions) {
    functions.add("until", &[Type::INT], |scope, args| {
        let stop = args.int(0);
        ints(scope, &Steps::new(0, stop, if stop < 0 { -1 } else { 1 }))
    });
    functions.add(
        "untilStep",
        &[Type::INT, Type::INT, Type::INT],
        |scope, args| ints(scope, &Steps::new(args.int(0), args.int(1), args.int(2))),
    );
    functions.add_variadic("seq", &[], Type::INT, seq);
}

/// Numbers from `start` on, `stop` excluded.
struct Steps {
    start: i64,
    step: i64,
    count: u64,
}

impl Steps {
    /// None where the step leads away from the end.
    fn new(start: i64, end: i64, step: i64) -> Steps {
        let down = end < start;
        let count = if (down && step >= 0) || (!down && step <= 0) {
            0
        } else {
            end.abs_diff(start).div_ceil(step.unsigned_abs())
        };
        Steps { start, step, count }
    }

    fn numbers(&self) -> impl Iterator<Item = i64> {
        let (start, step) = (self.start, self.step);
        let mut next = start;
        (0..self.count).map(move |_| {
            let number = next;
            next = next.wrapping_add(step);
            number
        })
    }

    fn charge(&self, scope: &mut Scope<'_>, bytes_each: usize) -> Result<(), Failure> {
        let count = usize::try_from(self.count).unwrap_or(usize::MAX);
        scope.charge(count.saturating_mul(bytes_each))
    }
}

fn ints(scope: &mut Scope<'_>, steps: &Steps) -> Result<Value, Failure> {
    steps.charge(scope, ITEM)?;
    let items = steps.numbers().map(Value::int).collect();
    Ok(Value::List(List::of(ListType::INT, items)))
}

/// As the command of that name: `seq 3`, `seq 2 4`, `seq 1 2 7`, in one line.
fn seq(scope: &mut Scope<'_>, args: Args<'_>) -> Result<Value, Failure> {
    let (start, step, end) = match args.len() {
        1 => (1, None, args.int(0)),
        2 => (args.int(0), None, args.int(1)),
        3 => (args.int(0), Some(args.int(1)), args.int(2)),
        _ => return Ok(Value::string("")),
    };
    let towards = if end < start { -1 } else { 1 };
    if end < start && step.is_some_and(|step| step > 0) {
        return Ok(Value::string(""));
    }
    let beyond = end.wrapping_add(towards);
    let steps = Steps::new(start, beyond, step.unwrap_or(towards));
    // Twenty digits and a space at most.
    steps.charge(scope, 21)?;
    let mut out = String::new();
    for number in steps.numbers() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(&number.to_string());
    }
    Ok(Value::string(out))
}
