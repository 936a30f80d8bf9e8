//! Spans as they start and end, and the repairs that their attributes need.

mod array_attributes;
mod open_requests;
mod processor;
mod sampler;
mod scrub_attributes;
mod unsigned_fields;

pub(crate) use processor::Processor;
pub(crate) use sampler::RecordAll;
pub(crate) use unsigned_fields::UnsignedFields;
