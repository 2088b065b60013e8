use std::borrow::Cow;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::Resource;
use kube::core::DynamicResourceScope;
use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// An object, or the metadata of one that does not decode, so that a single bad object does not
/// break a list. (The library's own guard buffers every object twice.)
#[derive(Clone, Debug)]
pub(super) enum Tolerant<K> {
    Good(Box<K>),
    Bad(Box<ObjectMeta>, String),
}

impl<K> Tolerant<K> {
    pub(super) fn into_result(self) -> Result<K, (Box<ObjectMeta>, String)> {
        match self {
            Self::Good(object) => Ok(*object),
            Self::Bad(meta, error) => Err((meta, error)),
        }
    }
}

impl<'de, K: DeserializeOwned> Deserialize<'de> for Tolerant<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let object = Value::deserialize(deserializer)?;
        match K::deserialize(&object) {
            Ok(good) => Ok(Self::Good(Box::new(good))),
            Err(error) => {
                let meta =
                    ObjectMeta::deserialize(&object["metadata"]).map_err(D::Error::custom)?;
                Ok(Self::Bad(Box::new(meta), error.to_string()))
            }
        }
    }
}

impl<K: Resource> Resource for Tolerant<K> {
    type DynamicType = K::DynamicType;
    // Whatever the kind's: the caller's namespace decides which URL is watched.
    type Scope = DynamicResourceScope;

    // Decides what the server is asked for: without it a watch of metadata would carry everything.
    fn metadata_api() -> bool {
        K::metadata_api()
    }

    fn kind(dt: &Self::DynamicType) -> Cow<'_, str> {
        K::kind(dt)
    }

    fn group(dt: &Self::DynamicType) -> Cow<'_, str> {
        K::group(dt)
    }

    fn version(dt: &Self::DynamicType) -> Cow<'_, str> {
        K::version(dt)
    }

    fn plural(dt: &Self::DynamicType) -> Cow<'_, str> {
        K::plural(dt)
    }

    fn meta(&self) -> &ObjectMeta {
        match self {
            Self::Good(object) => object.meta(),
            Self::Bad(meta, _) => meta,
        }
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        match self {
            Self::Good(object) => object.meta_mut(),
            Self::Bad(meta, _) => meta,
        }
    }
}
