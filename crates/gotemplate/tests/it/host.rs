//! The data and functions of the recorded cases, as the recorder has them in Go.

use std::sync::Arc;

use windlass_gotemplate::{
    Args, Failure, FloatKind, Function, Functions, IntKind, Kind, List, ListType, Map, MapType,
    Method, Object, ObjectType, Outcome, Scope, Signature, Text, Type, UintKind, Value, format,
};

/// `type Values map[string]any`.
static VALUES: MapType = MapType {
    name: "main.Values",
    elem: Type::Any,
    named: true,
    methods: &[
        Method::new("Size", &[], |_, receiver, _| {
            Ok(count(receiver.as_map().map_or(0, Map::len)))
        }),
        Method {
            name: "Pick",
            signature: Signature::variadic(&[Type::String], Type::Any),
            body: |_, receiver, args| {
                let key = args.text(0);
                let found = receiver.as_map().and_then(|map| map.get(&key));
                found
                    .or_else(|| args.rest(1).first().cloned())
                    .ok_or_else(|| Failure::new(format!("no key {key}")))
            },
        },
    ],
};

#[expect(clippy::unnecessary_wraps, reason = "the type of all methods")]
fn sum(_: &mut Scope<'_>, receiver: &Value, args: Args<'_>) -> Outcome {
    let point: &Point = receiver.downcast().unwrap();
    Ok(Value::int(point.x + args.int(0)))
}

static POINT: ObjectType = ObjectType {
    name: "main.Point",
    kind: Kind::Struct,
    methods: &[Method::new("Sum", &[Type::INT], sum)],
};

static POINTER: ObjectType = ObjectType {
    name: "*main.Point",
    kind: Kind::Pointer,
    methods: &[
        Method::new("Sum", &[Type::INT], sum),
        Method::new("Fail", &[], |_, _, _| Err(Failure::new("failed"))),
    ],
};

struct Point {
    ty: &'static ObjectType,
    x: i64,
    y: &'static str,
    z: Value,
}

impl Object for Point {
    fn ty(&self) -> &'static ObjectType {
        self.ty
    }

    fn field(&self, name: &str) -> Option<Value> {
        self.fields()
            .into_iter()
            .find_map(|(field, value)| (field == name).then_some(value))
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        vec![
            ("X", Value::int(self.x)),
            ("Y", Value::from(self.y)),
            ("Z", self.z.clone()),
        ]
    }
}

/// `type Level int` with a `String` method.
struct Level(i64);

static LEVEL: ObjectType = ObjectType {
    name: "main.Level",
    kind: Kind::Int(IntKind::Int),
    methods: &[Method::new("String", &[], |_, receiver, _| {
        Ok(Value::string(format!(
            "level{}",
            receiver.downcast::<Level>().unwrap().0
        )))
    })],
};

impl Object for Level {
    fn ty(&self) -> &'static ObjectType {
        &LEVEL
    }

    fn text(&self) -> Option<Text> {
        Some(format!("level{}", self.0).into())
    }

    fn underlying(&self) -> Option<Value> {
        Some(Value::int(self.0))
    }

    fn equals(&self, other: &dyn Object) -> bool {
        let other: &dyn std::any::Any = other;
        other
            .downcast_ref::<Self>()
            .is_some_and(|other| other.0 == self.0)
    }
}

fn function(type_name: &'static str, signature: Signature, body: fn(Args<'_>) -> Outcome) -> Value {
    let function = Function::new(signature, move |_, args| body(args)).with_type_name(type_name);
    Value::Function(Arc::new(function))
}

fn count(count: usize) -> Value {
    Value::int(i64::try_from(count).unwrap())
}

fn any(items: Vec<Value>) -> Value {
    Value::List(List::new(items))
}

fn map<const N: usize>(entries: [(&str, Value); N]) -> Map {
    entries.into_iter().collect()
}

pub(crate) fn data() -> Value {
    let (int, float) = (Value::int, Value::float);
    let entries = [
        ("nil", Value::Nil),
        ("t", Value::Bool(true)),
        ("f", Value::Bool(false)),
        ("i", int(42)),
        ("neg", int(-7)),
        ("zero", int(0)),
        ("i8", Value::Int(IntKind::Int8, -8)),
        ("i16", Value::Int(IntKind::Int16, 300)),
        ("i32", Value::Int(IntKind::Int32, 65)),
        ("i64", Value::int64(1 << 40)),
        ("min", Value::int64(i64::MIN)),
        ("u", Value::Uint(UintKind::Uint, 7)),
        ("u8", Value::Uint(UintKind::Uint8, 200)),
        ("u16", Value::Uint(UintKind::Uint16, 9)),
        ("u32", Value::Uint(UintKind::Uint32, 0x263a)),
        ("u64", Value::Uint(UintKind::Uint64, u64::MAX)),
        ("f32", Value::Float(FloatKind::Float32, f64::from(0.1_f32))),
        ("f64", float("3.14".parse().unwrap())),
        ("big", float(1e7)),
        ("huge", float(1e21)),
        ("small", float(1e-7)),
        ("whole", float(20.0)),
        ("negf", float(-2.5)),
        ("inf", float(f64::INFINITY)),
        ("ninf", float(f64::NEG_INFINITY)),
        ("nan", float(f64::NAN)),
        ("negz", float(-0.0)),
        ("c", Value::Complex(1.0, -2.0)),
        ("s", "hello".into()),
        ("e", "".into()),
        ("uni", "naïve ☺ 日本".into()),
        ("bad", Value::string(&b"a\xffb"[..])),
        ("ctl", "tab\tnl\nq\"b\\`\0".into()),
        ("html", "<a href=\"x\">'&='</a>".into()),
        ("b", Value::Bytes(Text::from(&b"by\xfftes"[..]))),
        (
            "li",
            Value::List(List::of(ListType::INT, vec![int(1), int(2), int(3)])),
        ),
        ("ls", Value::strings(["a", "b c"])),
        (
            "la",
            any(vec![
                int(1),
                "x".into(),
                float(2.5),
                Value::Nil,
                true.into(),
            ]),
        ),
        ("le", any(vec![])),
        (
            "lf",
            Value::List(List::of(ListType::FLOAT64, vec![float(1.0), float(2.5)])),
        ),
        (
            "ll",
            Value::List(List::of(
                ListType::LIST,
                vec![any(vec![int(1)]), any(vec!["y".into(), Value::Nil])],
            )),
        ),
        (
            "lm",
            any(vec![
                map([("k", int(1))]).into(),
                map([("k", "v".into())]).into(),
            ]),
        ),
        (
            "m",
            map([
                ("a", int(1)),
                ("b", map([("c", "d".into())]).into()),
                ("n", Value::Nil),
                ("l", any(vec!["p".into(), "q".into()])),
            ])
            .into(),
        ),
        (
            "ms",
            map([("k", "v".into()), ("z", "".into())])
                .retyped(MapType::STRING)
                .into(),
        ),
        (
            "mb",
            map([("y", true.into())]).retyped(MapType::BOOL).into(),
        ),
        ("me", Map::new().into()),
        (
            "vals",
            map([("x", int(1)), ("y", "two".into())])
                .retyped(&VALUES)
                .into(),
        ),
        (
            "st",
            Value::object(Point {
                ty: &POINT,
                x: 1,
                y: "why",
                z: Value::Nil,
            }),
        ),
        (
            "pt",
            Value::object(Point {
                ty: &POINTER,
                x: 2,
                y: "ptr",
                z: Value::Nil,
            }),
        ),
        ("lv", Value::object(Level(3))),
        (
            "ll2",
            any(vec![Value::object(Level(1)), Value::object(Level(2))]),
        ),
        (
            "fn",
            function(
                "func(string, ...int) string",
                Signature::variadic(&[Type::String], Type::INT),
                |args| {
                    let numbers = Value::List(List::of(ListType::INT, args.rest(1).to_vec()));
                    let args = [args.value(0).clone(), numbers];
                    Ok(Value::string(format::sprint(&args, 1000)?))
                },
            ),
        ),
        (
            "fe",
            function("func() (int, error)", Signature::fixed(&[]), |_| {
                Err(Failure::new("fe failed"))
            }),
        ),
        (
            "fa",
            function(
                "func(interface {}, int64) interface {}",
                Signature::fixed(&[Type::Any, Type::INT64]),
                |args| Ok(args.value(0).clone()),
            ),
        ),
    ];
    Value::Map(map(entries))
}

pub(crate) fn functions() -> Functions {
    let mut functions = Functions::new();
    functions.add("str", &[Type::String], |_, args| {
        Ok(Value::string([b"<", args.bytes(0), b">"].concat()))
    });
    functions.add("num", &[Type::INT, Type::INT64], |_, args| {
        Ok(Value::int(args.int(0).wrapping_add(args.int(1))))
    });
    functions.add("unum", &[Type::Uint(UintKind::Uint8)], |_, args| {
        Ok(args.value(0).clone())
    });
    functions.add("flt", &[Type::FLOAT64], |_, args| Ok(args.value(0).clone()));
    functions.add("boo", &[Type::Bool], |_, args| {
        Ok(Value::Bool(!args.bool(0)))
    });
    functions.add("lst", &[Type::LIST], |_, args| {
        Ok(count(args.list(0).len()))
    });
    functions.add_variadic("strs", &[Type::STRINGS], Type::String, |_, args| {
        Ok(count(args.list(0).len() + args.rest(1).len()))
    });
    functions.add("mp", &[Type::MAP], |_, args| Ok(count(args.map(0).len())));
    functions.add("any1", &[Type::Any], |_, args| Ok(args.value(0).clone()));
    functions.add_variadic("anys", &[Type::String], Type::Any, |_, args| {
        Ok(any(args.rest(1).to_vec()))
    });
    functions.add("typ", &[Type::Any], |_, args| {
        Ok(args.value(0).type_name().into())
    });
    functions.add("boom", &[], |_, _| Err(Failure::new("boom!")));
    functions.add("err", &[Type::String], |_, args| {
        Err(Failure::new(args.text(0).to_str()))
    });
    functions.add_variadic("dict", &[], Type::Any, |_, args| {
        let map = Map::new();
        for pair in args.all().chunks_exact(2) {
            map.insert(format::display(&pair[0], 1000)?, pair[1].clone());
        }
        Ok(map.into())
    });
    functions.add_variadic("list", &[], Type::Any, |_, args| {
        Ok(any(args.all().to_vec()))
    });
    functions
}
