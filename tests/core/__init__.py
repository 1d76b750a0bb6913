"""Tests of core/: what everything else stands on."""
