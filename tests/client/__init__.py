"""The registry client: transport, exchanges, protocol."""
