//! How deep a source nests, found before it is parsed: the parser recurses, and a stack that
//! overflows takes the whole process along.

/// Brackets, unary operators and conditionals inside each other.
const MAX_NESTING: usize = 20;
/// Operators that hang on each other (`a.b.c`, `a + b + c`); `&&`, `||` and `,` start anew.
const MAX_CHAIN: usize = 100;

/// Whether `source` may be parsed.
pub(super) fn is_bounded(source: &str) -> bool {
    let code = without_strings(source);
    let mut brackets = 0_usize;
    let mut unary = 0;
    let mut conditionals = 0;
    let mut chain = 0;
    for (index, &byte) in code.iter().enumerate() {
        let before = index.checked_sub(1).map_or(0, |at| code[at]);
        match byte {
            b'(' | b'[' | b'{' => brackets += 1,
            b')' | b']' | b'}' => brackets = brackets.saturating_sub(1),
            _ => {}
        }
        match byte {
            b'!' | b'-' => unary += 1,
            b' ' | b'\t' | b'\r' | b'\n' | b'(' => {}
            _ => unary = 0,
        }
        match byte {
            b'?' if !matches!(before, b'.' | b'[' | b'{' | b',') => conditionals += 1,
            b'&' | b'|' | b',' => chain = 0,
            b'.' | b'[' | b'+' | b'-' | b'*' | b'/' | b'%' | b'=' | b'<' | b'>' => chain += 1,
            _ => {}
        }
        if brackets.max(unary).max(conditionals) > MAX_NESTING || chain > MAX_CHAIN {
            return false;
        }
    }
    true
}

/// The source with the text of its string literals left out.
fn without_strings(source: &str) -> Vec<u8> {
    let bytes = source.as_bytes();
    let mut code = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        if byte != b'\'' && byte != b'"' {
            code.push(byte);
            at += 1;
            continue;
        }
        let raw = matches!(code.last(), Some(b'r' | b'R'));
        let triple = [byte; 3];
        let end: &[u8] = if bytes[at..].starts_with(&triple) {
            &triple
        } else {
            &triple[..1]
        };
        at += end.len();
        while at < bytes.len() && !bytes[at..].starts_with(end) {
            at += if bytes[at] == b'\\' && !raw { 2 } else { 1 };
        }
        at = (at + end.len()).min(bytes.len());
    }
    code
}

#[cfg(test)]
mod tests {
    use super::is_bounded;

    #[test]
    fn strings_do_not_nest() {
        let brackets = "(".repeat(50);
        for source in [
            format!("a == '{brackets}'"),
            format!(r#"a == "{brackets}\"{brackets}""#),
            format!("a == '''{brackets}'{brackets}'''"),
            format!(r"a.matches(r'\') && b == '{brackets}'"),
        ] {
            assert!(is_bounded(&source), "{source}");
        }
        for source in [
            brackets.clone(),
            format!("'a' == {brackets}"),
            "!".repeat(30),
            "- ".repeat(30),
            "!(".repeat(30),
            "a?b:".repeat(30),
            format!("a{}", ".b".repeat(200)),
            format!("a{}", "[0]".repeat(200)),
        ] {
            assert!(!is_bounded(&source), "{source}");
        }
        let many = vec!["a.b.c == 1"; 200].join(" && ");
        assert!(is_bounded(&many));
    }
}
