//! Versions, and whether they are in a range, by the rules of Masterminds/semver.

use std::cmp::Ordering;
use std::fmt;

use windlass_gotemplate::{
    Args, Failure, Functions, Kind, Method, Object, ObjectType, Outcome, Text, Type, UintKind,
    Value,
};
use windlass_semver_range::{Constraint, parse_version};

const MAX_BYTES: usize = 256;

pub(crate) fn register(functions: &mut Functions) {
    functions.add("semver", &[Type::String], |_, args| {
        Ok(Value::object(Version::parse(&args.text(0).to_str())?))
    });
    functions.add("semverCompare", &[Type::String, Type::String], |_, args| {
        let constraint = Constraint::parse(&args.text(0).to_str())
            .map_err(|error| Failure::new(error.to_string()))?;
        let version = Version::parse(&args.text(1).to_str())?;
        Ok(Value::Bool(constraint.matches(&version.parsed)))
    });
}

/// A version as templates have it: a `*semver.Version`, or what its methods return, a `semver.Version`.
#[derive(Debug, Clone)]
pub struct Version {
    parsed: ::semver::Version,
    original: String,
    pointer: bool,
}

impl Default for Version {
    fn default() -> Version {
        Version {
            parsed: ::semver::Version::new(0, 0, 0),
            original: String::new(),
            pointer: true,
        }
    }
}

impl Version {
    /// Reads a version loosely: `v1` and `1.2` will do.
    ///
    /// # Errors
    ///
    /// In the words of the original.
    pub fn parse(text: &str) -> Result<Version, Failure> {
        if text.len() > MAX_BYTES {
            return Err(Failure::new(format!(
                "version string is too long (max {MAX_BYTES} bytes)"
            )));
        }
        parse_version(text)
            .map(|version| Version {
                parsed: version,
                original: text.to_owned(),
                pointer: true,
            })
            .ok_or_else(|| Failure::new(complaint(text)))
    }

    /// Another version, written like this one: with or without `v`.
    fn derived(&self, version: ::semver::Version) -> Value {
        let v = if self.original.starts_with('v') {
            "v"
        } else {
            ""
        };
        Value::object(Version {
            original: format!("{v}{version}"),
            parsed: version,
            pointer: false,
        })
    }
}

/// What is wrong with a text that is no version.
fn complaint(text: &str) -> String {
    const INVALID: &str = "invalid semantic version";
    let rest = text.strip_prefix('v').unwrap_or(text);
    let (rest, build) = rest.split_once('+').unzip_or(rest);
    let (numbers, pre) = rest.split_once('-').unzip_or(rest);
    let identifiers = |text: Option<&str>| {
        let identifier = |part: &str| {
            !part.is_empty() && part.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-')
        };
        text.is_none_or(|text| text.split('.').all(identifier))
    };
    let parts: Vec<&str> = numbers.split('.').collect();
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|c| c.is_ascii_digit());
    if parts.len() > 3
        || !parts.iter().all(|part| is_number(part))
        || !identifiers(pre)
        || !identifiers(build)
    {
        return INVALID.to_owned();
    }
    if let Some(part) = parts.iter().find(|part| part.parse::<u64>().is_err()) {
        return format!(
            "error parsing version segment: strconv.ParseUint: parsing \"{part}\": value out of range"
        );
    }
    "version segment starts with 0".to_owned()
}

/// For a split that may not have been possible.
trait UnzipOr<'a> {
    fn unzip_or(self, whole: &'a str) -> (&'a str, Option<&'a str>);
}

impl<'a> UnzipOr<'a> for Option<(&'a str, &'a str)> {
    fn unzip_or(self, whole: &'a str) -> (&'a str, Option<&'a str>) {
        self.map_or((whole, None), |(before, after)| (before, Some(after)))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.parsed.fmt(f)
    }
}

impl Object for Version {
    fn ty(&self) -> &'static ObjectType {
        if self.pointer { &POINTER } else { &STRUCT }
    }

    fn text(&self) -> Option<Text> {
        Some(Text::from(self.to_string()))
    }

    fn equals(&self, other: &dyn Object) -> bool {
        let other: &dyn std::any::Any = other;
        other
            .downcast_ref::<Version>()
            .is_some_and(|other| self.parsed == other.parsed && self.original == other.original)
    }
}

static POINTER: ObjectType = ObjectType {
    name: "*semver.Version",
    kind: Kind::Pointer,
    methods: &POINTER_METHODS,
};

static STRUCT: ObjectType = ObjectType {
    name: "semver.Version",
    kind: Kind::Struct,
    methods: STRUCT_METHODS,
};

const MAJOR: Method = Method::new("Major", &[], |_, this, _| number(this, |v| v.major));
const MINOR: Method = Method::new("Minor", &[], |_, this, _| number(this, |v| v.minor));
const PATCH: Method = Method::new("Patch", &[], |_, this, _| number(this, |v| v.patch));
const PRERELEASE: Method = Method::new("Prerelease", &[], |_, this, _| {
    with(this, |v| Ok(Value::string(v.parsed.pre.as_str())))
});
const METADATA: Method = Method::new("Metadata", &[], |_, this, _| {
    with(this, |v| Ok(Value::string(v.parsed.build.as_str())))
});
const STRING: Method = Method::new("String", &[], |_, this, _| {
    with(this, |v| Ok(Value::string(v.to_string())))
});
const INC_PATCH: Method = Method::new("IncPatch", &[], |_, this, _| {
    with(this, |v| {
        let next = &v.parsed;
        // Of a prerelease the release is the next patch.
        let patch = next.patch + u64::from(next.pre.is_empty());
        Ok(v.derived(::semver::Version::new(next.major, next.minor, patch)))
    })
});
const INC_MINOR: Method = Method::new("IncMinor", &[], |_, this, _| {
    with(this, |v| {
        let next = ::semver::Version::new(v.parsed.major, v.parsed.minor.wrapping_add(1), 0);
        Ok(v.derived(next))
    })
});
const INC_MAJOR: Method = Method::new("IncMajor", &[], |_, this, _| {
    with(this, |v| {
        let next = ::semver::Version::new(v.parsed.major.wrapping_add(1), 0, 0);
        Ok(v.derived(next))
    })
});
const SET_PRERELEASE: Method = Method::new("SetPrerelease", &[Type::String], |_, this, args| {
    with(this, |v| {
        let text = args.text(0);
        let pre = ::semver::Prerelease::new(&text.to_str());
        let pre = pre.map_err(|_| Failure::new(prerelease_complaint(&text.to_str())))?;
        Ok(v.derived(::semver::Version {
            pre,
            ..v.parsed.clone()
        }))
    })
});
const SET_METADATA: Method = Method::new("SetMetadata", &[Type::String], |_, this, args| {
    with(this, |v| {
        let build = ::semver::BuildMetadata::new(&args.text(0).to_str());
        let build = build.map_err(|_| Failure::new("invalid metadata string"))?;
        Ok(v.derived(::semver::Version {
            build,
            ..v.parsed.clone()
        }))
    })
});

const STRUCT_METHODS: &[Method] = &[
    MAJOR,
    MINOR,
    PATCH,
    PRERELEASE,
    METADATA,
    STRING,
    INC_PATCH,
    INC_MINOR,
    INC_MAJOR,
    SET_PRERELEASE,
    SET_METADATA,
];

static OTHER: [Type; 1] = [Type::Object(&POINTER)];

static POINTER_METHODS: [Method; 18] = [
    MAJOR,
    MINOR,
    PATCH,
    PRERELEASE,
    METADATA,
    STRING,
    INC_PATCH,
    INC_MINOR,
    INC_MAJOR,
    SET_PRERELEASE,
    SET_METADATA,
    Method::new("Original", &[], |_, this, _| {
        with(this, |v| Ok(Value::string(v.original.as_str())))
    }),
    Method::new("LessThan", &OTHER, |_, this, args| {
        compare(this, args, Ordering::is_lt)
    }),
    Method::new("LessThanEqual", &OTHER, |_, this, args| {
        compare(this, args, Ordering::is_le)
    }),
    Method::new("GreaterThan", &OTHER, |_, this, args| {
        compare(this, args, Ordering::is_gt)
    }),
    Method::new("GreaterThanEqual", &OTHER, |_, this, args| {
        compare(this, args, Ordering::is_ge)
    }),
    Method::new("Equal", &OTHER, |_, this, args| {
        compare(this, args, Ordering::is_eq)
    }),
    Method::new("Compare", &OTHER, |_, this, args| {
        order(this, args).map(|order| Value::int(order as i64))
    }),
];

fn with(this: &Value, body: impl FnOnce(&Version) -> Outcome) -> Outcome {
    this.downcast::<Version>()
        .map_or_else(|| Err(Failure::new(crate::lists::NIL)), body)
}

fn number(this: &Value, part: fn(&::semver::Version) -> u64) -> Outcome {
    with(this, |v| Ok(Value::Uint(UintKind::Uint64, part(&v.parsed))))
}

fn order(this: &Value, args: Args<'_>) -> Result<Ordering, Failure> {
    let versions = this
        .downcast::<Version>()
        .zip(args.value(0).downcast::<Version>());
    versions
        .map(|(a, b)| windlass_semver_range::cmp(&a.parsed, &b.parsed))
        .ok_or_else(|| Failure::new(crate::lists::NIL))
}

fn compare(this: &Value, args: Args<'_>, wanted: fn(Ordering) -> bool) -> Outcome {
    order(this, args).map(|order| Value::Bool(wanted(order)))
}

fn prerelease_complaint(text: &str) -> &'static str {
    let zero = |part: &str| {
        part.len() > 1 && part.starts_with('0') && part.bytes().all(|c| c.is_ascii_digit())
    };
    match text
        .split('.')
        .find(|part| ::semver::Prerelease::new(part).is_err() || part.is_empty())
    {
        Some(part) if zero(part) => "version segment starts with 0",
        _ => "invalid prerelease string",
    }
}
