//! The key-value sources of generators: env files, literals and files.

use crate::Error;
use crate::kustomization::GeneratorArgs;
use crate::loader::Loader;

/// All pairs in order of evaluation: env files, literals, files.
pub(super) fn pairs(
    loader: &Loader<'_>,
    args: &GeneratorArgs,
) -> Result<Vec<(String, Vec<u8>)>, Error> {
    let wrap = |what: &str, list: &[String], error: Error| {
        error.context(format_args!("{what} [{}]", list.join(" ")))
    };
    let mut pairs = Vec::new();
    for path in &args.envs {
        let bytes = loader
            .bytes(path)
            .map_err(|error| wrap("env source files:", &args.envs, error))?;
        env_file(&bytes, &mut pairs)
            .map_err(|error| wrap("env source files:", &args.envs, error))?;
    }
    for literal in &args.literals {
        pairs.push(self::literal(literal).map_err(|e| wrap("literal sources", &args.literals, e))?);
    }
    for source in &args.files {
        let (key, path) = file_source(source).map_err(|e| wrap("file sources:", &args.files, e))?;
        let key = key.to_owned();
        let bytes = loader
            .bytes(path)
            .map_err(|error| wrap("file sources:", &args.files, error))?;
        pairs.push((key, bytes.into()));
    }
    Ok(pairs)
}

fn literal(source: &str) -> Result<(String, Vec<u8>), Error> {
    let Some((key, value)) = source.split_once('=').filter(|(key, _)| !key.is_empty()) else {
        return Err(Error::invalid(format!(
            "invalid literal source {source}, expected key=value"
        )));
    };
    let quoted = value.len() >= 2
        && ['"', '\'']
            .iter()
            .any(|&quote| value.starts_with(quote) && value.ends_with(quote));
    let value = if quoted {
        &value[1..value.len() - 1]
    } else {
        value
    };
    Ok((key.to_owned(), value.as_bytes().to_vec()))
}

/// `path` (the key is its last part) or `key=path`.
fn file_source(source: &str) -> Result<(&str, &str), Error> {
    match source.split_once('=') {
        None => {
            let path = source.trim_end_matches('/');
            Ok((path.rsplit('/').next().unwrap_or(path), source))
        }
        Some(("", path)) if !path.contains('=') => Err(Error::invalid(format!(
            "missing key name for file path {path:?} in source {source:?}"
        ))),
        Some((key, "")) => Err(Error::invalid(format!(
            "missing file path for key name {key:?} in source {source:?}"
        ))),
        Some((_, path)) if path.contains('=') => Err(Error::invalid(format!(
            "source {source:?} key name or file path contains '='"
        ))),
        Some(pair) => Ok(pair),
    }
}

/// Longest line of an env file, in bytes.
const MAX_LINE: usize = 64 * 1024;

/// Lines `KEY=value`, blank lines and `#` comments; neither side is trimmed or unquoted.
fn env_file(bytes: &[u8], pairs: &mut Vec<(String, Vec<u8>)>) -> Result<(), Error> {
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    for line in bytes.split(|&byte| byte == b'\n') {
        // The original stops at a longer line, without a word.
        if line.len() >= MAX_LINE {
            break;
        }
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let Ok(text) = std::str::from_utf8(line) else {
            let numbers: Vec<String> = line.iter().map(u8::to_string).collect();
            return Err(Error::invalid(format!(
                "line [{}] has invalid utf8 bytes : {}",
                numbers.join(" "),
                String::from_utf8_lossy(line)
            )));
        };
        let text = text.trim_start();
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        let (key, value) = text.split_once('=').unwrap_or((text, ""));
        if key.is_empty() {
            continue;
        }
        pairs.push((key.to_owned(), value.as_bytes().to_vec()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_split_at_the_first_sign_and_lose_one_pair_of_quotes() {
        let table = [
            ("a=b", "a", "b"),
            ("a=b=c", "a", "b=c"),
            ("a=", "a", ""),
            ("a=\"b\"", "a", "b"),
            ("a='\"b\"'", "a", "\"b\""),
            ("a=\"", "a", "\""),
        ];
        for (source, key, value) in table {
            assert_eq!(literal(source), Ok((key.into(), value.into())), "{source}");
        }
        for bad in ["a", "=b"] {
            assert_eq!(
                literal(bad).unwrap_err().to_string(),
                format!("invalid literal source {bad}, expected key=value")
            );
        }
    }

    #[test]
    fn file_sources_name_their_keys() {
        assert_eq!(file_source("dir/a.txt"), Ok(("a.txt", "dir/a.txt")));
        assert_eq!(file_source("k=dir/a.txt"), Ok(("k", "dir/a.txt")));
        for bad in ["=x", "x=", "x=y=z"] {
            assert!(file_source(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn env_files_keep_what_stands_around_the_sign() {
        let mut pairs = Vec::new();
        env_file("\u{feff}A=1\r\n# c\n\n  B = d \nC\n".as_bytes(), &mut pairs).unwrap();
        let expected = [("A", "1"), ("B ", " d "), ("C", "")];
        assert_eq!(
            pairs,
            expected.map(|(k, v)| (k.to_owned(), v.as_bytes().to_vec()))
        );
    }
}
