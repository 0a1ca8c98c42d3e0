"""Who you are and what you may do: accounts, sign-in, tokens, one-time links, the gate."""
