//! Values: what charts are configured with. Reading them, merging the sources that give them, and
//! coalescing them with the defaults of a chart and its subcharts.

mod coalesce;
mod merge;
mod path;
mod set;
pub(crate) mod shared;
mod sources;
mod tables;
mod value;

pub use coalesce::coalesce_values;
pub(crate) use coalesce::merge_values;
pub use merge::{merge_maps, read_values};
pub(crate) use path::{path_value, table};
pub use set::{
    FileReader, SetError, parse_file_into, parse_into, parse_json_into, parse_literal_into,
    parse_string_into,
};
pub use sources::{Sources, SourcesError};
pub(crate) use tables::{Nulls, lay_below};
pub use value::{Map, Value, map_from_json, map_to_json};
