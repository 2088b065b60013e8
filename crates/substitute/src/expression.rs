//! The grammar: text to a list of literals and expressions.

use crate::scanner::{Escapes, Scanner, Token};
use crate::{Error, MAX_DEPTH};

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Node {
    Text(String),
    Expression(Expression),
}

/// `${name}` or `${name<operator><arguments>}`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Expression {
    pub(crate) name: String,
    /// As written; empty for a bare reference.
    pub(crate) operator: String,
    /// Evaluated before the operator, whether or not it needs them.
    pub(crate) arguments: Vec<Node>,
}

pub(crate) fn parse(text: &str) -> Result<Vec<Node>, Error> {
    let mut parser = Parser {
        scanner: Scanner::new(text),
        depth: 0,
    };
    let mut nodes = Vec::new();
    loop {
        match parser.scanner.run(true, Escapes::Dollar, |_, _| true) {
            Token::Run(text) => nodes.push(Node::Text(text)),
            Token::Open => nodes.push(Node::Expression(parser.expression()?)),
            Token::End => return Ok(nodes),
            Token::Other => return Err(Error::BadSubstitution),
        }
    }
}

#[derive(Debug)]
struct Parser<'a> {
    scanner: Scanner<'a>,
    depth: usize,
}

impl Parser<'_> {
    /// What follows `${`, up to and including the closing brace.
    fn expression(&mut self) -> Result<Expression, Error> {
        if self.depth >= MAX_DEPTH {
            return Err(Error::TooDeep);
        }
        self.depth += 1;
        let expression = self.expression_inner()?;
        self.depth -= 1;
        Ok(expression)
    }

    fn expression_inner(&mut self) -> Result<Expression, Error> {
        if self.scanner.peek() == Some('#') {
            return self.length();
        }
        let Token::Run(name) = self.scanner.run(false, Escapes::None, is_name) else {
            return Err(Error::VariableName);
        };
        let (operator, arguments) = match self.scanner.peek() {
            Some(':') if matches!(self.scanner.peek_second(), Some('=' | '-' | '?' | '+')) => {
                self.default()?
            }
            Some(':') => self.slice()?,
            Some('=') => self.default()?,
            Some(',' | '^') => {
                let operator = self.operator(|c, at| matches!(c, ',' | '^') && at < 3)?;
                self.close()?;
                (operator, Vec::new())
            }
            Some('/') => self.replace()?,
            Some('#') => self.trim('#')?,
            Some('%') => self.trim('%')?,
            _ if self.scanner.take('}') => (String::new(), Vec::new()),
            _ => return Err(Error::MissingClosingBrace),
        };
        Ok(Expression {
            name,
            operator,
            arguments,
        })
    }

    fn length(&mut self) -> Result<Expression, Error> {
        let operator = self.operator(|c, at| c == '#' && at == 1)?;
        let name = self.operator(is_name)?;
        self.close()?;
        Ok(Expression {
            name,
            operator,
            arguments: Vec::new(),
        })
    }

    fn default(&mut self) -> Result<(String, Vec<Node>), Error> {
        let operator = if self.scanner.take('=') {
            "=".to_owned()
        } else {
            let run = self.scanner.run(false, Escapes::None, |c, at| {
                (at == 1 && c == ':') || (at == 2 && matches!(c, '=' | '-' | '?' | '+'))
            });
            let Token::Run(operator) = run else {
                return Err(Error::DefaultOperator);
            };
            operator
        };
        let mut arguments = Vec::new();
        while self.scanner.peek() != Some('}') {
            arguments.push(self.argument(Escapes::None, |c| c != '}')?);
        }
        self.close()?;
        Ok((operator, arguments))
    }

    fn slice(&mut self) -> Result<(String, Vec<Node>), Error> {
        let operator = self.operator(|c, at| c == ':' && at == 1)?;
        let mut arguments = vec![self.argument(Escapes::None, |c| c != ':' && c != '}')?];
        if self.scanner.take('}') {
            return Ok((operator, arguments));
        }
        // Any number of colons may stand before the length.
        self.operator(|c, _| c == ':')?;
        arguments.push(self.argument(Escapes::None, |c| c != '}')?);
        self.close()?;
        Ok((operator, arguments))
    }

    fn trim(&mut self, sign: char) -> Result<(String, Vec<Node>), Error> {
        let operator = self.operator(|c, at| c == sign && at < 3)?;
        let pattern = self.argument(Escapes::None, |c| c != '}')?;
        self.close()?;
        Ok((operator, vec![pattern]))
    }

    fn replace(&mut self) -> Result<(String, Vec<Node>), Error> {
        let operator = self
            .operator(|c, at| (at == 1 && c == '/') || (at == 2 && matches!(c, '/' | '#' | '%')))?;
        // The searched text may hold closing braces.
        let mut arguments = vec![self.argument(Escapes::All, |c| c != '/')?];
        self.operator(|c, _| c == '/')?;
        if self.scanner.peek() != Some('}') {
            arguments.push(self.argument(Escapes::All, |c| c != '}')?);
        }
        self.close()?;
        Ok((operator, arguments))
    }

    /// One argument: a nested expression or a run of text.
    fn argument(&mut self, escapes: Escapes, accept: impl Fn(char) -> bool) -> Result<Node, Error> {
        match self.scanner.run(true, escapes, |c, _| accept(c)) {
            Token::Open => Ok(Node::Expression(self.expression()?)),
            Token::Run(text) => Ok(Node::Text(text)),
            Token::End | Token::Other => Err(Error::Argument),
        }
    }

    fn operator(&mut self, accept: impl Fn(char, usize) -> bool) -> Result<String, Error> {
        match self.scanner.run(false, Escapes::None, accept) {
            Token::Run(text) => Ok(text),
            _ => Err(Error::BadSubstitution),
        }
    }

    fn close(&mut self) -> Result<(), Error> {
        if self.scanner.take('}') {
            Ok(())
        } else {
            Err(Error::BadSubstitution)
        }
    }
}

fn is_name(c: char, _: usize) -> bool {
    c == '_' || c.is_alphanumeric()
}
