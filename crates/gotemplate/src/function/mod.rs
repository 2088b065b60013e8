//! Functions and methods templates can call, with the Go types of their parameters.

mod args;
mod table;

use std::fmt;
use std::sync::Arc;

pub use args::Args;
pub use table::Functions;

use crate::error::Failure;
use crate::exec::Scope;
use crate::value::{Type, Value};

/// What a function gives back.
pub type Outcome = Result<Value, Failure>;

/// The body of a function: it may read the execution and render templates through the scope,
/// and its arguments are already of the declared types.
pub type Body = dyn Fn(&mut Scope<'_>, Args<'_>) -> Outcome + Send + Sync;

/// The body of a method; the value is the receiver.
pub type MethodBody = fn(&mut Scope<'_>, &Value, Args<'_>) -> Outcome;

/// The parameters of a function. From them the evaluator checks number and types of arguments
/// and gives Go's errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signature {
    /// The fixed parameters.
    pub params: &'static [Type],
    /// The type of each further argument of a variadic function.
    pub variadic: Option<Type>,
}

impl Signature {
    /// A fixed number of parameters.
    pub const fn fixed(params: &'static [Type]) -> Self {
        Self {
            params,
            variadic: None,
        }
    }

    /// Fixed parameters, and any number of further ones of one type.
    pub const fn variadic(params: &'static [Type], rest: Type) -> Self {
        Self {
            params,
            variadic: Some(rest),
        }
    }

    /// The type of the parameter at the index; of the last one for an index past a fixed end.
    pub(crate) fn param(&self, index: usize) -> Type {
        match self.params.get(index) {
            Some(ty) => *ty,
            None => self.variadic.unwrap_or(Type::Any),
        }
    }
}

/// A function.
#[derive(Clone)]
pub struct Function {
    signature: Signature,
    type_name: &'static str,
    body: Implementation,
}

#[derive(Clone)]
enum Implementation {
    Body(Arc<Body>),
    And,
    Or,
    Call,
}

/// The functions the evaluator handles itself, as they do not evaluate all of their arguments
/// or need to know how one is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Special {
    And,
    Or,
    Call,
}

impl Function {
    /// A function of the signature.
    pub fn new<F>(signature: Signature, body: F) -> Self
    where
        F: Fn(&mut Scope<'_>, Args<'_>) -> Outcome + Send + Sync + 'static,
    {
        Self {
            signature,
            type_name: "func()",
            body: Implementation::Body(Arc::new(body)),
        }
    }

    /// The function with Go's name of its type, `func(string) (int, error)`, for values that
    /// templates get hold of.
    #[must_use]
    pub fn with_type_name(mut self, name: &'static str) -> Self {
        self.type_name = name;
        self
    }

    /// Go's name of the type.
    pub const fn type_name(&self) -> &'static str {
        self.type_name
    }

    pub(crate) fn special(special: Special) -> Self {
        let (params, body): (&'static [Type], _) = match special {
            Special::And => (&[Type::Reflect], Implementation::And),
            Special::Or => (&[Type::Reflect], Implementation::Or),
            Special::Call => (&[Type::Reflect], Implementation::Call),
        };
        Self {
            signature: Signature::variadic(params, Type::Reflect),
            type_name: "func()",
            body,
        }
    }

    pub(crate) const fn as_special(&self) -> Option<Special> {
        match self.body {
            Implementation::Body(_) => None,
            Implementation::And => Some(Special::And),
            Implementation::Or => Some(Special::Or),
            Implementation::Call => Some(Special::Call),
        }
    }

    /// The parameters.
    pub const fn signature(&self) -> Signature {
        self.signature
    }

    /// Calls the function with arguments that fit its signature.
    pub fn call(&self, scope: &mut Scope<'_>, args: &[Value]) -> Outcome {
        match &self.body {
            Implementation::Body(body) => body(scope, Args::new(args)),
            // Only reached through values made of these functions, which templates cannot make.
            _ => Err(Failure::new("not a function")),
        }
    }
}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Function")
            .field("signature", &self.signature)
            .finish_non_exhaustive()
    }
}

/// A method of a [`ListType`](crate::ListType), [`MapType`](crate::MapType) or
/// [`ObjectType`](crate::ObjectType), written down as a constant.
#[derive(Clone, Copy, Debug)]
pub struct Method {
    /// The name.
    pub name: &'static str,
    /// The parameters, without the receiver.
    pub signature: Signature,
    /// What it does.
    pub body: MethodBody,
}

impl Method {
    /// A method with a fixed number of parameters.
    pub const fn new(name: &'static str, params: &'static [Type], body: MethodBody) -> Self {
        Self {
            name,
            signature: Signature::fixed(params),
            body,
        }
    }
}
