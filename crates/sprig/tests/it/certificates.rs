//! Keys and certificates, read back and verified.

use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use windlass_gotemplate::{Map, Value};
use x509_parser::pem::parse_x509_pem;
use x509_parser::prelude::{GeneralName, ParsedExtension, X509Certificate};

use crate::harness::render;

fn rendered(template: &str) -> String {
    render(template, &Value::Map(Map::new())).unwrap()
}

fn with_certificate(pem: &str, check: impl FnOnce(&X509Certificate<'_>)) {
    let (_, block) = parse_x509_pem(pem.as_bytes()).unwrap();
    check(&block.parse_x509().unwrap());
}

fn verify(cert: &X509Certificate<'_>, authority: &X509Certificate<'_>) {
    let key = &authority.public_key().subject_public_key.data;
    UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key.as_ref())
        .verify(cert.tbs_certificate.as_ref(), &cert.signature_value.data)
        .unwrap();
}

#[test]
fn an_authority_signs_certificates() {
    let out = rendered(
        r#"{{ $ca := genCA "the-ca" 365 }}{{ $c := genSignedCert "host" (list "10.0.0.1" "::1") (list "a.example" "b") 30 $ca }}{{ $ca.Cert }}|{{ $c.Cert }}|{{ $c.Key }}"#,
    );
    let [ca, cert, key] = out.split('|').collect::<Vec<_>>()[..] else {
        panic!("{out}");
    };
    assert!(key.starts_with("-----BEGIN RSA PRIVATE KEY-----\n"));
    with_certificate(ca, |ca| {
        assert!(ca.is_ca());
        assert_eq!(ca.subject().to_string(), "CN=the-ca");
        verify(ca, ca);
        with_certificate(cert, |cert| {
            verify(cert, ca);
            assert_eq!(cert.issuer().to_string(), "CN=the-ca");
            assert_eq!(cert.subject().to_string(), "CN=host");
            let days =
                cert.validity().not_after.timestamp() - cert.validity().not_before.timestamp();
            assert_eq!(days, 30 * 86_400);
            let names = cert.subject_alternative_name().unwrap().unwrap();
            assert!(
                names
                    .value
                    .general_names
                    .contains(&GeneralName::DNSName("a.example"))
            );
            assert!(
                names
                    .value
                    .general_names
                    .contains(&GeneralName::IPAddress(&[10, 0, 0, 1]))
            );
            let identifier = |cert: &X509Certificate<'_>, of_authority: bool| {
                cert.extensions()
                    .iter()
                    .find_map(|extension| match extension.parsed_extension() {
                        ParsedExtension::AuthorityKeyIdentifier(id) if of_authority => {
                            id.key_identifier.as_ref().map(|id| id.0.to_vec())
                        }
                        ParsedExtension::SubjectKeyIdentifier(id) if !of_authority => {
                            Some(id.0.to_vec())
                        }
                        _ => None,
                    })
            };
            assert_eq!(identifier(cert, true), identifier(ca, false));
            assert_eq!(identifier(cert, false), None);
            let constraints = cert.basic_constraints().unwrap().unwrap();
            assert!(constraints.critical && !constraints.value.ca);
            let (_, key) = parse_x509_pem(key.as_bytes()).unwrap();
            let key = aws_lc_rs::rsa::KeyPair::from_der(&key.contents).unwrap();
            assert_eq!(
                cert.public_key().subject_public_key.data,
                key.public_key().as_ref()
            );
        });
    });
}

#[test]
fn keys_come_back_as_go_writes_them() {
    for (kind, label) in [("ecdsa", "EC PRIVATE KEY"), ("ed25519", "PRIVATE KEY")] {
        let out = rendered(&format!(
            r#"{{{{ $k := genPrivateKey "{kind}" }}}}{{{{ $c := genCAWithKey "ca" 1 $k }}}}{{{{ eq $k $c.Key }}}} {{{{ $k }}}}"#
        ));
        assert!(
            out.starts_with(&format!("true -----BEGIN {label}-----\n")),
            "{out}"
        );
    }
    assert_eq!(rendered(r#"{{ genPrivateKey "x" }}"#), "Unknown type x");
}

#[test]
fn a_custom_certificate_is_checked() {
    let out = rendered(
        r#"{{ $ca := genCA "ca" 1 }}{{ $c := buildCustomCert (b64enc $ca.Cert) (b64enc $ca.Key) }}{{ eq $c.Cert $ca.Cert }} {{ typeOf $c }}"#,
    );
    assert_eq!(out, "true sprig.certificate");
    for (template, error) in [
        (
            r#"{{ genCAWithKey "a" 1 "x" }}"#,
            "parsing private key: no PEM data in input",
        ),
        (
            r#"{{ genSelfSignedCert "a" (list 1) nil 1 }}"#,
            "error parsing ip: 1 is not a string",
        ),
        (
            r#"{{ genSelfSignedCert "a" nil (list 1) 1 }}"#,
            "error processing alternate dns name: 1 is not a string",
        ),
        (
            r#"{{ buildCustomCert "@" "" }}"#,
            "unable to decode base64 certificate",
        ),
    ] {
        let got = render(template, &Value::Map(Map::new())).unwrap_err();
        assert!(got.ends_with(error), "{got}");
    }
}

#[test]
fn a_password_matches_its_hash() {
    let out = rendered(r#"{{ htpasswd "user" "secret" }}"#);
    let hash = out.strip_prefix("user:").unwrap();
    assert!(hash.starts_with("$2a$10$"));
    assert!(bcrypt::verify("secret", hash).unwrap());
    assert_eq!(
        rendered(r#"{{ htpasswd "a:b" "x" }}"#),
        "invalid username: a:b"
    );
}
