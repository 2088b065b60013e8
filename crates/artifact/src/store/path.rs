//! Where artifacts lie below the root of the volume.

use crate::store::Error;

/// The place of one artifact: `<kind>/<namespace>/<name>/<file>` (source-controller spec §5.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArtifactPath {
    /// Kind of the object in lower case, such as `gitrepository`.
    pub kind: &'static str,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// File name, such as `<commit>.tar.gz`.
    pub file: String,
}

impl ArtifactPath {
    /// The path relative to the root, as an artifact states it. Fails when a part could lead elsewhere.
    pub(crate) fn relative(&self) -> Result<String, Error> {
        let path = [self.kind, &self.namespace, &self.name, &self.file].join("/");
        check(&path)?;
        Ok(path)
    }

    /// The directory of the object, relative to the root.
    pub(crate) fn directory(&self) -> Result<String, Error> {
        object_directory(self.kind, &self.namespace, &self.name)
    }
}

/// The directory of an object, relative to the root.
pub(crate) fn object_directory(kind: &str, namespace: &str, name: &str) -> Result<String, Error> {
    let path = [kind, namespace, name].join("/");
    check(&format!("{path}/file"))?;
    Ok(path)
}

/// Lets only paths through that an artifact can have: four plain names, none hidden, none a lock. The path
/// may come from a request, or from a status that somebody edited.
pub(crate) fn check(path: &str) -> Result<(), Error> {
    let refuse = || Error::Path(path.chars().take(256).collect());
    let parts: Vec<&str> = path.split('/').collect();
    let plain = |part: &&str| !part.is_empty() && !part.starts_with('.') && part.len() <= 255;
    let odd = |c: char| c == '\\' || c.is_control();
    if parts.len() != 4 || !parts.iter().all(plain) || path.contains(odd) || is_lock(path) {
        return Err(refuse());
    }
    Ok(())
}

/// Whether this is the lock that Flux keeps beside an artifact.
pub(crate) fn is_lock(path: &str) -> bool {
    path.strip_suffix(LOCK_SUFFIX).is_some()
}

/// Ending of the locks that Flux keeps beside artifacts.
pub(crate) const LOCK_SUFFIX: &str = ".lock";

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn only_four_plain_names_pass() {
        for good in [
            "gitrepository/ns/app/abc.tar.gz",
            "ocirepository/a/b/sha256:0f.tar.gz",
        ] {
            assert!(check(good).is_ok(), "{good:?}");
        }
        for bad in [
            "",
            "/",
            "a/b/c",
            "a/b/c/d/e",
            "/a/b/c/d",
            "a//c/d",
            "a/b/c/",
            "a/b/../d",
            "a/./c/d",
            "../a/b/c",
            ".windlass/blobs/sha256/0f",
            "a/b/c/.hidden",
            "a/b/c/d.lock",
            "a/b/c\\..\\..\\x/d",
            "a/b/c/d\0",
            "a/b/c/d\n",
        ] {
            assert!(check(bad).is_err(), "{bad:?}");
        }
    }
}
