//! Parsed templates: nodes in an arena.

use std::num::NonZero;
use std::sync::Arc;

use bytes::Bytes;

use crate::function::Function;
use crate::value::{Text, lossy};

/// A node of a [`Tree`], counted from one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NodeId(NonZero<u32>);

/// A function that a tree calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FunctionId(u32);

/// A literal number of a tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NumberId(u32);

/// The value of a literal string of a tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TextId(u32);

/// A run of nodes, or of names, that belong to one node.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Span {
    start: u32,
    end: u32,
}

impl Span {
    pub(crate) const fn len(self) -> usize {
        (self.end - self.start) as usize
    }

    /// Both, of which the second begins where this one ends.
    pub(super) fn joined(self, next: Self) -> Self {
        debug_assert_eq!(self.end, next.start);
        Self {
            start: self.start,
            end: next.end,
        }
    }
}

/// A name that stands for itself within one tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Symbol(u32);

impl Symbol {
    /// `$`, which every tree has.
    pub(crate) const ROOT: Self = Self(0);
}

/// What a node is. Large charts have hundreds of thousands of them: what takes more than a few
/// bytes is in tables of the tree.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Node {
    /// Text to be copied: a part of the source.
    Text {
        start: u32,
        end: u32,
    },
    Action {
        pipe: NodeId,
    },
    Branch(Branch),
    Break,
    Continue,
    Template {
        name: Symbol,
        pipe: Option<NodeId>,
    },
    List {
        nodes: Span,
    },
    Pipe {
        declared: Span,
        assign: bool,
        commands: Span,
    },
    Command {
        args: Span,
    },
    Identifier(FunctionId),
    Field {
        names: Span,
    },
    Variable {
        symbol: Symbol,
        fields: Span,
    },
    Chain {
        of: NodeId,
        fields: Span,
    },
    Dot,
    Nil,
    Bool(bool),
    Number(NumberId),
    String {
        start: u32,
        end: u32,
        text: TextId,
    },
}

/// `if`, `with` or `range`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Branch {
    pub(crate) kind: BranchKind,
    pub(crate) pipe: NodeId,
    pub(crate) list: NodeId,
    pub(crate) otherwise: Option<NodeId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BranchKind {
    If,
    With,
    Range,
}

/// A literal number: all it can be taken for. Which of them it is depends on where it stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Number {
    pub(crate) int: Option<i64>,
    pub(crate) uint: Option<u64>,
    pub(crate) float: Option<f64>,
    pub(crate) complex: Option<(f64, f64)>,
    pub(crate) text: Box<str>,
}

/// A text that was parsed, and its name.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) name: Arc<str>,
    pub(crate) text: Bytes,
}

/// A compiled template.
#[derive(Debug)]
pub(crate) struct Tree {
    name: Arc<str>,
    source: Arc<Source>,
    nodes: Vec<Node>,
    positions: Vec<u32>,
    children: Vec<NodeId>,
    names: Vec<Arc<str>>,
    symbols: Vec<Arc<str>>,
    functions: Vec<(&'static str, Arc<Function>)>,
    numbers: Vec<Number>,
    texts: Vec<Text>,
    root: NodeId,
    /// Whether `$` may be another variable than the first.
    redeclares_root: bool,
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the parser refuses texts that long"
)]
const fn narrow(value: usize) -> u32 {
    value as u32
}

impl NodeId {
    const fn index(self) -> usize {
        self.0.get() as usize - 1
    }
}

/// How far back a literal is looked for that comes again.
const RECENT: usize = 16;

/// Where one of the last items is.
fn recent<T>(items: &[T], is_it: impl Fn(&T) -> bool) -> Option<usize> {
    let last = items.iter().enumerate().rev().take(RECENT);
    last.into_iter()
        .find(|(_, item)| is_it(item))
        .map(|(index, _)| index)
}

impl Tree {
    pub(super) fn new(name: Arc<str>, source: Arc<Source>) -> Self {
        Self {
            name,
            source,
            nodes: Vec::new(),
            positions: Vec::new(),
            children: Vec::new(),
            names: Vec::new(),
            symbols: vec![Arc::from("$")],
            functions: Vec::new(),
            numbers: Vec::new(),
            texts: Vec::new(),
            root: NodeId(NonZero::<u32>::MIN),
            redeclares_root: false,
        }
    }

    pub(super) fn add(&mut self, position: usize, node: Node) -> NodeId {
        self.nodes.push(node);
        self.positions.push(narrow(position));
        // There is one now.
        NodeId(NonZero::new(narrow(self.nodes.len())).unwrap_or(NonZero::<u32>::MAX))
    }

    /// Puts another node in the place of one.
    pub(super) fn replace(&mut self, id: NodeId, position: usize, node: Node) {
        self.nodes[id.index()] = node;
        self.positions[id.index()] = narrow(position);
    }

    pub(super) fn add_children(&mut self, nodes: &[NodeId]) -> Span {
        let start = narrow(self.children.len());
        self.children.extend(nodes);
        Span {
            start,
            end: narrow(self.children.len()),
        }
    }

    pub(super) fn add_names(&mut self, names: impl IntoIterator<Item = Arc<str>>) -> Span {
        let start = narrow(self.names.len());
        self.names.extend(names);
        Span {
            start,
            end: narrow(self.names.len()),
        }
    }

    pub(super) fn add_function(
        &mut self,
        name: &'static str,
        function: &Arc<Function>,
    ) -> FunctionId {
        let same = |(known, _): &(&'static str, _)| std::ptr::eq(*known, name);
        let known = self.functions.iter().position(same);
        let index = known.unwrap_or_else(|| {
            self.functions.push((name, Arc::clone(function)));
            self.functions.len() - 1
        });
        FunctionId(narrow(index))
    }

    pub(super) fn add_number(&mut self, number: Number) -> NumberId {
        let index = recent(&self.numbers, |known| *known == number).unwrap_or_else(|| {
            self.numbers.push(number);
            self.numbers.len() - 1
        });
        NumberId(narrow(index))
    }

    fn add_text(&mut self, text: Text) -> TextId {
        let index = recent(&self.texts, |known| known.ptr_eq(&text)).unwrap_or_else(|| {
            self.texts.push(text);
            self.texts.len() - 1
        });
        TextId(narrow(index))
    }

    pub(super) fn add_symbol(&mut self, name: &str) -> Symbol {
        self.symbols.push(name.into());
        Symbol(narrow(self.symbols.len() - 1))
    }

    pub(super) fn text_node(start: usize, end: usize) -> Node {
        Node::Text {
            start: narrow(start),
            end: narrow(end),
        }
    }

    pub(super) fn string_node(&mut self, start: usize, end: usize, text: Text) -> Node {
        Node::String {
            start: narrow(start),
            end: narrow(end),
            text: self.add_text(text),
        }
    }

    pub(super) fn set_root(&mut self, root: NodeId) {
        self.root = root;
    }

    /// What was built, in no more memory than it needs. The buffers it was built in stay, for
    /// another tree.
    pub(super) fn take(&mut self) -> Self {
        let tree = Self {
            name: Arc::clone(&self.name),
            source: Arc::clone(&self.source),
            nodes: self.nodes.drain(..).collect(),
            positions: self.positions.drain(..).collect(),
            children: self.children.drain(..).collect(),
            names: self.names.drain(..).collect(),
            symbols: self.symbols.drain(..).collect(),
            functions: self.functions.drain(..).collect(),
            numbers: self.numbers.drain(..).collect(),
            texts: self.texts.drain(..).collect(),
            root: self.root,
            redeclares_root: self.redeclares_root,
        };
        self.symbols.push(Arc::clone(&tree.symbols[0]));
        self.redeclares_root = false;
        tree
    }

    /// Whether nothing is in it, so that its buffers can be used again.
    pub(super) fn is_taken(&self) -> bool {
        self.nodes.is_empty() && self.names.is_empty() && self.symbols.len() == 1
    }

    /// Begins a tree in the buffers of one that was taken.
    pub(super) fn begin(&mut self, name: Arc<str>, source: Arc<Source>) {
        self.name = name;
        self.source = source;
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn shared_name(&self) -> Arc<str> {
        Arc::clone(&self.name)
    }

    pub(super) fn redeclare_root(&mut self) {
        self.redeclares_root = true;
    }

    pub(crate) fn redeclares_root(&self) -> bool {
        self.redeclares_root
    }

    pub(crate) fn root(&self) -> NodeId {
        self.root
    }

    pub(crate) fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.index()]
    }

    pub(super) fn source(&self) -> &Source {
        &self.source
    }

    pub(crate) fn position(&self, id: NodeId) -> usize {
        self.positions[id.index()] as usize
    }

    pub(crate) fn children(&self, span: Span) -> &[NodeId] {
        &self.children[span.start as usize..span.end as usize]
    }

    pub(crate) fn names(&self, span: Span) -> &[Arc<str>] {
        &self.names[span.start as usize..span.end as usize]
    }

    pub(crate) fn symbol(&self, symbol: Symbol) -> &str {
        &self.symbols[symbol.0 as usize]
    }

    pub(crate) fn function(&self, id: FunctionId) -> (&'static str, &Arc<Function>) {
        let (name, function) = &self.functions[id.0 as usize];
        (name, function)
    }

    pub(crate) fn number(&self, id: NumberId) -> &Number {
        &self.numbers[id.0 as usize]
    }

    /// The value of a literal string.
    pub(crate) fn string(&self, id: TextId) -> &Text {
        &self.texts[id.0 as usize]
    }

    pub(crate) fn text(&self, start: u32, end: u32) -> &[u8] {
        &self.source.text[start as usize..end as usize]
    }

    /// Whether there is nothing in the template but white space.
    pub(crate) fn is_empty(&self) -> bool {
        let Node::List { nodes } = self.node(self.root) else {
            return false;
        };
        self.children(*nodes).iter().all(|id| match self.node(*id) {
            Node::Text { start, end } => lossy(self.text(*start, *end)).trim().is_empty(),
            _ => false,
        })
    }
}
