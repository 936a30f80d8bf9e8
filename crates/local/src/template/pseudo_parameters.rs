//! The values of CloudFormation's pseudo parameters on one machine.

/// `AWS::Region`, which functions see too.
pub(crate) const REGION: &str = "us-east-1";

/// `AWS::AccountId`: the example account of AWS's documentation.
pub(crate) const ACCOUNT: &str = "123456789012";
