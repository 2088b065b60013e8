//! Cases of the grammar.
