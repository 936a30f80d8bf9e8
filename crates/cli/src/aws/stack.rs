//! A CloudFormation stack: its outputs, parameters and resources.

use std::collections::BTreeMap;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use roxmltree::{Document, Node};

use super::client::Aws;
use super::error::AwsError;
use super::signed_call::Call;

/// A page has a hundred resources, and a stack has at most 500.
const MAX_PAGES: usize = 10;

/// A deployed stack.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Stack {
    /// Outputs by key.
    pub(crate) outputs: BTreeMap<String, String>,
    /// Parameters by key.
    pub(crate) parameters: BTreeMap<String, String>,
    /// Type and physical ID of each resource.
    pub(crate) resources: Vec<(String, String)>,
}

impl Stack {
    /// Returns the physical IDs of the resources of a type.
    pub(crate) fn resource_ids<'a>(&'a self, resource_type: &'a str) -> impl Iterator<Item = &'a str> {
        self.resources.iter().filter(move |(kind, _)| kind == resource_type).map(|(_, id)| id.as_str())
    }
}

impl Aws {
    /// Fetches a stack by name.
    pub(crate) async fn stack(&self, name: &str) -> Result<Stack, AwsError> {
        let action = "cloudformation:DescribeStacks";
        let mut stack = self.query(action, "DescribeStacks", &[("StackName", name)], stack_of).await?;
        let (action, mut next) = ("cloudformation:ListStackResources", None);
        for _ in 0..MAX_PAGES {
            let mut parameters = vec![("StackName", name)];
            parameters.extend(next.as_deref().map(|token| ("NextToken", token)));
            let (resources, token) = self.query(action, "ListStackResources", &parameters, resources_of).await?;
            stack.resources.extend(resources);
            next = token;
            if next.is_none() {
                break;
            }
        }
        Ok(stack)
    }

    /// Sends a call of the AWS query protocol and reads the XML response.
    async fn query<T>(
        &self,
        action: &'static str,
        operation: &str,
        parameters: &[(&str, &str)],
        read: fn(&Document<'_>) -> T,
    ) -> Result<T, AwsError> {
        let escaped = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        let pairs: String = parameters.iter().map(|(name, value)| format!("&{name}={}", escaped(value))).collect();
        let call = Call {
            service: "cloudformation",
            action,
            method: "POST",
            path: "/".to_owned(),
            headers: vec![("content-type", "application/x-www-form-urlencoded")],
            body: format!("Action={operation}&Version=2010-05-15{pairs}"),
        };
        let response = self.call(&call).await?;
        let text = String::from_utf8_lossy(&response.body);
        let document = Document::parse(&text).map_err(|error| AwsError::Other {
            action,
            code: "invalid XML".to_owned(),
            message: error.to_string(),
        })?;
        Ok(read(&document))
    }
}

fn stack_of(document: &Document<'_>) -> Stack {
    let pairs = |list: &str, key: &str, value: &str| {
        let members = members(document, list);
        members.filter_map(|member| Some((text(member, key)?, text(member, value)?))).collect()
    };
    Stack {
        outputs: pairs("Outputs", "OutputKey", "OutputValue"),
        parameters: pairs("Parameters", "ParameterKey", "ParameterValue"),
        resources: Vec::new(),
    }
}

/// Resources, and the token of the next page.
type ResourcePage = (Vec<(String, String)>, Option<String>);

fn resources_of(document: &Document<'_>) -> ResourcePage {
    let members = members(document, "StackResourceSummaries");
    let resources =
        members.filter_map(|member| Some((text(member, "ResourceType")?, text(member, "PhysicalResourceId")?)));
    let next = document.descendants().find(|node| node.has_local_name("NextToken"));
    (resources.collect(), next.and_then(|node| node.text()).map(str::to_owned))
}

fn members<'a>(document: &'a Document<'a>, list: &'a str) -> impl Iterator<Item = Node<'a, 'a>> {
    let lists = document.descendants().filter(move |node| node.has_local_name(list));
    lists.flat_map(|list| list.children().filter(|node| node.has_local_name("member")))
}

fn text(node: Node<'_, '_>, name: &str) -> Option<String> {
    let child = node.children().find(|child| child.has_local_name(name))?;
    Some(child.text().unwrap_or_default().trim().to_owned())
}

/// Compares element names without their namespace, which CloudFormation's responses have.
trait HasLocalName {
    fn has_local_name(&self, name: &str) -> bool;
}

impl HasLocalName for Node<'_, '_> {
    fn has_local_name(&self, name: &str) -> bool {
        self.is_element() && self.tag_name().name() == name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stack_is_parsed_from_the_xml_of_cloudformation() {
        let text = r#"<DescribeStacksResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><DescribeStacksResult><Stacks><member>
            <Outputs><member><OutputKey>ApiUrl</OutputKey><OutputValue>https://x/dev</OutputValue></member></Outputs>
            <Parameters><member><ParameterKey>Stage</ParameterKey><ParameterValue>dev</ParameterValue></member></Parameters>
            </member></Stacks></DescribeStacksResult></DescribeStacksResponse>"#;
        let stack = stack_of(&Document::parse(text).unwrap());
        assert_eq!((stack.outputs["ApiUrl"].as_str(), stack.parameters["Stage"].as_str()), ("https://x/dev", "dev"));
        let text = r#"<R xmlns="u:x"><StackResourceSummaries><member><ResourceType>AWS::Logs::LogGroup</ResourceType>
            <PhysicalResourceId>/crudder/dev/a</PhysicalResourceId></member></StackResourceSummaries><NextToken>n</NextToken></R>"#;
        let (resources, next) = resources_of(&Document::parse(text).unwrap());
        assert_eq!(resources, [("AWS::Logs::LogGroup".to_owned(), "/crudder/dev/a".to_owned())]);
        assert_eq!(next.as_deref(), Some("n"));
    }
}
