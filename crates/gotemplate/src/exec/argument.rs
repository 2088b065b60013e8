//! Arguments: literals and values against the types of parameters.

use super::eval::Operands;
use super::operand::Operand;
use super::scope::Scope;
use crate::error::ExecError;
use crate::parse::{Node, NodeId, Tree};
use crate::value::{Kind, Type, Value};

impl Scope<'_> {
    /// Evaluates an operand for a parameter of the type; for no type, as it is.
    pub(super) fn eval_argument(
        &mut self,
        tree: &Tree,
        dot: &Operand,
        ty: Option<Type>,
        node: NodeId,
    ) -> Result<Operand, ExecError> {
        self.at = Some(node);
        let operand = match tree.node(node) {
            Node::Dot => dot.clone(),
            Node::Field { .. } => self.eval_field_node(tree, dot, node, Operands::NONE)?,
            Node::Variable { .. } => self.eval_variable(tree, dot, node, Operands::NONE)?,
            Node::Chain { .. } => self.eval_chain(tree, dot, node, Operands::NONE)?,
            Node::Pipe { .. } => {
                Operand::concrete(self.nested(tree, |scope| scope.eval_pipeline(tree, dot, node))?)
            }
            Node::Identifier(id) => {
                let (name, function) = tree.function(*id);
                self.eval_function(tree, dot, node, name, function, Operands::NONE)?
            }
            _ => {
                let ty = ty.unwrap_or(Type::Any);
                return self.eval_literal_as(tree, ty, node).map(Operand::concrete);
            }
        };
        self.validate(tree, operand, ty)
    }

    /// A literal for a parameter of the type.
    fn eval_literal_as(&mut self, tree: &Tree, ty: Type, node: NodeId) -> Result<Value, ExecError> {
        let literal = tree.node(node);
        if matches!(literal, Node::Nil) {
            if ty.can_be_nil() {
                return Ok(ty.zero());
            }
            return Err(self.error(tree, format!("cannot assign nil to {ty}")));
        }
        let expected = match (ty, literal) {
            (Type::Any | Type::Reflect, _) => return self.eval_literal(tree, node),
            (Type::Bool, Node::Bool(value)) => return Ok(Value::Bool(*value)),
            (Type::Bool, _) => "bool",
            (Type::String, Node::String { text, .. }) => {
                return Ok(Value::String(tree.string(*text).clone()));
            }
            (Type::String, _) => "string",
            (Type::Int(kind), Node::Number(id)) if let Some(int) = tree.number(*id).int => {
                return Ok(Value::Int(kind, kind.wrap(int)));
            }
            (Type::Int(_), _) => "integer",
            (Type::Uint(kind), Node::Number(id)) if let Some(uint) = tree.number(*id).uint => {
                return Ok(Value::Uint(kind, kind.wrap(uint)));
            }
            (Type::Uint(_), _) => "unsigned integer",
            (Type::Float(kind), Node::Number(id)) if let Some(float) = tree.number(*id).float => {
                return Ok(Value::Float(kind, kind.round(float)));
            }
            (Type::Float(_), _) => "float",
            (Type::Complex, Node::Number(id)) if let Some((re, im)) = tree.number(*id).complex => {
                return Ok(Value::Complex(re, im));
            }
            (Type::Complex, _) => "complex",
            (Type::List(_) | Type::Map(_) | Type::Object(_) | Type::Func, _) => {
                let shown = tree.print(node);
                let message = format!("can't handle {shown} for arg of type {ty}");
                return Err(self.error(tree, message));
            }
        };
        let message = format!("expected {expected}; found {}", tree.print(node));
        Err(self.error(tree, message))
    }

    /// Checks that a value fits a parameter, and gives it the parameter's type.
    pub(super) fn validate(
        &self,
        tree: &Tree,
        operand: Operand,
        ty: Option<Type>,
    ) -> Result<Operand, ExecError> {
        let Some(ty) = ty else {
            return Ok(operand);
        };
        if matches!(operand.value, Value::Missing) {
            if ty.can_be_nil() {
                return Ok(Operand::concrete(ty.zero()));
            }
            return Err(self.error(tree, format!("invalid value; expected {ty}")));
        }
        match ty {
            Type::Any | Type::Reflect => Ok(operand),
            _ => {
                if let Some(value) = operand.value.assigned_to(ty) {
                    return Ok(Operand::concrete(value));
                }
                let got = match operand.value {
                    Value::Nil => operand.type_name(),
                    ref value => value.type_name(),
                };
                let message = format!("wrong type for value; expected {ty}; got {got}");
                Err(self.error(tree, message))
            }
        }
    }
}

impl Value {
    /// The value under a type it can be assigned to: its own, or one that only differs in having
    /// a name where it has none, or the reverse.
    fn assigned_to(&self, ty: Type) -> Option<Self> {
        match (self, ty) {
            (Self::Map(map), Type::Map(wanted)) => {
                if map.ty() == wanted {
                    return Some(self.clone());
                }
                let fits = map.ty().elem == wanted.elem && !(map.ty().named && wanted.named);
                fits.then(|| Self::Map(map.retyped(wanted)))
            }
            (Self::List(list), Type::List(wanted)) => {
                if list.ty() == wanted {
                    return Some(self.clone());
                }
                let fits = list.ty().elem == wanted.elem && !(list.ty().named && wanted.named);
                fits.then(|| Self::List(list.retyped(wanted)))
            }
            (Self::Function(_), Type::Func) => Some(self.clone()),
            _ => (self.ty() == Some(ty) && self.kind() != Kind::Invalid).then(|| self.clone()),
        }
    }
}

impl Value {
    /// The value as an argument of `call` or a key of `index`: as [`Value::assigned_to`], and
    /// integers of any size become those of the parameter.
    pub(crate) fn prepared_for(&self, ty: Type) -> Result<Self, String> {
        if self.is_nil() {
            return if ty.can_be_nil() {
                Ok(ty.zero())
            } else {
                Err(format!("value is nil; should be of type {ty}"))
            };
        }
        #[expect(
            clippy::cast_sign_loss,
            clippy::cast_possible_wrap,
            reason = "as Go converts"
        )]
        let converted = match (self, ty) {
            (_, Type::Any | Type::Reflect) => Some(self.clone()),
            (Self::Int(_, int), Type::Int(kind)) => Some(Self::Int(kind, kind.wrap(*int))),
            (Self::Uint(_, uint), Type::Int(kind)) => {
                Some(Self::Int(kind, kind.wrap(*uint as i64)))
            }
            (Self::Int(_, int), Type::Uint(kind)) => Some(Self::Uint(kind, kind.wrap(*int as u64))),
            (Self::Uint(_, uint), Type::Uint(kind)) => Some(Self::Uint(kind, kind.wrap(*uint))),
            _ => self.assigned_to(ty),
        };
        converted.ok_or_else(|| format!("value has type {}; should be {ty}", self.type_name()))
    }
}
