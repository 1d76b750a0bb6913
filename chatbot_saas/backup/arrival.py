"""A workspace's shared rows on their way into the tables of this installation.

They are looked at one by one: ids may be taken, people may be here already, and a right that the backup
remembers may not be one here. Closed is the safe side, and what is left out is told.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import models

from billing.catalog.models import Plan, QuotaOverride, Subscription, TenantUsageDay
from chatbot_saas.backup.errors import Damaged
from chatbot_saas.backup.loading import Origin
from core.ids import new_id
from tenants.context import owner_context
from tenants.models import APIKey, Domain, Invitation, Membership, Tenant, User, WorkTicket
from tenants.names import schema_name

Row = dict[str, Any]
# Other work is mail: it was sent, or tells of another workspace.
_WORK_OF_CONTENT = ("ingest_document", "remove_chatbot")
_STRONGEST_FIRST = ("owner", "admin", "agent", "viewer")


@dataclass
class Arrival:
    """`tenant_id` and `slug` are the workspace's here; `lines` are the section's shared rows."""

    origin: Origin
    tenant_id: UUID
    slug: str
    lines: dict[str, list[bytes]]
    notes: list[str] = field(default_factory=list)
    # Of people who are somebody else here: the id in the backup → the id here.
    people: dict[UUID, UUID] = field(default_factory=dict)

    @property
    def is_copy(self) -> bool:
        """Whether the original, with its addresses and its keys, may be here too."""
        return self.tenant_id != self.origin.id

    @property
    def host(self) -> str:
        return f"{self.slug}.{settings.TENANT_HOST_SUFFIX}"

    @property
    def old_host(self) -> str:
        return next((row["domain"] for row in self._rows(Domain) if row["is_primary"]), "")

    def store(self) -> None:
        """In the caller's transaction: with its commit the workspace is there. Raises `Damaged`."""
        self._refuse_strangers()
        with owner_context():
            (row,) = self._rows(Tenant)
            own = {"id": self.tenant_id, "schema_name": schema_name(self.tenant_id)}
            _insert(Tenant, row, **own, slug=self.slug)
            self._store_domains()
            self._store_people()
            self._store_ways_in()
            self._store_terms()
            self._store_work()

    def _refuse_strangers(self) -> None:
        """A row of another workspace would open that one to whoever wrote the backup."""
        for table, lines in self.lines.items():
            column = "id" if table == Tenant._meta.db_table else "tenant_id"
            for row in map(json.loads, lines):
                if column in row and UUID(row[column]) != self.origin.id:
                    raise Damaged(
                        f"The section of “{self.origin.slug}” has a row of another workspace in {table}. "
                        "No backup of this product has one: take another file."
                    )

    def _rows(self, model: type[models.Model]) -> Iterator[Row]:
        for line in self.lines.get(model._meta.db_table, []):
            yield json.loads(line, parse_float=Decimal)

    def _store_domains(self) -> None:
        Domain.objects.create(domain=self.host, tenant_id=self.tenant_id, is_primary=True)
        for row in self._rows(Domain):
            if row["domain"] in (self.host, self.old_host):
                continue
            if self.is_copy or Domain.objects.filter(domain=row["domain"]).exists():
                self.notes.append(f"The address {row['domain']} leads elsewhere and was left out.")
                continue
            new = Domain(domain=row["domain"], tenant_id=self.tenant_id, is_primary=False)
            new.save_base(raw=True, force_insert=True)

    def _store_people(self) -> None:
        for row in self._rows(User):
            here = self._find_person(row)
            if here is None:
                # What somebody may on the platform was another one's decision.
                _insert(User, row, is_staff=False, is_superuser=False)
            elif here != UUID(row["id"]):
                self.people[UUID(row["id"])] = here
        roles = sorted(self._rows(Membership), key=lambda row: _STRONGEST_FIRST.index(row["role"]))
        members: set[UUID] = set()
        for row in roles:
            user_id = self._person(row["user_id"])
            if user_id not in members:
                members.add(user_id)
                _insert(Membership, row, id=new_id(), tenant_id=self.tenant_id, user_id=user_id)

    def _find_person(self, row: Row) -> UUID | None:
        """The account that is here: the same one, or whoever has proved the same address."""
        if User.objects.filter(pk=row["id"]).exists():
            return UUID(row["id"])
        if row["confirmed_at"] is None:
            return None
        found = User.objects.with_email(row["email"]).first()
        return found.pk if found else None

    def _person(self, user_id: str) -> UUID:
        return self.people.get(UUID(user_id), UUID(user_id))

    def _store_ways_in(self) -> None:
        """Keys and invitations lead to one workspace. A copy gets none: with them everybody who has the
        original's would be let into the copy, or out of the original."""
        keys, invitations = list(self._rows(APIKey)), list(self._rows(Invitation))
        if self.is_copy:
            if keys or invitations:
                self.notes.append(
                    f"{len(keys)} API keys and {len(invitations)} invitations stay with the original: "
                    "make new ones. Visitors' tokens of the original count there alone."
                )
            return
        for row in keys:
            maker = row["maker_id"]
            maker_id = self._person(maker) if maker else None
            _insert(APIKey, row, tenant_id=self.tenant_id, maker_id=maker_id)
        for row in invitations:
            by = self._person(row["invited_by_id"]) if row["invited_by_id"] else None
            known = by is not None and User.objects.filter(pk=by).exists()
            inviter = by if known else None
            _insert(Invitation, row, tenant_id=self.tenant_id, invited_by_id=inviter)

    def _store_terms(self) -> None:
        for row in self._rows(Plan):
            if not Plan.objects.filter(pk=row["code"]).exists():
                # Nobody here decided to sell it.
                _insert(Plan, row, is_public=False)
                self.notes.append(f"The plan “{row['code']}” was not here and came along.")
        for model in (Subscription, QuotaOverride):
            for row in self._rows(model):
                _insert(model, row, id=new_id(), tenant_id=self.tenant_id)
        for row in self._rows(TenantUsageDay):
            _insert(TenantUsageDay, row, id=None, tenant_id=self.tenant_id)

    def _store_work(self) -> None:
        for row in self._rows(WorkTicket):
            if row["kind"] in _WORK_OF_CONTENT:
                begun_anew = {
                    "status": "waiting",
                    "attempts": 0,
                    "lease_until": None,
                    "lease_id": None,
                }
                _insert(WorkTicket, row, id=new_id(), tenant_id=self.tenant_id, **begun_anew)


def _insert(model: type[models.Model], row: Row, **changed: Any) -> None:
    """The row as it was, with the defaults of columns that came later, and without those that went."""
    given = {
        each.attname: each.to_python(row[each.column])
        for each in model._meta.concrete_fields
        if each.column in row
    }
    # Raw: a time of making is what it was.
    model(**{**given, **changed}).save_base(raw=True, force_insert=True)
