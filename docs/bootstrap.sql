-- Prepares a PostgreSQL server (16 or later, with pgvector 0.8.4 or later) for this product.
-- A superuser runs it once; running it again changes nothing but the passwords it is given:
--
--   APP_PASSWORD=… MIGRATOR_PASSWORD=… psql -v database=chatbot_saas -f docs/bootstrap.sql postgres
--
-- Also settable with -v: app_login (default app), migrator_login (default migrator).
-- Afterwards: DATABASE_URL=postgresql://app:…@host/chatbot_saas
--             MIGRATION_DATABASE_URL=postgresql://migrator:…@host/chatbot_saas
--
-- Roles belong to the whole server, so this product's carry the database's name:
--   <database>.owner     owns the schemas and tables; migrations run as it
--   <database>.platform  reads and writes the shared tables in schema public
--   <database>.t_…       one for each tenant, made with the tenant: its own schema, nothing else

\set ON_ERROR_STOP on
\if :{?database}
\else
  \set database chatbot_saas
\endif
\if :{?app_login}
\else
  \set app_login app
\endif
\if :{?migrator_login}
\else
  \set migrator_login migrator
\endif
\getenv app_password APP_PASSWORD
\getenv migrator_password MIGRATOR_PASSWORD
\if :{?app_password}
\else
  DO $$ BEGIN RAISE EXCEPTION 'set APP_PASSWORD, the password of the web''s login'; END $$;
\endif
\if :{?migrator_password}
\else
  DO $$ BEGIN RAISE EXCEPTION 'set MIGRATOR_PASSWORD, the password for migrations'; END $$;
\endif

-- Passwords must not reach the server's log.
SET log_statement = 'none';
SET log_min_error_statement = 'panic';

DO $check$
BEGIN
  IF current_setting('server_version_num')::int < 160000 THEN
    RAISE EXCEPTION 'PostgreSQL 16 or later is needed, this is %', current_setting('server_version');
  END IF;
  IF NOT EXISTS (
    SELECT FROM pg_available_extension_versions
    WHERE name = 'vector' AND string_to_array(version, '.')::int[] >= ARRAY[0, 8, 4]
  ) THEN
    RAISE EXCEPTION 'pgvector 0.8.4 or later is needed: install it on this server';
  END IF;
END
$check$;

-- Logins. NOINHERIT: the web's login can do nothing until it takes a role.
SELECT format('CREATE ROLE %I', login)
FROM unnest(ARRAY[:'app_login', :'migrator_login']) AS login
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = login) \gexec
SELECT format(
  'ALTER ROLE %I LOGIN NOINHERIT NOSUPERUSER NOCREATEROLE NOCREATEDB PASSWORD %L',
  :'app_login', :'app_password') \gexec
SELECT format(
  'ALTER ROLE %I LOGIN INHERIT NOSUPERUSER CREATEROLE NOCREATEDB PASSWORD %L',
  :'migrator_login', :'migrator_password') \gexec

-- Roles of this database.
SELECT format('%s.owner', :'database') AS owner_role,
       format('%s.platform', :'database') AS platform_role \gset
SELECT format('CREATE ROLE %I NOLOGIN', role)
FROM unnest(ARRAY[:'owner_role', :'platform_role']) AS role
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) \gexec
-- The functions that make and drop a tenant's role run with the owner's rights.
ALTER ROLE :"owner_role" CREATEROLE;
GRANT :"owner_role" TO :"migrator_login" WITH INHERIT TRUE, SET TRUE;
GRANT :"platform_role" TO :"app_login" WITH INHERIT FALSE, SET TRUE;

SELECT format('CREATE DATABASE %I OWNER %I ENCODING ''UTF8'' TEMPLATE template0',
              :'database', :'migrator_login')
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'database') \gexec

\connect :"database"
REVOKE ALL ON DATABASE :"database" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"database" TO :"app_login", :"migrator_login";
GRANT CREATE ON DATABASE :"database" TO :"owner_role";

-- pgvector is not a trusted extension, so only a superuser can install it. Its types and operators
-- are all that tenants share.
CREATE SCHEMA IF NOT EXISTS ext;
GRANT USAGE ON SCHEMA ext TO PUBLIC;
CREATE EXTENSION IF NOT EXISTS vector SCHEMA ext;
ALTER EXTENSION vector UPDATE;

REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT ALL ON SCHEMA public TO :"owner_role";
GRANT USAGE ON SCHEMA public TO :"platform_role";
ALTER DEFAULT PRIVILEGES FOR ROLE :"owner_role" IN SCHEMA public
  GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO :"platform_role";

-- set_config changes the role from inside an expression, past every wall. The logins need it: the
-- framework sets the time zone with it.
REVOKE EXECUTE ON FUNCTION pg_catalog.set_config(text, text, boolean) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pg_catalog.set_config(text, text, boolean)
  TO :"app_login", :"migrator_login", :"owner_role";
