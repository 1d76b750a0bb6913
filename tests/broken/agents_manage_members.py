"""The mistaken role table: agents manage members, as admins do."""

from tenants.people import roles

roles._NEEDS["members:write"] = "agent"
