"""The base package: errors, ids, crypto, Redis, metrics, analytics. Imports nothing of ours."""
