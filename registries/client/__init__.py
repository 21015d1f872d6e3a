"""Talks to container registries over HTTP: no Django, no kinds; begin at `client.Client`."""
