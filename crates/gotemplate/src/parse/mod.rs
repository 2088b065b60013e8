//! From text to trees.

use std::sync::Arc;

use crate::error::ParseError;
use crate::function::Functions;

/// A parsed template.
#[derive(Debug)]
pub(crate) struct Tree {
    name: Arc<str>,
}

impl Tree {
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn shared_name(&self) -> Arc<str> {
        Arc::clone(&self.name)
    }

    pub(crate) fn is_empty(&self) -> bool {
        todo!()
    }
}

pub(crate) fn parse(
    name: &str,
    text: &[u8],
    functions: &Functions,
) -> Result<Vec<Tree>, ParseError> {
    let _ = (name, text, functions);
    todo!()
}
