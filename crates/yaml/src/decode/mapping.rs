//! Mappings: keys, duplicates and merges, where the dialects differ most.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::Map;

use super::{Decoder, Postponed, graver};
use crate::go_syntax;
use crate::node::{Kind, Node};
use crate::number::key_float;
use crate::resolve::{Scalar, resolve_node};
use crate::{Dialect, Error, Value};

/// A map key, resolved.
enum Key {
    Text(String),
    Null,
    /// Beyond what the library turns into a string.
    Uint(u64),
}

/// Most duplicates of one key that are compared with each other.
const MAX_DUPLICATES: usize = 32;

impl<'n> Decoder<'n> {
    pub(super) fn mapping_into(
        &mut self,
        node: &'n Node,
        map: &mut Map<String, Value>,
        string_keys: bool,
    ) -> Result<(), Error> {
        self.enter(node)?;
        match self.dialect {
            Dialect::V2 => self.mapping_v2(node, map)?,
            Dialect::V3 => self.mapping_v3(node, map, string_keys, false)?,
        }
        self.depth -= 1;
        Ok(())
    }

    /// v2: pairs and merges take effect in the order written, the later one winning.
    fn mapping_v2(&mut self, node: &'n Node, map: &mut Map<String, Value>) -> Result<(), Error> {
        let before = self.unrepresentable.take();
        // By key: a later duplicate takes away what JSON cannot hold of the earlier.
        let mut below: BTreeMap<String, Postponed> = BTreeMap::new();
        let mut bad_key = None;
        for (key, value) in node.pairs() {
            if key.is_merge_key() {
                self.merge_v2(value, map)?;
                if let Some(found) = self.unrepresentable.take() {
                    below.insert(key.value.clone(), found);
                }
                continue;
            }
            let name = match self.key(key)? {
                Key::Text(name) => name,
                Key::Null => {
                    self.value(value)?;
                    self.unrepresentable = None;
                    bad_key = Some(("%!s(<nil>), key: <nil>".to_owned(), value));
                    continue;
                }
                Key::Uint(number) => {
                    self.value(value)?;
                    self.unrepresentable = None;
                    bad_key = Some((format!("uint64, key: {number:#x}"), value));
                    continue;
                }
            };
            let value = self.value(value)?;
            match self.unrepresentable.take() {
                Some(found) => {
                    below.insert(name.clone(), found);
                }
                None if below.is_empty() => {}
                None => {
                    below.remove(&name);
                }
            }
            map.insert(name, value);
        }
        let own = bad_key.map(|(key, value)| Postponed {
            of_key: true,
            problem: format!(
                "unsupported map key of type: {key}, value: {}",
                go_syntax::value(self, value)
            ),
        });
        let found = below
            .into_values()
            .fold(own, |found, next| graver(found, Some(next)));
        self.unrepresentable = graver(before, found);
        Ok(())
    }

    fn merge_v2(&mut self, merged: &'n Node, map: &mut Map<String, Value>) -> Result<(), Error> {
        for source in Self::merge_sources(merged).iter().rev() {
            self.check_merge_source(source)?;
            self.count(source)?;
            if source.kind == Kind::Alias {
                self.through_alias(source, |this, target| {
                    this.count(target)?;
                    this.mapping_into(target, map, false)
                })?;
            } else {
                self.mapping_into(source, map, false)?;
            }
        }
        Ok(())
    }

    /// v3: keys are unique, and what a mapping says itself wins over what it merges. `merging`
    /// adds to a map without replacing.
    fn mapping_v3(
        &mut self,
        node: &'n Node,
        map: &mut Map<String, Value>,
        string_keys: bool,
        merging: bool,
    ) -> Result<(), Error> {
        if self.find_duplicates(node) {
            return Ok(());
        }
        let mut merge = None;
        if !string_keys {
            for (key, _) in node.pairs() {
                if !self.is_string_key(key)? {
                    self.postpone(
                        "json: unsupported type: map[interface {}]interface {}".to_owned(),
                    );
                    break;
                }
            }
        }
        for (key, value) in node.pairs() {
            if key.is_merge_key() {
                merge = Some(value);
                continue;
            }
            let name = if string_keys {
                match self.text_key(key)? {
                    Some(name) => name,
                    None => continue,
                }
            } else {
                match self.key(key)? {
                    Key::Text(name) => name,
                    Key::Null => "null".to_owned(),
                    Key::Uint(number) => number.to_string(),
                }
            };
            if merging && map.contains_key(&name) {
                continue;
            }
            let value = self.value(value)?;
            map.insert(name, value);
        }
        if let Some(merge) = merge {
            for source in Self::merge_sources(merge) {
                self.check_merge_source(source)?;
                self.count(source)?;
                self.enter(source)?;
                if source.kind == Kind::Alias {
                    self.through_alias(source, |this, target| {
                        this.count(target)?;
                        this.mapping_v3(target, map, string_keys, true)
                    })?;
                } else {
                    self.mapping_v3(source, map, string_keys, true)?;
                }
                self.depth -= 1;
            }
        }
        Ok(())
    }

    /// What a merge key names: mappings or aliases of mappings, if it is well.
    fn merge_sources(value: &'n Node) -> &'n [Node] {
        match value.kind {
            Kind::Sequence => &value.children,
            _ => std::slice::from_ref(value),
        }
    }

    /// Refuses to merge from what is no mapping.
    fn check_merge_source(&self, source: &'n Node) -> Result<(), Error> {
        let kind = match source.kind {
            Kind::Alias => self.target(source)?.kind,
            kind => kind,
        };
        if kind == Kind::Mapping {
            return Ok(());
        }
        Err(Error::decode(
            "map merge requires map or sequence of maps as the value",
            source.line,
        ))
    }

    /// Notes every pair of equal keys; collections count as equal to each other, as in go-yaml.
    fn find_duplicates(&mut self, node: &'n Node) -> bool {
        if has_unique_keys(node) {
            return false;
        }
        let mut first: HashMap<(Kind, &str), Vec<&Node>> = HashMap::new();
        let mut found: Vec<(usize, usize, usize, String)> = Vec::new();
        for (index, (key, _)) in node.pairs().enumerate() {
            let earlier = first.entry((key.kind, key.value.as_str())).or_default();
            for (rank, earlier) in earlier.iter().take(MAX_DUPLICATES).enumerate() {
                found.push((
                    earlier.line,
                    rank,
                    index,
                    format!(
                        "line {}: mapping key {} already defined at line {}",
                        key.line,
                        go_syntax::quoted(&key.value),
                        earlier.line
                    ),
                ));
            }
            if earlier.len() < MAX_DUPLICATES {
                earlier.push(key);
            }
        }
        found.sort();
        let any = !found.is_empty();
        self.faults
            .extend(found.into_iter().map(|(line, _, _, text)| (line, text)));
        any
    }

    fn is_string_key(&self, key: &'n Node) -> Result<bool, Error> {
        let key = if key.kind == Kind::Alias {
            self.target(key)?
        } else {
            key
        };
        if key.kind != Kind::Scalar {
            return Ok(false);
        }
        Ok(match key.short_tag() {
            None | Some("!") => resolve_node(self.dialect, key)? == Scalar::Str,
            Some(tag) => tag == "str" || tag == "merge",
        })
    }

    /// A key decoded into a Go string: its text; none for null.
    fn text_key(&mut self, key: &'n Node) -> Result<Option<String>, Error> {
        self.count(key)?;
        if key.kind == Kind::Alias {
            return self.through_alias(key, Self::text_key);
        }
        let kind = match key.kind {
            Kind::Mapping => "map",
            Kind::Sequence => "seq",
            Kind::Scalar | Kind::Alias => {
                return Ok(match resolve_node(self.dialect, key)? {
                    Scalar::Null => None,
                    Scalar::Str if key.short_tag() == Some("binary") => Some(self.binary(key)?),
                    _ => Some(key.value.clone()),
                });
            }
        };
        let text = format!("line {}: cannot unmarshal !!{kind} into string", key.line);
        self.faults.push((key.line, text));
        Ok(None)
    }

    /// A key decoded into an untyped Go value and turned into a string as `sigs.k8s.io/yaml` does.
    fn key(&mut self, key: &'n Node) -> Result<Key, Error> {
        self.count(key)?;
        match key.kind {
            Kind::Alias => return self.through_alias(key, Self::key),
            Kind::Sequence | Kind::Mapping => {
                self.value(key)?;
                let shown = go_syntax::value(self, key);
                return Err(Error::decode(format!("invalid map key: {shown}"), key.line));
            }
            Kind::Scalar => {}
        }
        Ok(match resolve_node(self.dialect, key)? {
            Scalar::Null => Key::Null,
            Scalar::Bool(value) => Key::Text(value.to_string()),
            Scalar::Int(value) => Key::Text(value.to_string()),
            Scalar::Uint(value) => Key::Uint(value),
            Scalar::Float(value) => Key::Text(key_float(value)),
            Scalar::Timestamp(time) if self.dialect == Dialect::V3 => Key::Text(time.rfc3339()),
            Scalar::Str if key.short_tag() == Some("binary") => Key::Text(self.binary(key)?),
            Scalar::Timestamp(_) | Scalar::Str => Key::Text(key.value.clone()),
        })
    }
}

/// Whether the keys of a mapping are all different; small ones are compared each with each.
fn has_unique_keys(node: &Node) -> bool {
    const SMALL: usize = 24;
    let keys = || node.pairs().map(|(key, _)| (key.kind, key.value.as_str()));
    if node.children.len() > SMALL * 2 {
        let mut seen = HashSet::with_capacity(node.children.len() / 2);
        return keys().all(|key| seen.insert(key));
    }
    keys()
        .enumerate()
        .all(|(at, key)| keys().take(at).all(|earlier| earlier != key))
}
