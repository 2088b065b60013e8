use std::collections::BTreeMap;

use super::{Error, MAX_DEPTH, MAX_OUTPUT, substitute, substitute_within, validate_names};

fn vars() -> BTreeMap<String, String> {
    [
        ("a", "abc"),
        ("empty", ""),
        ("path", "dir/sub/file.tar.gz"),
        ("word", "hello"),
        ("accent", "éa"),
        ("quote", "\""),
        ("n", "2"),
        ("élan", "unicode"),
    ]
    .map(|(k, v)| (k.to_owned(), v.to_owned()))
    .into()
}

#[test]
fn expressions_expand_as_the_original_expands_them() {
    let table = [
        ("plain $a text", "plain $a text"),
        ("", ""),
        ("x${a}y${a}", "xabcyabc"),
        ("$${a}", "${a}"),
        ("$$$${a}", "$${a}"),
        ("$$${a}", "$abc"),
        ("$", "$"),
        ("a$$", "a$"),
        ("${missing}|", "|"),
        ("${élan}", "unicode"),
        ("${#a}", "3"),
        ("${#accent}", "3"),
        ("${#missing}", "0"),
        ("${a:-x}", "abc"),
        ("${missing:-x}", "x"),
        ("${empty:-x}", "x"),
        ("${empty:=x}", "x"),
        ("${empty=x}", "x"),
        ("${empty:+x}", "x"),
        ("${empty:?x}", "x"),
        ("${a:+x}", "abc"),
        ("${missing:=}", ""),
        ("${missing:-a ${a} $$ b}", "a abc $$ b"),
        ("${missing:-${other:-deep}}", "deep"),
        ("${missing:=a=b}", "a=b"),
        ("${word^}", "Hello"),
        ("${word^^}", "HELLO"),
        ("${word,}", "hello"),
        ("${accent^}", "Éa"),
        ("${word,^}", "hello"),
        ("${word:1}", "ello"),
        ("${word:1:2}", "el"),
        ("${word:0:99}", "hello"),
        ("${word:99}", ""),
        ("${word: -2}", "hello"),
        ("${word:${n}}", "llo"),
        ("${word:x}", "hello"),
        ("${word:1:x}", "hello"),
        ("${word:1:-1}", "ell"),
        ("${word:4:-4}", ""),
        ("${accent:1}", "\u{fffd}a"),
        ("${path#*/}", "sub/file.tar.gz"),
        ("${path##*/}", "file.tar.gz"),
        ("${path%.*}", "dir/sub/file.tar"),
        ("${path%%.*}", "dir/sub/file"),
        ("${word#[a-h]}", "ello"),
        ("${word#[^a-h]}", "hello"),
        ("${word#[}", "hello"),
        ("${word#h\\e}", "llo"),
        ("${word%l?}", "hel"),
        ("${word#nothing}", "hello"),
        ("${word/l/L}", "heLlo"),
        ("${word//l/L}", "heLLo"),
        ("${word//l/}", "heo"),
        ("${word/l/}", "helo"),
        ("${word/#he/HE}", "HEllo"),
        ("${word/#lo/X}", "hello"),
        ("${word/#he/}", "hello"),
        ("${word/%lo/LO}", "helLO"),
        ("${word/%lo/}", "hello"),
        ("${word/%he/X}", "hello"),
        ("${path//\\//_}", "dir_sub_file.tar.gz"),
        ("${path/./$$}", "dir/sub/file$tar.gz"),
        ("${word/l/${a}}", "heabclo"),
        ("${quote}x${quote}", "\"x\""),
    ];
    for (text, expected) in table {
        assert_eq!(
            substitute(text, &vars(), false).as_deref(),
            Ok(expected),
            "{text}"
        );
    }
}

#[test]
fn malformed_expressions_fail_with_the_original_texts() {
    let table = [
        ("${a", "missing closing brace"),
        ("${a-b}", "missing closing brace"),
        ("${a+b}", "missing closing brace"),
        ("${a b}", "missing closing brace"),
        ("${a.b}", "missing closing brace"),
        ("${{ x }}", "unable to parse variable name"),
        ("${ x}", "unable to parse variable name"),
        ("${}", "unable to parse variable name"),
        ("${-}", "unable to parse variable name"),
        ("${", "unable to parse variable name"),
        ("${#}", "bad substitution"),
        ("${a^x}", "bad substitution"),
        ("${a^^^}", "bad substitution"),
        ("${a/b}", "bad substitution"),
        ("${a#}", "unable to parse substitution within function"),
        ("${a:}", "unable to parse substitution within function"),
        ("${a:-x", "unable to parse substitution within function"),
        ("${a:1:}", "unable to parse substitution within function"),
        ("${a#x", "bad substitution"),
    ];
    for (text, expected) in table {
        let error = substitute(text, &vars(), false).unwrap_err();
        assert_eq!(error.to_string(), expected, "{text}");
    }
}

#[test]
fn strict_mode_wants_values_even_in_unused_defaults() {
    for text in [
        "${b}",
        "${#b}",
        "${b^^}",
        "${b/x/y}",
        "${b:1}",
        "${b#x}",
        "${a:-${b}}",
    ] {
        let error = substitute(text, &vars(), true).unwrap_err();
        assert_eq!(
            error.to_string(),
            "variable not set (strict mode): \"b\"",
            "{text}"
        );
    }
    for (text, expected) in [
        ("${b:-x}", "x"),
        ("${b=x}", "x"),
        ("${b:?}", ""),
        ("${empty}", ""),
    ] {
        assert_eq!(
            substitute(text, &vars(), true).as_deref(),
            Ok(expected),
            "{text}"
        );
    }
}

#[test]
fn names_must_be_identifiers() {
    assert_eq!(
        validate_names(&vars()).unwrap_err(),
        Error::InvalidName("élan".into())
    );
    let with = |name: &str| validate_names(&[(name.to_owned(), String::new())].into());
    for good in ["_", "A1", "a_b"] {
        assert_eq!(with(good), Ok(()));
    }
    for bad in ["", "1a", "a-b", "file.yaml"] {
        assert_eq!(
            with(bad).unwrap_err().to_string(),
            format!(
                "'{bad}' var name is invalid, must match '^[_[:alpha:]][_[:alpha:][:digit:]]*$'"
            )
        );
    }
}

#[test]
fn hostile_texts_are_refused_or_answered_quickly() {
    let deep = "${a:-".repeat(MAX_DEPTH + 1);
    assert_eq!(substitute(&deep, &vars(), false), Err(Error::TooDeep));
    let mut vars = vars();
    vars.insert("big".into(), "a".repeat(1 << 20));
    let stars = "${big#".to_owned() + &"*a".repeat(20) + "b}";
    assert_eq!(substitute(&stars, &vars, false).unwrap().len(), 1 << 20);
    assert_eq!(
        substitute(&"${big}".repeat(300), &vars, false),
        Err(Error::TooLarge(MAX_OUTPUT))
    );
    assert_eq!(
        substitute_within("${big}", &vars, false, 1000),
        Err(Error::TooLarge(1000))
    );
}
