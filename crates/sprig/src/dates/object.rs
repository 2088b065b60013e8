//! Times and durations as templates have them, with the methods of Go's types.

use windlass_gotemplate::{
    Args, Failure, IntKind, Kind, Method, Object, ObjectType, Outcome, Text, Type, Value,
};

use super::calendar::{MONTHS, WEEKDAYS, weekday, year_day};
use super::duration::Duration;
use super::time::Time;
use super::zone::Zone;

/// A `time.Time`.
#[derive(Debug, Clone)]
pub struct TimeObject(
    /// The time.
    pub Time,
);

pub(super) static TIME: ObjectType = ObjectType {
    name: "time.Time",
    kind: Kind::Struct,
    methods: &TIME_METHODS,
};

impl Object for TimeObject {
    fn ty(&self) -> &'static ObjectType {
        &TIME
    }

    fn text(&self) -> Option<Text> {
        Some(Text::from(self.0.to_string()))
    }

    fn equals(&self, other: &dyn Object) -> bool {
        let other: &dyn std::any::Any = other;
        other.downcast_ref::<TimeObject>().is_some_and(|TimeObject(other)| {
            self.0.order(other).is_eq() && self.0.zone == other.zone
        })
    }
}

/// A `time.Duration`.
#[derive(Debug, Clone, Copy)]
pub struct DurationObject(
    /// The duration.
    pub Duration,
);

pub(super) static DURATION: ObjectType = ObjectType {
    name: "time.Duration",
    kind: Kind::Int(IntKind::Int64),
    methods: &DURATION_METHODS,
};

impl Object for DurationObject {
    fn ty(&self) -> &'static ObjectType {
        &DURATION
    }

    fn text(&self) -> Option<Text> {
        Some(Text::from(self.0.to_string()))
    }

    fn underlying(&self) -> Option<Value> {
        Some(Value::int64(self.0.0))
    }

    fn equals(&self, other: &dyn Object) -> bool {
        let other: &dyn std::any::Any = other;
        other
            .downcast_ref::<DurationObject>()
            .is_some_and(|other| self.0 == other.0)
    }
}

/// A `time.Month` or `time.Weekday`: a number with a name.
#[derive(Debug, Clone, Copy)]
struct Named {
    ty: &'static ObjectType,
    number: i64,
    name: &'static str,
}

static MONTH: ObjectType = ObjectType {
    name: "time.Month",
    kind: Kind::Int(IntKind::Int),
    methods: &[NAME],
};

static WEEKDAY: ObjectType = ObjectType {
    name: "time.Weekday",
    kind: Kind::Int(IntKind::Int),
    methods: &[NAME],
};

const NAME: Method = Method::new("String", &[], |_, this, _| {
    let name = this.downcast::<Named>().map_or("", |named| named.name);
    Ok(Value::string(name))
});

impl Object for Named {
    fn ty(&self) -> &'static ObjectType {
        self.ty
    }

    fn text(&self) -> Option<Text> {
        Some(Text::from(self.name))
    }

    fn underlying(&self) -> Option<Value> {
        Some(Value::int(self.number))
    }

    fn equals(&self, other: &dyn Object) -> bool {
        let other: &dyn std::any::Any = other;
        other
            .downcast_ref::<Named>()
            .is_some_and(|other| self.ty == other.ty && self.number == other.number)
    }
}

/// A `*time.Location`.
#[derive(Debug, Clone)]
struct Location(Zone);

static LOCATION: ObjectType = ObjectType {
    name: "*time.Location",
    kind: Kind::Pointer,
    methods: &[Method::new("String", &[], |_, this, _| {
        let name = this.downcast::<Location>().map_or("", |place| place.0.name());
        Ok(Value::string(name))
    })],
};

impl Object for Location {
    fn ty(&self) -> &'static ObjectType {
        &LOCATION
    }

    fn text(&self) -> Option<Text> {
        Some(Text::from(self.0.name()))
    }

    fn equals(&self, other: &dyn Object) -> bool {
        let other: &dyn std::any::Any = other;
        other
            .downcast_ref::<Location>()
            .is_some_and(|other| self.0 == other.0)
    }
}

fn time(value: &Value) -> Result<&Time, Failure> {
    value
        .downcast::<TimeObject>()
        .map(|TimeObject(time)| time)
        .ok_or_else(|| Failure::new(crate::lists::NIL))
}

fn duration(value: &Value) -> Duration {
    match value.underlying() {
        Value::Int(_, nanos) => Duration(nanos),
        _ => Duration(0),
    }
}

fn at(time: Time) -> Outcome {
    Ok(Value::object(TimeObject(time)))
}

fn lasting(duration: Duration) -> Outcome {
    Ok(Value::object(DurationObject(duration)))
}

fn int(number: i64) -> Outcome {
    Ok(Value::int(number))
}

static OTHER_TIME: [Type; 1] = [Type::Object(&TIME)];
static A_DURATION: [Type; 1] = [Type::Object(&DURATION)];
const THREE_INTS: &[Type] = &[Type::INT, Type::INT, Type::INT];

static TIME_METHODS: [Method; 29] = [
    Method::new("Year", &[], |_, this, _| int(time(this)?.civil().year)),
    Method::new("Month", &[], |_, this, _| {
        let number = time(this)?.civil().month;
        Ok(named(&MONTH, number, MONTHS.get(index(number - 1))))
    }),
    Method::new("Day", &[], |_, this, _| int(time(this)?.civil().day)),
    Method::new("Hour", &[], |_, this, _| int(time(this)?.civil().hour)),
    Method::new("Minute", &[], |_, this, _| int(time(this)?.civil().minute)),
    Method::new("Second", &[], |_, this, _| int(time(this)?.civil().second)),
    Method::new("Nanosecond", &[], |_, this, _| int(i64::from(time(this)?.nanos))),
    Method::new("Weekday", &[], |_, this, _| {
        let number = weekday(time(this)?.civil().days);
        Ok(named(&WEEKDAY, number, WEEKDAYS.get(index(number))))
    }),
    Method::new("YearDay", &[], |_, this, _| int(year_day(time(this)?.civil().days))),
    Method::new("Unix", &[], |_, this, _| Ok(Value::int64(time(this)?.unix()))),
    Method::new("UnixMilli", &[], |_, this, _| scaled(this, 1_000)),
    Method::new("UnixMicro", &[], |_, this, _| scaled(this, 1_000_000)),
    Method::new("UnixNano", &[], |_, this, _| scaled(this, 1_000_000_000)),
    Method::new("IsZero", &[], |_, this, _| Ok(Value::Bool(time(this)?.is_zero()))),
    Method::new("IsDST", &[], |_, this, _| {
        let time = time(this)?;
        Ok(Value::Bool(time.zone.is_dst(time.seconds)))
    }),
    Method::new("Format", &[Type::String], |_, this, args| {
        Ok(Value::string(time(this)?.format(args.bytes(0))))
    }),
    Method::new("String", &[], |_, this, _| Ok(Value::string(time(this)?.to_string()))),
    Method::new("UTC", &[], |_, this, _| at(time(this)?.in_zone(Zone::Utc))),
    Method::new("Location", &[], |_, this, _| {
        Ok(Value::object(Location(time(this)?.zone.clone())))
    }),
    Method::new("In", &[Type::Object(&LOCATION)], |_, this, args| {
        match args.value(0).downcast::<Location>() {
            Some(Location(zone)) => at(time(this)?.in_zone(zone.clone())),
            None => Err(Failure::new("time: missing Location in call to Time.In")),
        }
    }),
    Method::new("Add", &A_DURATION, |_, this, args| {
        at(time(this)?.add(duration(args.value(0))))
    }),
    Method::new("AddDate", THREE_INTS, |_, this, args| {
        at(time(this)?.add_date(args.int(0), args.int(1), args.int(2)))
    }),
    Method::new("Sub", &OTHER_TIME, |_, this, args| {
        lasting(time(this)?.since(time(args.value(0))?))
    }),
    Method::new("Truncate", &A_DURATION, |_, this, args| {
        at(time(this)?.to_multiple(duration(args.value(0)), false))
    }),
    Method::new("Round", &A_DURATION, |_, this, args| {
        at(time(this)?.to_multiple(duration(args.value(0)), true))
    }),
    Method::new("Before", &OTHER_TIME, |_, this, args| {
        Ok(Value::Bool(order(this, args)?.is_lt()))
    }),
    Method::new("After", &OTHER_TIME, |_, this, args| {
        Ok(Value::Bool(order(this, args)?.is_gt()))
    }),
    Method::new("Equal", &OTHER_TIME, |_, this, args| {
        Ok(Value::Bool(order(this, args)?.is_eq()))
    }),
    Method::new("Compare", &OTHER_TIME, |_, this, args| int(order(this, args)? as i64)),
];

fn order(this: &Value, args: Args<'_>) -> Result<std::cmp::Ordering, Failure> {
    Ok(time(this)?.order(time(args.value(0))?))
}

fn scaled(this: &Value, per_second: i64) -> Outcome {
    let time = time(this)?;
    let part = i64::from(time.nanos) / (1_000_000_000 / per_second);
    Ok(Value::int64(
        time.seconds.wrapping_mul(per_second).wrapping_add(part),
    ))
}

fn index(number: i64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn named(ty: &'static ObjectType, number: i64, name: Option<&&'static str>) -> Value {
    Value::object(Named {
        ty,
        number,
        name: name.copied().unwrap_or_default(),
    })
}

static DURATION_METHODS: [Method; 10] = [
    Method::new("String", &[], |_, this, _| {
        Ok(Value::string(duration(this).to_string()))
    }),
    Method::new("Nanoseconds", &[], |_, this, _| Ok(Value::int64(duration(this).0))),
    Method::new("Microseconds", &[], |_, this, _| {
        Ok(Value::int64(duration(this).0 / 1_000))
    }),
    Method::new("Milliseconds", &[], |_, this, _| {
        Ok(Value::int64(duration(this).0 / 1_000_000))
    }),
    Method::new("Seconds", &[], |_, this, _| Ok(in_units(this, 1_000_000_000))),
    Method::new("Minutes", &[], |_, this, _| Ok(in_units(this, 60_000_000_000))),
    Method::new("Hours", &[], |_, this, _| Ok(in_units(this, 3_600_000_000_000))),
    Method::new("Round", &A_DURATION, |_, this, args| {
        lasting(duration(this).round(duration(args.value(0))))
    }),
    Method::new("Truncate", &A_DURATION, |_, this, args| {
        let (duration, step) = (duration(this), duration(args.value(0)));
        if step.0 <= 0 {
            return lasting(duration);
        }
        lasting(Duration(duration.0 - duration.0 % step.0))
    }),
    Method::new("Abs", &[], |_, this, _| {
        lasting(Duration(duration(this).0.checked_abs().unwrap_or(i64::MAX)))
    }),
];

#[expect(
    clippy::cast_precision_loss,
    reason = "whole units and the rest are converted apart, as by the original"
)]
fn in_units(this: &Value, unit: i64) -> Value {
    let nanos = duration(this).0;
    Value::float((nanos / unit) as f64 + (nanos % unit) as f64 / unit as f64)
}
