"""A process that leaves the groups of tenants that are gone every fifth of a second."""

from chatbot_saas.realtime import listener

listener._LEAVE_SECONDS = 0.2
