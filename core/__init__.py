"""The ground every room stands on: errors, ids, crypto, Redis, metrics. Imports nothing of ours."""
