"""Everything fails, one thing after the other, under the whole product; then ledgers are compared.

Two web processes, two workers, beat, a PostgreSQL and a Redis of the drill's own, and a provider that
keeps its own log of what it sent. Visitors, programs with secret keys and uploads go on all along. What
clients were told, what PostgreSQL holds, what was charged and what the provider sent must agree at the
end, however the faults fell (`ledger`, `compare`): that is what is drilled, and no single answer.
"""
