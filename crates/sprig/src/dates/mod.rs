//! Dates and durations.

mod calendar;
mod duration;
mod format;
mod layout;
mod object;
mod parse;
mod time;
mod zone;

use windlass_gotemplate::strconv::{NumError, parse_int};
use windlass_gotemplate::{Failure, Functions, IntKind, Type, Value};

pub use duration::Duration;
pub use object::{DurationObject, TimeObject};
pub use time::Time;
pub use zone::Zone;

use crate::environment::{Environment, Shared};
use object::TIME;

const DATE: &[u8] = b"2006-01-02";

pub(crate) fn register(functions: &mut Functions, environment: &Shared) {
    let world = environment.clone();
    functions.add("now", &[], move |_, _| Ok(Value::object(TimeObject(world.now()))));
    register_formats(functions, environment);
    register_durations(functions, environment);

    let world = environment.clone();
    functions.add("toDate", &[Type::String, Type::String], move |_, args| {
        let time = Time::parse(args.bytes(0), args.bytes(1), &world.now().zone);
        Ok(Value::object(TimeObject(time.unwrap_or(Time::ZERO))))
    });
    let world = environment.clone();
    functions.add("mustToDate", &[Type::String, Type::String], move |_, args| {
        let time = Time::parse(args.bytes(0), args.bytes(1), &world.now().zone)?;
        Ok(Value::object(TimeObject(time)))
    });
    const A_TIME: &[Type] = &[Type::Object(&TIME)];
    functions.add("unixEpoch", A_TIME, |_, args| {
        Ok(Value::string(time_of(args.value(0)).unix().to_string()))
    });
}

fn register_formats(functions: &mut Functions, environment: &Shared) {
    let world = environment.clone();
    functions.add("date", &[Type::String, Type::Any], move |_, args| {
        Ok(formatted(world.as_ref(), args.bytes(0), args.value(1), b"Local"))
    });
    let world = environment.clone();
    functions.add("htmlDate", &[Type::Any], move |_, args| {
        Ok(formatted(world.as_ref(), DATE, args.value(0), b"Local"))
    });
    let world = environment.clone();
    functions.add("htmlDateInZone", &[Type::Any, Type::String], move |_, args| {
        Ok(formatted(world.as_ref(), DATE, args.value(0), args.bytes(1)))
    });
    for name in ["dateInZone", "date_in_zone"] {
        let world = environment.clone();
        functions.add(
            name,
            &[Type::String, Type::Any, Type::String],
            move |_, args| {
                Ok(formatted(world.as_ref(), args.bytes(0), args.value(1), args.bytes(2)))
            },
        );
    }
}

fn register_durations(functions: &mut Functions, environment: &Shared) {
    const MODIFY: &[Type] = &[Type::String, Type::Object(&TIME)];
    for name in ["dateModify", "date_modify"] {
        functions.add(name, MODIFY, |_, args| {
            let Ok(duration) = Duration::parse(args.bytes(0)) else {
                return Ok(args.value(1).clone());
            };
            Ok(Value::object(TimeObject(time_of(args.value(1)).add(duration))))
        });
    }
    for name in ["mustDateModify", "must_date_modify"] {
        functions.add(name, MODIFY, |_, args| {
            let duration = Duration::parse(args.bytes(0)).map_err(Failure::new)?;
            Ok(Value::object(TimeObject(time_of(args.value(1)).add(duration))))
        });
    }
    functions.add("duration", &[Type::Any], |_, args| {
        let seconds = match args.value(0) {
            Value::String(text) => match parse_int(text, 10, 64) {
                Ok(number) | Err(NumError::Range(number)) => number,
                Err(NumError::Syntax) => 0,
            },
            Value::Int(IntKind::Int64, number) => *number,
            _ => 0,
        };
        let duration = Duration(seconds.wrapping_mul(1_000_000_000));
        Ok(Value::string(duration.to_string()))
    });
    let world = environment.clone();
    functions.add("durationRound", &[Type::Any], move |_, args| {
        let duration = match args.value(0) {
            Value::String(text) => Duration::parse(text).unwrap_or(Duration(0)),
            Value::Int(IntKind::Int64, nanos) => Duration(*nanos),
            value => value
                .downcast::<TimeObject>()
                .map_or(Duration(0), |TimeObject(time)| world.now().since(time)),
        };
        Ok(Value::string(duration.rough()))
    });
    let world = environment.clone();
    functions.add("ago", &[Type::Any], move |_, args| {
        let now = world.now();
        let time = match args.value(0) {
            Value::Int(IntKind::Int | IntKind::Int64, seconds) => {
                Time::from_unix(*seconds, 0, Zone::Utc)
            }
            value => value
                .downcast::<TimeObject>()
                .map_or_else(|| now.clone(), |TimeObject(time)| time.clone()),
        };
        let second = Duration(1_000_000_000);
        Ok(Value::string(now.since(&time).round(second).to_string()))
    });
}

/// The time of a parameter of that type.
fn time_of(value: &Value) -> Time {
    value
        .downcast::<TimeObject>()
        .map_or(Time::ZERO, |TimeObject(time)| time.clone())
}

/// A time, or seconds since 1970, in a zone; now for anything else, and in UTC for a zone that there is not.
fn formatted(world: &dyn Environment, layout: &[u8], value: &Value, zone: &[u8]) -> Value {
    let now = world.now();
    let zone = Zone::load(zone, &now.zone).unwrap_or(Zone::Utc);
    let time = match value {
        Value::Int(IntKind::Int | IntKind::Int32 | IntKind::Int64, seconds) => {
            Time::from_unix(*seconds, 0, zone.clone())
        }
        value => value
            .downcast::<TimeObject>()
            .map_or(now, |TimeObject(time)| time.clone()),
    };
    Value::string(time.in_zone(zone).format(layout))
}
