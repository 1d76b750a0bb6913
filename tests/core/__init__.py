"""Tests of core/, the base package."""
