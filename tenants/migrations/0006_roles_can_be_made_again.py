"""A database that was restored on another server lacks its workspaces' roles: roles belong to a server,
and no dump of a database holds them. This makes one again, with the rights that a new one has."""

from django.db import migrations

CREATE = r"""
CREATE FUNCTION public.restore_tenant_role(target text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    tenant_role text := current_database() || '.' || target;
    login oid;
BEGIN
    PERFORM public.check_tenant_schema(target);
    EXECUTE format('CREATE ROLE %I NOLOGIN', tenant_role);
    -- Whoever works for the platform works for its workspaces.
    FOR login IN
        SELECT DISTINCT membership.member FROM pg_auth_members membership
        JOIN pg_roles platform ON platform.oid = membership.roleid
        WHERE platform.rolname = current_database() || '.platform'
            AND membership.member <> (SELECT oid FROM pg_roles WHERE rolname = current_user)
    LOOP
        EXECUTE format('GRANT %I TO %s WITH INHERIT FALSE, SET TRUE', tenant_role,
            login::regrole);
    END LOOP;
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', target, tenant_role);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA %I TO %I',
        target, tenant_role);
    EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA %I '
        'GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO %I', target, tenant_role);
    PERFORM public.harden_tenant_schema(target);
END $$;

REVOKE ALL ON FUNCTION public.restore_tenant_role(text) FROM PUBLIC;
"""

DROP = "DROP FUNCTION public.restore_tenant_role(text);"


class Migration(migrations.Migration):
    dependencies = [("tenants", "0005_workspace_is_the_word")]

    operations = [migrations.RunSQL(CREATE, DROP)]
