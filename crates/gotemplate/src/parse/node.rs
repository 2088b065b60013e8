//! Parsed templates: nodes in an arena, and what they print as.

use std::sync::Arc;

use bytes::Bytes;

use crate::error::Place;
use crate::function::Function;
use crate::strconv;
use crate::value::{Text, lossy};

/// A node of a [`Tree`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NodeId(u32);

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
}

/// A name that stands for itself within one tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Symbol(u32);

impl Symbol {
    /// `$`, which every tree has.
    pub(crate) const ROOT: Self = Self(0);
}

/// What a node is.
#[derive(Clone, Debug)]
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
        name: Arc<str>,
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
    Identifier {
        name: &'static str,
        function: Arc<Function>,
    },
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
    Number(Arc<Number>),
    String {
        start: u32,
        end: u32,
        text: Text,
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
            root: NodeId(0),
            redeclares_root: false,
        }
    }

    pub(super) fn add(&mut self, position: usize, node: Node) -> NodeId {
        let id = NodeId(narrow(self.nodes.len()));
        self.nodes.push(node);
        self.positions.push(narrow(position));
        id
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

    pub(super) fn string_node(start: usize, end: usize, text: Text) -> Node {
        Node::String {
            start: narrow(start),
            end: narrow(end),
            text,
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
        &self.nodes[id.0 as usize]
    }

    pub(crate) fn position(&self, id: NodeId) -> usize {
        self.positions[id.0 as usize] as usize
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

    /// Where a node is, for an error.
    pub(crate) fn place(&self, id: NodeId) -> Place {
        let position = self.position(id).min(self.source.text.len());
        let before = &self.source.text[..position];
        let line_start = before
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |newline| newline + 1);
        Place {
            file: Arc::clone(&self.source.name),
            line: 1 + memchr::memchr_iter(b'\n', before).count(),
            column: position - line_start,
            context: self.print(id),
        }
    }

    /// The node in canonical form.
    pub(crate) fn print(&self, id: NodeId) -> String {
        let mut out = Vec::new();
        self.write(&mut out, id);
        lossy(&out).into_owned()
    }

    fn write(&self, out: &mut Vec<u8>, id: NodeId) {
        // Expressions nest as deep as the parser lets them.
        stacker::maybe_grow(64 << 10, 1 << 20, || self.write_node(out, id));
    }

    fn write_node(&self, out: &mut Vec<u8>, id: NodeId) {
        match self.node(id) {
            Node::Action { pipe } => {
                out.extend(b"{{");
                self.write(out, *pipe);
                out.extend(b"}}");
            }
            Node::Branch(branch) => self.write_branch(out, branch),
            Node::Break => out.extend(b"{{break}}"),
            Node::Continue => out.extend(b"{{continue}}"),
            Node::Template { name, pipe } => {
                out.extend(b"{{template ");
                out.extend(strconv::quote(name.as_bytes()).into_bytes());
                if let Some(pipe) = pipe {
                    out.push(b' ');
                    self.write(out, *pipe);
                }
                out.extend(b"}}");
            }
            Node::List { nodes } => {
                for node in self.children(*nodes) {
                    self.write(out, *node);
                }
            }
            Node::Pipe {
                declared,
                assign,
                commands,
            } => {
                for (index, variable) in self.children(*declared).iter().enumerate() {
                    out.extend(if index > 0 { &b", "[..] } else { b"" });
                    self.write(out, *variable);
                }
                if declared.len() > 0 {
                    out.extend(if *assign { &b" = "[..] } else { b" := " });
                }
                for (index, command) in self.children(*commands).iter().enumerate() {
                    out.extend(if index > 0 { &b" | "[..] } else { b"" });
                    self.write(out, *command);
                }
            }
            Node::Command { args } => {
                for (index, arg) in self.children(*args).iter().enumerate() {
                    out.extend(if index > 0 { &b" "[..] } else { b"" });
                    self.write_operand(out, *arg);
                }
            }
            Node::Identifier { name, .. } => out.extend(name.as_bytes()),
            Node::Field { names } => self.write_fields(out, *names),
            Node::Variable { symbol, fields } => {
                out.extend(self.symbol(*symbol).as_bytes());
                self.write_fields(out, *fields);
            }
            Node::Chain { of, fields } => {
                self.write_operand(out, *of);
                self.write_fields(out, *fields);
            }
            Node::Dot => out.push(b'.'),
            Node::Nil => out.extend(b"nil"),
            Node::Bool(value) => out.extend(if *value { &b"true"[..] } else { b"false" }),
            Node::Number(number) => out.extend(number.text.as_bytes()),
            Node::Text { start, end } | Node::String { start, end, .. } => {
                out.extend(self.text(*start, *end));
            }
        }
    }

    /// A node with parentheses around it if it was written with them.
    fn write_operand(&self, out: &mut Vec<u8>, id: NodeId) {
        if matches!(self.node(id), Node::Pipe { .. }) {
            out.push(b'(');
            self.write(out, id);
            out.push(b')');
        } else {
            self.write(out, id);
        }
    }

    fn write_fields(&self, out: &mut Vec<u8>, names: Span) {
        for name in self.names(names) {
            out.push(b'.');
            out.extend(name.as_bytes());
        }
    }

    fn write_branch(&self, out: &mut Vec<u8>, branch: &Branch) {
        out.extend(match branch.kind {
            BranchKind::If => &b"{{if "[..],
            BranchKind::With => b"{{with ",
            BranchKind::Range => b"{{range ",
        });
        self.write(out, branch.pipe);
        out.extend(b"}}");
        self.write(out, branch.list);
        if let Some(otherwise) = branch.otherwise {
            out.extend(b"{{else}}");
            self.write(out, otherwise);
        }
        out.extend(b"{{end}}");
    }
}
