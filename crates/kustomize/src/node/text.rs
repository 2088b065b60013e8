//! The text of a node as kyaml writes it, which error texts and documents within strings show.

use windlass_yaml::{
    Dialect, Document, Kind, Limits, Node as Tree, PlainKind, Style as Written, plain_kind,
};

use super::{Node, Scalar, Style, Tag, read::implied};

impl Node {
    /// The node as YAML, in the styles and with the comments it was read with.
    pub(crate) fn to_text(&self) -> String {
        let (head, foot) = self.around().document();
        let root = tree(self);
        windlass_yaml::document_to_yaml(&Document { root, head, foot })
    }
}

/// The text of a folded scalar once it is written and read back. The library does not write such
/// texts faithfully: where a line is followed by one that is indented further it adds a break.
pub(super) fn reread(scalar: &Scalar) -> String {
    let pair = vec![Tree::scalar("a", Written::Plain, None), leaf(scalar)];
    let written = windlass_yaml::tree_to_yaml(&Tree::collection(Kind::Mapping, false, pair));
    let documents = windlass_yaml::parse(&written, &Limits::default()).unwrap_or_default();
    let mut pairs = documents.first().into_iter().flat_map(Tree::pairs);
    match pairs.next() {
        Some((_, read)) => read.value.clone(),
        None => scalar.text.to_string(),
    }
}

fn tree(node: &Node) -> Tree {
    let mut tree = match node {
        Node::Scalar(scalar) => return leaf(scalar),
        Node::Sequence(sequence) => Tree::collection(
            Kind::Sequence,
            sequence.flow,
            sequence.items.iter().map(tree).collect(),
        ),
        Node::Mapping(mapping) => {
            let pairs = mapping.entries.iter();
            let children = pairs.flat_map(|entry| [leaf(&entry.key), tree(&entry.value)]);
            Tree::collection(Kind::Mapping, mapping.flow, children.collect())
        }
    };
    node.around().put(&mut tree);
    tree
}

fn leaf(scalar: &Scalar) -> Tree {
    let mut tree = bare_leaf(scalar);
    scalar.around.put(&mut tree);
    tree
}

fn bare_leaf(scalar: &Scalar) -> Tree {
    let style = match scalar.style {
        Style::Plain => Written::Plain,
        Style::SingleQuoted => Written::SingleQuoted,
        Style::DoubleQuoted => Written::DoubleQuoted,
        Style::Literal => Written::Literal,
        Style::Folded => Written::Folded,
    };
    let looks = plain_kind(&scalar.text, Dialect::V3);
    let plain = style == Written::Plain;
    match scalar.tag {
        Tag::Alias => {
            let mut alias = Tree::scalar(&scalar.text, style, None);
            alias.kind = Kind::Alias;
            alias
        }
        Tag::Other | Tag::None => Tree::scalar(&scalar.text, style, None),
        tag if scalar.tagged => Tree::scalar(&scalar.text, style, Some(name(tag))),
        Tag::Str if plain && looks != PlainKind::Text && !scalar.text.contains('\n') => {
            Tree::scalar(&scalar.text, Written::DoubleQuoted, None)
        }
        Tag::Str | Tag::Merge => Tree::scalar(&scalar.text, style, None),
        tag if implied(&scalar.text) == tag => Tree::scalar(&scalar.text, style, None),
        tag => Tree::scalar(&scalar.text, style, Some(name(tag))),
    }
}

fn name(tag: Tag) -> &'static str {
    match tag {
        Tag::Null => "null",
        Tag::Bool => "bool",
        Tag::Int => "int",
        Tag::Float => "float",
        Tag::Timestamp => "timestamp",
        Tag::Binary => "binary",
        Tag::Merge => "merge",
        Tag::None | Tag::Str | Tag::Other | Tag::Alias => "str",
    }
}
