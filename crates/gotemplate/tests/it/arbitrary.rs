//! Texts that nobody wrote: whatever they are, they end with output or an error.

use proptest::collection::vec;
use proptest::prelude::*;
use windlass_gotemplate::{Limits, Templates, Value, format, strconv};

use crate::host;

const PARTS: &[&str] = &[
    "{{",
    "}}",
    "{{- ",
    " -}}",
    "{{if ",
    "{{else}}",
    "{{else if ",
    "{{end}}",
    "{{range ",
    "{{with ",
    "{{define \"a\"}}",
    "{{template \"a\" .}}",
    "{{block \"a\" .}}",
    "{{break}}",
    "{{continue}}",
    "{{/*",
    "*/}}",
    "$x",
    "$x := ",
    "$x, $y := ",
    "$x = ",
    ".",
    ".m",
    ".la",
    ".a.b",
    ".nope",
    ".st.Sum 1",
    ".fn",
    "(",
    ")",
    " | ",
    ", ",
    "1",
    "-1.5e3",
    "0x1p4",
    "'a'",
    "\"s\"",
    "`r`",
    "nil",
    "true",
    "printf \"%v%+d%[2]*.[1]q\" ",
    "index ",
    "len ",
    "eq ",
    "and ",
    "or ",
    "not ",
    "slice ",
    "html ",
    "call ",
    "dict ",
    "list ",
    "boom",
    " ",
    "\n",
    "text",
    "é",
    "\u{1}",
];

fn text() -> impl Strategy<Value = Vec<u8>> {
    let part = prop_oneof![
        9 => proptest::sample::select(PARTS).prop_map(|part| part.as_bytes().to_vec()),
        1 => vec(any::<u8>(), 0..4),
    ];
    vec(part, 0..24).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn any_text_ends(text in text()) {
        let mut templates = Templates::new("root", host::functions());
        if templates.parse("t", &text).is_ok() {
            let limits = Limits { steps: 5_000, bytes: 1 << 16, depth: 200, time: None };
            let result = templates.execution().limits(limits).render("t", &host::data());
            if let Err(failure) = result {
                prop_assert!(!failure.to_string().is_empty());
            }
        }
    }

    #[test]
    fn any_format_ends(format in vec(any::<u8>(), 0..24), numbers in vec(any::<i64>(), 0..3)) {
        let args: Vec<Value> = numbers.into_iter().map(Value::int).collect();
        let _ = format::sprintf(&[b"%", &format[..]].concat(), &args, 1 << 16);
    }

    #[test]
    fn quoting_goes_both_ways(text in vec(any::<u8>(), 0..24)) {
        prop_assert_eq!(strconv::unquote(strconv::quote(&text).as_bytes()), Some(text.clone()));
        prop_assert_eq!(strconv::unquote(strconv::quote_ascii(&text).as_bytes()), Some(text));
    }

    #[test]
    fn floats_go_both_ways(bits in any::<u64>()) {
        let value = f64::from_bits(bits);
        for format in [b'g', b'e', b'f', b'x'] {
            let text = strconv::format_float(value, format, None, strconv::FloatSize::Bits64);
            let parsed = strconv::parse_float(text.as_bytes()).unwrap();
            prop_assert!(parsed.to_bits() == bits || value.is_nan() && parsed.is_nan());
        }
    }
}
