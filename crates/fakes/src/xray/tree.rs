//! One tree out of the documents of a trace.

use std::collections::HashMap;

use serde::Serialize;
use serde_json::{Map, Value};

use super::Document;

/// A segment or subsegment in its place.
#[derive(Debug, Clone, Serialize)]
pub struct Segment {
    /// 16 hexadecimal digits.
    pub id: String,
    /// What it hangs under, whether or not that came.
    pub parent_id: Option<String>,
    /// Its name.
    pub name: String,
    /// Seconds since 1970.
    pub start_time: f64,
    /// Seconds since 1970; none while it is in progress.
    pub end_time: Option<f64>,
    /// Whether it bears `fault`.
    pub fault: bool,
    /// Whether it bears `error`.
    pub error: bool,
    /// Whether it bears `throttle`.
    pub throttle: bool,
    /// Whether it was sent as a document of its own.
    pub is_independent: bool,
    /// All its fields but the subsegments.
    pub fields: Map<String, Value>,
    /// What hangs under it, by start time.
    pub children: Vec<Segment>,
}

/// Nested deeper than this a document is cut; 64 kB can't hold many more.
const DEPTH: usize = 200;

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

    /// This one and all below it, parents before children.
    pub fn walk(&self) -> Vec<&Segment> {
        let mut seen = vec![self];
        let mut at = 0;
        while let Some(segment) = seen.get(at).copied() {
            seen.extend(&segment.children);
            at += 1;
        }
        seen
    }
}

pub(super) fn grow<'a>(documents: impl Iterator<Item = &'a Document>) -> Vec<Segment> {
    let mut flat = Vec::new();
    for document in documents {
        flatten(&document.body, document.parent_id.as_deref(), true, DEPTH, &mut flat);
    }
    let places: HashMap<String, usize> =
        flat.iter().enumerate().map(|(at, segment)| (segment.id.clone(), at)).collect();
    let mut below: HashMap<Option<usize>, Vec<usize>> = HashMap::new();
    for (at, segment) in flat.iter().enumerate() {
        let parent = segment.parent_id.as_ref().and_then(|id| places.get(id)).copied();
        below.entry(parent.filter(|parent| *parent != at)).or_default().push(at);
    }
    let mut flat: Vec<_> = flat.into_iter().map(Some).collect();
    gather(None, &below, &mut flat, DEPTH)
}

fn flatten(body: &Value, parent_id: Option<&str>, is_independent: bool, depth: usize, flat: &mut Vec<Segment>) {
    let segment = Segment::new(body, parent_id, is_independent);
    let id = segment.id.clone();
    flat.push(segment);
    for nested in body["subsegments"].as_array().into_iter().flatten().filter(|_| depth > 0) {
        flatten(nested, Some(&id), false, depth - 1, flat);
    }
}

/// Moves each segment under its parent. What hangs in a ring under itself is never reached, and left out.
fn gather(
    parent: Option<usize>,
    below: &HashMap<Option<usize>, Vec<usize>>,
    flat: &mut Vec<Option<Segment>>,
    depth: usize,
) -> Vec<Segment> {
    let mut children = Vec::new();
    for at in below.get(&parent).into_iter().flatten().filter(|_| depth > 0) {
        if let Some(mut segment) = flat[*at].take() {
            segment.children = gather(Some(*at), below, flat, depth - 1);
            children.push(segment);
        }
    }
    children.sort_by(|one, other| one.start_time.total_cmp(&other.start_time));
    children
}
