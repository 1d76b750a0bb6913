"""Backups: one sealed file of the whole installation or of one workspace, written, read and restored.

Commands of the shell use it, and nothing that serves a request.
"""
