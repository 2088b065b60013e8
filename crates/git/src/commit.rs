//! The commit that a checkout yields, with what is needed to verify its signatures.

use gix::hash::{Kind, ObjectId};
use gix::objs::{CommitRefIter, TagRef, bstr::ByteSlice, commit::ref_iter::Token};
use windlass_archive::Tree;

use crate::error::Failure;

/// A commit and the files at it.
#[derive(Debug, Clone)]
pub struct Commit {
    /// Hash of the commit, 40 hex digits.
    pub hash: String,
    /// Branch, tag or full ref name it was found by; empty for a bare hash.
    pub reference: String,
    /// `main@sha1:<hash>` (spec §5.3).
    pub revision: String,
    /// The whole commit message.
    pub message: String,
    /// Who wrote the change, and when.
    pub author: Person,
    /// Who made the commit, and when.
    pub committer: Person,
    /// The commit's own signature, if it has one.
    pub signature: Option<Signature>,
    /// The annotated tag through which the commit was found, if it was.
    pub tag: Option<TagObject>,
    /// Regular files of the commit, with submodules filled in and narrowed to the sparse directories.
    pub tree: Tree,
}

/// Author, committer or tagger.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Person {
    /// The name.
    pub name: String,
    /// The e-mail address.
    pub email: String,
    /// Seconds since 1970-01-01 UTC.
    pub seconds: i64,
}

/// A signature with exactly the bytes it covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// The armored signature.
    pub armor: String,
    /// The raw object without the signature.
    pub payload: Vec<u8>,
}

/// An annotated tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagObject {
    /// Hash of the tag object, 40 hex digits.
    pub hash: String,
    /// Name inside the tag object.
    pub name: String,
    /// The tag message without the signature.
    pub message: String,
    /// Who made the tag, and when.
    pub tagger: Option<Person>,
    /// The tag's signature, if it has one.
    pub signature: Option<Signature>,
}

/// What a commit object says about itself.
pub(crate) struct Header {
    pub(crate) tree: ObjectId,
    pub(crate) message: String,
    pub(crate) author: Person,
    pub(crate) committer: Person,
    pub(crate) signature: Option<Signature>,
}

/// Reads the raw commit object `data`.
pub(crate) fn read_commit(id: &ObjectId, data: &[u8]) -> Result<Header, Failure> {
    let damaged = |reason: String| Failure::Object {
        id: id.to_string(),
        reason,
    };
    let mut header = Header {
        tree: ObjectId::null(Kind::Sha1),
        message: String::new(),
        author: Person::default(),
        committer: Person::default(),
        signature: None,
    };
    let mut signatures = 0;
    for token in CommitRefIter::from_bytes(data, Kind::Sha1) {
        match token.map_err(|error| damaged(format!("not a commit: {error}")))? {
            Token::Tree { id } => header.tree = id,
            Token::Author { signature } => header.author = person(signature),
            Token::Committer { signature } => header.committer = person(signature),
            Token::ExtraHeader((name, _)) if name == "gpgsig" => signatures += 1,
            Token::Message(text) => header.message = text.to_str_lossy().into_owned(),
            _ => {}
        }
    }
    // Which of several a verifier looks at differs between tools: such a commit proves nothing.
    if signatures > 1 {
        return Err(damaged("commit has more than one signature".to_owned()));
    }
    if signatures == 1 {
        header.signature = CommitRefIter::signature(data, Kind::Sha1)
            .map_err(|error| damaged(format!("commit signature: {error}")))?
            .map(|(armor, signed)| Signature {
                armor: armor.to_str_lossy().into_owned(),
                payload: signed.to_bstring().into(),
            });
    }
    Ok(header)
}

/// Reads the raw tag object `data`; returns what it points to as well.
pub(crate) fn read_tag(id: &ObjectId, data: &[u8]) -> Result<(TagObject, ObjectId), Failure> {
    let tag = TagRef::from_bytes(data, Kind::Sha1).map_err(|error| Failure::Object {
        id: id.to_string(),
        reason: format!("not a tag: {error}"),
    })?;
    let tagger = tag.tagger().ok().flatten().map(person);
    let signature = tag_signature(data);
    let mut message = tag.message.to_str_lossy().into_owned();
    if let Some(signature) = &signature
        && let Some(end) = message.find(&signature.armor)
    {
        message.truncate(end);
    }
    let target = tag.target();
    Ok((
        TagObject {
            hash: id.to_string(),
            name: tag.name.to_str_lossy().into_owned(),
            message,
            tagger,
            signature,
        },
        target,
    ))
}

/// A tag's signature is the last armor in the object, from the start of its line to the end.
fn tag_signature(data: &[u8]) -> Option<Signature> {
    const ARMORS: [&[u8]; 4] = [
        b"-----BEGIN PGP SIGNATURE-----",
        b"-----BEGIN PGP MESSAGE-----",
        b"-----BEGIN SSH SIGNATURE-----",
        b"-----BEGIN SIGNED MESSAGE-----",
    ];
    let start = ARMORS
        .iter()
        .filter_map(|armor| data.rfind(armor))
        .filter(|start| *start > 0 && data[start - 1] == b'\n')
        .max()?;
    let (payload, armor) = data.split_at(start);
    Some(Signature {
        armor: String::from_utf8(armor.to_vec()).ok()?,
        payload: payload.to_vec(),
    })
}

fn person(signature: gix::actor::SignatureRef<'_>) -> Person {
    Person {
        name: signature.name.to_str_lossy().into_owned(),
        email: signature.email.to_str_lossy().into_owned(),
        seconds: signature.seconds(),
    }
}
