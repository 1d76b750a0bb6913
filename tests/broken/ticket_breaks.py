"""Registers work that always breaks, and says in its exception what its payload says."""

from tenants.work.tickets import Ticket, handles


@handles("tests_break")
def break_ticket(ticket: Ticket) -> None:
    raise ValueError(f"cannot read {ticket.payload['text']}")
