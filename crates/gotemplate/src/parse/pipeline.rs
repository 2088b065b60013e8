//! From tokens to trees: what stands inside of an action.

use super::node::{Node, NodeId, Number, Symbol};
use super::parser::{MAX_NESTING, Parsed, Parser};
use super::token::Kind;
use crate::strconv;
use crate::value::lossy;

impl Parser<'_> {
    /// Declarations, if any, and commands up to the token `end`.
    pub(super) fn pipeline(&mut self, context: &str, end: Kind) -> Parsed<NodeId> {
        let start = self.peek_non_space().start;
        let mut declared = Vec::new();
        let assign = self.declarations(context, &mut declared)?;
        let first = self.pending.len();
        loop {
            let token = self.next_non_space();
            match token.kind {
                kind if kind == end => break,
                Kind::Bool
                | Kind::CharConstant
                | Kind::Complex
                | Kind::Dot
                | Kind::Field
                | Kind::Identifier
                | Kind::Number
                | Kind::Nil
                | Kind::RawString
                | Kind::String
                | Kind::Variable
                | Kind::LeftParen => {
                    self.backup();
                    let command = self.command()?;
                    self.pending.push(command);
                }
                _ => return Err(self.unexpected(&token, context)),
            }
        }
        if self.pending.len() == first {
            return Err(self.error(format!("missing value for {context}")));
        }
        for (index, command) in self.pending[first..].iter().enumerate().skip(1) {
            if !self.is_executable(*command) {
                let stage = index + 1;
                let message = format!("non executable command in pipeline stage {stage}");
                return Err(self.error(message));
            }
        }
        let declared = self.body.tree.add_children(&declared);
        let commands = self.take_pending(first);
        let pipe = Node::Pipe {
            declared,
            assign,
            commands,
        };
        Ok(self.body.tree.add(start, pipe))
    }

    /// Whether a command can take the value of the one before it.
    fn is_executable(&self, command: NodeId) -> bool {
        let tree = &self.body.tree;
        let Node::Command { args } = tree.node(command) else {
            return true;
        };
        !matches!(
            tree.children(*args).first().map(|first| tree.node(*first)),
            Some(Node::Bool(_) | Node::Dot | Node::Nil | Node::Number(_) | Node::String { .. })
        )
    }

    /// `$x :=`, `$x =`, and `$i, $x :=` in `range`. Returns whether they assign.
    fn declarations(&mut self, context: &str, declared: &mut Vec<NodeId>) -> Parsed<bool> {
        loop {
            if self.peek_non_space().kind != Kind::Variable {
                return Ok(false);
            }
            let variable = self.next();
            // A space is a token, so it takes three of them to see that no declaration follows.
            let after = self.peek().clone();
            let next = self.peek_non_space().clone();
            let comma = next.kind == Kind::Char && next.text(self.text) == b",";
            if !comma && !matches!(next.kind, Kind::Assign | Kind::Declare) {
                if after.kind == Kind::Space {
                    self.backup_three(variable, after);
                } else {
                    self.backup_two(variable);
                }
                return Ok(false);
            }
            self.next_non_space();
            let name = lossy(variable.text(self.text)).into_owned();
            let symbol = self.body.intern(&name);
            let node = self.variable(symbol);
            declared.push(self.body.tree.add(variable.start, node));
            self.body.declare(symbol);
            if !comma {
                return Ok(next.kind == Kind::Assign);
            }
            if context != "range" || declared.len() >= 2 {
                return Err(self.error(format!("too many declarations in {context}")));
            }
            let next = self.peek_non_space().kind;
            if !matches!(next, Kind::Variable | Kind::RightDelim | Kind::RightParen) {
                return Err(self.error("range can only initialize variables"));
            }
        }
    }

    fn variable(&mut self, symbol: Symbol) -> Node {
        let fields = self.body.tree.add_names([]);
        Node::Variable { symbol, fields }
    }

    /// Operands up to a pipe or the end of the pipeline, which is left.
    fn command(&mut self) -> Parsed<NodeId> {
        let start = self.peek_non_space().start;
        let first = self.pending.len();
        loop {
            self.peek_non_space();
            let operand = self.operand()?;
            self.pending.extend(operand);
            let token = self.next();
            match token.kind {
                Kind::Space => {}
                Kind::RightDelim | Kind::RightParen => {
                    self.backup();
                    break;
                }
                Kind::Pipe => break,
                _ => return Err(self.unexpected(&token, "operand")),
            }
        }
        if self.pending.len() == first {
            return Err(self.error("empty command"));
        }
        let args = self.take_pending(first);
        Ok(self.body.tree.add(start, Node::Command { args }))
    }

    /// A term with the fields that follow it; none if there is no term.
    fn operand(&mut self) -> Parsed<Option<NodeId>> {
        let Some(term) = self.term()? else {
            return Ok(None);
        };
        if self.peek().kind != Kind::Field {
            return Ok(Some(term));
        }
        let start = self.peek().start;
        let mut more = self.body.tree.add_names([]);
        while self.peek().kind == Kind::Field {
            let token = self.next();
            let name = self.cache.name(&token.text(self.text)[1..]);
            more = more.joined(self.body.tree.add_names([name]));
        }
        let tree = &mut self.body.tree;
        let node = match *tree.node(term) {
            // Its name is the last one before these.
            Node::Field { names } => Node::Field {
                names: names.joined(more),
            },
            Node::Variable { symbol, .. } => Node::Variable {
                symbol,
                fields: more,
            },
            Node::Bool(_) | Node::String { .. } | Node::Number(_) | Node::Nil | Node::Dot => {
                let printed = strconv::quote(tree.print(term).as_bytes());
                return Err(self.error(format!("unexpected . after term {printed}")));
            }
            _ => {
                let chain = Node::Chain {
                    of: term,
                    fields: more,
                };
                return Ok(Some(tree.add(start, chain)));
            }
        };
        tree.replace(term, start, node);
        Ok(Some(term))
    }

    fn term(&mut self) -> Parsed<Option<NodeId>> {
        let token = self.next_non_space();
        let text = token.text(self.text);
        let node = match token.kind {
            Kind::Identifier => {
                let name = lossy(text);
                let Some((name, function)) = self.functions.entry(&name) else {
                    let name = strconv::quote(name.as_bytes());
                    return Err(self.error(format!("function {name} not defined")));
                };
                Node::Identifier(self.body.tree.add_function(name, &function))
            }
            Kind::Dot => Node::Dot,
            Kind::Nil => Node::Nil,
            Kind::Variable => {
                let symbol = self.body.intern(&lossy(text));
                if !self.body.is_declared(symbol) {
                    let name = strconv::quote(text);
                    return Err(self.error(format!("undefined variable {name}")));
                }
                self.variable(symbol)
            }
            Kind::Field => {
                let name = self.cache.name(&text[1..]);
                let names = self.body.tree.add_names([name]);
                Node::Field { names }
            }
            Kind::Bool => Node::Bool(text == b"true"),
            Kind::CharConstant => self.number(Number::from_char(text))?,
            Kind::Complex => self.number(Number::from_complex(text))?,
            Kind::Number => self.number(Number::parse(text))?,
            Kind::LeftParen => return self.parenthesized().map(Some),
            Kind::String | Kind::RawString => match self.cache.literal(text) {
                Some(unquoted) => self.body.tree.string_node(token.start, token.end, unquoted),
                None => return Err(self.error("invalid syntax")),
            },
            _ => {
                self.backup();
                return Ok(None);
            }
        };
        Ok(Some(self.body.tree.add(token.start, node)))
    }

    fn number(&mut self, number: Result<Number, String>) -> Parsed<Node> {
        match number {
            Ok(number) => Ok(Node::Number(self.body.tree.add_number(number))),
            Err(message) => Err(self.error(message)),
        }
    }

    fn parenthesized(&mut self) -> Parsed<NodeId> {
        if self.body.paren_depth >= MAX_NESTING {
            return Err(self.error("max expression depth exceeded"));
        }
        self.body.paren_depth += 1;
        let pipe = stacker::maybe_grow(64 << 10, 1 << 20, || {
            self.pipeline("parenthesized pipeline", Kind::RightParen)
        });
        self.body.paren_depth -= 1;
        pipe
    }
}
