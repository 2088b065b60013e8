//! Arithmetic, and numbers out of anything.

pub(crate) mod cast;
mod decimal;
mod float;
mod power;
mod sequence;

use windlass_gotemplate::strconv::{self, NumError};
use windlass_gotemplate::{Args, Failure, Functions, Outcome, Type, Value};

use cast::{to_f64, to_i64};
use decimal::Decimal;

use crate::environment::Shared;
use crate::random;
use crate::strings::string_value;

pub(crate) fn register(functions: &mut Functions, environment: &Shared) {
    functions.add("atoi", &[Type::String], |_, args| {
        Ok(Value::int(match strconv::parse_int(args.bytes(0), 10, 64) {
            Ok(number) | Err(NumError::Range(number)) => number,
            Err(NumError::Syntax) => 0,
        }))
    });
    functions.add("int64", &[Type::Any], |_, args| int64(to_i64(args.value(0))));
    functions.add("int", &[Type::Any], |_, args| {
        Ok(Value::int(to_i64(args.value(0))))
    });
    functions.add("float64", &[Type::Any], |_, args| float(to_f64(args.value(0))));
    functions.add("toDecimal", &[Type::Any], |scope, args| {
        let text = string_value(scope, args.value(0))?;
        int64(strconv::parse_int(&text, 8, 64).unwrap_or(0))
    });

    functions.add("add1", &[Type::Any], |_, args| {
        int64(to_i64(args.value(0)).wrapping_add(1))
    });
    functions.add_variadic("add", &[], Type::Any, |_, args| {
        let sum = args.all().iter().map(to_i64).fold(0, i64::wrapping_add);
        int64(sum)
    });
    functions.add("sub", &[Type::Any, Type::Any], |_, args| {
        int64(to_i64(args.value(0)).wrapping_sub(to_i64(args.value(1))))
    });
    functions.add("div", &[Type::Any, Type::Any], |_, args| {
        divided(args, i64::wrapping_div)
    });
    functions.add("mod", &[Type::Any, Type::Any], |_, args| {
        divided(args, i64::wrapping_rem)
    });
    fold(functions, "mul", i64::wrapping_mul);
    for name in ["max", "biggest"] {
        fold(functions, name, i64::max);
    }
    fold(functions, "min", i64::min);
    fold_floats(functions, "maxf", float::max);
    fold_floats(functions, "minf", float::min);

    functions.add("add1f", &[Type::Any], |_, args| {
        decimals(args.value(0), &[Value::int(1)], |a, b| Ok(a.add(b)))
    });
    functions.add_variadic("addf", &[], Type::Any, |_, args| {
        decimals(&Value::float(0.0), args.all(), |a, b| Ok(a.add(b)))
    });
    fold_decimals(functions, "subf", |a, b| Ok(a.sub(b)));
    fold_decimals(functions, "mulf", |a, b| Ok(a.mul(b)));
    fold_decimals(functions, "divf", Decimal::div);

    functions.add("floor", &[Type::Any], |_, args| {
        float(to_f64(args.value(0)).floor())
    });
    functions.add("ceil", &[Type::Any], |_, args| {
        float(to_f64(args.value(0)).ceil())
    });
    functions.add_variadic(
        "round",
        &[Type::Any, Type::INT],
        Type::FLOAT64,
        |_, args| {
            let round_on = args.rest(2).first().map_or(0.5, to_f64);
            float(float::round(to_f64(args.value(0)), args.int(1), round_on))
        },
    );

    let random = environment.clone();
    functions.add("randInt", &[Type::INT, Type::INT], move |_, args| {
        let (min, max) = (args.int(0), args.int(1));
        let range = u64::try_from(max.wrapping_sub(min)).unwrap_or(0);
        if range == 0 {
            return Err(Failure::new("invalid argument to Intn"));
        }
        let offset = random::below(random.as_ref(), range);
        Ok(Value::int(min.wrapping_add_unsigned(offset)))
    });

    sequence::register(functions);
}

fn int64(value: i64) -> Outcome {
    Ok(Value::int64(value))
}

fn float(value: f64) -> Outcome {
    Ok(Value::float(value))
}

fn divided(args: Args<'_>, operation: fn(i64, i64) -> i64) -> Outcome {
    match to_i64(args.value(1)) {
        0 => Err(Failure::new("runtime error: integer divide by zero")),
        divisor => int64(operation(to_i64(args.value(0)), divisor)),
    }
}

fn fold(functions: &mut Functions, name: &'static str, operation: fn(i64, i64) -> i64) {
    functions.add_variadic(name, &[Type::Any], Type::Any, move |_, args| {
        let first = to_i64(args.value(0));
        int64(args.rest(1).iter().map(to_i64).fold(first, operation))
    });
}

fn fold_floats(functions: &mut Functions, name: &'static str, operation: fn(f64, f64) -> f64) {
    functions.add_variadic(name, &[Type::Any], Type::Any, move |_, args| {
        let first = to_f64(args.value(0));
        float(args.rest(1).iter().map(to_f64).fold(first, operation))
    });
}

type DecimalOperation = fn(&Decimal, &Decimal) -> Result<Decimal, String>;

fn fold_decimals(functions: &mut Functions, name: &'static str, operation: DecimalOperation) {
    functions.add_variadic(name, &[Type::Any], Type::Any, move |_, args| {
        decimals(args.value(0), args.rest(1), operation)
    });
}

fn decimals(first: &Value, others: &[Value], operation: DecimalOperation) -> Outcome {
    let decimal = |value: &Value| Decimal::from_f64(to_f64(value)).map_err(Failure::new);
    let mut result = decimal(first)?;
    for other in others {
        result = operation(&result, &decimal(other)?).map_err(Failure::new)?;
    }
    float(result.to_f64())
}
