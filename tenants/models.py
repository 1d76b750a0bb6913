"""Shared tables: users, tenants and their domains, memberships, API keys, work tickets.

They live in `public`, which only the platform role may read; a tenant's role has nothing there.
"""

from typing import Any, ClassVar, Self, TypeVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django_tenants.models import DomainMixin, TenantMixin

from core.ids import new_id

M = TypeVar("M", bound=models.Model)


class UserManager(BaseUserManager["User"]):
    def create_user(
        self,
        email: str,
        password: str | None = None,
        *,
        stored_password: str | None = None,
        **fields: Any,
    ) -> "User":
        """`stored_password` is a password hashed before; see `tenants.people.passwords`."""
        user = self.model(email=email.lower(), **fields)
        user.set_password(password)
        user.password = stored_password or user.password
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str, **fields: Any) -> "User":
        # Made by whoever has the server, who vouches for the address.
        fields.setdefault("confirmed_at", timezone.now())
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def with_email(self, email: str) -> models.QuerySet["User"]:
        """The account that has proved the address, whatever its case."""
        return self.naming(email).filter(confirmed_at__isnull=False)

    def claiming(self, email: str) -> models.QuerySet["User"]:
        """Accounts that name the address and have not proved it, newest first."""
        return self.naming(email).filter(confirmed_at=None).order_by("-created_at", "-pk")

    def naming(self, email: str) -> models.QuerySet["User"]:
        """All of both."""
        return self.alias(lower_email=Lower("email")).filter(lower_email=email.lower())

    def get_by_natural_key(self, email: str | None) -> "User":
        return self.with_email(email or "").get()


class User(AbstractBaseUser, PermissionsMixin):
    """A person. Belongs to any number of tenants by Membership."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    email = models.EmailField(max_length=254)
    name = models.CharField(max_length=150, blank=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    # When somebody read a mail at the address. Before that the address is a claim, and proves nothing.
    confirmed_at = models.DateTimeField(null=True, blank=True)
    # When a mail said that the account will be removed, because nobody has confirmed it.
    expiry_warned_at = models.DateTimeField(null=True, blank=True, editable=False)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects = UserManager()

    class Meta:
        indexes = [models.Index(Lower("email"), name="user_email")]
        constraints = [
            # Of proven addresses alone: a claim must not keep an address from its owner.
            models.UniqueConstraint(
                Lower("email"),
                condition=models.Q(confirmed_at__isnull=False),
                name="user_proven_email_unique",
                violation_error_message="There is an account with this e-mail address already.",
            )
        ]

    def __str__(self) -> str:
        return self.email


class TenantQuerySet(models.QuerySet["Tenant"]):
    def alive(self) -> Self:
        """Those that are not being erased: an erased workspace is nowhere to be found."""
        return self.exclude(status=Tenant.Status.ERASING)

    def active(self) -> Self:
        """Those that are neither suspended nor being erased."""
        return self.filter(status=Tenant.Status.ACTIVE)


class OfTenantQuerySet(models.QuerySet[M]):
    """Of rows that belong to a tenant."""

    def alive(self) -> Self:
        """Those whose tenant is not being erased."""
        return self.exclude(tenant__status=Tenant.Status.ERASING)


class APIKeyQuerySet(models.QuerySet["APIKey"]):
    def live(self) -> Self:
        """Neither revoked nor expired."""
        unexpired = models.Q(expires_at=None) | models.Q(expires_at__gt=timezone.now())
        return self.filter(unexpired, revoked_at=None)


class Tenant(TenantMixin):
    """A company. Its rows live in the schema `schema_name`, which follows from its id."""

    class Status(models.TextChoices):
        ACTIVE = "active"
        SUSPENDED = "suspended"
        ERASING = "erasing"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    slug = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    status = models.CharField(max_length=12, choices=Status, default=Status.ACTIVE)
    created_at = models.DateTimeField(auto_now_add=True)

    # The schema is made by `tenants.schemas.provisioning`, in the same transaction as this row.
    auto_create_schema = False

    objects = TenantQuerySet.as_manager()

    class Meta:
        verbose_name = "workspace"

    def __str__(self) -> str:
        return self.slug


class Domain(DomainMixin):
    """A host name (without port) that leads to a tenant."""

    objects = OfTenantQuerySet["Domain"].as_manager()


class Membership(models.Model):
    """A user's role in a tenant."""

    class Role(models.TextChoices):
        OWNER = "owner"
        ADMIN = "admin"
        AGENT = "agent"
        VIEWER = "viewer"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=8, choices=Role)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = OfTenantQuerySet["Membership"].as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "tenant"], name="membership_unique")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.role}"


class Invitation(models.Model):
    """A link that makes one person a member. Kept as the digest of its secret.

    The mail has a link of its own: who comes by that one has read mail at the address, and who comes by
    the one that the inviter copied has not.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="invitations")
    # In lower case.
    email = models.EmailField(max_length=254)
    role = models.CharField(max_length=8, choices=Membership.Role)
    digest = models.CharField(max_length=64, unique=True)
    mail_digest = models.CharField(max_length=64, null=True, unique=True)
    invited_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.email} as {self.role}"


class EntryTicket(models.Model):
    """Takes a signed-in person from the platform's host to one tenant's, once and within a minute."""

    digest = models.CharField(max_length=64, primary_key=True)
    user = models.ForeignKey(User, models.CASCADE, related_name="entry_tickets")
    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="+")
    host = models.CharField(max_length=253)
    # The platform's session that it was issued in: both end together.
    session_key = models.CharField(max_length=40, blank=True, db_default="")
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.user_id} to {self.host}"


class APIKey(models.Model):
    """A developer's key. A secret key is kept as its hash alone; a publishable key is public."""

    class Kind(models.TextChoices):
        SECRET = "secret"  # noqa: S105  (a kind, not a password)
        PUBLISHABLE = "publishable"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="api_keys")
    kind = models.CharField(max_length=12, choices=Kind)
    name = models.CharField(max_length=80, blank=True)
    # SHA-256 of the whole key, in hex: 190 bits of randomness need no slow hash.
    digest = models.CharField(max_length=64, unique=True)
    hint = models.CharField(max_length=24, help_text="Prefix and last four characters.")
    plain = models.CharField(max_length=80, blank=True, help_text="Publishable keys only.")
    # A chatbot lives in the tenant's schema, so this is no foreign key.
    chatbot_id = models.UUIDField(null=True, blank=True)
    scopes = models.JSONField(default=list)
    # Whose doing it is, and the key that they used. No foreign keys: a key outlives both, and says so.
    maker_id = models.UUIDField(null=True, blank=True, editable=False)
    made_with_id = models.UUIDField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    objects = APIKeyQuerySet.as_manager()

    class Meta:
        verbose_name = "API key"

    def __str__(self) -> str:
        return self.hint


class WorkTicket(models.Model):
    """A piece of work that must happen. The row is the truth; a broker's message only wakes."""

    class Status(models.TextChoices):
        WAITING = "waiting"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"
        CANCELLED = "cancelled"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="tickets")
    kind = models.CharField(max_length=40)
    payload = models.JSONField(default=dict, help_text="Ids only, no content.")
    status = models.CharField(max_length=9, choices=Status, default=Status.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    max_attempts = models.PositiveSmallIntegerField(default=5)
    due_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True)
    # Names the claim that holds the lease, so that a worker that lost it cannot write as its holder.
    lease_id = models.UUIDField(null=True)
    error = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["due_at"],
                name="ticket_open",
                condition=models.Q(status__in=("waiting", "running")),
            ),
            models.Index(fields=["tenant", "status"], name="ticket_by_tenant"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.status}"


class SecondFactor(models.Model):
    """An operator's authenticator app. Counts once a code of it was given back (`confirmed_at`)."""

    user = models.OneToOneField(
        User, models.CASCADE, primary_key=True, related_name="second_factor"
    )
    # The shared secret, sealed by `core.crypto` for this row.
    sealed = models.CharField(max_length=200)
    created_at = models.DateTimeField(auto_now_add=True)
    confirmed_at = models.DateTimeField(null=True)
    # The time step of the last code that was taken: none counts twice.
    last_step = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"of {self.user_id}"
