"""The operator's admin, on the platform's hosts alone: who uses what, who pays what, what waits.

It reads the shared tables and nothing of what a tenant's people wrote; what it changes goes through the
services of the layers below.
"""
