"""Broken builds: each module swaps one named product function for its naive version.

A test of isolation, quota or resume runs its own body against the product and against one of these;
the second must fail, and on the very thing that the test watches for.
"""
