"""The functions that make, harden and drop a tenant's schema, and the template they replay.

They are SECURITY DEFINER and belong to the owner role, which may create roles and schemas; the
platform role may only call them, with a schema name of our form.
"""

from django.db import migrations

CREATE = r"""
CREATE TABLE public.tenant_template (
    id smallint PRIMARY KEY DEFAULT 1 CHECK (id = 1),
    template text NOT NULL,
    ddl text NOT NULL,
    dumped_at timestamptz NOT NULL DEFAULT now()
);

CREATE FUNCTION public.check_tenant_schema(target text) RETURNS void
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF target !~ '^t_[a-z0-9_]{12,40}$' THEN
        RAISE EXCEPTION 'not a tenant schema name' USING ERRCODE = '22023';
    END IF;
END $$;

CREATE FUNCTION public.open_tenant_schema(target text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    tenant_role text := current_database() || '.' || target;
BEGIN
    PERFORM public.check_tenant_schema(target);
    EXECUTE format('CREATE ROLE %I NOLOGIN', tenant_role);
    EXECUTE format('GRANT %I TO %I WITH INHERIT FALSE, SET TRUE', tenant_role, session_user);
    EXECUTE format('CREATE SCHEMA %I', target);
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', target, tenant_role);
    EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA %I '
        'GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO %I', target, tenant_role);
END $$;

-- What a tenant's role may not do to its own tables: read the migration history, and change or
-- remove rows of a table whose comment says append-only.
CREATE FUNCTION public.harden_tenant_schema(target text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    tenant_role text := current_database() || '.' || target;
    ledger text;
BEGIN
    PERFORM public.check_tenant_schema(target);
    EXECUTE format('REVOKE ALL ON %I.django_migrations FROM %I', target, tenant_role);
    FOR ledger IN
        SELECT relname FROM pg_class
        WHERE relnamespace = target::regnamespace AND relkind = 'r'
            AND obj_description(oid, 'pg_class') = 'append-only'
    LOOP
        EXECUTE format('REVOKE UPDATE, DELETE ON %I.%I FROM %I', target, ledger, tenant_role);
    END LOOP;
END $$;

CREATE FUNCTION public.provision_tenant(target text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    source record;
BEGIN
    SELECT template, ddl INTO source FROM public.tenant_template;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no tenant template yet: run migrate_tenants'
            USING ERRCODE = '55000';
    END IF;
    PERFORM public.open_tenant_schema(target);
    EXECUTE replace(source.ddl, source.template || '.', target || '.');
    PERFORM public.harden_tenant_schema(target);
END $$;

CREATE FUNCTION public.drop_tenant(target text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM public.check_tenant_schema(target);
    IF NOT EXISTS (
        SELECT FROM public.tenants_tenant WHERE schema_name = target AND status = 'erasing'
    ) THEN
        RAISE EXCEPTION 'only a tenant that is being erased can be dropped'
            USING ERRCODE = '55000';
    END IF;
    EXECUTE format('DROP SCHEMA IF EXISTS %I CASCADE', target);
    EXECUTE format('DROP ROLE IF EXISTS %I', current_database() || '.' || target);
END $$;

REVOKE ALL ON FUNCTION public.check_tenant_schema(text), public.open_tenant_schema(text),
    public.harden_tenant_schema(text), public.provision_tenant(text), public.drop_tenant(text)
    FROM PUBLIC;

DO $$
DECLARE
    platform_role text := current_database() || '.platform';
BEGIN
    EXECUTE format('REVOKE ALL ON public.tenant_template FROM %I', platform_role);
    EXECUTE format(
        'GRANT EXECUTE ON FUNCTION public.provision_tenant(text), public.drop_tenant(text) TO %I',
        platform_role);
END $$;
"""

DROP = """
DROP FUNCTION public.drop_tenant(text);
DROP FUNCTION public.provision_tenant(text);
DROP FUNCTION public.harden_tenant_schema(text);
DROP FUNCTION public.open_tenant_schema(text);
DROP FUNCTION public.check_tenant_schema(text);
DROP TABLE public.tenant_template;
"""


class Migration(migrations.Migration):
    dependencies = [("tenants", "0001_initial")]

    operations = [migrations.RunSQL(CREATE, DROP)]
