//! Builds trees of segments from the documents of a trace.

use std::collections::HashMap;

use serde::Serialize;
use serde_json::{Map, Value};

use super::document::Document;

/// A segment or subsegment with its children.
#[derive(Debug, Clone, Serialize)]
pub struct Segment {
    /// The id, 16 hexadecimal digits.
    pub id: String,
    /// The parent's id, whether or not the parent arrived.
    pub parent_id: Option<String>,
    /// The name.
    pub name: String,
    /// The start in seconds since 1970.
    pub start_time: f64,
    /// The end in seconds since 1970. `None` while it is in progress.
    pub end_time: Option<f64>,
    /// Whether `fault` is true.
    pub fault: bool,
    /// Whether `error` is true.
    pub error: bool,
    /// Whether `throttle` is true.
    pub throttle: bool,
    /// Whether it was sent as its own document.
    pub is_independent: bool,
    /// All fields except for the subsegments.
    pub fields: Map<String, Value>,
    /// The children, sorted by start time.
    pub children: Vec<Segment>,
}

/// Deeper subsegments are left out. It bounds the recursion: 64 kB hold few that are deeper.
const MAX_DEPTH: usize = 200;

impl Segment {
    fn new(body: &Value, parent_id: Option<&str>, is_independent: bool) -> Self {
        let mut fields = body.as_object().cloned().unwrap_or_default();
        fields.remove("subsegments");
        let flag = |name: &str| body[name] == true;
        Self {
            id: body["id"].as_str().unwrap_or_default().to_owned(),
            parent_id: parent_id.map(str::to_owned),
            name: body["name"].as_str().unwrap_or_default().to_owned(),
            start_time: body["start_time"].as_f64().unwrap_or_default(),
            end_time: body["end_time"].as_f64(),
            fault: flag("fault"),
            error: flag("error"),
            throttle: flag("throttle"),
            is_independent,
            fields,
            children: Vec::new(),
        }
    }

    /// Returns this segment and all its descendants, parents before children.
    pub fn walk(&self) -> Vec<&Segment> {
        let mut segments = vec![self];
        let mut index = 0;
        while let Some(segment) = segments.get(index).copied() {
            segments.extend(&segment.children);
            index += 1;
        }
        segments
    }
}

/// Builds the trees of the documents of one trace. A segment without a known parent is a root.
pub(super) fn build<'a>(documents: impl Iterator<Item = &'a Document>) -> Vec<Segment> {
    let mut flat = Vec::new();
    for document in documents {
        flatten(&document.body, document.parent_id.as_deref(), true, MAX_DEPTH, &mut flat);
    }
    let indexes: HashMap<String, usize> =
        flat.iter().enumerate().map(|(index, segment)| (segment.id.clone(), index)).collect();
    let mut children: HashMap<Option<usize>, Vec<usize>> = HashMap::new();
    for (index, segment) in flat.iter().enumerate() {
        let parent = segment.parent_id.as_ref().and_then(|id| indexes.get(id)).copied();
        children.entry(parent.filter(|parent| *parent != index)).or_default().push(index);
    }
    let mut flat: Vec<_> = flat.into_iter().map(Some).collect();
    take_children(None, &children, &mut flat, MAX_DEPTH)
}

fn flatten(body: &Value, parent_id: Option<&str>, is_independent: bool, depth: usize, flat: &mut Vec<Segment>) {
    let segment = Segment::new(body, parent_id, is_independent);
    let id = segment.id.clone();
    flat.push(segment);
    for nested in body["subsegments"].as_array().into_iter().flatten().filter(|_| depth > 0) {
        flatten(nested, Some(&id), false, depth - 1, flat);
    }
}

/// Moves the children of a parent out of the flat list. Segments in a cycle of parents are never
/// reached and left out.
fn take_children(
    parent: Option<usize>,
    indexes: &HashMap<Option<usize>, Vec<usize>>,
    flat: &mut Vec<Option<Segment>>,
    depth: usize,
) -> Vec<Segment> {
    let mut children = Vec::new();
    for index in indexes.get(&parent).into_iter().flatten().filter(|_| depth > 0) {
        if let Some(mut segment) = flat[*index].take() {
            segment.children = take_children(Some(*index), indexes, flat, depth - 1);
            children.push(segment);
        }
    }
    children.sort_by(|one, other| one.start_time.total_cmp(&other.start_time));
    children
}
