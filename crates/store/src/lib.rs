//! The nouns of Crudder in DynamoDB.
