//! A stack as CloudFormation knows it: where its API is, and what it is made of.

use std::collections::BTreeMap;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use roxmltree::{Document, Node};

use super::call::Call;
use super::{Aws, AwsFault};

/// Pages of resources: a hundred each, and a stack has at most 500 resources.
const PAGES: usize = 10;

/// A deployed stack.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Stack {
    /// Outputs by their keys.
    pub(crate) outputs: BTreeMap<String, String>,
    /// Parameters by their keys.
    pub(crate) parameters: BTreeMap<String, String>,
    /// Type and physical id of each resource.
    pub(crate) resources: Vec<(String, String)>,
}

impl Stack {
    /// The physical ids of the resources of a type.
    pub(crate) fn of_type<'a>(&'a self, wanted: &'a str) -> impl Iterator<Item = &'a str> {
        self.resources.iter().filter(move |(kind, _)| kind == wanted).map(|(_, id)| id.as_str())
    }
}

impl Aws {
    /// Asks for a stack by its name.
    pub(crate) async fn stack(&self, name: &str) -> Result<Stack, AwsFault> {
        let action = "cloudformation:DescribeStacks";
        let mut stack = self.query(action, "DescribeStacks", &[("StackName", name)], described).await?;
        let (action, mut next) = ("cloudformation:ListStackResources", None);
        for _ in 0..PAGES {
            let mut asked = vec![("StackName", name)];
            asked.extend(next.as_deref().map(|token| ("NextToken", token)));
            let (resources, token) = self.query(action, "ListStackResources", &asked, listed).await?;
            stack.resources.extend(resources);
            next = token;
            if next.is_none() {
                break;
            }
        }
        Ok(stack)
    }

    /// A call of AWS's query protocol; its answers are XML.
    async fn query<T>(
        &self,
        action: &'static str,
        operation: &str,
        parameters: &[(&str, &str)],
        read: fn(&Document<'_>) -> T,
    ) -> Result<T, AwsFault> {
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
        let answer = self.call(&call).await?;
        let text = String::from_utf8_lossy(&answer.body);
        let document = Document::parse(&text).map_err(|error| AwsFault::Other {
            action,
            code: "an answer that is no XML".to_owned(),
            message: error.to_string(),
        })?;
        Ok(read(&document))
    }
}

fn described(document: &Document<'_>) -> Stack {
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

type Listed = (Vec<(String, String)>, Option<String>);

fn listed(document: &Document<'_>) -> Listed {
    let members = members(document, "StackResourceSummaries");
    let resources =
        members.filter_map(|member| Some((text(member, "ResourceType")?, text(member, "PhysicalResourceId")?)));
    let next = document.descendants().find(|node| node.has_tag_name_of("NextToken"));
    (resources.collect(), next.and_then(|node| node.text()).map(str::to_owned))
}

fn members<'a>(document: &'a Document<'a>, list: &'a str) -> impl Iterator<Item = Node<'a, 'a>> {
    let lists = document.descendants().filter(move |node| node.has_tag_name_of(list));
    lists.flat_map(|list| list.children().filter(|node| node.has_tag_name_of("member")))
}

fn text(node: Node<'_, '_>, name: &str) -> Option<String> {
    let child = node.children().find(|child| child.has_tag_name_of(name))?;
    Some(child.text().unwrap_or_default().trim().to_owned())
}

/// Names of elements whatever their namespace: CloudFormation's answers have one.
trait LocalName {
    fn has_tag_name_of(&self, name: &str) -> bool;
}

impl LocalName for Node<'_, '_> {
    fn has_tag_name_of(&self, name: &str) -> bool {
        self.is_element() && self.tag_name().name() == name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stack_is_read_from_cloudformations_xml() {
        let text = r#"<DescribeStacksResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><DescribeStacksResult><Stacks><member>
            <Outputs><member><OutputKey>ApiUrl</OutputKey><OutputValue>https://x/dev</OutputValue></member></Outputs>
            <Parameters><member><ParameterKey>Stage</ParameterKey><ParameterValue>dev</ParameterValue></member></Parameters>
            </member></Stacks></DescribeStacksResult></DescribeStacksResponse>"#;
        let stack = described(&Document::parse(text).unwrap());
        assert_eq!((stack.outputs["ApiUrl"].as_str(), stack.parameters["Stage"].as_str()), ("https://x/dev", "dev"));
        let text = r#"<R xmlns="u:x"><StackResourceSummaries><member><ResourceType>AWS::Logs::LogGroup</ResourceType>
            <PhysicalResourceId>/crudder/dev/a</PhysicalResourceId></member></StackResourceSummaries><NextToken>n</NextToken></R>"#;
        let (resources, next) = listed(&Document::parse(text).unwrap());
        assert_eq!(resources, [("AWS::Logs::LogGroup".to_owned(), "/crudder/dev/a".to_owned())]);
        assert_eq!(next.as_deref(), Some("n"));
    }
}
