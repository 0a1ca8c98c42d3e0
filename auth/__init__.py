"""Authentication and authorization: accounts, sign-in, tokens, one-time links, the gate."""
