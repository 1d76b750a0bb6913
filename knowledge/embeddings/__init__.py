"""Texts to vectors: a local model or any OpenAI-compatible service."""
