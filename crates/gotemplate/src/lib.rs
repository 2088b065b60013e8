//! Go's `text/template`: the language of Go programs' templates, with Go's values, its printing
//! and its error texts.
//!
//! Texts are compiled once into [`Templates`], which threads can share and clone in constant
//! time, and are rendered many times over [`Value`]s:
//!
//! ```
//! use windlass_gotemplate::{Functions, Map, Templates, Value};
//!
//! let mut templates = Templates::new("root", Functions::new());
//! templates.parse("greeting", b"Hello, {{ .name | printf \"%q\" }}!")?;
//!
//! let data: Map = [("name", "world")].into_iter().collect();
//! let out = templates.render("greeting", &Value::Map(data))?;
//! assert_eq!(out, b"Hello, \"world\"!");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Functions
//!
//! A function is declared with the Go types of its parameters. The evaluator checks number and
//! types of the arguments against them, with Go's rules and messages, and the body finds its
//! arguments converted ([`Args`]):
//!
//! ```
//! use windlass_gotemplate::{Failure, Functions, MapType, Templates, Type, Value};
//!
//! let mut functions = Functions::new();
//! // func upper(s string) string
//! functions.add("upper", &[Type::String], |_, args| {
//!     Ok(Value::string(args.text(0).to_str().to_uppercase()))
//! });
//! // func div(a, b interface{}, more ...interface{}) (int64, error)
//! functions.add_variadic("kinds", &[Type::Any], Type::Any, |_, args| {
//!     Ok(Value::strings(args.all().iter().map(|value| value.type_name())))
//! });
//! // func mustSet(m map[string]interface{}, key string, value interface{}) (…, error)
//! functions.add("mustSet", &[Type::MAP, Type::String, Type::Any], |_, args| {
//!     let map = args.map(0);
//!     if map.is_nil() {
//!         return Err("assignment to entry in nil map".into());
//!     }
//!     map.insert(args.text(1), args.value(2).clone());
//!     Ok(map.into())
//! });
//! # let mut templates = Templates::new("root", functions);
//! # templates.parse("t", b"{{ upper 1 }}")?;
//! # let error = templates.render("t", &Value::Nil).unwrap_err();
//! # assert_eq!(
//! #     error.to_string(),
//! #     "template: t:1:9: executing \"t\" at <1>: expected string; found 1"
//! # );
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! What a body returns as [`Failure`], an error or what would be a panic in Go, becomes
//! `error calling NAME: …` at the place of the call. Through its [`Scope`] a body renders other
//! templates ([`Scope::render`], [`Scope::render_in`]), reaches what the caller handed to the
//! execution ([`Scope::host`]), and announces large results ([`Scope::charge`]).
//!
//! # Values
//!
//! A [`Value`] has a Go type that templates can observe (`printf "%T"`, error messages): sized
//! numbers, strings of bytes, lists and maps with a tag for their type ([`ListType`],
//! [`MapType`]; new ones are declared as statics, with methods if they are named types), and
//! [`Object`]s for structs, pointers and named basic types. [`format`] is Go's `fmt` over them,
//! [`strconv`] Go's package of that name.
//!
//! # Limits
//!
//! Nothing a template does takes the stack or the memory of its host: steps, bytes, depth and
//! time are bounded by [`Limits`], nesting of source text and of values by the crate.

mod builtin;
mod error;
mod exec;
pub mod format;
mod function;
mod limits;
mod parse;
mod set;
pub mod strconv;
mod value;

pub use error::{ExecError, Failure, ParseError, Place};
pub use exec::{Execution, Scope};
pub use function::{Args, Body, Function, Functions, Method, MethodBody, Outcome, Signature};
pub use limits::{Limit, Limits};
pub use set::{MissingKey, Templates};
pub use value::{
    FloatKind, IntKind, Kind, List, ListType, Map, MapSource, MapType, Object, ObjectType, Text,
    TooDeep, Type, UintKind, Value, deep_equal,
};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
