//! The account settings of API Gateway.

use super::client::Aws;
use super::error::AwsError;
use super::signed_call::Call;

impl Aws {
    /// Fetches the role with which API Gateway writes logs; `None` if the account has no such role.
    pub(crate) async fn log_role(&self) -> Result<Option<String>, AwsError> {
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
