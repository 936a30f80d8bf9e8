//! API Gateway's settings of the account.

use super::call::Call;
use super::{Aws, AwsFault};

impl Aws {
    /// The role by which API Gateway writes logs; none where the account has no such role.
    pub(crate) async fn log_role(&self) -> Result<Option<String>, AwsFault> {
        let call = Call {
            service: "apigateway",
            action: "apigateway:GET",
            method: "GET",
            path: "/account".to_owned(),
            headers: vec![("accept", "application/json")],
            body: String::new(),
        };
        let account = self.call(&call).await?.json();
        let role = account["cloudwatchRoleArn"].as_str().filter(|role| !role.is_empty());
        Ok(role.map(str::to_owned))
    }
}
