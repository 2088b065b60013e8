//! What `Debug` shows of content that may be secret: how much there is.
//!
//! Values, manifests and notes hold passwords, and whatever can be printed ends up in a log.

use std::fmt;

/// Stands for text of a length in bytes.
pub(crate) struct Hidden(pub(crate) usize);

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.0)
    }
}

/// Stands for the items of a collection, of which only the names are shown.
pub(crate) struct Names<I>(pub(crate) I);

impl<I> fmt::Debug for Names<I>
where
    I: Iterator + Clone,
    I::Item: fmt::Debug,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.clone()).finish()
    }
}
