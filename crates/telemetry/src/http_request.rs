//! An HTTP request as the root span shows it.

/// An HTTP request as the root span shows it. Unknown values stay empty or `None`.
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct HttpRequest<'a> {
    /// `GET`.
    pub method: &'a str,
    /// The template, never the path: `/api/activities/{id}`.
    pub route: &'a str,
    /// `/api/activities/@andrewbrown`.
    pub path: &'a str,
    /// Without `?`. Credentials in it are masked.
    pub query: Option<&'a str>,
    /// `https`.
    pub scheme: &'a str,
    /// The address of the client.
    pub client_address: Option<&'a str>,
    /// The client's `User-Agent`.
    pub user_agent: Option<&'a str>,
    /// The host name that the client used.
    pub server_address: Option<&'a str>,
    /// `1.1` or `2`.
    pub protocol_version: Option<&'a str>,
    /// The size of the body in bytes.
    pub body_size: Option<u64>,
}

impl<'a> HttpRequest<'a> {
    /// A request over HTTPS of which only method, route and path are known.
    #[must_use]
    pub fn new(method: &'a str, route: &'a str, path: &'a str) -> Self {
        Self { method, route, path, scheme: "https", ..Self::default() }
    }

    /// Sets the scheme.
    #[must_use]
    pub fn with_scheme(self, scheme: &'a str) -> Self {
        Self { scheme, ..self }
    }

    /// Sets the query, without `?`.
    #[must_use]
    pub fn with_query(self, query: Option<&'a str>) -> Self {
        Self { query, ..self }
    }

    /// Sets the address of the client.
    #[must_use]
    pub fn with_client_address(self, client_address: Option<&'a str>) -> Self {
        Self { client_address, ..self }
    }

    /// Sets the client's `User-Agent`.
    #[must_use]
    pub fn with_user_agent(self, user_agent: Option<&'a str>) -> Self {
        Self { user_agent, ..self }
    }

    /// Sets the host name that the client used.
    #[must_use]
    pub fn with_server_address(self, server_address: Option<&'a str>) -> Self {
        Self { server_address, ..self }
    }

    /// Sets the version of HTTP: `1.1` or `2`.
    #[must_use]
    pub fn with_protocol_version(self, protocol_version: Option<&'a str>) -> Self {
        Self { protocol_version, ..self }
    }

    /// Sets the size of the body in bytes.
    #[must_use]
    pub fn with_body_size(self, body_size: Option<u64>) -> Self {
        Self { body_size, ..self }
    }
}
