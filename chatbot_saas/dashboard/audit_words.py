"""What the audit trail's actions are called."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

# By the beginning of their names, in the order in which they are offered.
KINDS = {
    "login": _("Log-ins"),
    "account": _("Accounts"),
    "member": _("Members"),
    "key": _("API keys"),
    "chatbot": _("Chatbots"),
    "identity_secret": _("Identity secrets"),
    "document": _("Documents"),
    "conversation": _("Conversations"),
    "plan": _("Plan"),
    "limits": _("Limits"),
    "budget": _("Budget"),
    "tenant": _("Workspace"),
}
# An action that is not here is shown by its own name, so that a new one is not lost.
_SAID = {
    "account.deactivated": _("Deactivated an account"),
    "account.password_changed": _("Changed their password"),
    "account.password_reset": _("Set a new password by a mailed link"),
    "account.reactivated": _("Reactivated an account"),
    "account.renamed": _("Changed their name"),
    "account.second_factor_added": _("Set up a second factor for the platform's admin"),
    "account.second_factor_removed": _("Reset a second factor for the platform's admin"),
    "account.vouched_for": _("Confirmed the e-mail address of an account"),
    "budget.changed": _("Changed the budget"),
    "chatbot.changed": _("Changed a chatbot"),
    "chatbot.created": _("Created a chatbot"),
    "chatbot.deleted": _("Deleted a chatbot"),
    "conversation.deleted": _("Deleted a conversation"),
    "conversation.exported": _("Exported conversations"),
    "document.changed": _("Replaced a document"),
    "document.created": _("Added a document"),
    "document.deleted": _("Deleted a document"),
    "document.retried": _("Sent a failed document again"),
    "identity_secret.created": _("Created an identity secret"),
    "identity_secret.revoked": _("Revoked an identity secret"),
    "key.created": _("Created an API key"),
    "key.revoked": _("Revoked an API key"),
    "limits.overridden": _("Changed the limits for a time"),
    "limits.override_ended": _("Ended a change of the limits"),
    "login.ended": _("Logged out"),
    "login.entered": _("Came in from the list of workspaces"),
    "login.failed": _("A log-in with this address failed"),
    "login.succeeded": _("Logged in"),
    "login.token_obtained": _("Logged in with a program"),
    "login.token_revoked": _("Logged a program out"),
    "login.token_used_twice": _("A program's log-in was ended: its token was used twice"),
    "member.address_proven": _("Proved an e-mail address: keys from before are revoked"),
    "member.invitation_revoked": _("Revoked an invitation"),
    "member.invited": _("Invited somebody"),
    "member.join_failed": _("Tried to join with a wrong password"),
    "member.joined": _("Joined"),
    "member.removed": _("Removed a member"),
    "member.role_changed": _("Changed a member's role"),
    "plan.changed": _("Changed the plan"),
    "tenant.backed_up": _("Backed up the workspace"),
    "tenant.restored": _("Restored the workspace from a backup"),
    "tenant.resumed": _("Resumed the workspace"),
    "tenant.suspended": _("Suspended the workspace"),
}


def said(action: str) -> Promise | str:
    """
    >>> str(said("key.revoked")), said("later.action")
    ('Revoked an API key', 'later.action')
    """
    return _SAID.get(action, action)


def search_actions(text: str) -> list[str]:
    """The actions whose words or name have this text in them."""
    wanted = text.lower()
    said = ((action, f"{words} {action}".lower()) for action, words in _SAID.items())
    return [action for action, words in said if wanted and wanted in words]
