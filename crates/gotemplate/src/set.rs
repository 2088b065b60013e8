//! Sets of compiled templates.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;

use crate::error::{Failure, ParseError};
use crate::exec::Execution;
use crate::function::Functions;
use crate::parse::{self, Tree};
use crate::value::Value;

/// What a key gives that a map does not have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MissingKey {
    /// No value.
    #[default]
    Invalid,
    /// The zero value of the map's element type.
    Zero,
    /// An error.
    Error,
}

/// Templates that see each other, compiled. Cloning takes constant time, and what is parsed into
/// a clone stays in it.
#[derive(Clone, Debug)]
pub struct Templates {
    name: Arc<str>,
    functions: Functions,
    missing_key: MissingKey,
    layer: Arc<Layer>,
}

/// Templates by name over those of the set this one was cloned from.
#[derive(Clone, Debug, Default)]
struct Layer {
    own: HashMap<Arc<str>, Arc<Tree>>,
    below: Option<Arc<Layer>>,
    height: usize,
}

/// How many layers a look-up may go through before they are made one.
const MAX_LAYERS: usize = 8;

impl Templates {
    /// An empty set. The name appears in errors about names that are not defined.
    pub fn new(name: &str, functions: Functions) -> Self {
        Self {
            name: name.into(),
            functions,
            missing_key: MissingKey::default(),
            layer: Arc::default(),
        }
    }

    /// The same set with another rule for missing keys.
    #[must_use]
    pub fn with_missing_key(mut self, missing_key: MissingKey) -> Self {
        self.missing_key = missing_key;
        self
    }

    /// The rule for missing keys.
    pub fn missing_key(&self) -> MissingKey {
        self.missing_key
    }

    /// The functions templates of the set may call.
    pub fn functions(&self) -> &Functions {
        &self.functions
    }

    /// The name of the set.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The same set under another name.
    #[must_use]
    pub fn renamed(mut self, name: &str) -> Self {
        self.name = name.into();
        self
    }

    /// Parses a text as the template of the name, and the templates defined in it. They replace
    /// those of the same names, unless they are empty.
    ///
    /// # Errors
    ///
    /// If the text is no template; nothing is added then.
    pub fn parse(&mut self, name: &str, text: &[u8]) -> Result<(), ParseError> {
        self.parse_shared(name, &Bytes::copy_from_slice(text))
    }

    /// As [`Templates::parse`], and keeps the text itself rather than a copy of it.
    ///
    /// # Errors
    ///
    /// As [`Templates::parse`].
    pub fn parse_shared(&mut self, name: &str, text: &Bytes) -> Result<(), ParseError> {
        self.parse_all([(name, text)])
    }

    /// Parses texts under their names, as [`Templates::parse_shared`] does one after the other.
    /// Many texts are shared out among rayon's threads.
    ///
    /// # Errors
    ///
    /// That of the first text that is no template; those before it are added.
    pub fn parse_all<'t>(
        &mut self,
        texts: impl IntoIterator<Item = (&'t str, &'t Bytes)>,
    ) -> Result<(), ParseError> {
        let texts: Vec<_> = texts.into_iter().collect();
        for parsed in parse::parse_texts(&texts, &self.functions) {
            for tree in parsed? {
                if !tree.is_empty() || self.get(tree.name()).is_none() {
                    self.insert(Arc::new(tree));
                }
            }
        }
        Ok(())
    }

    fn insert(&mut self, tree: Arc<Tree>) {
        if Arc::get_mut(&mut self.layer).is_none() {
            let below = if self.layer.height >= MAX_LAYERS {
                Arc::new(self.layer.flattened())
            } else {
                Arc::clone(&self.layer)
            };
            self.layer = Arc::new(Layer {
                own: HashMap::new(),
                height: below.height + 1,
                below: Some(below),
            });
        }
        Arc::make_mut(&mut self.layer)
            .own
            .insert(tree.shared_name(), tree);
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Arc<Tree>> {
        let mut layer = &self.layer;
        loop {
            if let Some(tree) = layer.own.get(name) {
                return Some(tree);
            }
            layer = layer.below.as_ref()?;
        }
    }

    /// Whether there is a template of the name.
    pub fn contains(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// The names of all templates, in order.
    pub fn names(&self) -> Vec<Arc<str>> {
        let mut names: Vec<_> = self.layer.flattened().own.into_keys().collect();
        names.sort();
        names
    }

    /// Renders a template with default limits.
    ///
    /// # Errors
    ///
    /// What Go's `ExecuteTemplate` gives.
    pub fn render(&self, name: &str, data: &Value) -> Result<Vec<u8>, Failure> {
        self.execution().render(name, data)
    }

    /// An execution whose limits and host state can be set.
    pub fn execution(&self) -> Execution<'_> {
        Execution::new(self)
    }
}

impl Layer {
    fn flattened(&self) -> Self {
        let mut own = match &self.below {
            None => HashMap::new(),
            Some(below) => below.flattened().own,
        };
        own.extend(
            self.own
                .iter()
                .map(|(name, tree)| (Arc::clone(name), Arc::clone(tree))),
        );
        Self {
            own,
            below: None,
            height: 0,
        }
    }
}
