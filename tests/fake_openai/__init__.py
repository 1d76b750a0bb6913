"""A fake model provider: a real HTTP server on loopback, scripted and inspected over HTTP."""

from tests.fake_openai.client import FakeOpenAI, running

__all__ = ["FakeOpenAI", "running"]
