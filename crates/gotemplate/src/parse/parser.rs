//! From tokens to trees: text and control structures.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;

use super::cache::Cache;
use super::lexer::Lexer;
use super::node::{Branch, BranchKind, Node, NodeId, Source, Span, Symbol, Tree};
use super::token::{Kind, Token};
use crate::error::ParseError;
use crate::function::Functions;
use crate::strconv;
use crate::value::lossy;

/// How deep control structures, or parentheses, may be nested in each other. For parentheses the
/// limit is Go's.
pub(super) const MAX_NESTING: usize = 10_000;

/// Positions are kept in 32 bits.
const MAX_TEXT: usize = u32::MAX as usize;

pub(crate) type Parsed<T> = Result<T, ParseError>;

/// Parses a text: the templates defined in it and, last, the text itself.
pub(super) fn parse(
    name: &str,
    text: &Bytes,
    functions: &Functions,
    cache: &mut Cache,
) -> Parsed<Vec<Tree>> {
    let source = Arc::new(Source {
        name: name.into(),
        text: text.clone(),
    });
    if text.len() > MAX_TEXT {
        return Err(ParseError {
            template: name.to_owned(),
            line: 1,
            message: "text is too long".to_owned(),
        });
    }
    let mut lexer = Lexer::new(text);
    lexer.break_ok = functions.get("break").is_none();
    lexer.continue_ok = functions.get("continue").is_none();
    let mut parser = Parser {
        source: Arc::clone(&source),
        text,
        functions,
        lexer,
        body: Body::new(cache.tree(name.into(), source)),
        cache,
        pending: Vec::new(),
        nesting: 0,
        done: Vec::new(),
        by_name: HashMap::new(),
    };
    parser.template()?;
    let Parser {
        body, cache, done, ..
    } = parser;
    cache.give_back(body.tree);
    Ok(done)
}

/// The state of the parser.
pub(super) struct Parser<'a> {
    source: Arc<Source>,
    pub(super) text: &'a [u8],
    pub(super) functions: &'a Functions,
    lexer: Lexer<'a>,
    /// The template being parsed.
    pub(super) body: Body,
    pub(super) cache: &'a mut Cache,
    /// Nodes that will be children of one that is not complete, the innermost last.
    pub(super) pending: Vec<NodeId>,
    nesting: usize,
    done: Vec<Tree>,
    by_name: HashMap<Arc<str>, usize>,
}

/// What belongs to one template: `define` and `block` begin another.
pub(super) struct Body {
    pub(super) tree: Tree,
    /// Tokens read ahead; the first is the one read last.
    tokens: [Token; 3],
    ahead: usize,
    symbols: HashMap<String, Symbol>,
    /// Variables that can be referred to, and how often each is among them.
    variables: Vec<Symbol>,
    declared: HashMap<Symbol, usize>,
    /// The line of the action at hand, or 0.
    action_line: usize,
    range_depth: usize,
    pub(super) paren_depth: usize,
}

impl Body {
    fn new(tree: Tree) -> Self {
        Self {
            tree,
            tokens: [const { Token::none() }; 3],
            ahead: 0,
            symbols: HashMap::from([("$".to_owned(), Symbol::ROOT)]),
            variables: vec![Symbol::ROOT],
            declared: HashMap::from([(Symbol::ROOT, 1)]),
            action_line: 0,
            range_depth: 0,
            paren_depth: 0,
        }
    }
}

impl Body {
    pub(super) fn intern(&mut self, name: &str) -> Symbol {
        if let Some(symbol) = self.symbols.get(name) {
            return *symbol;
        }
        let symbol = self.tree.add_symbol(name);
        self.symbols.insert(name.to_owned(), symbol);
        symbol
    }

    pub(super) fn declare(&mut self, symbol: Symbol) {
        if symbol == Symbol::ROOT {
            self.tree.redeclare_root();
        }
        self.variables.push(symbol);
        *self.declared.entry(symbol).or_default() += 1;
    }

    pub(super) fn is_declared(&self, symbol: Symbol) -> bool {
        self.declared.get(&symbol).is_some_and(|count| *count > 0)
    }

    fn forget_from(&mut self, count: usize) {
        for symbol in self.variables.drain(count..) {
            if let Some(count) = self.declared.get_mut(&symbol) {
                *count -= 1;
            }
        }
    }
}

/// What an item of a list is: a node, or what ends the list.
enum Item {
    Node(NodeId),
    End,
    /// With the position of what comes after the word.
    Else(usize),
}

impl Item {
    const fn name(&self) -> &'static str {
        match self {
            Self::Else(_) => "{{else}}",
            _ => "{{end}}",
        }
    }
}

impl Parser<'_> {
    // Tokens.

    pub(super) fn next(&mut self) -> Token {
        let body = &mut self.body;
        if body.ahead > 0 {
            body.ahead -= 1;
        } else {
            body.tokens[0] = self.lexer.next_token();
        }
        self.body.tokens[self.body.ahead].clone()
    }

    pub(super) fn backup(&mut self) {
        self.body.ahead += 1;
    }

    /// Puts two tokens back: the one given, and the one read after it.
    pub(super) fn backup_two(&mut self, first: Token) {
        self.body.tokens[1] = first;
        self.body.ahead = 2;
    }

    /// Puts three tokens back: the two given, and the one read after them.
    pub(super) fn backup_three(&mut self, first: Token, second: Token) {
        self.body.tokens[1] = second;
        self.body.tokens[2] = first;
        self.body.ahead = 3;
    }

    pub(super) fn peek(&mut self) -> &Token {
        if self.body.ahead == 0 {
            self.body.tokens[0] = self.lexer.next_token();
            self.body.ahead = 1;
        }
        &self.body.tokens[self.body.ahead - 1]
    }

    pub(super) fn next_non_space(&mut self) -> Token {
        loop {
            let token = self.next();
            if token.kind != Kind::Space {
                return token;
            }
        }
    }

    pub(super) fn peek_non_space(&mut self) -> &Token {
        while self.peek().kind == Kind::Space {
            self.body.ahead -= 1;
        }
        self.peek()
    }

    fn expect(&mut self, kind: Kind, context: &str) -> Parsed<Token> {
        let token = self.next_non_space();
        if token.kind == kind {
            Ok(token)
        } else {
            Err(self.unexpected(&token, context))
        }
    }

    // Errors.

    pub(super) fn error(&self, message: impl Into<String>) -> ParseError {
        ParseError {
            template: self.source.name.to_string(),
            line: self.body.tokens[0].line,
            message: message.into(),
        }
    }

    pub(super) fn unexpected(&self, token: &Token, context: &str) -> ParseError {
        let described = token.describe(self.text);
        if token.kind != Kind::Error {
            return self.error(format!("unexpected {described} in {context}"));
        }
        let line = self.body.action_line;
        if line == 0 || line == token.line {
            return self.error(described);
        }
        let action = if described.ends_with(" action") {
            ""
        } else {
            " in action"
        };
        self.error(format!(
            "{described}{action} started at {}:{line}",
            self.source.name
        ))
    }

    // Templates.

    /// A whole text, which alone may hold `define`.
    fn template(&mut self) -> Parsed<()> {
        let start = self.peek().start;
        let first = self.pending.len();
        while self.peek().kind != Kind::Eof {
            if self.peek().kind == Kind::LeftDelim {
                let delim = self.next();
                if self.next_non_space().kind == Kind::Define {
                    self.definition()?;
                    continue;
                }
                self.backup_two(delim);
            }
            match self.text_or_action()? {
                Item::Node(node) => self.pending.push(node),
                item => return Err(self.error(format!("unexpected {}", item.name()))),
            }
        }
        let root = self.list(start, first);
        self.finish(root)
    }

    /// What is pending from `first` on, as children of one node.
    pub(super) fn take_pending(&mut self, first: usize) -> Span {
        let children = self.body.tree.add_children(&self.pending[first..]);
        self.pending.truncate(first);
        children
    }

    fn list(&mut self, start: usize, first: usize) -> NodeId {
        let nodes = self.take_pending(first);
        self.body.tree.add(start, Node::List { nodes })
    }

    /// Adds the tree at hand to those that are done.
    fn finish(&mut self, root: NodeId) -> Parsed<()> {
        let name = self.body.tree.shared_name();
        self.body.tree.set_root(root);
        let known = self.by_name.get(&name).copied();
        if let Some(known) = known
            && !self.done[known].is_empty()
        {
            if !self.body.tree.is_empty() {
                let name = strconv::quote(name.as_bytes());
                return Err(self.error(format!("template: multiple definition of template {name}")));
            }
            return Ok(());
        }
        let tree = self.body.tree.take();
        if let Some(known) = known {
            self.done[known] = tree;
        } else {
            self.by_name.insert(tree.shared_name(), self.done.len());
            self.done.push(tree);
        }
        Ok(())
    }

    /// What comes after `define`.
    fn definition(&mut self) -> Parsed<()> {
        let context = "define clause";
        self.nested_template(None, context, |parser| {
            let token = parser.next_non_space();
            let name = parser.template_name(&token, context)?;
            let source = Arc::clone(&parser.source);
            parser.body.tree.begin(name.into(), source);
            parser.expect(Kind::RightDelim, context)?;
            Ok(())
        })
    }

    /// Parses a template up to its `end` with state of its own.
    fn nested_template(
        &mut self,
        name: Option<&str>,
        context: &str,
        head: impl FnOnce(&mut Self) -> Parsed<()>,
    ) -> Parsed<()> {
        let name_or_none = name.unwrap_or_default();
        let tree = self
            .cache
            .tree(name_or_none.into(), Arc::clone(&self.source));
        let body = Body::new(tree);
        let outer = std::mem::replace(&mut self.body, body);
        head(self)?;
        let (root, end) = self.item_list()?;
        if !matches!(end, Item::End) {
            // The outer template reports what ended a block, the inner one what ended itself.
            if name.is_some() {
                self.body = outer;
            }
            return Err(self.error(format!("unexpected {} in {context}", end.name())));
        }
        self.finish(root)?;
        let inner = std::mem::replace(&mut self.body, outer);
        self.cache.give_back(inner.tree);
        Ok(())
    }

    fn template_name(&mut self, token: &Token, context: &str) -> Parsed<String> {
        if !matches!(token.kind, Kind::String | Kind::RawString) {
            return Err(self.unexpected(token, context));
        }
        let name = strconv::unquote(token.text(self.text));
        name.map(|name| lossy(&name).into_owned())
            .ok_or_else(|| self.error("invalid syntax"))
    }

    // Items.

    /// Items up to `end` or `else`.
    fn item_list(&mut self) -> Parsed<(NodeId, Item)> {
        let start = self.peek_non_space().start;
        let first = self.pending.len();
        while self.peek_non_space().kind != Kind::Eof {
            match self.text_or_action()? {
                Item::Node(node) => self.pending.push(node),
                end => return Ok((self.list(start, first), end)),
            }
        }
        Err(self.error("unexpected EOF"))
    }

    fn text_or_action(&mut self) -> Parsed<Item> {
        let token = self.next_non_space();
        match token.kind {
            Kind::Text => {
                let node = Tree::text_node(token.start, token.end);
                Ok(Item::Node(self.body.tree.add(token.start, node)))
            }
            Kind::LeftDelim => {
                self.body.action_line = token.line;
                let item = self.action()?;
                self.body.action_line = 0;
                Ok(item)
            }
            _ => Err(self.unexpected(&token, "input")),
        }
    }

    fn action(&mut self) -> Parsed<Item> {
        let token = self.next_non_space();
        let node = match token.kind {
            Kind::Block => self.block()?,
            Kind::Break | Kind::Continue => self.jump(&token)?,
            Kind::Else => return self.else_action(),
            Kind::End => {
                self.expect(Kind::RightDelim, "end")?;
                return Ok(Item::End);
            }
            Kind::If => self.branch(BranchKind::If)?,
            Kind::Range => self.branch(BranchKind::Range)?,
            Kind::With => self.branch(BranchKind::With)?,
            Kind::Template => self.template_action()?,
            _ => {
                self.backup();
                let start = self.peek().start;
                let pipe = self.pipeline("command", Kind::RightDelim)?;
                self.body.tree.add(start, Node::Action { pipe })
            }
        };
        Ok(Item::Node(node))
    }

    fn jump(&mut self, token: &Token) -> Parsed<NodeId> {
        let (node, name) = if token.kind == Kind::Break {
            (Node::Break, "{{break}}")
        } else {
            (Node::Continue, "{{continue}}")
        };
        self.expect(Kind::RightDelim, name)?;
        if self.body.range_depth == 0 {
            return Err(self.error(format!("{name} outside {{{{range}}}}")));
        }
        Ok(self.body.tree.add(token.start, node))
    }

    fn else_action(&mut self) -> Parsed<Item> {
        let next = self.peek_non_space();
        // `else if` is `else` with an `if` in it; the word is left to be read there.
        if matches!(next.kind, Kind::If | Kind::With) {
            return Ok(Item::Else(next.start));
        }
        let token = self.expect(Kind::RightDelim, "else")?;
        Ok(Item::Else(token.start))
    }

    fn branch(&mut self, kind: BranchKind) -> Parsed<NodeId> {
        if self.nesting >= MAX_NESTING {
            return Err(self.error("max nesting depth exceeded"));
        }
        self.nesting += 1;
        let branch = stacker::maybe_grow(64 << 10, 1 << 20, || self.branch_unbounded(kind));
        self.nesting -= 1;
        branch
    }

    fn branch_unbounded(&mut self, kind: BranchKind) -> Parsed<NodeId> {
        let (context, same) = match kind {
            BranchKind::If => ("if", Some(Kind::If)),
            BranchKind::With => ("with", Some(Kind::With)),
            BranchKind::Range => ("range", None),
        };
        let variables = self.body.variables.len();
        let pipe = self.pipeline(context, Kind::RightDelim)?;
        let in_range = usize::from(kind == BranchKind::Range);
        self.body.range_depth += in_range;
        let (list, end) = self.item_list()?;
        self.body.range_depth -= in_range;
        let otherwise = match end {
            Item::Else(position) if same == Some(self.peek().kind) => {
                self.next();
                // Its `end` is the one of this branch too.
                let node = self.branch(kind)?;
                let first = self.pending.len();
                self.pending.push(node);
                Some(self.list(position, first))
            }
            Item::Else(_) => {
                let (list, end) = self.item_list()?;
                if !matches!(end, Item::End) {
                    return Err(self.error(format!("expected end; found {}", end.name())));
                }
                Some(list)
            }
            _ => None,
        };
        self.body.forget_from(variables);
        let position = self.body.tree.position(pipe);
        let branch = Branch {
            kind,
            pipe,
            list,
            otherwise,
        };
        Ok(self.body.tree.add(position, Node::Branch(branch)))
    }

    fn block(&mut self) -> Parsed<NodeId> {
        let context = "block clause";
        let token = self.next_non_space();
        let name = self.template_name(&token, context)?;
        let pipe = self.pipeline(context, Kind::RightDelim)?;
        if self.nesting >= MAX_NESTING {
            return Err(self.error("max nesting depth exceeded"));
        }
        self.nesting += 1;
        stacker::maybe_grow(64 << 10, 1 << 20, || {
            self.nested_template(Some(&name), context, |_| Ok(()))
        })?;
        self.nesting -= 1;
        let name = self.body.tree.add_symbol(&name);
        let pipe = Some(pipe);
        let node = Node::Template { name, pipe };
        Ok(self.body.tree.add(token.start, node))
    }

    fn template_action(&mut self) -> Parsed<NodeId> {
        let context = "template clause";
        let token = self.next_non_space();
        let name = self.template_name(&token, context)?;
        let mut pipe = None;
        if self.next_non_space().kind != Kind::RightDelim {
            self.backup();
            pipe = Some(self.pipeline(context, Kind::RightDelim)?);
        }
        let name = self.body.tree.add_symbol(&name);
        let node = Node::Template { name, pipe };
        Ok(self.body.tree.add(token.start, node))
    }
}
