//! The disk of this machine, as the engine asks for it: nothing is read but what a build needs.

use std::{fs, path::PathBuf};

use windlass_kustomize::Files;

/// All files below `/`.
pub(crate) struct LocalFiles;

impl LocalFiles {
    fn path(path: &str) -> PathBuf {
        PathBuf::from(format!("/{path}"))
    }
}

impl Files for LocalFiles {
    fn file(&self, path: &str) -> Option<bytes::Bytes> {
        let path = Self::path(path);
        // Devices and pipes are no files to build from.
        if !fs::metadata(&path).is_ok_and(|metadata| metadata.is_file()) {
            return None;
        }
        fs::read(path).ok().map(Into::into)
    }

    fn is_dir(&self, path: &str) -> bool {
        Self::path(path).is_dir()
    }

    fn resolved(&self, path: &str) -> String {
        let resolved = fs::canonicalize(Self::path(path)).ok();
        let text = resolved.as_deref().and_then(|path| path.to_str());
        text.unwrap_or(path).trim_start_matches('/').to_owned()
    }
}

#[cfg(test)]
mod tests {
    use windlass_kustomize::{BuildOptions, FileSystem, LoadRestrictor, build};

    use super::*;

    #[test]
    fn builds_follow_links_but_not_out_of_their_directory() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        let config = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n";
        for (file, text) in [
            ("base/kustomization.yaml", "resources: [cm.yaml]\n"),
            ("base/cm.yaml", config),
            ("top/kustomization.yaml", "resources: [../link]\n"),
            ("bad/kustomization.yaml", "resources: [cm.yaml]\n"),
        ] {
            let path = root.join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        std::os::unix::fs::symlink(root.join("base"), root.join("link")).unwrap();
        std::os::unix::fs::symlink(root.join("base/cm.yaml"), root.join("bad/cm.yaml")).unwrap();
        let options = BuildOptions {
            files: FileSystem::Disk(""),
            ..BuildOptions::default()
        };
        let path = |name: &str| root.join(name).to_string_lossy().into_owned();
        assert_eq!(
            build(&LocalFiles, &path("top"), &options)
                .unwrap()
                .resources
                .len(),
            1
        );
        let error = build(&LocalFiles, &path("bad"), &options).unwrap_err();
        assert!(error.to_string().contains("security; file '"), "{error}");
        let free = BuildOptions {
            load_restrictor: LoadRestrictor::None,
            ..options
        };
        assert!(build(&LocalFiles, &path("bad"), &free).is_ok());
    }
}
