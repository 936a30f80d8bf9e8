//! `GET /api/health-check`.
fn main() {}
