//! Which trees mean the same after kyaml has written them.

use crate::Dialect;
use crate::node::{Kind, Node, Style};
use crate::resolve::{Scalar, untagged};

/// Whether the tree is sure to have the same value once it is written and read again, so that
/// this need not be done. Errors may still name other lines.
pub(crate) fn survives(root: &Node) -> bool {
    let mut pending = vec![(root, false)];
    while let Some((node, in_flow)) = pending.pop() {
        if node.anchor.is_some() || node.tag.is_some() || node.kind == Kind::Alias {
            return false;
        }
        let flow = in_flow || node.style == Style::Flow;
        // Comments in flow collections may come to stand where they break the syntax.
        if flow && node.comments.is_some() {
            return false;
        }
        match node.kind {
            Kind::Scalar if !scalar_survives(node, in_flow) => return false,
            Kind::Mapping if !node.pairs().all(|(key, _)| key_survives(key)) => return false,
            _ => {}
        }
        pending.extend(node.children.iter().map(|child| (child, flow)));
    }
    true
}

fn key_survives(key: &Node) -> bool {
    key.kind == Kind::Scalar && !key.value.is_empty() && key.value != "<<" && !key.is_null()
}

fn scalar_survives(node: &Node, in_flow: bool) -> bool {
    let text = node.value.as_str();
    if text.bytes().any(|byte| byte == 0xe2) && text.contains(['\u{2028}', '\u{2029}']) {
        return false;
    }
    match node.style {
        Style::Plain => plain_survives(text, in_flow),
        Style::SingleQuoted => !text.contains('\n'),
        Style::Literal => literal_survives(text),
        Style::DoubleQuoted => true,
        Style::Folded | Style::Block | Style::Flow => false,
    }
}

/// Neither an empty text nor one with a colon stays plain in a flow collection; lines make a
/// literal scalar.
fn plain_survives(text: &str, in_flow: bool) -> bool {
    if in_flow
        && (text.is_empty()
            || text.contains(':')
                && matches!(untagged(Dialect::V3, text, true), Scalar::Timestamp(_)))
    {
        return false;
    }
    text != "<<" && !text.contains('\n')
}

/// Blanks at the start and empty lines at the end need indicators, which go-yaml gets wrong at
/// times.
fn literal_survives(text: &str) -> bool {
    !text.is_empty() && !text.starts_with([' ', '\t', '\n']) && !text.ends_with("\n\n")
}
