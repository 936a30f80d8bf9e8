//! One result of doctor: a component, its status, and how to fix it.

use serde::Serialize;

use crate::aws::AwsError;
use crate::style::{Capabilities, Style, strip_control};

/// Whether a component works. The JSON values are part of the command's interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) enum Status {
    #[serde(rename = "ok")]
    Ok,
    /// It is not configured, so there is nothing to check.
    #[serde(rename = "off")]
    Disabled,
    #[serde(rename = "wrong")]
    Failed,
}

/// The result of checking one component: a destination, the API, AWS access or the layer.
///
/// The JSON names are part of the command's interface.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Finding {
    #[serde(rename = "plane")]
    pub(crate) component: &'static str,
    #[serde(rename = "verdict")]
    pub(crate) status: Status,
    #[serde(rename = "words")]
    pub(crate) message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) fix: Option<String>,
}

impl Finding {
    pub(crate) fn ok(component: &'static str, message: impl Into<String>) -> Self {
        Self { component, status: Status::Ok, message: message.into(), fix: None }
    }

    pub(crate) fn disabled(component: &'static str, message: impl Into<String>) -> Self {
        Self { component, status: Status::Disabled, message: message.into(), fix: None }
    }

    pub(crate) fn failed(component: &'static str, message: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { component, status: Status::Failed, message: message.into(), fix: Some(fix.into()) }
    }

    /// The component could not be checked because an AWS call failed.
    pub(crate) fn aws_error(component: &'static str, error: &AwsError) -> Self {
        Self::failed(component, error.to_string(), error.fix())
    }

    /// Returns the finding as one line for a terminal.
    pub(crate) fn line(&self, capabilities: Capabilities) -> String {
        let (style, word) = match self.status {
            Status::Ok => (Style::Success, "ok"),
            Status::Disabled => (Style::Dim, "off"),
            Status::Failed => (Style::Error, "failed"),
        };
        let status = capabilities.style(style, &format!("{word:<6}"));
        let fix = self.fix.as_ref().map(|fix| format!("; fix: {}", strip_control(fix))).unwrap_or_default();
        format!("{:<11} {status} {}{fix}", self.component, strip_control(&self.message))
    }
}

/// One thing that is wrong with a component.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) message: String,
    pub(crate) fix: String,
}

impl Problem {
    pub(crate) fn new(message: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { message: message.into(), fix: fix.into() }
    }

    pub(crate) fn aws_error(error: &AwsError) -> Self {
        Self::new(error.to_string(), error.fix())
    }
}

/// Returns a finding for each problem, or one finding with `ok_message` if there is no problem.
pub(crate) fn findings(component: &'static str, problems: Vec<Problem>, ok_message: impl Into<String>) -> Vec<Finding> {
    if problems.is_empty() {
        return vec![Finding::ok(component, ok_message)];
    }
    problems.into_iter().map(|problem| Finding::failed(component, problem.message, problem.fix)).collect()
}
