//! `GET /api/activities/search?term=`: returns the posts that contain all words of the term.

use crudder_api::{self as api, Request, Response};
use crudder_domain::SearchTerms;
use crudder_store::Store;

#[tokio::main(flavor = "current_thread")]
async fn main() -> api::Exit {
    api::serve_with_store(search_activities).await
}

async fn search_activities(request: Request, store: Store) -> api::Result<Response> {
    let search = SearchTerms::parse(request.query("term"))?;
    let found = store.search(&search, request.page()?, request.received_at());
    request.respond_with_page(&api::list_span("search-activities", found).await?)
}
