//! Requests to the API and the console.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::TestStack;

impl TestStack {
    /// Builds a request to the API.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("http://{}{path}", self.local.api()))
    }

    /// Sends a GET request; returns the status and the body.
    pub async fn get(&self, path: &str, token: Option<&str>) -> (u16, Value) {
        send(self.request(Method::GET, path), token).await
    }

    /// Sends a POST request with a JSON content type; returns the status and the body.
    pub async fn post(&self, path: &str, token: Option<&str>, body: impl Into<reqwest::Body>) -> (u16, Value) {
        send(self.request(Method::POST, path).header("Content-Type", "application/json").body(body), token).await
    }

    /// Gets a page of a list; returns its body, and the path of the next page from the `Link`
    /// header.
    pub async fn page(&self, path: &str, token: Option<&str>) -> (Value, Option<String>) {
        let request = self.request(Method::GET, path);
        let request = token.into_iter().fold(request, |request, token| request.bearer_auth(token));
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200, "{path}");
        let next = response.headers().get("link").map(|link| {
            let link = link.to_str().unwrap();
            let target = link
                .strip_prefix('<')
                .and_then(|link| link.strip_suffix(">; rel=\"next\""))
                .unwrap_or_else(|| panic!("{link}"));
            target.to_owned()
        });
        (response.json().await.unwrap(), next)
    }

    /// Gets an access token of a sample user from the console.
    pub async fn token(&self, handle: &str) -> String {
        let request =
            self.client.post(format!("http://{}/token", self.local.console())).json(&json!({"handle": handle}));
        let token: Value = request.send().await.unwrap().json().await.unwrap();
        token["access_token"].as_str().unwrap_or_else(|| panic!("{token}")).to_owned()
    }

    /// Posts an activity; returns it.
    pub async fn post_activity(&self, token: &str, message: &str) -> Value {
        let body = json!({"message": message, "ttl": "7-days"}).to_string();
        let (status, post) = self.post("/api/activities", Some(token), body).await;
        assert_eq!(status, 200, "{post}");
        post
    }

    /// Posts a reply to an activity; returns it.
    pub async fn post_reply(&self, token: &str, parent: &Value, message: &str) -> Value {
        let path = format!("/api/activities/{}/reply", parent["uuid"].as_str().unwrap());
        let (status, reply) = self.post(&path, Some(token), json!({"message": message}).to_string()).await;
        assert_eq!(status, 200, "{reply}");
        reply
    }

    /// Sends the first message to a user; returns the UUID of the conversation.
    pub async fn open_conversation(&self, token: &str, handle: &str, message: &str) -> String {
        let body = json!({"message": message, "handle": handle}).to_string();
        let (status, started) = self.post("/api/messages", Some(token), body).await;
        assert_eq!(status, 200, "{started}");
        started["message_group_uuid"].as_str().unwrap().to_owned()
    }
}

/// Sends a request; returns the status, and the body as JSON or as text.
async fn send(request: RequestBuilder, token: Option<&str>) -> (u16, Value) {
    let request = token.into_iter().fold(request, |request, token| request.bearer_auth(token));
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}
