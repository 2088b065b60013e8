//! Values, in block style throughout.

use std::borrow::Cow;

use super::printer::Printer;
use super::scalar::Spot;
use super::{Generation, fold_next_lines, is_ambiguous};
use crate::json::number_text;
use crate::key_order::sorted;
use crate::node::Style;
use crate::number::yaml_float;
use crate::resolve::{Scalar, untagged};
use crate::{Dialect, Value};

/// Where a value stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Root,
    Item,
    Value,
}

impl Printer {
    pub(super) fn value(&mut self, value: &Value, place: Place) {
        match value {
            Value::Null => self.plain_value("null"),
            Value::Bool(true) => self.plain_value("true"),
            Value::Bool(false) => self.plain_value("false"),
            Value::Number(number) => self.number(number),
            Value::String(text) => {
                self.string(text, place == Place::Item, false);
            }
            Value::Array(items) if items.is_empty() => self.indicator("[]", true),
            Value::Object(map) if map.is_empty() => self.indicator("{}", true),
            Value::Array(items) => {
                // Only go-yaml v2 leaves the dashes in the column of the key.
                let level =
                    self.generation == Generation::V2 && place == Place::Value && !self.indention;
                self.enter(false, place == Place::Item, level);
                for item in items {
                    self.write_indent();
                    self.indention_indicator("-");
                    self.value(item, Place::Item);
                }
                self.leave();
            }
            Value::Object(map) => {
                self.enter(false, place == Place::Item, false);
                for (key, item) in sorted(map, self.generation) {
                    self.write_indent();
                    self.pair(key, item);
                }
                self.leave();
            }
        }
    }

    fn pair(&mut self, key: &str, item: &Value) {
        let simple = key.len() <= super::scalar::MAX_SIMPLE_KEY && !self.analyze(key).multiline;
        if simple {
            self.string(key, false, true);
            self.indicator(":", false);
        } else {
            self.indention_indicator("?");
            self.string(key, false, false);
            self.write_indent();
            self.indention_indicator(":");
        }
        self.value(item, Place::Value);
    }

    fn string(&mut self, text: &str, in_item: bool, simple_key: bool) {
        let text = &*match self.generation {
            Generation::V2 => fold_next_lines(text),
            Generation::V3 => Cow::Borrowed(text),
        };
        let style = if text.contains('\n') {
            Style::Literal
        } else if is_ambiguous(text, self.generation) {
            Style::DoubleQuoted
        } else {
            Style::Plain
        };
        let analysis = self.analyze(text);
        let spot = Spot {
            simple_key,
            in_item,
        };
        self.scalar(text, style, analysis, spot, "");
    }

    fn number(&mut self, number: &serde_json::Number) {
        if self.generation == Generation::V3 {
            match number.as_f64() {
                Some(float) if number.is_f64() => self.plain_value(&yaml_float(float)),
                _ => self.plain_value(&number.to_string()),
            }
            return;
        }
        // The library reads its own JSON text back before it writes it.
        let text = number_text(number);
        match untagged(Dialect::V2, &text, false) {
            Scalar::Float(float) => self.plain_value(&yaml_float(float)),
            Scalar::Int(int) => self.plain_value(&int.to_string()),
            _ => self.plain_value(&text),
        }
    }

    /// A text that is plain in any case and too short to fold.
    fn plain_value(&mut self, text: &str) {
        self.space();
        self.put_str(text);
        self.whitespace = false;
        self.indention = false;
    }
}
