//! What cargo local serves: gateway, table, tokens, console data.
