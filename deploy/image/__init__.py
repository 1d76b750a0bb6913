"""The container image: built, weighed, listed, and started as an orchestrator would. docs/deploy.md"""
