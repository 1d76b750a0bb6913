"""Adapters to language models. They turn bytes into `LLMEvent`s and know no Django and no app."""
