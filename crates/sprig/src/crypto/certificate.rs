//! Certificates: of an authority, self-signed, and signed by one.

use std::net::IpAddr;

use aws_lc_rs::rsa::KeySize;
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DistinguishedName, DnType, DnValue,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose, PublicKeyData, SanType,
    SerialNumber,
};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use time::OffsetDateTime;
use windlass_gotemplate::{
    Args, Failure, Functions, Kind, Object, ObjectType, Outcome, Scope, Text, Type, Value,
};
use x509_parser::parse_x509_certificate;

use super::key::{Key, RSA_2048_STEPS, pem};
use super::parse;
use crate::encoding::from_base64;
use crate::environment::{Environment, Shared};
use crate::strings::string_value;

/// A certificate and its key in PEM, as templates have it.
struct Certificate {
    cert: Text,
    key: Text,
}

/// The object identifier of the extension that tells authorities from others.
const BASIC_CONSTRAINTS: &[u64] = &[2, 5, 29, 19];

static CERTIFICATE: ObjectType = ObjectType {
    name: "sprig.certificate",
    kind: Kind::Struct,
    methods: &[],
};

impl Object for Certificate {
    fn ty(&self) -> &'static ObjectType {
        &CERTIFICATE
    }

    fn field(&self, name: &str) -> Option<Value> {
        self.fields()
            .into_iter()
            .find_map(|(field, value)| (field == name).then_some(value))
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        vec![
            ("Cert", Value::String(self.cert.clone())),
            ("Key", Value::String(self.key.clone())),
        ]
    }

    fn equals(&self, other: &dyn Object) -> bool {
        let other: &dyn std::any::Any = other;
        other
            .downcast_ref::<Certificate>()
            .is_some_and(|other| self.cert == other.cert && self.key == other.key)
    }
}

const AUTHORITY: &[Type] = &[Type::String, Type::INT];
const AUTHORITY_KEY: &[Type] = &[Type::String, Type::INT, Type::String];
const SELF: &[Type] = &[Type::String, Type::LIST, Type::LIST, Type::INT];
const SELF_KEY: &[Type] = &[
    Type::String,
    Type::LIST,
    Type::LIST,
    Type::INT,
    Type::String,
];
const SIGNED: &[Type] = &[
    Type::String,
    Type::LIST,
    Type::LIST,
    Type::INT,
    Type::Object(&CERTIFICATE),
];
const SIGNED_KEY: &[Type] = &[
    Type::String,
    Type::LIST,
    Type::LIST,
    Type::INT,
    Type::Object(&CERTIFICATE),
    Type::String,
];

pub(super) fn register(functions: &mut Functions, environment: &Shared) {
    functions.add(
        "buildCustomCert",
        &[Type::String, Type::String],
        |_, args| build(args.bytes(0), args.bytes(1)),
    );
    for (name, params) in [("genCA", AUTHORITY), ("genCAWithKey", AUTHORITY_KEY)] {
        let world = environment.clone();
        functions.add(name, params, move |scope, args| {
            let key = subject_key(scope, args, 2)?;
            let mut request = Request::new(world.as_ref(), args.bytes(0), args.int(1));
            request.params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            request.params.custom_extensions.clear();
            request.params.key_usages.push(KeyUsagePurpose::KeyCertSign);
            request.self_signed(&key)
        });
    }
    for (name, params) in [
        ("genSelfSignedCert", SELF),
        ("genSelfSignedCertWithKey", SELF_KEY),
    ] {
        let world = environment.clone();
        functions.add(name, params, move |scope, args| {
            let key = subject_key(scope, args, 4)?;
            let mut request = Request::new(world.as_ref(), args.bytes(0), args.int(3));
            request.alternatives(scope, args)?;
            request.self_signed(&key)
        });
    }
    for (name, params) in [
        ("genSignedCert", SIGNED),
        ("genSignedCertWithKey", SIGNED_KEY),
    ] {
        let world = environment.clone();
        functions.add(name, params, move |scope, args| {
            let key = subject_key(scope, args, 5)?;
            let authority = Authority::parse(args.value(4))?;
            let mut request = Request::new(world.as_ref(), args.bytes(0), args.int(3));
            request.alternatives(scope, args)?;
            request.signed(&key, authority)
        });
    }
}

/// The key that comes as an argument, or a new one where the function has none.
fn subject_key(scope: &mut Scope<'_>, args: Args<'_>, index: usize) -> Result<Key, Failure> {
    if index < args.len() {
        return parse::private_key(&args.text(index).to_str())
            .map_err(|error| Failure::new(format!("parsing private key: {error}")));
    }
    scope.charge_steps(RSA_2048_STEPS)?;
    Key::generate_rsa(KeySize::Rsa2048)
        .map_err(|error| Failure::new(format!("error generating rsa key: {error}")))
}

/// Certificate and key that are there already, both in Base64.
fn build(cert: &[u8], key: &[u8]) -> Outcome {
    let cert =
        from_base64(cert).map_err(|_| Failure::new("unable to decode base64 certificate"))?;
    let key = from_base64(key).map_err(|_| Failure::new("unable to decode base64 private key"))?;
    let block = parse::block(&String::from_utf8_lossy(&cert))
        .ok_or_else(|| Failure::new("unable to decode certificate"))?;
    parse_x509_certificate(&block.der).map_err(|error| {
        Failure::new(format!(
            "error parsing certificate: decodedCert.Bytes: {error}"
        ))
    })?;
    parse::private_key(&String::from_utf8_lossy(&key))
        .map_err(|error| Failure::new(format!("error parsing private key: {error}")))?;
    Ok(Value::object(Certificate {
        cert: Text::from(cert),
        key: Text::from(key),
    }))
}

fn creating(error: impl std::fmt::Display) -> Failure {
    Failure::new(format!("error creating certificate: {error}"))
}

/// The key as it signs.
fn signer(key: &Key) -> Result<KeyPair, Failure> {
    let der: PrivateKeyDer<'_> = match key {
        Key::Rsa(der) => PrivateKeyDer::Pkcs1(der.as_slice().into()),
        Key::Ecdsa(der) => PrivateKeyDer::Sec1(der.as_slice().into()),
        Key::Ed25519(der) => PrivateKeyDer::Pkcs8(der.as_slice().into()),
        Key::Dsa(_) => {
            return Err(creating(
                "x509: certificate private key does not implement crypto.Signer",
            ));
        }
    };
    KeyPair::try_from(&der).map_err(creating)
}

/// Who signs: the certificate and the key of an authority.
struct Authority {
    cert: Vec<u8>,
    key: Key,
}

impl Authority {
    fn parse(value: &Value) -> Result<Authority, Failure> {
        let undecodable = || Failure::new("unable to decode certificate");
        let certificate = value.downcast::<Certificate>().ok_or_else(undecodable)?;
        let block = parse::block(&certificate.cert.to_str()).ok_or_else(undecodable)?;
        parse_x509_certificate(&block.der).map_err(|error| {
            Failure::new(format!(
                "error parsing certificate: decodedSignerCert.Bytes: {error}"
            ))
        })?;
        let key = parse::private_key(&certificate.key.to_str())
            .map_err(|error| Failure::new(format!("error parsing private key: {error}")))?;
        Ok(Authority {
            cert: block.der,
            key,
        })
    }
}

/// A certificate to be made.
struct Request {
    params: CertificateParams,
}

impl Request {
    fn new(environment: &dyn Environment, name: &[u8], days: i64) -> Request {
        let mut params = CertificateParams::default();
        let mut subject = DistinguishedName::new();
        let name = String::from_utf8_lossy(name);
        if !name.is_empty() {
            let value = match name.as_ref().try_into() {
                Ok(printable) => DnValue::PrintableString(printable),
                Err(_) => DnValue::Utf8String(name.into_owned()),
            };
            subject.push(DnType::CommonName, value);
        }
        params.distinguished_name = subject;
        let mut serial = [0; 16];
        environment.fill_random(&mut serial);
        params.serial_number = Some(SerialNumber::from_slice(&serial));
        let day_nanos = 24 * 3600 * 1_000_000_000_i64;
        let now = environment.now();
        let end = now.add(crate::Duration(days.wrapping_mul(day_nanos)));
        params.not_before = moment(now.unix());
        params.not_after = moment(end.unix());
        params.key_usages = vec![
            KeyUsagePurpose::DigitalSignature,
            KeyUsagePurpose::KeyEncipherment,
        ];
        params.extended_key_usages = vec![
            ExtendedKeyUsagePurpose::ServerAuth,
            ExtendedKeyUsagePurpose::ClientAuth,
        ];
        // As Go says that this is no authority: with no identifier of the key beside it.
        params.is_ca = IsCa::NoCa;
        let empty_sequence = vec![0x30, 0];
        let mut constraints = CustomExtension::from_oid_content(BASIC_CONSTRAINTS, empty_sequence);
        constraints.set_criticality(true);
        params.custom_extensions = vec![constraints];
        Request { params }
    }

    /// Addresses and host names from the second and third argument.
    fn alternatives(&mut self, scope: &mut Scope<'_>, args: Args<'_>) -> Result<(), Failure> {
        let names = &mut self.params.subject_alt_names;
        let (addresses, hosts) = (args.list(1), args.list(2));
        for host in hosts.iter() {
            let Value::String(host) = host else {
                let shown = string_value(scope, host)?;
                return Err(Failure::new(format!(
                    "error processing alternate dns name: {shown} is not a string"
                )));
            };
            let name = host.to_str().into_owned();
            let name = name.try_into().map_err(|_| {
                let quoted = windlass_gotemplate::strconv::quote(host);
                creating(format!("x509: {quoted} cannot be encoded as an IA5String"))
            })?;
            names.push(SanType::DnsName(name));
        }
        for address in addresses.iter() {
            let Value::String(text) = address else {
                let shown = string_value(scope, address)?;
                return Err(Failure::new(format!(
                    "error parsing ip: {shown} is not a string"
                )));
            };
            let address: IpAddr = text
                .to_str()
                .parse()
                .map_err(|_| Failure::new(format!("error parsing ip: {text}")))?;
            names.push(SanType::IpAddress(address.to_canonical()));
        }
        Ok(())
    }

    fn self_signed(self, key: &Key) -> Outcome {
        let cert = self.params.self_signed(&signer(key)?).map_err(creating)?;
        Ok(result(cert.der(), key))
    }

    fn signed(mut self, key: &Key, authority: Authority) -> Outcome {
        let subject = signer(key)?;
        let issuer = signer(&authority.key)?;
        let (_, cert) = parse_x509_certificate(&authority.cert).map_err(creating)?;
        if cert.public_key().raw != issuer.subject_public_key_info() {
            return Err(creating(
                "x509: provided PrivateKey doesn't match parent's PublicKey",
            ));
        }
        self.params.use_authority_key_identifier_extension = true;
        let issuer = Issuer::from_ca_cert_der(&CertificateDer::from(authority.cert), issuer)
            .map_err(creating)?;
        let cert = self.params.signed_by(&subject, &issuer).map_err(creating)?;
        Ok(result(cert.der(), key))
    }
}

fn result(cert: &[u8], key: &Key) -> Value {
    Value::object(Certificate {
        cert: Text::from(pem("CERTIFICATE", cert)),
        key: Text::from(key.to_pem()),
    })
}

fn moment(seconds: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}
