//! Upper and lower case, and names written in one word.

use crate::text::unicode;

pub(crate) fn upper(text: &str) -> String {
    text.chars().map(unicode::to_upper).collect()
}

pub(crate) fn lower(text: &str) -> String {
    text.chars().map(unicode::to_lower).collect()
}

/// The first letter of each word in title case, where anything but letters, digits and underscores ends a
/// word.
pub(crate) fn title(text: &str) -> String {
    let mut previous = ' ';
    text.chars()
        .map(|c| {
            let first = separates(previous);
            previous = c;
            if first { unicode::to_title(c) } else { c }
        })
        .collect()
}

fn separates(c: char) -> bool {
    if c.is_ascii() {
        return !c.is_ascii_alphanumeric() && c != '_';
    }
    !unicode::is_letter(c) && !unicode::is_digit(c) && unicode::is_space(c)
}

/// The first letter after each space in lower case.
pub(crate) fn untitle(text: &str) -> String {
    let mut first = true;
    text.chars()
        .map(|c| {
            if unicode::is_space(c) {
                first = true;
                return c;
            }
            if std::mem::take(&mut first) {
                unicode::to_lower(c)
            } else {
                c
            }
        })
        .collect()
}

/// Upper case becomes lower, lower becomes upper, or title case at the beginning of a word.
pub(crate) fn swap(text: &str) -> String {
    let mut after_space = true;
    text.chars()
        .map(|c| {
            if unicode::is_upper(c) || unicode::is_title(c) {
                after_space = false;
                unicode::to_lower(c)
            } else if unicode::is_lower(c) {
                if std::mem::take(&mut after_space) {
                    unicode::to_title(c)
                } else {
                    unicode::to_upper(c)
                }
            } else {
                after_space = unicode::is_space(c);
                c
            }
        })
        .collect()
}

fn connects(c: char) -> bool {
    c == '-' || c == '_' || unicode::is_space(c)
}

/// `some_words` as `SomeWords`: connectors at the beginning stay, of several in a row all but one.
pub(crate) fn pascal(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    let mut last = None;
    let mut capitals = false;
    for c in chars.by_ref() {
        if !connects(c) {
            capitals = unicode::is_upper(c);
            last = Some(unicode::to_upper(c));
            break;
        }
        out.push(c);
    }
    let Some(mut last) = last else {
        // Of a text of connectors alone the last one comes twice, an oddity that is kept.
        out.extend(text.chars().next_back());
        return out;
    };
    for c in chars {
        let next = if connects(last) {
            if connects(c) {
                out.push(last);
                c
            } else {
                capitals = unicode::is_upper(c);
                unicode::to_upper(c)
            }
        } else {
            out.push(last);
            capitals = capitals && unicode::is_upper(c);
            if capitals { unicode::to_lower(c) } else { c }
        };
        last = next;
    }
    out.push(last);
    out
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Word {
    Nothing,
    Number,
    Upper,
    Alphabet,
    Connector,
    Punctuation,
    Other,
}

/// `someWords` as `some_words`, with `connector` for the underscore.
pub(crate) fn connected(text: &str, connector: char) -> String {
    let mut words = Words { rest: text };
    let mut out = String::with_capacity(text.len() + 8);
    let (mut kind, mut word) = words.next();
    while !words.rest.is_empty() {
        if kind != Word::Connector {
            write(&mut out, kind, word, connector);
        }
        let (before, last) = (kind, word);
        (kind, word) = words.next();
        match before {
            Word::Number => {
                while matches!(kind, Word::Alphabet | Word::Number) {
                    write(&mut out, kind, word, connector);
                    (kind, word) = words.next();
                }
                if separable(kind) && kind != Word::Nothing {
                    out.push(connector);
                }
            }
            Word::Connector => write(&mut out, before, last, connector),
            Word::Punctuation => {}
            _ if kind != Word::Number => {
                if separable(kind) {
                    out.push(connector);
                }
            }
            _ if words.rest.is_empty() => {}
            _ => {
                let number = word;
                (kind, word) = words.next();
                if kind != Word::Alphabet {
                    // `Bld4Floor`: the number belongs to the word before.
                    write(&mut out, Word::Number, number, connector);
                    if separable(kind) {
                        out.push(connector);
                    }
                    continue;
                }
                // `HTTP2xx`: the number belongs to the letters after.
                out.push(connector);
                write(&mut out, Word::Number, number, connector);
                while matches!(kind, Word::Alphabet | Word::Number) {
                    write(&mut out, kind, word, connector);
                    (kind, word) = words.next();
                }
                if separable(kind) && kind != Word::Nothing {
                    out.push(connector);
                }
            }
        }
    }
    write(&mut out, kind, word, connector);
    out
}

fn separable(kind: Word) -> bool {
    kind != Word::Connector && kind != Word::Punctuation
}

fn write(out: &mut String, kind: Word, word: &str, connector: char) {
    match kind {
        Word::Connector => out.extend(word.chars().map(|_| connector)),
        Word::Upper => out.push_str(&lower(word)),
        _ => out.push_str(word),
    }
}

struct Words<'a> {
    rest: &'a str,
}

impl<'a> Words<'a> {
    fn next(&mut self) -> (Word, &'a str) {
        let mut chars = self.rest.chars();
        let Some(first) = chars.next() else {
            return (Word::Nothing, "");
        };
        // Characters that were no UTF-8 count for nothing.
        if first == char::REPLACEMENT_CHARACTER && chars.as_str().is_empty() {
            let word = std::mem::take(&mut self.rest);
            return (Word::Nothing, word);
        }
        let run = |accepts: fn(char) -> bool| {
            self.rest
                .char_indices()
                .skip(1)
                .find(|(_, c)| !accepts(*c))
                .map_or(self.rest.len(), |(at, _)| at)
        };
        let (kind, length) = if connects(first) {
            (Word::Connector, run(connects))
        } else if unicode::is_punct(first) {
            (Word::Punctuation, run(unicode::is_punct))
        } else if unicode::is_upper(first) {
            (Word::Upper, self.upper(first))
        } else if is_alphabet(first) {
            (Word::Alphabet, run(is_small))
        } else if unicode::is_number(first) {
            (Word::Number, run(unicode::is_number))
        } else {
            let other = |c: char| {
                !connects(c)
                    && !is_alphabet(c)
                    && !unicode::is_number(c)
                    && !unicode::is_punct(c)
            };
            (Word::Other, run(other))
        };
        let (word, rest) = self.rest.split_at(length);
        self.rest = rest;
        (kind, word)
    }

    /// `HTTPStatus` is `HTTP` and `Status`, `Status` one word.
    fn upper(&self, first: char) -> usize {
        let after = first.len_utf8();
        let length = |accepts: fn(char) -> bool| {
            let rest = &self.rest[after..];
            after + rest.find(|c| !accepts(c)).unwrap_or(rest.len())
        };
        match self.rest[after..].chars().next() {
            Some(second) if unicode::is_upper(second) => {
                let end = length(unicode::is_upper);
                let goes_on = self.rest[end..].chars().next().is_some_and(is_alphabet);
                let last = self.rest[..end].chars().next_back().map_or(0, char::len_utf8);
                if goes_on { end - last } else { end }
            }
            Some(second) if is_alphabet(second) => length(is_small),
            _ => after,
        }
    }
}

fn is_small(c: char) -> bool {
    is_alphabet(c) && !unicode::is_upper(c)
}

/// A letter that is no Chinese, Japanese or Korean character.
fn is_alphabet(c: char) -> bool {
    unicode::is_letter(c)
        && !matches!(c, '\u{3400}'..='\u{4d85}' | '\u{4e00}'..='\u{9fcc}' | '\u{20000}'..='\u{2b81d}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_taken_apart_and_joined() {
        for (text, snake) in [
            ("FirstName", "first_name"),
            ("HTTPServer", "http_server"),
            ("GO PATH", "go_path"),
            ("http2xx", "http_2xx"),
            ("HTTP20xOK", "http_20x_ok"),
            ("Duration2m3s", "duration_2m3s"),
            ("Bld4Floor3rd", "bld4_floor_3rd"),
        ] {
            assert_eq!(connected(text, '_'), snake);
        }
        for (text, name) in [
            ("some_words", "SomeWords"),
            ("http_server", "HttpServer"),
            ("_complex__case_", "_Complex_Case_"),
            ("GOLANG_IS_GREAT", "GolangIsGreat"),
            ("--", "---"),
            ("a-b_c d", "ABCD"),
        ] {
            assert_eq!(pascal(text), name);
        }
    }

    #[test]
    fn letters_map_to_letters() {
        assert_eq!(upper("straße ǆ"), "STRAßE Ǆ");
        assert_eq!(title("hello wORLD ǆ"), "Hello WORLD ǅ");
        assert_eq!(swap("This Is a Test"), "tHIS iS A tEST");
        assert_eq!(untitle("FOO Bar"), "fOO bar");
    }
}
