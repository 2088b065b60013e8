use std::fmt;
use std::io::Write;

use k8s_openapi::jiff::Timestamp;
use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

/// Fields of a span, kept with it.
struct Fields(Map<String, Value>);

/// Writes every event as one JSON object with its own fields and those of the spans around it; the
/// inner one wins.
pub(super) struct JsonLines<W> {
    open: W,
}

impl<W> JsonLines<W> {
    /// Lines go to what `open` gives, one `write` each.
    pub(super) fn new(open: W) -> Self {
        Self { open }
    }
}

struct Collect<'a>(&'a mut Map<String, Value>);

impl Collect<'_> {
    fn put(&mut self, field: &Field, value: impl Into<Value>) {
        let name = match field.name() {
            "message" => "msg",
            name => name,
        };
        self.0.insert(name.to_owned(), value.into());
    }
}

impl Visit for Collect<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, format!("{value:?}"));
    }
}

fn level(level: Level) -> &'static str {
    match level {
        Level::ERROR => "error",
        // The contract has no level between the two.
        Level::WARN | Level::INFO => "info",
        Level::DEBUG => "debug",
        Level::TRACE => "trace",
    }
}

impl<S, W, O> Layer<S> for JsonLines<W>
where
    S: Subscriber + for<'s> LookupSpan<'s>,
    W: Fn() -> O + 'static,
    O: Write,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Map::new();
        attributes.record(&mut Collect(&mut fields));
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(Fields(fields));
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(fields) = span.extensions_mut().get_mut::<Fields>()
        {
            values.record(&mut Collect(&mut fields.0));
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut line = Map::new();
        if let Some(scope) = context.event_scope(event) {
            for span in scope.from_root() {
                if let Some(fields) = span.extensions().get::<Fields>() {
                    line.extend(fields.0.clone());
                }
            }
        }
        event.record(&mut Collect(&mut line));
        let metadata = event.metadata();
        line.insert("level".to_owned(), level(*metadata.level()).into());
        line.insert("ts".to_owned(), format!("{:.3}", Timestamp::now()).into());
        let mut text = Value::Object(line).to_string();
        text.push('\n');
        // Nowhere is left to complain to.
        let _ = (self.open)().write_all(text.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use tracing::{error, info};
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;
    use crate::ObjectKey;
    use crate::logging::reconcile_span;

    #[derive(Clone, Default)]
    struct Sink(Arc<Mutex<Vec<u8>>>);

    impl Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn lines_carry_the_contracts_fields() {
        let sink = Sink::default();
        let out = sink.clone();
        let subscriber = tracing_subscriber::registry().with(JsonLines::new(move || out.clone()));
        tracing::subscriber::with_default(subscriber, || {
            let key = ObjectKey::new("apps", "web");
            let span = reconcile_span("kustomization", "Kustomization", &key);
            let _in = span.enter();
            info!(revision = "main@sha1:abc", count = 3, "applied \"it\"");
            error!(error = %"boom\nbang", "failed");
        });
        let text = String::from_utf8(sink.0.lock().unwrap().clone()).unwrap();
        let lines: Vec<Value> = text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(lines.len(), 2, "{text}");
        let first = &lines[0];
        assert_eq!(first["level"], "info");
        assert_eq!(first["msg"], "applied \"it\"");
        assert_eq!(first["controller"], "kustomization");
        assert_eq!(first["controllerKind"], "Kustomization");
        assert_eq!(
            (&first["namespace"], &first["name"]),
            (&"apps".into(), &"web".into())
        );
        assert_eq!(first["count"], 3);
        let ts = first["ts"].as_str().unwrap();
        assert!(
            ts.ends_with('Z') && ts.len() == "2026-01-02T03:04:05.678Z".len(),
            "{ts}"
        );
        assert_eq!(lines[1]["error"], "boom\nbang");
        assert_eq!(lines[1]["reconcileID"], first["reconcileID"]);
        assert_eq!(first["reconcileID"].as_str().unwrap().len(), 36);
    }
}
